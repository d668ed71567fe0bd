"""`flow.edit`: graph files edited by what stands in them: values, nodes, wires, names, sub-graphs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath

from dataflow.core.errors import GraphFileError, Problem
from dataflow.graph.arguments import as_path
from dataflow.graphfile.editing import nodes, renaming, values
from dataflow.graphfile.editing.addresses import Ports, address
from dataflow.graphfile.editing.changes import Change, Path, Refusal, Tree
from dataflow.graphfile.editing.editor import TextEditor
from dataflow.graphfile.editing.extraction import Extraction
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.editing.unpacking import unpacked
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.paths import Location
from dataflow.graphfile.spans import lookup, spans
from dataflow.graphfile.subgraphs import is_path
from dataflow.graphfile.tree import Stop


class Editor(TextEditor):
    """A graph file in hand: edits of its text that can be undone, and saved.

    Places are named as ``nodes.conv1.attrs.filters``, in short ``conv1.filters``: an attr, input or key of a node, or
    a section and its keys. Values are as the file has them: ``"a.min"`` on an input is a wire, ``"$bits"`` a param.
    Each method is one edit; it raises GraphFileError with the place and the reason where it cannot be made, and
    leaves the text as it was.

    >>> file = edit("dataflow:digits/mlp.yaml")
    >>> file.set("train.epochs", 5)
    >>> file.tree["train"].get("epochs")
    5
    >>> file.undo()
    True
    """

    def set(self, place: str | Path, value: object) -> None:
        """Put a value at a place; what is not there is added, in the mapping above it."""
        path = self._path(place)
        self._edit(lambda tree: values.placed(tree, path, value))

    def append(self, place: str | Path, value: object) -> None:
        """Add an item to the list at a place."""
        path = self._path(place)
        self._edit(lambda tree: values.appended(tree, path, value))

    def remove(self, place: str | Path) -> None:
        """Take away what stands at a place: with a node or an input the wires to it, with an output its metrics."""
        path = self._path(place)
        self._edit(lambda tree: values.removed(tree, path))

    def add(
        self,
        name: str,
        block: str,
        inputs: Mapping[str, object] | Sequence[object] = (),
        attrs: Mapping[str, object] | None = None,
        doc: str = "",
        *,
        before: str = "",
        after: str = "",
        comment: str = "",
    ) -> None:
        """Add a node at the end, or beside another, below a line with a comment."""
        given = dict(inputs) if isinstance(inputs, Mapping) else list(inputs)
        parts = {"block": block, "inputs": given, "attrs": dict(attrs or {}), "doc": doc}
        entry = {key: value for key, value in parts.items() if value}
        self._edit(lambda tree: nodes.added(tree, name, entry, before, after, comment))

    def delete(self, name: str, reconnect: bool = False) -> None:
        """Delete a node or an input, and the wires to it; or give its readers what stood on its first input."""
        self._edit(lambda tree: nodes.deleted(tree, name, reconnect))

    def rename(self, place: str | Path, name: str) -> None:
        """Give a node, input, output or param, or another key, a new name, wherever the file names it."""
        path = self._path(place)
        self._edit(lambda tree: renaming.rekeyed(tree, path, name))

    def extract(self, names: Sequence[str], name: str, path: str | os.PathLike[str]) -> None:
        """Make some of the nodes a graph file of their own, and put a node that uses it in their place.

        `save` writes that file too; its path is relative to the folder of this one.
        """
        context = self._context()
        home, _ = context.top()
        real = FilePath(os.path.normpath(home.real.parent / path))

        def changes() -> list[Change]:
            try:
                home.find(os.path.relpath(real, home.real.parent))
            except ValueError as error:
                raise Refusal((), str(error)) from None
            made = Extraction(self.tree, self._document.text, names, name, real, context)
            inner = TextEditor(os.fspath(real), made.text)
            inner.change(made.inner)
            files[real] = inner.text
            return made.outer

        files: dict[FilePath, str] = {}
        known = context.problems()
        try:
            self.change(changes(), files)
        except Refusal as refusal:
            raise self.refused(refusal) from None
        self._stay_right(known)

    def unpack(self, name: str) -> None:
        """Write out the graph file that a node uses: its nodes take the place of the node, under its name."""
        span = lookup(spans(self._document.text), ("nodes",))
        comment = span is not None and not span.flow
        context = self._context()
        known = context.problems()
        try:
            self._edit(lambda tree: unpacked(tree, name, context, comment))
        except Stop:
            raise GraphFileError(self.problems()) from None
        self._stay_right(known)

    def problems(self, known: Sequence[Problem] = ()) -> list[Problem]:
        """What `dataflow check` would say of the text as it is now, but for what was ``known`` before."""
        told = {(problem.path, problem.message) for problem in known}
        return [problem for problem in self._context().problems() if (problem.path, problem.message) not in told]

    def _stay_right(self, known: Sequence[Problem]) -> None:
        """Take back an edit after which the graph is wrong, and tell what would be."""
        if found := self.problems(known):
            self.undo()
            raise GraphFileError(found)

    def _edit(self, made: Callable[[Tree], list[Change]]) -> None:
        try:
            changes = made(self.tree)
        except Refusal as refusal:
            raise self.refused(refusal) from None
        self.change(changes)

    def _context(self) -> LoadContext:
        texts = {str(path): text for path, text in self.files.items()}
        return read(self.path, text=self._document.text, texts=texts)

    def _path(self, place: str | Path) -> Path:
        if not isinstance(place, str):
            return tuple(place)
        tree = self.tree
        name = place.removeprefix("nodes.").partition(".")[0]
        try:
            return address(tree, place, self._ports(tree, name))
        except Refusal as refusal:
            raise self.refused(refusal) from None

    def _ports(self, tree: Tree, name: str) -> dict[str, Ports]:
        """The ports of a node whose block is a file."""
        node = section(tree, "nodes").get(name)
        block = node.get("block") if isinstance(node, dict) else None
        if not isinstance(block, str) or not is_path(block):
            return {}
        context = self._context()
        try:
            definition = context.definition(Location.of(self.path).graph(block))
        except ValueError:
            return {}
        return {name: (list(definition.inputs.data), list(definition.params))}


def edit(path: str | os.PathLike[str], text: str | None = None) -> Editor:
    """A graph file to edit, or a ``text`` that is to be its own.

    Raises GraphFileError where it is not YAML that a graph file may have; other mistakes in it do not matter.
    """
    return Editor(as_path(path, "flow.edit(path)"), text)
