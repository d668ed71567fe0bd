"""What is wrong with a `data` section: splits that are like no other, and files that cannot feed the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataflow.core.errors import GraphError
from dataflow.graph.graph import Graph
from dataflow.graphfile.sections import Report
from dataflow.training.data.opening import open_feed
from dataflow.training.data.section import Split as Declared
from dataflow.training.data.splits import Split


def check_files(graph: Graph, splits: Mapping[str, Declared], report: Report) -> None:
    """Report what keeps the files of each split from feeding its inputs, input by input."""
    for name, declared in splits.items():
        own = graph.sections["data"][name]
        right = True

        def told(feed: str, error: GraphError, own: Mapping[str, Any] = own, name: str = name) -> None:
            path = (name, "inputs", feed) if "inputs" in own else (name, "like")
            report(path if feed else (name,), str(error).removeprefix(f"graph '{graph.name}': "))

        for feed in declared.inputs or {}:
            try:
                open_feed(graph, name, splits, feed)
            except GraphError as error:
                right = False
                told(feed, error)
        if right:
            try:
                split = Split(graph, name, splits)
            except GraphError as error:
                told("", error)
                continue
            for feed, found in split.feeds.items():
                try:
                    found.use(split.fit([feed])[feed])
                    found.check(split.parts)
                except GraphError as error:
                    told(feed, error)
