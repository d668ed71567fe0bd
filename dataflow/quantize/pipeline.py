"""Quantization of a trained graph, pass by pass, as a recipe asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, listing
from dataflow.engine.state import State
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.calibration import Observed, calibrate
from dataflow.quantize.correct_bias import correct_bias
from dataflow.quantize.equalize import equalize
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.insert import Range, insert_quantizers
from dataflow.quantize.model import Model
from dataflow.quantize.ranges import check_finite, range_of
from dataflow.quantize.round_weights import ROWS, needs_rows, round_weights
from dataflow.quantize.section import Activations, Quantization, check_names
from dataflow.quantize.sites import activation_wires, find_sites
from dataflow.quantize.statistics import Statistics
from dataflow.training.array_split import RowSplit


@dataclass(frozen=True)
class Quantized:
    """A quantized model, the model before its quantizers, and the statistics of ranges; None where none were needed."""

    model: Model
    reference: Model
    statistics: Statistics | None

    @property
    def graph(self) -> Graph:
        """The graph, whose variables begin with the values of the model."""
        return self.model.baked()


def quantize(
    graph: Graph,
    recipe: Quantization,
    values: Mapping[str, Array] | None = None,
    data: RowSplit | None = None,
    statistics: Statistics | None = None,
    samples: int | None = None,
    fold: bool = True,
    equalized: bool = False,
    correct: bool = False,
    tick: Callable[[int, int], None] | None = None,
) -> Quantized:
    """The graph with quantizers as a recipe asks for, its weights baked in.

    values : of the variables, as training has left them; by default the initial ones.
    data : the rows whose values ranges follow from, or else ``statistics`` of them.
    samples : how many of the rows are seen, spread evenly; by default all, and 1,024 to round weights by a method.
    fold : whether batch normalization is folded first.
    equalized : whether channels are scaled between layers then.
    correct : whether biases are corrected last; needs ``data``.

    Raises DataflowError where the recipe does not fit the graph, or ranges are asked for without rows.
    """
    model = Model.of(graph, values)
    digest = State(graph, values=model.values).digest()
    if fold:
        model = fold_batch_norm(model)
    check_names(model.graph, recipe)
    if equalized:
        model = equalize(model)
    seen = {_name(model.graph, link): Observed(link) for link in activation_wires(model.graph, recipe)}
    if seen and statistics is None:
        statistics = calibrate(model, _needed(model.graph, data, [*seen]), seen, samples, tick=tick)
    if statistics is not None:
        lost = {name: statistics.wires[name].not_finite for name in seen if name in statistics.wires}
        lines = [
            f"{name}: {count} values that are not finite count for nothing" for name, count in lost.items() if count
        ]
        model = model.noted(*lines)
    reference, model = model, insert_quantizers(model, recipe, ranges_for(model.graph, recipe, statistics))
    if model.graph is not reference.graph and needs_rows(recipe):
        model = round_weights(model, reference, recipe, _needed(model.graph, data, ["weights"]), samples or ROWS)
    if correct and model.graph is not reference.graph:
        model = correct_bias(model, reference, _needed(model.graph, data, ["biases"]), samples)
    made = model.graph
    if model.graph is not reference.graph or "quantization" not in made.sections:
        made.sections = {**made.sections, "quantization": {**_written(recipe), "variables": digest}}
    return Quantized(replace(model, graph=made), reference, statistics if seen else None)


def _written(recipe: Quantization) -> dict[str, Any]:
    """The recipe as the section says it: widths are always written."""
    plain = recipe.given()
    for said, record in [(plain, recipe), *((plain["overrides"][name], of) for name, of in recipe.overrides.items())]:
        for key in ("weights", "activations", "bias"):
            if key in said:
                said[key] = {"bits": getattr(record, key).bits, **said[key]}
    return plain


def _needed(graph: Graph, data: RowSplit | None, wanted: list[str]) -> RowSplit:
    if data is None:
        raise DataflowError(
            f"graph '{graph.name}': ranges of {listing(map(repr, wanted), 'and')} follow from rows, got no data; "
            "give the graph a data section, or statistics"
        )
    return data


def ranges_for(graph: Graph, recipe: Quantization, statistics: Statistics | None) -> dict[Link, Range]:
    """The range of each wire that layers read, as the settings for it ask; DataflowError where it was not seen."""
    found: dict[Link, Range] = {}
    for site in find_sites(graph, recipe):
        if not isinstance(site.settings, Activations) or statistics is None:
            continue
        name, settings = _name(graph, site.link), site.settings
        if name not in statistics.wires:
            known = listing(map(repr, statistics.wires), "and")
            raise DataflowError(
                f"statistics: must have seen '{name}', got {known}; calibrate the graph with this recipe"
            )
        check_finite(name, statistics.wires[name])
        low, high = range_of(statistics.wires[name], settings.range, settings.bits, settings.symmetric)
        found[site.link] = (float(low), float(high))
    return found


def _name(graph: Graph, link: Link) -> str:
    return graph.deref(link).wire
