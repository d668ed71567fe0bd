"""Wires put on ports and taken off them, and nodes put into wires and pulled out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dataflow.core.errors import cropped, instead
from dataflow.graphfile.editing.changes import Change, Drop, Insert, Path, Put, Refusal, Tree, told
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.editing.nodes import readers_passed_over


@dataclass(frozen=True)
class Port:
    """An input of a node in a file, ``inputs`` are the names of all, in their order; ``many`` has a list of wires.

    Without ports, as of a block that there is not, wires are written under the names that are given. ``item`` is the
    place in the list of wires that is meant.
    """

    node: str
    name: str
    inputs: Sequence[str] = ()
    many: bool = False
    item: int | None = None

    @property
    def who(self) -> str:
        """How messages name it."""
        return f"node '{cropped(self.node)}': input '{cropped(self.name)}'"


@dataclass(frozen=True)
class Wire:
    """A wire as a file has it, and where it stands: on an input of a node, in its list, or under an output."""

    path: Path
    source: str


def written(tree: Tree, port: Port) -> Tree:
    """What stands on a port; None for nothing."""
    return _by_name(tree, port).get(port.name)


def wired(tree: Tree, port: Port, source: str, replace: bool = False) -> list[Change]:
    """The changes that put a wire on a port: at the end of a list of wires, or in the place of its item.

    Raises Refusal where another wire stands there, unless it is to be replaced.
    """
    found = written(tree, port)
    if port.many:
        if isinstance(found, list) and found:
            if port.item is not None and port.item < len(found):
                return [Put((*_path(tree, port), port.item), source)]
            return [Insert((*_path(tree, port), len(found)), source)]
        source_list: Tree = [source] if found in (None, []) else [found, source]
        return _put(tree, port, source_list)
    if isinstance(found, str) and found != source and not replace:
        raise Refusal(_path(tree, port), f"{port.who} has the wire '{cropped(found)}' already", "take that off first")
    return _put(tree, port, source)


def wire_on(tree: Tree, port: Port) -> Wire:
    """The wire that stands on a port, or at the place in its list that is meant."""
    found = written(tree, port)
    item: Path = ()
    if isinstance(found, list) and port.item is not None and port.item < len(found):
        item, found = (port.item,), found[port.item]
    if not isinstance(found, str):
        message = f"{port.who} must have a wire for a node to be put into, got none"
        raise Refusal(("nodes", port.node), message)
    return Wire((*_path(tree, port), *item), found)


def wire_to_output(tree: Tree, name: str) -> Wire:
    """The wire that is an output of the graph."""
    outputs = section(tree, "outputs")
    found = outputs.get(name)
    if not isinstance(found, str):
        raise Refusal(("outputs",), f"no output '{cropped(name)}'", instead(name, outputs))
    return Wire(("outputs", name), found)


def spliced(tree: Tree, node: Port, wire: Wire) -> list[Change]:
    """The changes that give a node what a wire led to its reader, and the reader the node."""
    return [*wired(tree, node, wire.source), Put(wire.path, node.node)]


def unwired(tree: Tree, port: Port) -> list[Change]:
    """The changes that take off what stands on a port, or the item of its list that is meant."""
    found = written(tree, port)
    if found is None:
        raise Refusal(("nodes", port.node), f"{port.who} must have something to take off, got nothing")
    if port.item is not None and isinstance(found, list) and len(found) > 1:
        return [Drop((*_path(tree, port), port.item))]
    given = tree["nodes"][port.node]["inputs"]
    if isinstance(given, list) and port.inputs.index(port.name) + 1 < len(given):
        return [Put(("nodes", port.node, "inputs"), {k: v for k, v in _by_name(tree, port).items() if k != port.name})]
    return [Drop(_path(tree, port))]


def pulled_out(tree: Tree, name: str) -> list[Change]:
    """The changes that leave a node without wires: its readers get what stands on its first input."""
    return [*readers_passed_over(tree, name), Drop(("nodes", name, "inputs"))]


def _put(tree: Tree, port: Port, value: Tree) -> list[Change]:
    given = tree["nodes"][port.node].get("inputs") if isinstance(tree["nodes"][port.node], dict) else None
    if isinstance(given, list) and port.name in port.inputs:
        at = port.inputs.index(port.name)
        if at == len(given):
            return [Insert((*_path(tree, port)[:3], at), value)]
        if at > len(given):
            return [Put(("nodes", port.node, "inputs"), {**_by_name(tree, port), port.name: value})]
    return in_order(tree, [Put(_path(tree, port), value)], port)


def in_order(tree: Tree, changes: Sequence[Change], port: Port) -> list[Change]:
    """The changes; what is put on a port stands before the inputs that come behind it in the order of the block."""
    node = section(tree, "nodes").get(port.node)
    given = node.get("inputs") if isinstance(node, dict) else None
    if not isinstance(given, dict) or port.name not in port.inputs:
        return [*changes]
    behind = next((name for name in port.inputs[port.inputs.index(port.name) + 1 :] if name in given), "")
    path = ("nodes", port.node, "inputs", port.name)
    return [replace(each, before=behind) if isinstance(each, Put) and each.path == path else each for each in changes]


def _by_name(tree: Tree, port: Port) -> dict[str, Tree]:
    """What stands on the inputs of the node, by the names of the ports."""
    nodes = section(tree, "nodes")
    node = nodes.get(port.node)
    if not isinstance(node, dict):
        raise Refusal(("nodes",), f"no node '{cropped(port.node)}'", instead(port.node, nodes))
    if port.inputs and port.name not in port.inputs:
        hint = instead(port.name, port.inputs)
        raise Refusal(("nodes", port.node), f"node '{cropped(port.node)}' has no input '{cropped(port.name)}'", hint)
    given = node.get("inputs")
    if isinstance(given, list):
        if not port.inputs:
            message = f"node '{cropped(port.node)}': the ports of its block must be known, got inputs in their order"
            raise Refusal(("nodes", port.node, "inputs"), message, "write them by the names of the ports")
        return dict(zip(port.inputs, given, strict=False))
    if given is not None and not isinstance(given, dict):
        path: Path = ("nodes", port.node, "inputs")
        raise Refusal(path, f"'{told(path)}' must be a mapping or a list, got '{cropped(str(given))}'")
    return given or {}


def _path(tree: Tree, port: Port) -> Path:
    listed = isinstance(tree["nodes"][port.node].get("inputs"), list)
    return ("nodes", port.node, "inputs", port.inputs.index(port.name) if listed else port.name)
