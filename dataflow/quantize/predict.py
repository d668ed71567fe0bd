"""Errors of the answers predicted from gradients: no quantized network is run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Product
from dataflow.core.registry import blocks
from dataflow.engine.plan import Plan
from dataflow.graph.gradient import gradient
from dataflow.graph.node import Link, Node
from dataflow.graph.rewrite import eliminate_dead_code
from dataflow.quantize.answers import answers
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import weights_of
from dataflow.quantize.rows import BATCH
from dataflow.quantize.section import Quantization
from dataflow.quantize.weight_ranges import weight_ends
from dataflow.training.array_split import RowSplit

PROBES = 8


def predict_errors(
    model: Model,
    recipe: Quantization,
    layers: Sequence[str],
    widths: Sequence[int],
    data: RowSplit,
    samples: int | None = None,
    probes: int = PROBES,
    seed: int = 0,
) -> dict[tuple[str, int], float]:
    """For each layer and width the sum of squared errors of the answers that rounding its weights alone would make.

    The error of each weight is known, about ``step ** 2 / 12`` where there are many. The gradient carries it to the
    answers, ``sum((d answers / d w) ** 2 * error ** 2)`` over all rows and answers, as if errors had nothing to do with
    one another. That sum is estimated by answers with random signs, ``probes`` times: the mean is right for any number.
    """
    slopes = _squared_slopes(model, layers, data, samples, probes, seed)
    found = {}
    for layer in layers:
        node = model.graph.nodes[layer]
        weights = model.value(node.link(node.block.quantized_as.weights)).astype(np.float64)
        for bits in widths:
            found[layer, bits] = float(np.sum(slopes[layer] * _squared_errors(node, weights, recipe, bits)))
    return found


def _squared_errors(node: Node, weights: Array, recipe: Quantization, bits: int) -> Array:
    """The squared error of each weight at this width."""
    role: Product = node.block.quantized_as
    settings = weights_of(recipe, node.name)
    assert settings is not None
    settings = type(settings).parse({**settings.given(), "bits": bits})
    ends = weight_ends(weights.astype(np.float32), settings, role.axis, role.summed).astype(np.float64)
    if ends.ndim == 1:
        ends = ends.reshape([-1 if i == role.axis % weights.ndim else 1 for i in range(weights.ndim)])
    elif ends.ndim:
        along = role.summed % weights.ndim
        ends = np.repeat(ends, settings.group, along)[(slice(None),) * along + (slice(weights.shape[along]),)]
    most = max(1, (1 << bits - 1) - 1)
    step = ends / most
    rounded = np.where(weights < 0, -ends, ends) if bits == 1 else np.clip(np.rint(weights / step), -most, most) * step
    made: Array = np.square(rounded - weights)
    return made


def _squared_slopes(
    model: Model, layers: Sequence[str], data: RowSplit, samples: int | None, probes: int, seed: int
) -> dict[str, Array]:
    """For each weight the sum over rows and answers of the squared gradient, estimated."""
    graph, links = model.graph.copy(), answers(model.graph)
    graph.outputs = {}
    signs = {f"sign_{i}": graph.deref(link).type for i, link in enumerate(links)}
    parts = []
    for (name, type_), link in zip(signs.items(), links, strict=True):
        sign = graph.input(name, type_.dtype, type_.shape)
        product = blocks["Multiply"]()(graph.deref(link), sign)
        parts.append(blocks["Sum"]()(product, list(range(type_.rank or 0))))
    total = parts[0] if len(parts) == 1 else blocks["AddN"]()(parts)
    graph.output("signed", total)
    weights = {layer: _link(model, layer) for layer in layers}
    names = [graph.deref(link).wire for link in weights.values()]
    slopes = gradient(graph, of="signed", wrt=names)
    slopes.outputs = {layer: slopes.outputs[f"grad_{name}"] for layer, name in zip(weights, names, strict=True)}
    slopes = eliminate_dead_code(slopes, slopes.outputs)
    plan, used, rng = Plan(slopes), {*slopes.inputs}, np.random.default_rng(seed)
    values = {name: value for name, value in model.values.items() if name in slopes.nodes}
    found = {layer: np.zeros(graph.deref(link).type.sizes) for layer, link in weights.items()}
    length = data.length if samples is None else min(samples, data.length)
    for start in range(0, length, BATCH):
        indices = np.arange(start, min(start + BATCH, length)) * data.length // length
        feeds = {name: array for name, array in data.rows(indices).items() if name in used}
        for _ in range(probes):
            for (name, type_), link in zip(signs.items(), links, strict=True):
                sizes = [size if isinstance(size, int) else len(indices) for size in graph.deref(link).type.shape or ()]
                feeds[name] = (rng.integers(0, 2, sizes) * 2 - 1).astype(type_.dtype)
            for layer, slope in plan.run({**values, **feeds}).items():
                found[layer] += np.square(slope.astype(np.float64)) / probes
    return found


def _link(model: Model, layer: str) -> Link:
    node = model.graph.nodes[layer]
    return node.link(node.block.quantized_as.weights)
