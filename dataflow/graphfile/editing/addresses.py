"""Places in a file as people name them: ``nodes.conv1.attrs.filters``, or in short ``conv1.filters``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dataflow.core.errors import cropped, instead
from dataflow.core.registry import blocks
from dataflow.graphfile.editing.changes import Path, Refusal, Tree
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.graph_file import KEYS
from dataflow.graphfile.nodes import NODE_KEYS
from dataflow.graphfile.sections import names
from dataflow.graphfile.spans import Step

_ITEM = re.compile(r"\[(\d+)\]")
Ports = tuple[Sequence[str], Sequence[str]]  # the inputs and the attrs of a block, in order


def address(tree: Tree, text: str, ports: Mapping[str, Ports]) -> Path:
    """The path that a text names: sections and their keys, or a node or input and a key, port or attr of it.

    An item of a list is ``values.0`` or ``values[0]``. ``ports`` are those of the nodes whose blocks are files. Raises
    Refusal where nothing has that name.
    """
    head, dot, rest = text.partition(".")
    rest = rest if head == "outputs" else with_items(rest)
    text = head + dot + rest
    if head in (*KEYS, *names()) or head.startswith("x-"):
        if head in ("outputs", "params"):  # names of outputs may have dots
            return (head, rest) if dot and head == "outputs" else (head, *_steps(tree.get(head), rest))
        return (head, *_steps(tree.get(head), rest)) if head != "nodes" else _in_nodes(tree, rest, ports)
    if head in section(tree, "nodes"):
        return _in_nodes(tree, text, ports)
    if head in section(tree, "inputs"):
        return ("inputs", head, *_steps(tree["inputs"][head], rest))
    known = [*section(tree, "nodes"), *section(tree, "inputs"), *KEYS, *names()]
    raise Refusal((), f"no node, input or section '{cropped(head)}'", instead(head, known))


def with_items(text: str) -> str:
    """A text in which items of lists are steps like others: ``values.0`` for ``values[0]``."""
    return _ITEM.sub(r".\1", text)


def _steps(tree: Tree, text: str) -> Path:
    """The keys and places of a text; digits are the place in a list where one stands there."""
    steps: list[Step] = []
    for part in text.split(".") if text else ():
        step: Step = int(part) if isinstance(tree, list) and part.isdecimal() else part
        steps.append(step)
        inside = isinstance(step, int) and isinstance(tree, list) and step < len(tree)
        tree = tree[step] if inside else tree.get(part) if isinstance(tree, dict) else None
    return tuple(steps)


def _in_nodes(tree: Tree, text: str, ports: Mapping[str, Ports]) -> Path:
    name, _, rest = text.partition(".")
    node = section(tree, "nodes").get(name)
    if not rest or not isinstance(node, dict):
        return ("nodes", *((name,) if name else ()), *_steps(None, rest))
    key = rest.partition(".")[0]
    if key in NODE_KEYS:
        found = ("nodes", name, *_steps(node, rest))
        return _by_port(node, found, name, ports) if key == "inputs" else found
    inputs, attrs = _ports(node, ports.get(name))
    for part, known in (("inputs", inputs), ("attrs", attrs)):
        written = node.get(part)
        if key in known or (isinstance(written, dict) and key in written):
            return _by_port(node, ("nodes", name, part, *_steps(written, rest)), name, ports)
    raise Refusal(
        ("nodes", name), f"node '{name}' has no '{cropped(key)}'", instead(key, [*inputs, *attrs, *NODE_KEYS])
    )


def _by_port(node: Tree, path: Path, name: str, ports: Mapping[str, Ports]) -> Path:
    """A path in which a port is a place where the inputs of the node are listed."""
    if len(path) > 3 and path[2] == "inputs" and isinstance(node.get("inputs"), list) and isinstance(path[3], str):
        known = list(_ports(node, ports.get(name))[0])
        if path[3] in known:
            return (*path[:3], known.index(path[3]), *path[4:])
    return path


def _ports(node: Tree, of_file: Ports | None) -> Ports:
    block = node.get("block")
    if isinstance(block, str) and block in blocks:
        signature = blocks[block].signature
        return list(signature.inputs), list(signature.attrs)
    return of_file or ((), ())
