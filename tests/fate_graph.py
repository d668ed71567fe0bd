"""A graph with a node for each fate, and what is told of nodes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dataflow import Graph, blocks
from dataflow.core.ports import Literal
from dataflow.engine.fates import Event


def told(events: Mapping[str, Event]) -> dict[str, tuple[str, str]]:
    """The fates and reasons alone."""
    return {name: (event.fate, event.because) for name, event in events.items()}


def every_fate() -> Graph:
    """A graph with a node for each fate."""
    graph = Graph("g")
    x = graph.input("x", "float32", [4])
    unread = graph.input("unread", "float32", [2])
    w = graph.variable("w", np.array([1, 2, 3, 4], np.float32))
    two = graph.constant(np.float32(2), name="two")
    four = graph.add(blocks["Multiply"](), [two, two], name="four")
    first = graph.add(blocks["Multiply"](), [x, four], name="first")
    again = graph.add(blocks["Multiply"](), [x, four], name="again")
    square = graph.add(blocks["Reshape"](), [first, Literal(np.array([2, 2], np.int64))], name="square")
    graph.add(blocks["Neg"](), [unread], name="dead")
    like = graph.add(blocks["OnesLike"](), [graph.add(blocks["Exp"](), [x], name="pattern")], name="like")
    joined = graph.add(blocks["AddN"](), [[first, again, w, like]], name="joined")
    graph.output("y", joined)
    graph.output("z", graph.add(blocks["Neg"](), [square], name="z"))
    return graph
