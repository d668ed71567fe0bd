"""Inputs that drive an accumulator as far as they can: witnesses that a bound is reached.

A sum of products goes furthest where each input is at the end that its slope points to. The gradient of the sum by the
graph's inputs says which, in one step where between them there are only quantizers and moves, so for first layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import GradientError
from dataflow.core.ranges import Range
from dataflow.core.registry import blocks
from dataflow.engine.plan import Plan
from dataflow.graph.gradient import gradient
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.bounds import Bounds, Width, bits
from dataflow.quantize.observed import traced, whole_ends

STEPS, DRAWN = 8, 5  # of ascent, and starts that are drawn: behind a first layer slopes change on the way


@dataclass(frozen=True, eq=False)
class Witness:
    """An input of one row for each graph input, how far sums then go, in whole steps, and the end derived for them."""

    feeds: Mapping[str, Array]
    reached: int
    end: int

    @property
    def attained(self) -> bool:
        """Whether the end is reached."""
        return self.reached == self.end


def find_witness(bounds: Bounds, width: Width) -> Witness | None:
    """The input that takes an accumulator furthest towards the end that decides its width.

    None where sums are no whole numbers, where an input has no range, or where no gradient reaches the inputs.
    """
    inputs, made = _inputs(bounds, width), next(iter(width.node.types.values()))
    if made.dtype not in dtypes.floating:
        return None  # integers have no gradient
    if inputs is None or width.accumulator is None or width.sums is None or width.ends is None:
        return None
    upwards = bits(0, width.ends[1]) >= bits(width.ends[0], 0)
    feeds = {name: _filled(ends, 0.5) for name, ends in inputs.items()}
    try:
        plan = _slopes(bounds, width, feeds, upwards)
    except GradientError:
        return None
    best: Witness | None = None
    for start in _starts(inputs):
        found = _ascended(bounds, width, plan, inputs, start, upwards)
        if best is None or (found.reached > best.reached if upwards else found.reached < best.reached):
            best = found
        if best.attained:
            break
    return best


def _starts(inputs: Mapping[str, Range]) -> Iterator[dict[str, Array]]:
    """Inputs to start from: the middle of all ranges, their ends, and values drawn from them."""
    for part in (0.5, 0.0, 1.0):
        yield {name: _filled(ends, part) for name, ends in inputs.items()}
    rng = np.random.default_rng(0)
    for _ in range(DRAWN):
        yield {name: _filled(ends, rng.random(_row(ends))) for name, ends in inputs.items()}


def _ascended(
    bounds: Bounds, width: Width, plan: Plan, inputs: Mapping[str, Range], feeds: dict[str, Array], up: bool
) -> Witness:
    """The furthest that a few steps along the slopes come from an input."""
    assert width.sums is not None
    best: Witness | None = None
    for _ in range(STEPS):
        found = plan.run({**bounds.model.values, **feeds})
        slopes = {name: found.get(f"grad_{name}") for name in feeds}
        feeds = {name: _pushed(inputs[name], value, slopes[name], up) for name, value in feeds.items()}
        reached = whole_ends(width, plan.run({**bounds.model.values, **feeds})["sum"])[up]
        if best is None or (reached > best.reached if up else reached < best.reached):
            best = Witness(feeds, reached, int(width.sums.high.max() if up else width.sums.low.min()))
        if best.attained:
            break
    assert best is not None
    return best


def find_witnesses(bounds: Bounds) -> dict[str, Witness]:
    """A witness for each accumulator that has one, by its node; the first alone where inputs have no dim for rows."""
    found: dict[str, Witness] = {}
    for width in bounds.widths:
        made = find_witness(bounds, width)
        if made is not None:
            found[width.node.name] = made
            if any(isinstance(type_.shape[0], int) for type_ in bounds.model.graph.inputs.values() if type_.shape):
                break
    return found


def rows(graph: Graph, witnesses: list[Witness]) -> dict[str, Array]:
    """The inputs of several witnesses as the rows of one batch; zeros, or what is next to them, for other inputs."""
    made = {}
    for name, type_ in graph.inputs.items():
        parts = [witness.feeds.get(name) for witness in witnesses]
        like = next((part for part in parts if part is not None), None)
        if like is None and type_.shape and all(isinstance(d, int) for d in type_.shape[1:]):
            low, high = graph.nodes[name].range or (0, 0)
            shape = [d if isinstance(d, int) else 1 for d in type_.shape]
            like = np.full(shape, np.clip(0, low, high), dtypes.storage(type_.dtype))
        if like is not None:
            made[name] = np.concatenate([like if part is None else part for part in parts])
    return made


def _inputs(bounds: Bounds, width: Width) -> dict[str, Range] | None:
    """The ranges of the inputs that a sum depends on; None where one may be anything, or has dims of unknown size."""
    graph = bounds.model.graph
    used = graph.ancestors([width.node.name])
    found = {}
    for name in graph.inputs:
        if name in used:
            range = bounds.ranges[Link(name, next(iter(graph.nodes[name].types)))]
            if range.shape is None or any(not isinstance(d, int) for d in range.shape[1:]) or not _finite(range):
                return None
            found[name] = range
    return found or None


def _finite(range: Range) -> bool:
    return bool(np.isfinite(range.low.astype(np.float64)).all() and np.isfinite(range.high.astype(np.float64)).all())


def _row(range: Range) -> tuple[int, ...]:
    """The shape of one row of values."""
    return tuple(d if isinstance(d, int) else 1 for d in range.shape or ())


def _filled(range: Range, part: float | Array) -> Array:
    """One row of values, so far between their ends."""
    low, high = range.low.astype(np.float64), range.high.astype(np.float64)
    return np.broadcast_to(low + (high - low) * part, _row(range)).astype(range.low.dtype)


def _pushed(range: Range, value: Array, slope: Array | None, up: bool) -> Array:
    """Values at the end that the slope points to, or away from; as they are where there is none."""
    if slope is None:
        return value
    ends = np.where((slope > 0) == up, range.high, range.low)
    return np.where(slope == 0, value, ends).astype(value.dtype)


def _slopes(bounds: Bounds, width: Width, feeds: Mapping[str, Array], upwards: bool) -> Plan:
    """A plan of the sums, and of the gradient by the inputs of the one that may go furthest."""
    graph: Graph = traced(bounds.model.graph, [width.node.name])
    ref = graph.deref(graph.outputs[width.node.name])
    value = Plan(graph).run({**_only(graph, bounds.model.values), **feeds})[width.node.name]
    at = _place(width, value.shape, upwards)
    mask = np.zeros(value.shape, value.dtype)
    mask[at] = 1
    graph.outputs = {}
    graph.output("goal", blocks["Multiply"]()(ref, graph.constant(mask)))
    names = [name for name in feeds if dtypes.name_of(feeds[name].dtype) in dtypes.floating]
    made = gradient(graph, of="goal", wrt=names)
    made.outputs = {**{n: link for n, link in made.outputs.items() if n != "goal"}, "sum": Link(ref.node, ref.port)}
    return Plan(made)


def _only(graph: Graph, values: Mapping[str, Array]) -> dict[str, Array]:
    used = graph.ancestors(link.node for link in graph.outputs.values())
    return {name: value for name, value in values.items() if name in used}


def _place(width: Width, shape: tuple[int, ...], upwards: bool) -> tuple[int, ...]:
    """The index of the sum that goes furthest: along dims where all are alike in the middle, away from the border."""
    assert width.sums is not None
    ends = width.sums.high if upwards else width.sums.low
    flat = int(np.argmax(ends)) if upwards else int(np.argmin(ends))
    index = np.unravel_index(flat, ends.shape)
    return tuple(int(i) if n > 1 else size // 2 for i, n, size in zip(index, ends.shape, shape, strict=True))
