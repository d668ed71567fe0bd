"""The graph of an open document, which may not be saved, and the rows that it runs on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, GraphFileError, listing
from dataflow.files.stamps import stamps
from dataflow.graph.graph import Graph
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.used_files import used_files
from dataflow.studio.jobs.call import Memory
from dataflow.training.data import Split, split
from dataflow.training.trained_with import digest_of_split

ROWS = 1_000  # of a split that a run takes where nothing else is said
KEPT = 4  # sets of rows that are remembered


@dataclass(frozen=True)
class Source:
    """A graph file as a page has it.

    text : what it says, saved or not; the file itself is not read.
    texts : those of other graph files, by their real paths.
    params : given in place of defaults.
    """

    path: str
    text: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)

    def graph(self, **params: object) -> Graph:
        """The graph, with further parameters; GraphFileError that lists every problem."""
        context = self._read(**params)
        if problems := context.problems():
            raise GraphFileError(problems)
        return context.graph

    def files(self) -> list[Path]:
        """The files that the graph and its rows are read from, apart from texts that are given."""
        context = self._read()
        return [*context.files, *used_files(context.graph)]

    def switched(self) -> bool:
        """Whether the graph has a parameter `training` that is true in training, as it is not given."""
        return "training" not in self.params and isinstance(self._read().values.get("training"), bool)

    def _read(self, **params: object) -> LoadContext:
        return read(self.path, {**self.params, **params}, text=self.text, texts=self.texts, outside=False)


def split_name(graph: Graph, wanted: str) -> str:
    """The split that a run is fed: the one that is wanted, else the first; "" for a graph without data."""
    splits = graph.sections.get("data") or {}
    return wanted or next(iter(splits), "")


def opened(graph: Graph, name: str, memory: Memory) -> tuple[Split, str]:
    """A split of the graph and the digest of what it follows from; the one that was opened last is remembered."""
    section = dict(graph.sections.get("data") or {})
    types = {each: str(type_) for each, type_ in graph.inputs.items()}
    files = {str(path): found for path, found in stamps(used_files(graph)).items()}
    told = [name, types, {each: digest_of_split(section, each) for each in section}, files]
    digest = hashlib.sha256(json.dumps([told, section], sort_keys=True, default=str).encode()).hexdigest()
    known = memory.slots.get("split")
    if not isinstance(known, tuple) or known[1] != digest:
        memory.slots["split"] = known = (split(graph, name), digest)
    return known


class Rows(NamedTuple):
    """Rows that are run: the split, what feeds each input, how many, and a digest of what all that follows from."""

    split: str = ""
    feeds: Mapping[str, Array] = MappingProxyType({})
    length: int = 0
    digest: str = ""


def rows_of(graph: Graph, wanted: str, count: int | None, memory: Memory) -> Rows:
    """The rows of a split: at most ``count``, spread evenly over it.

    A graph without data is fed nothing. Rows are read again where the files have changed.
    """
    name = split_name(graph, wanted)
    if not name:
        return Rows()
    found, digest = opened(graph, name, memory)
    most = min(found.length, count or ROWS)
    key = f"{digest} {most}"
    if key not in memory.rows:
        indices = np.arange(most) * found.length // most if most < found.length else None
        while len(memory.rows) >= KEPT:
            memory.rows.pop(next(iter(memory.rows)))
        memory.rows[key] = found.rows(indices)
    return Rows(name, memory.rows[key], most, key)


def unfed(graph: Graph, feeds: Mapping[str, object]) -> list[str]:
    """The inputs without a default that nothing feeds."""
    inputs = [name for name in graph.inputs if name not in feeds]
    return [name for name in inputs if all(value is None for value in graph.nodes[name].inputs.values())]


def check_fed(graph: Graph, feeds: Mapping[str, object]) -> None:
    """Raise GraphError that names the inputs that outputs need and nothing feeds, with what a person can do."""
    needed = graph.ancestors(link.node for link in graph.outputs.values())
    if lacking := [name for name in unfed(graph, feeds) if name in needed]:
        some = "inputs" if len(lacking) > 1 else "input"
        raise GraphError(
            f"{some} {listing(map(repr, lacking), 'and')} must be fed, got nothing; feed it in the data section, or "
            "force a value on its port"
        )
