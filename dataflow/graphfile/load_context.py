"""What all files of one load share: the graph that grows, the files and arrays read on the way, and the limits."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataflow.core.errors import Problem
from dataflow.files import ResolvedPath
from dataflow.graph.graph import Graph
from dataflow.graph.layout import Source, Use
from dataflow.graph.node import Link, Ref
from dataflow.graphfile.arrays import Arrays
from dataflow.graphfile.graph_file import GraphFile, define
from dataflow.graphfile.origins import Made, Origins
from dataflow.graphfile.params import ExpansionBudget
from dataflow.graphfile.parse import parse
from dataflow.graphfile.paths import Location, read_document
from dataflow.graphfile.tree import BROKEN, START, Document, Hints, Place, Value

if TYPE_CHECKING:
    from dataflow.graphfile.wires import FileScope


class LoadContext:
    """One load of a graph file; ``given`` are the texts that its caller gives as parameters.

    Graph files whose texts, or what was parsed of them, are given by their real paths are not read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        origins: bool = False,
        given: Collection[str] = (),
        texts: Mapping[str, str | Document] | None = None,
        arrays: Arrays | None = None,
    ):
        self.shown = os.fspath(path)
        self._texts = texts or {}
        self.given = frozenset(given)
        self.graph = Graph()
        self.set_by_caller: frozenset[str] = frozenset()  # names of parameters
        self.lets_go = False  # of the entries of the loaded file, each once its node is made
        self.values: Mapping[str, Any] = {}  # of the parameters of the loaded file
        self.arrays = arrays or Arrays()
        self.included = 0  # nodes that sub-graphs have added
        self.budget = ExpansionBudget()
        self.hints = Hints()
        self.origins: Origins | None = Origins() if origins else None  # of what the graph is made of
        self.made: dict[str, Made] = {}  # by the name of the entry of the loaded file, where origins are kept
        self.sections: dict[str, tuple[Value, Place]] = {}  # of the loaded file, and where their keys stand
        self.scopes: dict[str, FileScope] = {}  # every use of a file, by the prefix of the names of its nodes
        self._definitions: dict[Path, GraphFile] = {}
        self._documents: list[Document] = []

    def top(self) -> tuple[Location, GraphFile]:
        """The file that is loaded, and what it says; Stop where its name can be no file's."""
        try:
            file = Location.of(self.shown)
        except ValueError as error:
            document = self._noted(Document(self.shown))
            raise document.fail(START, str(error)) from None
        return file, self.definition(file)

    @property
    def wires(self) -> Mapping[str, Mapping[str, Ref]]:
        """The outputs of each node and input of the loaded file, BROKEN of those that are wrong."""
        return self.scopes[""].wires if "" in self.scopes else {}

    @property
    def uses(self) -> dict[str, Use]:
        """The graphs used as blocks that are right, by the full name of the node."""
        found = {}
        for prefix, scope in self.scopes.items():
            outputs = scope.user[0].wires.get(scope.user[1].name, BROKEN) if scope.user is not None else BROKEN
            inputs = {name: scope.wires.get(name, BROKEN) for name in scope.definition.inputs.data}
            if outputs is not BROKEN and BROKEN not in inputs.values():
                links = {name: Link(ref.node, ref.port) for name, wired in inputs.items() for ref in wired.values()}
                made = {port: Link(ref.node, ref.port) for port, ref in outputs.items()}
                found[prefix.removesuffix("/")] = Use(links, made)
        return found

    def definition(self, file: Location) -> GraphFile:
        """What a file says; it is read once however often it is used."""
        if file.real not in self._definitions:
            text = self._texts.get(str(file.real))
            if text is None:
                read = read_document(ResolvedPath(file.real), file.shown)
            else:
                read = parse(text, file.shown) if isinstance(text, str) else text.anew(file.shown)
            self._definitions[file.real] = define(self._noted(read))
        return self._definitions[file.real]

    def exists(self, file: Location) -> bool:
        """Whether a graph file is there, or its text is given."""
        return str(file.real) in self._texts or file.real.exists()

    @property
    def document(self) -> Document:
        """The document of the loaded file."""
        return self._documents[0]

    @property
    def files(self) -> list[Path]:
        """The graph files that were read, the loaded one first."""
        return list(self._definitions)

    def source(self, params: Mapping[str, object]) -> Source:
        """What was read, and the parameters that the caller gave."""
        texts = {str(path): each.document.mark + each.document.text for path, each in self._definitions.items()}
        return Source(self.shown, texts, dict(params))

    def _noted(self, document: Document) -> Document:
        document.hints = self.hints
        self._documents.append(document)
        return document

    def problems(self) -> list[Problem]:
        """All problems of all files, in order."""
        return sorted(p for document in self._documents for p in document.problems.values())
