"""What all files of one load share: the graph that grows, the files and arrays read on the way, and the limits."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from dataflow.core.errors import Problem
from dataflow.files import ResolvedPath
from dataflow.graph.graph import Graph
from dataflow.graphfile.arrays import Arrays
from dataflow.graphfile.graph_file import GraphFile, define
from dataflow.graphfile.origins import Origins
from dataflow.graphfile.params import ExpansionBudget
from dataflow.graphfile.paths import project_of, read_document
from dataflow.graphfile.tree import Document, Hints


class LoadContext:
    """One load of a graph file; ``given`` are the texts that its caller gives as parameters."""

    def __init__(self, path: str | os.PathLike[str], origins: bool = False, given: Collection[str] = ()):
        self.shown = os.fspath(path)
        self.real = Path(self.shown) if "\0" in self.shown else Path(os.path.realpath(self.shown))
        self.project = project_of(self.real.parent)
        self.given = frozenset(given)
        self.graph = Graph()
        self.arrays = Arrays()
        self.included = 0  # nodes that sub-graphs have added
        self.budget = ExpansionBudget()
        self.hints = Hints()
        self.origins: Origins | None = Origins() if origins else None  # of what the graph is made of
        self._definitions: dict[Path, GraphFile] = {}
        self._documents: list[Document] = []

    def definition(self, real: Path, shown: str) -> GraphFile:
        """What a file says; it is read once however often it is used."""
        if real not in self._definitions:
            document = read_document(ResolvedPath(real), shown)
            document.hints = self.hints
            self._documents.append(document)
            self._definitions[real] = define(document)
        return self._definitions[real]

    def problems(self) -> list[Problem]:
        """All problems of all files, in order."""
        return sorted(p for document in self._documents for p in document.problems.values())
