"""Trials: a network with some of its layers quantized, and what that does to its answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.quantized import Product
from dataflow.graph.node import Link
from dataflow.quantize import recipe as recipes
from dataflow.quantize.answers import answers
from dataflow.quantize.calibration import Observed, calibrate
from dataflow.quantize.insert import insert_quantizers
from dataflow.quantize.measures import decibels
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.pipeline import ranges_for
from dataflow.quantize.rows import BATCH, run_rows
from dataflow.quantize.section import Quantization
from dataflow.quantize.sites import activation_wires
from dataflow.quantize.statistics import Statistics
from dataflow.training.array_split import RowSplit


@dataclass(frozen=True)
class Outcome:
    """The powers of the answers and of their error over all rows."""

    signal: float
    error: float

    @property
    def sqnr(self) -> float:
        """In dB."""
        return decibels(self.signal, self.error)


@dataclass
class Trials:
    """Trials of one network: its float graph, the recipe of which widths are changed, and rows to measure with.

    statistics : of the values that layers read; needed where the recipe rounds them.
    """

    model: Model
    recipe: Quantization
    data: RowSplit
    statistics: Statistics | None = None
    samples: int | None = None
    _exact: list[list[Array]] = field(default_factory=list, repr=False)

    @classmethod
    def seen(cls, model: Model, recipe: Quantization, data: RowSplit, samples: int | None = None) -> Trials:
        """Trials whose values are seen in one run of the rows, where the recipe rounds them."""
        wires = {model.graph.deref(link).wire: Observed(link) for link in activation_wires(model.graph, recipe)}
        return cls(model, recipe, data, calibrate(model, data, wires, samples) if wires else None, samples)

    @property
    def signal(self) -> float:
        """The power of the answers of the float graph."""
        return sum(float(np.sum(np.square(one))) for exact in self._answers() for one in exact)

    @property
    def layers(self) -> list[str]:
        """The layers with weights that the recipe rounds, in the order of the graph."""
        graph, fixed = self.model.graph, fixed_nodes(self.model.graph)
        found = []
        for node in graph.nodes.values():
            role = node.block.quantized_as
            if isinstance(role, Product) and recipes.weights_of(self.recipe, node.name) is not None:
                link = node.inputs[role.weights]
                if isinstance(link, Link) and link.node in fixed:
                    found.append(node.name)
        return found

    def alone(self, layer: str, bits: int) -> Outcome:
        """What rounding the weights of one layer does, all else in float."""
        return self.outcome(self._put(self._only({layer: bits})))

    def values_alone(self) -> Outcome:
        """What rounding the values that layers read does, weights in float."""
        plain = {key: value for key, value in self.recipe.given().items() if key in ("activations", "skip", "separate")}
        return self.outcome(self._put(recipes.recipe(plain)))

    def quantized(self, bits: Mapping[str, int]) -> Model:
        """The network quantized by the recipe, with these widths of weights."""
        return self._put(self.assigned(bits))

    def _put(self, recipe: Quantization) -> Model:
        return insert_quantizers(self.model, recipe, ranges_for(self.model.graph, recipe, self.statistics))

    def assigned(self, bits: Mapping[str, int]) -> Quantization:
        """The recipe with these widths of weights, as overrides where they are not the usual one."""
        plain = self.recipe.given()
        usual = self.recipe.weights.bits if self.recipe.weights is not None else None
        overrides = {k: {n: v for n, v in of.items() if n != "weights"} for k, of in plain.get("overrides", {}).items()}
        for layer, width in bits.items():
            if width != usual:
                overrides[layer] = {**overrides.get(layer, {}), "weights": {**self._weights(layer), "bits": width}}
        return recipes.recipe({**plain, "overrides": {name: of for name, of in overrides.items() if of}})

    def _only(self, bits: Mapping[str, int]) -> Quantization:
        return recipes.recipe(
            {
                "overrides": {
                    layer: {"weights": {**self._weights(layer), "bits": width}} for layer, width in bits.items()
                }
            }
        )

    def _weights(self, layer: str) -> dict[str, Any]:
        found = recipes.weights_of(self.recipe, layer)
        if found is None:
            raise DataflowError(f"layer '{layer}': must have weights that the recipe rounds, got none")
        return found.given()

    def outcome(self, model: Model) -> Outcome:
        """The error of the answers of a model against those of the float graph."""
        links = answers(self.model.graph)
        return _outcome(self._answers(), run_rows(model, self.data, links, self.samples, BATCH), links)

    def _answers(self) -> list[list[Array]]:
        if not self._exact:
            links = answers(self.model.graph)
            if not links:
                name = self.model.graph.name
                raise DataflowError(f"graph '{name}': must have layers of real numbers to try widths on, got none")
            runs = run_rows(self.model, self.data, links, self.samples, BATCH)
            self._exact = [[values[link].astype(np.float64) for link in links] for values in runs]
        return self._exact


def outcome_of(model: Model, reference: Model, data: RowSplit, samples: int | None = None) -> Outcome:
    """The error of the answers of a model against those of a reference that has wires of the same names."""
    links = answers(reference.graph)
    runs = [run_rows(each, data, links, samples, BATCH) for each in (reference, model)]
    return _outcome(([values[link].astype(np.float64) for link in links] for values in runs[0]), runs[1], links)


def _outcome(exact: Iterable[list[Array]], runs: Iterable[dict[Link, Array]], links: Sequence[Link]) -> Outcome:
    signal = error = 0.0
    for wanted, values in zip(exact, runs, strict=True):
        for one, link in zip(wanted, links, strict=True):
            signal += float(np.sum(np.square(one)))
            error += float(np.sum(np.square(values[link] - one)))
    return Outcome(signal, error)
