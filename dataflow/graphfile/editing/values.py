"""What people mean by setting and removing a value at a path, beyond the key itself."""

from __future__ import annotations

from dataflow.graphfile.editing.changes import Change, Drop, Insert, Path, Put, Refusal, Tree, plain_value, told
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.editing.nodes import deleted, unused_param, without_output
from dataflow.graphfile.editing.renaming import check_new
from dataflow.graphfile.graph_file import short_type
from dataflow.graphfile.tree import START, Value


def placed(tree: Tree, path: Path, value: object) -> list[Change]:
    """The changes that put a value at a path.

    Of a param with a type the default is set; the short type of an input is kept short where it can be; an item right
    behind a list is added to it.
    """
    if not path:
        raise Refusal((), "a path must have a key, got none")
    made = plain_value(value)
    of, *rest = path
    if of in ("params", "inputs", "nodes", "outputs") and rest and rest[0] not in section(tree, str(of)):
        check_new(tree, str(of), str(rest[0]))
    if of == "params" and len(rest) == 1 and not isinstance(made, dict):
        declared = section(tree, "params").get(str(rest[0]))
        if isinstance(declared, dict):
            return [Put((*path, "default"), made)]
    if of == "inputs" and len(rest) == 2 and isinstance(declared := section(tree, "inputs").get(str(rest[0])), str):
        return [Put(path[:2], _retyped(declared, str(rest[1]), made, path))]
    if isinstance(path[-1], int):
        owner = tree
        for step in path[:-1]:
            owner = owner[step] if _has(owner, step) else None
        if isinstance(owner, list) and path[-1] == len(owner):
            return [Insert(path, made)]
    return [Put(path, made)]


def removed(tree: Tree, path: Path) -> list[Change]:
    """The changes that take away what stands at a path: with a node or input the wires to it."""
    if len(path) == 2 and isinstance(name := path[1], str):
        if path[0] in ("nodes", "inputs") and name in section(tree, str(path[0])):
            return deleted(tree, [name])
        if path[0] == "params" and name in section(tree, "params"):
            return unused_param(tree, name)
        if path[0] == "outputs" and name in section(tree, "outputs"):
            return without_output(tree, name)
    if (
        len(path) == 3
        and path[0] == "inputs"
        and isinstance(at_input := section(tree, "inputs").get(str(path[1])), str)
    ):
        return [Put(path[:2], _retyped(at_input, str(path[2]), None, path))]
    return [Drop(path)]


def appended(tree: Tree, path: Path, value: object) -> list[Change]:
    """The changes that add an item to a list."""
    found = tree
    for step in path:
        found = found[step] if _has(found, step) else None
    if found is None:
        return [Put(path, [plain_value(value)])]
    if not isinstance(found, list):
        raise Refusal(path, f"'{told(path)}' must be a list, got {'a mapping' if isinstance(found, dict) else found}")
    return [Insert((*path, len(found)), plain_value(value))]


def _has(tree: Tree, step: str | int) -> bool:
    if isinstance(tree, list):
        return isinstance(step, int) and -1 < step < len(tree)
    return isinstance(tree, dict) and step in tree


def _retyped(written: str, key: str, value: Tree, path: Path) -> Tree:
    """A short type with another dtype or shape; as a mapping where it gets what the short form has no place for."""
    try:
        found = {name: part.plain() for name, part in short_type(Value(written, START)).items()}
    except ValueError as error:
        raise Refusal(path[:2], f"input '{path[1]}' {error}") from None
    found[key] = value
    if value is None:
        del found[key]
    dims = found.get("shape")
    if set(found) <= {"dtype", "shape"} and isinstance(found.get("dtype"), str):
        if dims is None:
            return found["dtype"]
        if isinstance(dims, list) and all(isinstance(dim, int | str) and _short(dim) for dim in dims):
            return f"{found['dtype']}[{', '.join(map(str, dims))}]"
    return found


def _short(dim: int | str) -> bool:
    """Whether the short form has this dim: of parameters those in braces."""
    return not isinstance(dim, str) or not dim.startswith("$") or dim.startswith("${")
