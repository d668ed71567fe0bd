"""What accumulators hold, and whether declared ranges are kept, when a graph runs on data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.engine.plan import Plan
from dataflow.graph.declared_range import shown
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.quantize.bounds import Bounds, Width

Ends = tuple[int, int]


def observed(bounds: Bounds, batches: Iterable[Mapping[str, Array]]) -> dict[str, Ends]:
    """The lowest and the highest sum of each accumulator over batches of inputs, in whole steps, by node.

    Raises DataflowError that lists the values that leave the range declared for them.
    """
    model, whole = bounds.model, {width.node.name: width for width in bounds.widths if width.accumulator is not None}
    declared = {node.name: node for node in model.graph.nodes.values() if node.range is not None}
    graph = traced(model.graph, [*whole, *declared])
    plan, found, left = Plan(graph), dict[str, Ends](), dict[str, str]()
    for feeds in batches:
        values = plan.run({**_needed(graph, model.values), **_needed(graph, feeds)})
        for name, width in whole.items():
            ends = whole_ends(width, values[name])
            before = found.get(name, ends)
            found[name] = min(before[0], ends[0]), max(before[1], ends[1])
        left |= {name: told for name, node in declared.items() if (told := _left(node, values[name]))}
    if left:
        raise DataflowError("\n".join(left.values()))
    return found


def traced(graph: Graph, nodes: Iterable[str]) -> Graph:
    """The graph with the first outputs of these nodes as its outputs, under their names."""
    made = graph.copy()
    made.outputs = {name: Link(name, next(iter(graph.nodes[name].types))) for name in nodes}
    made.sections = {}
    return made


def whole_ends(width: Width, sums: Array) -> Ends:
    """The lowest and the highest of some sums in whole steps."""
    assert width.accumulator is not None
    if not sums.size:
        return 0, 0
    steps = np.rint(sums.astype(np.float64) / width.accumulator.step)
    return int(steps.min()), int(steps.max())


def _needed(graph: Graph, values: Mapping[str, Array]) -> dict[str, Array]:
    used = graph.ancestors(link.node for link in graph.outputs.values())
    return {name: value for name, value in values.items() if name in used}


def _left(node: Node, value: Array) -> str:
    """How a value leaves its declared range; nothing if it does not."""
    assert node.range is not None
    low, high = (np.asarray(end).astype(value.dtype) for end in node.range)
    if not value.size or bool(((value >= low) & (value <= high)).all()):
        return ""
    least, most = value.min().item(), value.max().item()
    return f"{node.who}: range must be that of its values, {shown((least, most))} here, got {shown(node.range)}"
