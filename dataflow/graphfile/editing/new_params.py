"""A value of a file made a param, which then stands in its place."""

from __future__ import annotations

from dataflow.core.attrs import plain
from dataflow.core.errors import cropped
from dataflow.core.registry import blocks
from dataflow.graphfile.editing.changes import Change, Path, Put, Refusal, Tree, told
from dataflow.graphfile.editing.mentions import default_path, mentions, section
from dataflow.graphfile.editing.renaming import check_new
from dataflow.graphfile.editing.values import placed

_NO_PLACE = ("dataflow", "name", "doc", "params")


def made_param(tree: Tree, path: Path, name: str) -> list[Change]:
    """The changes that declare a param with the value at a path as its default, and put it there.

    An attr that is not written gives its default. A param of that name serves as well if its default is that value.
    Raises Refusal where the value cannot be a param.
    """
    value = _value(tree, path)
    declared = default_path(tree, name)
    if declared is None:
        check_new(tree, "params", name)
        return [*placed(tree, path, f"${name}"), Put(("params", name), value)]
    default = section(tree, "params")[name]
    default = default.get("default") if isinstance(default, dict) else default
    if repr(default) != repr(value):
        message = f"the param '{cropped(name)}' has another value, {cropped(str(default))}"
        raise Refusal(("params", name), message, "choose another name")
    return placed(tree, path, f"${name}")


def _value(tree: Tree, path: Path) -> Tree:
    if not path or path[0] in _NO_PLACE or path[-1] == "doc" or str(path[0]).startswith("x-"):
        raise Refusal(path, f"'{told(path)}' cannot be a param", "params stand in attrs, inputs, types and sections")
    if any(each.path == path for each in mentions(tree)):
        raise Refusal(path, f"'{told(path)}' names something of the graph, which is better not a param")
    found = tree
    for i, step in enumerate(path):
        inside = isinstance(step, int) and isinstance(found, list) and step < len(found)
        if not inside and not (isinstance(found, dict) and step in found):
            return _default(tree, path, i)
        found = found[step]
    if isinstance(found, str) and "$" in found:
        raise Refusal(path, f"'{told(path)}' has a param already, '{cropped(found)}'")
    if found is None or isinstance(found, dict):
        message = f"'{told(path)}' must be a value to become a param, got {'a mapping' if found else 'nothing'}"
        raise Refusal(path, message)
    return found


def _default(tree: Tree, path: Path, i: int) -> Tree:
    """The default of an attr that is not written."""
    node = section(tree, "nodes").get(str(path[1])) if path[0] == "nodes" and len(path) == 4 else None
    block = node.get("block") if isinstance(node, dict) else None
    if isinstance(block, str) and block in blocks and path[2] == "attrs":
        attr = blocks[block].signature.attrs.get(str(path[3]))
        if attr is not None and not attr.required and attr.default is not None:
            return plain(attr.default)
    raise Refusal(path[:i], f"'{told(path)}' must be a value to become a param, got nothing")
