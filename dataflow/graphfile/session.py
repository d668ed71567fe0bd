"""What all files of one load share: the graph that grows, the files and arrays read on the way, and the limits."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dataflow.errors import Problem, closest
from dataflow.graph import Graph
from dataflow.graphfile.arrays import Arrays
from dataflow.graphfile.definition import Definition, define
from dataflow.graphfile.files import project_of, read_document
from dataflow.graphfile.params import Allowance
from dataflow.stored import Real

_COMPARED = 50_000  # names compared for "did you mean" in one load


class Session:
    """One load of a graph file."""

    def __init__(self, path: str | os.PathLike[str]):
        self.shown = os.fspath(path)
        self.real = Path(self.shown) if "\0" in self.shown else Path(os.path.realpath(self.shown))
        self.project = project_of(self.real.parent)
        self.graph = Graph()
        self.arrays = Arrays()
        self.included = 0  # nodes that sub-graphs have added
        self.allowance = Allowance()
        self._definitions: dict[Path, Definition] = {}
        self._compared = 0

    def definition(self, real: Path, shown: str) -> Definition:
        """What a file says; it is read once however often it is used."""
        if real not in self._definitions:
            self._definitions[real] = define(read_document(Real(real), shown))
        return self._definitions[real]

    def problems(self) -> list[Problem]:
        """All problems of all files, in order."""
        return sorted(p for d in self._definitions.values() for p in d.document.problems.values())

    def closest(self, name: str, known: Iterable[str]) -> str:
        """What was probably meant, while there is time for it: a file of nothing but mistakes must not take minutes."""
        known = list(known)
        if len(name) > 60 or self._compared > _COMPARED:
            return ""
        self._compared += len(known)
        return closest(name, known)

    def nearest(self, name: str, known: Iterable[str]) -> str:
        """``did you mean 'Relu'?`` or nothing."""
        found = self.closest(name, known)
        return f"did you mean '{found}'?" if found else ""
