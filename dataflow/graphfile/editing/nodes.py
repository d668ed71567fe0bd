"""Nodes added and deleted, with the wires to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dataflow.core.errors import cropped, instead
from dataflow.core.registry import blocks
from dataflow.graphfile.editing.changes import Change, Drop, Path, Put, Refusal, Tree, plain_value, told
from dataflow.graphfile.editing.mentions import Named, mentions, param_uses, params_in, section, with_defaults
from dataflow.graphfile.editing.renaming import check_new


def added(
    tree: Tree,
    name: str,
    entry: Mapping[str, object],
    before: str = "",
    after: str = "",
    comment: str = "",
) -> list[Change]:
    """The changes that add a node, at the end or beside another."""
    check_new(tree, "nodes", name)
    check_beside(tree, before)
    check_beside(tree, after)
    return [Put(("nodes", name), plain_value(dict(entry)), before, after, comment)]


def check_beside(tree: Tree, name: str) -> None:
    """Refuse a node beside which another is to be put, if there is none of that name."""
    if name and name not in section(tree, "nodes"):
        raise Refusal(("nodes",), f"no node '{cropped(name)}'", instead(name, section(tree, "nodes")))


def deleted(tree: Tree, names: Collection[str], reconnect: bool = False) -> list[Change]:
    """The changes that take away nodes and inputs, and the wires to them.

    With ``reconnect`` the readers of a node get what stood on its first input.
    """
    gone: dict[str, Path] = {}
    for name in names:
        of = next((of for of in ("nodes", "inputs") if name in section(tree, of)), None)
        if of is None:
            known = [*section(tree, "nodes"), *section(tree, "inputs")]
            raise Refusal(("nodes",), f"no node or input '{cropped(name)}'", instead(name, known))
        if reconnect and of == "inputs":
            raise Refusal((of, name), f"'{name}' must be a node to be passed over, got an input")
        gone[name] = (of, name)
    places = {*gone.values()}
    outside = [each for each in mentions(tree) if each.path[:2] not in places]
    for each in outside:
        head = with_defaults(tree, each.text).partition(".")[0] if "$" in each.text and each.what == "wire" else ""
        if head in gone:
            message = f"'{told(each.path)}' names '{cropped(head)}' by parameters"
            raise Refusal(each.path, message, "write the name there")
    changes = _passed_over(tree, gone, outside) if reconnect else _unwired(tree, gone, outside)
    return [*changes, *map(Drop, gone.values())]


def readers_passed_over(tree: Tree, name: str) -> list[Change]:
    """The changes that give the readers of a node what stands on its first input."""
    if name not in section(tree, "nodes"):
        raise Refusal(("nodes",), f"no node '{cropped(name)}'", instead(name, section(tree, "nodes")))
    wires = [each for each in mentions(tree) if each.what in ("wire", "result") and each.path[:2] != ("nodes", name)]
    return _passed_over(tree, [name], wires)


def _named(tree: Tree, each: Named, among: Collection[str]) -> str:
    """Which of some nodes and inputs a place names; nothing where it names none of them."""
    text, name = each.text, ""
    match each.what:
        case "wire":
            name = each.head
        case "result" if text not in section(tree, "outputs"):
            name = each.head
        case "node" | "pattern":
            parts = text.split("/")
            names = ("/".join(parts[: i + 1]) for i in range(len(parts)))
            name = next((name for name in names if name in among), "")
        case "input" if text in section(tree, "inputs"):
            name = text
    return name if name in among else ""


def _passed_over(tree: Tree, gone: Collection[str], places: Sequence[Named]) -> list[Change]:
    sources = {name: _source(tree, name, gone) for name in gone}
    changes: list[Change] = []
    for each in places:
        if not (name := _named(tree, each, gone)):
            continue
        if each.what in ("node", "pattern"):
            raise Refusal(each.path, f"'{told(each.path)}' names '{cropped(each.text)}'", "take it out there first")
        if not isinstance(sources[name], str) and each.path[0] != "nodes":
            message = f"'{told(each.path)}' must be a wire, got {sources[name]} in place of '{cropped(name)}'"
            raise Refusal(each.path, message)
        changes.append(Put(each.path, sources[name]))
    return changes


def _source(tree: Tree, name: str, gone: Collection[str]) -> Tree:
    """What stands on the first input of a node, or before it where that goes too."""
    passed: set[str] = set()
    at = name
    while at not in passed:
        passed.add(at)
        source = _first(tree, at)
        at = source.partition(".")[0] if isinstance(source, str) else ""
        if at not in gone:
            return source
    message = f"node '{cropped(name)}' must get something that stays for its readers, got a cycle"
    raise Refusal(("nodes", name), message, "take one of its wires off first")


def _first(tree: Tree, name: str) -> Tree:
    """What stands on the first input of a node."""
    node = tree["nodes"][name]
    path: Path = ("nodes", name)
    inputs = node.get("inputs") if isinstance(node, dict) else None
    if not inputs or not isinstance(inputs, dict | list):
        raise Refusal(path, f"node '{cropped(name)}' must have an input for its readers to get, got none")
    if isinstance(inputs, list):
        source = inputs[0]
    else:
        block = node.get("block")
        ports = blocks[block].signature.inputs if isinstance(block, str) and block in blocks else ()
        source = inputs[next((port for port in ports if port in inputs), next(iter(inputs)))]
    if isinstance(source, list) and len(source) == 1:
        source = source[0]
    if isinstance(source, dict | list):
        what = "a list" if isinstance(source, list) else "an array in a file"
        raise Refusal(path, f"node '{cropped(name)}' must have a wire on its first input for its readers, got {what}")
    return source


def without_output(tree: Tree, name: str) -> list[Change]:
    """The changes that take away an output, and the metrics that name it."""
    places = [each for each in mentions(tree) if each.what in ("output", "result") and each.text == name]
    return [*_dropped(tree, places), Drop(("outputs", name))]


def _unwired(tree: Tree, gone: Collection[str], places: Sequence[Named]) -> list[Change]:
    readers = {each for each in places if _named(tree, each, gone)}
    outputs = {each.path[1] for each in readers if each.path[0] == "outputs"}
    lost = {each for each in places if each.what in ("output", "result") and each.text in outputs}
    return _dropped(tree, [each for each in places if each in readers or each in lost])


def _dropped(tree: Tree, places: Sequence[Named]) -> list[Change]:
    paths = {each.path for each in places}
    changes: list[Change] = []
    for each in reversed(places):  # of a list the last first
        if each.what == "result":
            raise Refusal(each.path, f"'{told(each.path)}' needs '{cropped(each.text)}'", "name another there first")
        if each.path[0] == "nodes" and len(each.path) == 4 and isinstance(each.path[-1], int):
            listed = tree["nodes"][each.path[1]]["inputs"]
            if any((*each.path[:3], i) not in paths for i in range(each.path[-1], len(listed))):
                hint = "write its inputs by the names of their ports first"
                raise Refusal(
                    each.path, f"'{told(each.path[:3])}' is a list, in which what follows would move up", hint
                )
        changes.append(Drop(each.path))
    return changes


def unused_param(tree: Tree, name: str) -> list[Change]:
    """The changes that take away a param; Refusal where something uses it."""
    for path, text in param_uses(tree):
        if name in params_in(text):
            raise Refusal(path, f"'{told(path)}' uses the param '{cropped(name)}'", "put a value there first")
    return [Drop(("params", name))]
