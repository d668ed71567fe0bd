"""Weights rounded up or down so that the outputs of a layer change least, in place of each to the nearest level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Product, Quantizer
from dataflow.graph.node import Link, Node
from dataflow.quantize.adaround import adaround
from dataflow.quantize.gptq import gptq
from dataflow.quantize.layer import Layer
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import weights_of
from dataflow.quantize.rows import run_rows
from dataflow.quantize.section import Quantization
from dataflow.training.array_split import RowSplit

ROWS = 1024  # that are enough to round weights by
METHODS: dict[str, Callable[[Layer], Array]] = {"adaround": adaround, "gptq": gptq}


def round_weights(
    model: Model, reference: Model, recipe: Quantization, data: RowSplit, samples: int | None = ROWS
) -> Model:
    """The quantized model with weights that are levels of their grids, chosen as the recipe says for each layer.

    samples : how many of the rows are seen, spread evenly; all if None.

    Layers are rounded in their order. Each is shown what it gets in the quantized model, layers before it rounded
    already, and what it gave in the reference. Layers whose recipe says ``nearest`` stay; so do those whose weights are
    no variable or a sign, and a note says so.
    """
    for node, settings in _asked(model, recipe):
        found = _weights(model, node)
        if isinstance(found, str):
            model = model.noted(f"{node.name}: weights rounded to the nearest, {found}")
            continue
        inputs = _seen(model, data, node.link(found.role.x), samples)
        outputs = _seen(reference, data, Link(node.name, next(iter(node.types))), samples)
        layer = Layer(node, found.role, model.values[found.variable], found.grid, inputs, outputs)
        ways = [METHODS[settings](layer), layer.nearest]
        errors = [layer.error(weights) for weights in ways]
        made = ways[int(np.argmin(errors))]
        told = f"squared error of its outputs {min(errors):.3g}, {errors[1]:.3g} to the nearest"
        model = replace(model, values={**model.values, found.variable: made}).noted(
            f"{node.name}: weights rounded by {settings}, {told}"
        )
    return model


def needs_rows(recipe: Quantization) -> bool:
    """Whether a recipe asks to round any weights by another method than to the nearest."""
    given = [recipe.weights, *(override.weights for override in recipe.overrides.values())]
    return any(weights is not None and weights.rounding in METHODS for weights in given)


def _asked(model: Model, recipe: Quantization) -> Iterator[tuple[Node, str]]:
    """The layers whose weights are to be rounded by another method than to the nearest, with that method."""
    for node in model.graph.nodes.values():
        settings = weights_of(recipe, node.name) if isinstance(node.block.quantized_as, Product) else None
        if settings is not None and settings.rounding in METHODS:
            yield node, settings.rounding


@dataclass(frozen=True)
class _Weights:
    """The variable with the weights of a layer, and the grid to which a quantizer rounds them."""

    role: Product
    variable: str
    grid: Grid


def _weights(model: Model, node: Node) -> _Weights | str:
    """The weights of a layer, or why they are not to be rounded by a method."""
    role: Product = node.block.quantized_as
    quantizer = model.graph.nodes[node.link(role.weights).node]
    rounds = quantizer.block.quantized_as
    if not isinstance(rounds, Quantizer):
        return "they have no quantizer"
    source = model.graph.nodes[quantizer.link(rounds.x).node]
    if not source.block.stateful:
        return f"they are no variable but {source.who}"
    links = {port: quantizer.link(port) for port in quantizer.inputs if port != rounds.x and quantizer.inputs[port]}
    values = model.evaluate(links.values())
    grid = quantizer.block.grid(*[values[links[port]] if port in links else None for port in quantizer.inputs])
    if grid is None or np.any(grid.zero_point) or quantizer.block.attrs().get("num_bits") == 1:
        return "their levels are not about 0.0"
    readers = [n.name for n in model.graph.nodes.values() if source.name in n.sources and n is not quantizer]
    if readers:
        return f"'{readers[0]}' reads them too"
    return _Weights(role, source.name, grid)


def _seen(model: Model, data: RowSplit, link: Link, samples: int | None) -> Array:
    return np.concatenate([values[link] for values in run_rows(model, data, [link], samples)])
