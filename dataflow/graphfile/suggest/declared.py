"""What the schema of graph files declares for a place in one: the keys of a mapping there, or the values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from dataflow.core.registry import blocks
from dataflow.core.roles import Setting
from dataflow.graphfile.editing.changes import Path, Tree
from dataflow.graphfile.schema import schema
from dataflow.graphfile.schema_parts import Schema

_DEEPEST = 20  # definitions that name others


def declared(tree: Tree, path: Path) -> list[Schema]:
    """The schemas of which one must hold for the value at a path, where the rest of the file is as in a tree."""
    whole = _schema(len(blocks))
    found = [whole]
    for i, step in enumerate(path):
        found = [inner for each in found for inner in _inner(each, step)]
        if step in ("inputs", "attrs") and (used := _block(tree, path[:i])):
            found = [each for of_block in _of_block(used) for each in alternatives(of_block["properties"][str(step)])]
            found = [_settable(each, used) for each in found] if step == "inputs" and path[0] != "nodes" else found
    return [alternative for each in found for alternative in alternatives(each)]


@lru_cache(1)
def _schema(count: int) -> Schema:
    """The schema; made anew when there are more blocks."""
    return schema()


def _of_block(name: str) -> Sequence[Schema]:
    rules: list[Schema] = _schema(len(blocks))["definitions"]["node"]["allOf"]
    return [rule["then"] for rule in rules if name in rule["if"]["properties"]["block"]["enum"]]


def _settable(ports: Schema, block: str) -> Schema:
    """Ports of a block that a section names, without those that training wires."""
    inputs = blocks[block].signature.inputs
    of_training = {name for name, port in inputs.items() if not isinstance(port.role, Setting | None)}
    named = {name: port for name, port in ports.get("properties", {}).items() if name not in of_training}
    return {**ports, "properties": named} if "properties" in ports else ports


def _block(tree: Tree, path: Path) -> str:
    """The block that the mapping at a path names."""
    for step in path:
        inside = isinstance(tree, dict) or (isinstance(tree, list) and isinstance(step, int) and step < len(tree))
        tree = tree.get(step) if isinstance(tree, dict) else tree[step] if inside else None
    found = tree.get("block") if isinstance(tree, dict) else None
    return found if isinstance(found, str) else ""


def alternatives(each: Schema, depth: int = 0) -> Iterator[Schema]:
    """A schema without references: the parts of which one, or all, must hold, with its own description.

    Under ``name`` is that of its definition.
    """
    if depth > _DEEPEST:
        return
    if "$ref" in each:
        name = each["$ref"].rpartition("/")[2]
        each = {**_schema(len(blocks))["definitions"][name], "name": name} | {
            k: v for k, v in each.items() if k != "$ref"
        }
    told = {key: each[key] for key in ("description", "default", "name") if key in each}
    parts = [*each.get("anyOf", ()), *(part for part in each.get("allOf", ()) if "if" not in part)]
    if set(each) - {"description", "default", "name", "anyOf", "allOf"}:
        yield {key: value for key, value in each.items() if key not in ("anyOf", "allOf")}
    for part in parts:
        yield from (told | inner for inner in alternatives(part, depth + 1))


def _inner(each: Schema, step: str | int) -> Iterator[Schema]:
    """The schemas of an entry."""
    for alternative in alternatives(each):
        if isinstance(step, int):
            items = alternative.get("items")
            if isinstance(items, list):
                yield from items[step : step + 1]
            elif items:
                yield items
            continue
        if step in alternative.get("properties", {}):
            yield alternative["properties"][step]
            continue
        yield from (v for k, v in alternative.get("patternProperties", {}).items() if re.search(k, step))
        if isinstance(more := alternative.get("additionalProperties"), dict):
            yield more
