"""New graph files of a project: empty, or copies of graphs."""

from __future__ import annotations

import os
from pathlib import Path

from dataflow.core.errors import DataflowError
from dataflow.files.atomic import write_errors, write_text
from dataflow.graphfile.load import read
from dataflow.graphfile.paths import Location
from dataflow.studio.project import Project


def create(project: Project, path: str, like: str = "", text: str | None = None) -> None:
    """Write a new graph file: an empty one, or a copy of a graph with the graph files beside it that it uses.

    text : of the graph to copy, where it differs from that of its file

    No file is overwritten: DataflowError where there is one, and then nothing is written.
    """
    target = project.find(path)
    if target.suffix not in (".yaml", ".yml"):
        raise DataflowError(f"{path}: a graph file must end with .yaml, got '{target.suffix}'")
    copies = {target: f"dataflow: 1\nname: {_name(target)}\n"}
    if like:
        copies = _copies(project, project.location(like), target, text)
    for copy, held in copies.items():
        if os.path.lexists(copy) and (copy == target or _text(copy) != held):
            raise DataflowError(f"{project.shown(copy)}: is there already; give the new file another name or folder")
    with write_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    for copy, held in copies.items():
        if copy == target or not copy.exists():
            write_text(copy, held)


def _copies(project: Project, source: str, target: Path, text: str | None) -> dict[Path, str]:
    """The texts of the copies, that of the graph first."""
    real = Location.of(source).real
    if not real.is_file():
        raise DataflowError(f"{project.shown(real)}: no such file to copy")
    context = read(source, text=text)
    beside = [file for file in context.files if file != real and file.parent == real.parent]
    held = text if text is not None else _text(real)
    others = {} if real.parent == target.parent else {target.parent / file.name: _text(file) for file in beside}
    return {target: held, **others}


def _text(path: Path) -> str:
    with write_errors(path):
        return path.read_bytes().decode("utf-8", "replace")


def _name(path: Path) -> str:
    """The name of a new graph: letters, digits and lines of the name of its file."""
    letters = "".join(each if each.isascii() and (each.isalnum() or each == "_") else "_" for each in path.stem)
    return letters if letters[:1].isalpha() else f"graph_{letters}"
