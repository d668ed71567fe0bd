"""What is wrong with a `data` section: splits that are like no other, and files that cannot feed the inputs."""

from __future__ import annotations

from collections.abc import Mapping

from dataflow.core.errors import GraphError
from dataflow.graph.graph import Graph
from dataflow.graphfile.sections import Report
from dataflow.training.data.opening import open_feed
from dataflow.training.data.section import Column
from dataflow.training.data.section import Split as Declared
from dataflow.training.data.splits import Split


def check_files(graph: Graph, splits: Mapping[str, Declared], report: Report) -> None:
    """Report what keeps the files of each split from feeding its inputs, input by input.

    What is wrong with a file itself is told at the first input that it feeds, and what a split has from the one that it
    is like is not told again.
    """
    told = _Told(graph, splits, report)
    for name, declared in splits.items():
        right = True
        for feed in declared.inputs or {}:
            try:
                open_feed(graph, name, splits, feed)
            except GraphError as error:
                right = False
                told.tell(name, feed, error)
        if right:
            try:
                split = Split(graph, name, splits)
            except GraphError as error:
                told.tell(name, "", error)
                continue
            for feed, found in split.feeds.items():
                try:
                    found.use(split.fit([feed])[feed])
                    found.check(split.parts)
                except GraphError as error:
                    told.tell(name, feed, error)


class _Told:
    """Reports each problem once."""

    def __init__(self, graph: Graph, splits: Mapping[str, Declared], report: Report):
        self.graph, self.splits, self.report = graph, splits, report
        self._problems: dict[str, list[tuple[str, Column | None]]] = {}  # the inputs that have them, and their keys

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
