"""What is wrong with a `data` section: splits that are like no other, and files that cannot feed the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dataflow.core.errors import GraphError
from dataflow.files import neighbour
from dataflow.graph.graph import Graph
from dataflow.graphfile.sections import Report
from dataflow.training.data.headers import given_of, rows_of
from dataflow.training.data.opening import Place, open_feed
from dataflow.training.data.section import Column
from dataflow.training.data.section import Split as Declared
from dataflow.training.data.splits import Split, training_split


def check_headers(graph: Graph, splits: Mapping[str, Declared], report: Report) -> None:
    """Report what the headers of files tell against a section, input by input, as `check_files` does.

    Splits whose files are still to come are passed over.
    """
    told = _Told(graph, splits, report)
    for name, declared in splits.items():
        awaited = any(_is_awaited(Place.of(column, declared)) for column in (declared.inputs or {}).values())
        if not awaited and told.opens(name, given_of):
            try:
                rows_of(graph, name, splits)
            except GraphError as error:
                told.tell(name, "", error)


def check_files(graph: Graph, splits: Mapping[str, Declared], report: Report) -> None:
    """Report what keeps the files of each split from feeding its inputs, input by input.

    What is wrong with a file itself is told at the first input that it feeds, and what a split has from the one that it
    is like is not told again.
    """
    told = _Told(graph, splits, report)
    sound: dict[str, Split] = {}
    for name in splits:
        if told.opens(name, open_feed):
            try:
                sound[name] = Split(graph, name, splits)
            except GraphError as error:
                told.tell(name, "", error)
    for name, split in sound.items():
        for feed, found in split.feeds.items():
            if found.needs_fit and training_split(splits) not in sound:
                continue  # what is wrong with that split is told there
            try:
                found.use(split.fit([feed])[feed])
                found.check(split.parts)
            except GraphError as error:
                told.tell(name, feed, error)


def _is_awaited(place: Place) -> bool:
    """Whether a file is not there, nor one of nearly its name that may be meant."""
    path = Path(place.path or "")
    return not path.exists() and not neighbour(path)


class _Told:
    """Reports each problem once."""

    def __init__(self, graph: Graph, splits: Mapping[str, Declared], report: Report):
        self.graph, self.splits, self.report = graph, splits, report
        self._problems: dict[str, list[tuple[str, Column | None]]] = {}  # the inputs that have them, and their keys

    def opens(self, name: str, opening: Callable[[Graph, str, Mapping[str, Declared], str], object]) -> bool:
        """Whether all that feeds a split can be opened, or looked at; what cannot is reported."""
        right = True
        for feed in self.splits[name].inputs or {}:
            try:
                opening(self.graph, name, self.splits, feed)
            except GraphError as error:
                right = False
                self.tell(name, feed, error)
        return right

    def tell(self, name: str, feed: str, error: GraphError) -> None:
        """Report what is wrong with an input of a split, or with the split as a whole, unless that is known."""
        own = self.graph.sections["data"][name]
        message = str(error).removeprefix(f"graph '{self.graph.name}': ")
        problem = message
        for split in self.splits:
            problem = problem.removeprefix(f"data '{split}': ")
        problem = problem.removeprefix(f"input '{feed}'")
        column = (self.splits[name].inputs or {}).get(feed)
        before = self._problems.setdefault(problem, [])
        known = "like" in own and any(other == feed for other, _ in before)
        known = known or (column is not None and self._is_of_file(name, column, problem, before))
        before.append((feed, column))
        if not known:
            path = (name, "inputs", feed) if "inputs" in own else (name, "like")
            self.report(path if feed else (name,), message)

    def _is_of_file(self, name: str, column: Column, problem: str, before: list[tuple[str, Column | None]]) -> bool:
        """Whether a problem is one of the file: inputs fed from other columns of it have the same."""
        file = column.path or self.splits[name].path
        if file is None or not problem.startswith(f": {file}:"):
            return False
        return any(other is not None and _chosen(other) != _chosen(column) for _, other in before)


def _chosen(column: Column) -> tuple[object, object]:
    return column.array, column.columns
