"""Nodes, inputs, outputs and params renamed wherever a file names them."""

from __future__ import annotations

import re
from copy import deepcopy
from fnmatch import fnmatchcase

from dataflow.core.errors import cropped, instead
from dataflow.graph.graph import Graph
from dataflow.graph.names import NAME, wrong_name
from dataflow.graphfile.editing.changes import Change, Path, Put, Refusal, Rekey, Tree, apply, at, told
from dataflow.graphfile.editing.mentions import (
    Named,
    default_path,
    mentions,
    param_uses,
    params_in,
    section,
    with_defaults,
    with_param,
)

_PARAM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def renamed(tree: Tree, of: str, old: str, new: str) -> list[Change]:
    """The changes that give what stands in a section another name: in ``inputs``, ``nodes``, ``outputs``, ``params``.

    Raises Refusal where the new name is taken or wrong, or where the old one stands in a way that cannot be followed.
    """
    if old not in section(tree, of):
        raise Refusal((of,), f"'{of}' has no '{cropped(old)}'", instead(old, section(tree, of)))
    check_new(tree, of, new)
    if of == "params":
        found: list[Change] = [
            Put(path, with_param(text, old, new)) for path, text in param_uses(tree) if old in params_in(text)
        ]
    elif of == "outputs":
        found = _output(tree, old, new)
    else:
        found = _wire(tree, old, new)
    return [*found, Rekey((of, old), new)]


def sections_renamed(graph: Graph, old: str, new: str) -> dict[str, Tree]:
    """The sections of a graph once a node or input has another name; as they are where that cannot be followed."""
    tree: Tree = {
        "inputs": dict.fromkeys(graph.inputs),
        "nodes": {name: None for name in graph.nodes if name not in graph.inputs},
        "outputs": {name: graph.deref(link).wire for name, link in graph.outputs.items()},
        **deepcopy(graph.sections),
    }
    try:
        apply(_wire(tree, old, new), tree)
    except Refusal:
        return graph.sections
    return {name: tree[name] for name in graph.sections}


def check_new(tree: Tree, of: str, name: str) -> None:
    """Refuse a name that cannot be used, or that something has already."""
    wanted = _PARAM if of == "params" else NAME
    if of != "outputs" and not wanted.fullmatch(name):
        raise Refusal((of,), f"names must be letters, digits and _, starting with a letter, got '{cropped(name)}'")
    if wrong := wrong_name(name):
        raise Refusal((of,), f"'{cropped(name)}': {wrong}")
    for other in ("inputs", "nodes") if of in ("inputs", "nodes") else (of,):
        if name in section(tree, other):
            raise Refusal((other, name), f"'{cropped(name)}' is a name in '{other}' already", "choose another")
    if of in ("inputs", "nodes") and name in section(tree, "outputs"):
        for each in mentions(tree):
            if each.what == "result" and each.head == name:
                raise Refusal(each.path, f"'{told(each.path)}' means the output '{name}'", "choose another name")


def _output(tree: Tree, old: str, new: str) -> list[Change]:
    found: list[Change] = []
    for each in mentions(tree):
        if each.what in ("output", "result") and each.text == old:
            if each.what == "result":
                refuse_two(tree, each)
                if new in section(tree, "nodes") or new in section(tree, "inputs"):
                    message = f"'{told(each.path)}' would mean the node '{cropped(new)}' then"
                    raise Refusal(each.path, message, "choose another name")
            found.append(Put(each.path, new))
    return found


def _wire(tree: Tree, old: str, new: str) -> list[Change]:
    """Where a node or input is named; keys last, since they change where what is in them stands."""
    values: list[Change] = []
    keys: list[Change] = []
    for each in mentions(tree):
        if "$" in each.text:
            if (default := _by_param(tree, each, old)) is not None and default not in [v.path for v in values]:
                values.append(Put(default, new + at(tree, default)[len(old) :]))
            continue
        if (text := _text(tree, each, old, new)) != each.text:
            (keys if each.is_key else values).append(Rekey(each.path, text) if each.is_key else Put(each.path, text))
    return [*values, *keys]


def _text(tree: Tree, each: Named, old: str, new: str) -> str:
    """What a place says after the renaming."""
    match each.what:
        case "wire" if each.head == old:
            return new + each.port
        case "input" if each.text == old and old in section(tree, "inputs"):
            return new
        case "result" if each.head == old:
            refuse_two(tree, each)
            return each.text if each.text in section(tree, "outputs") else new + each.port
        case "node" if each.text == old or each.text.startswith(f"{old}/"):
            return new + each.text[len(old) :]
        case "pattern":
            return _pattern(each, old, new)
    return each.text


def refuse_two(tree: Tree, each: Named) -> None:
    """Refuse a name that means a node in training and an output with another value elsewhere."""
    outputs = section(tree, "outputs")
    known = each.text in section(tree, "nodes") or each.text in section(tree, "inputs")
    if known and each.text in outputs and outputs[each.text] != each.text:
        message = f"'{told(each.path)}' names both a node and an output with another value, '{cropped(each.text)}'"
        raise Refusal(each.path, message, "write another name there first")


def _pattern(each: Named, old: str, new: str) -> str:
    fixed, star, _ = each.text.partition("*")
    if each.text == old or fixed.startswith(f"{old}/"):
        return new + each.text[len(old) :]
    inside = f"{old}/".startswith(fixed) and star and "/" in each.text
    if star and not fnmatchcase(new, each.text) and (fnmatchcase(old, each.text) or inside):
        raise Refusal(each.path, f"'{each.text}' names '{cropped(old)}', but not '{cropped(new)}'", "change it first")
    return each.text


def _by_param(tree: Tree, each: Named, old: str) -> tuple[str | int, ...] | None:
    """The default of the param that makes a place name this node, if one does."""
    if each.what not in ("wire", "result") or with_defaults(tree, each.text).partition(".")[0] != old:
        return None
    first, *rest = params_in(each.text) or [""]
    path = default_path(tree, first) if first else None
    alone = path is not None and not rest and str(at(tree, path)).partition(".")[0] == old
    places = {each.path for each in mentions(tree)}
    if not alone or any(first in params_in(text) and use not in places for use, text in param_uses(tree)):
        raise Refusal(each.path, f"'{told(each.path)}' names '{cropped(old)}' by parameters", "write the name there")
    return path


def rekeyed(tree: Tree, path: Path, new: str) -> list[Change]:
    """The changes that give what stands at a path another name: a node, input, output or param wherever it is named."""
    if len(path) == 2 and path[0] in ("inputs", "nodes", "outputs", "params"):
        return renamed(tree, str(path[0]), str(path[1]), new)
    if not path or not isinstance(path[-1], str):
        raise Refusal(path, f"'{told(path)}' must be a key to be renamed, got a place in a list")
    return [Rekey(path, new)]
