"""Where the error of the answers comes from: weights, clipping, rounding of values, biases, requantization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.graph.node import Link
from dataflow.quantize.answers import answers
from dataflow.quantize.lower import lower
from dataflow.quantize.measures import decibels
from dataflow.quantize.model import Model
from dataflow.quantize.rows import BATCH, run_rows
from dataflow.quantize.stages import quantizers, with_only
from dataflow.training.array_split import RowSplit

PARTS = ("weights", "clipping", "rounding", "bias", "requantization")


@dataclass(frozen=True)
class Error:
    """The error of a wire, as powers; ``parts`` add up to ``noise``.

    agreement : the share of rows whose largest value is at the same place; None where rows have one value.
    """

    wire: str
    signal: float
    noise: float
    parts: Mapping[str, float]
    agreement: float | None

    @property
    def sqnr(self) -> float:
        """In dB."""
        return decibels(self.signal, self.noise)


def error_parts(model: Model, reference: Model, data: RowSplit, samples: int | None = None) -> list[Error]:
    """The error of each answer of a quantized graph, and what it comes from.

    One part after the other is let in: rounded weights, then the ends of the grids of values, then the rounding to
    them, then rounded biases; last, where all layers have integers, the integers of the lowered graph. A part counts
    by what it adds in the direction of the whole error: ``sum(step * error)``. So the parts add up to the power of the
    error, and one that makes up for others counts against them.
    """
    return _errors(model, reference, _stages(model, reference), data, samples)


def whole_errors(model: Model, reference: Model, data: RowSplit, samples: int | None = None) -> list[Error]:
    """The error of each answer without its parts, for which no more than both graphs are run."""
    name, last = [*_stages(model, reference).items()][-1]
    return [replace(error, parts={}) for error in _errors(model, reference, {name: last}, data, samples)]


def _errors(
    model: Model, reference: Model, stages: Mapping[str, Model], data: RowSplit, samples: int | None
) -> list[Error]:
    links, names = answers(model.graph), [*stages]
    runs = [run_rows(each, data, _links(each, links), samples, BATCH) for each in (reference, *stages.values())]
    totals = [_Total(len(names)) for _ in links]
    for values in zip(*runs, strict=True):
        for i, total in enumerate(totals):
            total.add([_nth(each, i) for each in values])
    return [total.error(model.graph.deref(link).wire, names) for total, link in zip(totals, links, strict=True)]


def _links(model: Model, links: Sequence[Link]) -> list[Link]:
    """The wires of real numbers that stand for these."""
    found = []
    for link in links:
        real = f"{link.node}/values"
        found.append(model.graph.nodes[real].first if real in model.graph.nodes else link)
    return found


def _nth(values: Mapping[Link, Array], i: int) -> Array:
    return [*values.values()][i].astype(np.float64)


def _stages(model: Model, reference: Model) -> dict[str, Model]:
    """The graph with one part of the error after the other."""
    kinds = quantizers(model)
    of = {kind: [name for name, each in kinds.items() if each == kind] for kind in ("weights", "values", "bias")}
    biases = {model.graph.nodes[name].link(model.graph.nodes[name].block.quantized_as.x).node for name in of["bias"]}
    exact = {name: value for name, value in reference.values.items() if name in biases}
    before = replace(model, values={**model.values, **exact})
    stages = {
        "weights": with_only(before, of["weights"]),
        "clipping": with_only(before, of["weights"], of["values"]),
        "rounding": with_only(before, [*of["weights"], *of["values"]]),
        "bias": model,
    }
    try:
        lowered = lower(model)
    except DataflowError:
        return stages
    if not any("computes with real numbers" in note for note in lowered.model.notes):
        stages["requantization"] = lowered.model
    return stages


class _Total:
    """Sums of one answer over all rows."""

    def __init__(self, stages: int):
        self.signal = self.noise = 0.0
        self.parts = np.zeros(stages)
        self.same = self.rows = 0

    def add(self, values: Sequence[Array]) -> None:
        exact, given = values[0], values[-1]
        error = given - exact
        self.signal += float(np.sum(np.square(exact)))
        self.noise += float(np.sum(np.square(error)))
        self.parts += [float(np.sum((after - before) * error)) for before, after in pairwise(values)]
        if exact.ndim > 1 and exact.shape[-1] > 1:
            places = [np.argmax(each, -1) for each in (exact, given)]
            self.same += int(np.count_nonzero(places[0] == places[1]))
            self.rows += places[0].size

    def error(self, wire: str, names: Sequence[str]) -> Error:
        parts = dict(zip(names, map(float, self.parts), strict=True))
        return Error(wire, self.signal, self.noise, parts, self.same / self.rows if self.rows else None)
