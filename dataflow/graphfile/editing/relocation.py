"""Paths in the nodes of one graph file as another names them."""

from __future__ import annotations

import os
from pathlib import Path

from dataflow.graphfile.editing.changes import Refusal, Tree
from dataflow.graphfile.paths import Location
from dataflow.graphfile.shipped import is_shipped, reference
from dataflow.graphfile.subgraphs import is_path


def relocated(node: Tree, name: str, file: Location, folder: Path) -> Tree:
    """A node of a file as one in another folder writes it: its graphs and arrays under their paths from there."""
    if not isinstance(node, dict) or (file.real.parent == folder and not is_shipped(file.shown)):
        return node
    made = dict(node)
    block = node.get("block")
    if isinstance(block, str) and is_path(block):
        made["block"] = _moved(block, name, file, folder)
    for part in ("inputs", "attrs"):
        given = node.get(part)
        if isinstance(given, dict):
            made[part] = {key: _array(value, name, file, folder) for key, value in given.items()}
        elif isinstance(given, list):
            made[part] = [_array(value, name, file, folder) for value in given]
    return made


def _array(value: Tree, name: str, file: Location, folder: Path) -> Tree:
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return value
    return {**value, "path": _moved(value["path"], name, file, folder).removeprefix("./")}


def _moved(path: str, name: str, file: Location, folder: Path) -> str:
    if is_shipped(path):
        return path
    if "$" in path:
        raise Refusal(("nodes", name), f"node '{name}' names a file by parameters, '{path}'", "write the path there")
    try:
        real = file.find(path)
    except ValueError as error:
        raise Refusal(("nodes", name), f"node '{name}': {error}") from None
    if is_shipped(file.shown):
        return reference(real)
    moved = Path(os.path.relpath(real, folder)).as_posix()
    return moved if moved.startswith("../") else f"./{moved}"
