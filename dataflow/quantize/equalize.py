"""Cross-layer equalization: channels are scaled between two layers so that the weights of both have like ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Clamp, Passes, Product
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graph.readers import readers
from dataflow.quantize.channels import moved_channels
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.sites import bias_of

_ROUNDS = 10  # over all pairs; a chain of layers settles in a few
_LEAST = 1e-8  # of the largest range: channels that are all but zero stay


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two products with nothing between them that a scale does not pass.

    ``order`` is the output channel of the first that each input channel of the second is.
    """

    first: Node
    second: Node
    weights: tuple[str, str]
    bias: str | None
    order: Array


def equalize(model: Model) -> Model:
    """The model in which output channels of layers are divided, and inputs of the next multiplied, by the same numbers.

    They make the largest weight of a channel the same on both sides, ``sqrt(r1 * r2)``. Values pass unchanged but for
    rounding, through biases, through what cuts off below 0.0 and through what moves elements; where anything else reads
    them, or weights are no variables of these two layers alone, the pair is left alone. For networks without
    quantizers.

    Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019.
    """
    pairs = list(_pairs(model))
    if not pairs:
        return model.noted("not equalized: no two layers follow one another with only biases and Relu between them")
    values = dict(model.values)
    before = {pair: _spread(values, pair) for pair in pairs}
    for _ in range(_ROUNDS):
        for pair in pairs:
            _balance(values, pair)
    notes = [
        f"{pair.first.name} and {pair.second.name} equalized: largest over smallest range of a channel "
        f"{before[pair]:.3g} before, {_spread(values, pair):.3g} now"
        for pair in pairs
    ]
    return replace(model, values=values).noted(*notes)


def _balance(values: dict[str, Array], pair: _Pair) -> None:
    """Scale the channels between two layers."""
    own, read = _ranges(values, pair)
    fine = (own > _LEAST * own.max(initial=0.0)) & (read > _LEAST * read.max(initial=0.0))
    scale = np.where(fine, np.sqrt(np.where(fine, own, 1.0) / np.where(fine, read, 1.0)), 1.0)
    first, second = (values[name] for name in pair.weights)
    values[pair.weights[0]] = _times(first, pair.first.block.quantized_as, 1 / scale, outputs=True)
    values[pair.weights[1]] = _times(second, pair.second.block.quantized_as, scale[pair.order], outputs=False)
    if pair.bias is not None:
        bias = values[pair.bias]
        values[pair.bias] = (bias.astype(np.float64) / scale).astype(bias.dtype)


def _spread(values: dict[str, Array], pair: _Pair) -> float:
    own = _ranges(values, pair)[0]
    own = own[own > 0]
    return float(own.max() / own.min()) if len(own) else 1.0


def _ranges(values: dict[str, Array], pair: _Pair) -> tuple[Array, Array]:
    """For each channel between two layers the largest weight that makes it, and the largest that reads it."""
    first, second = (np.abs(values[name].astype(np.float64)) for name in pair.weights)
    own = _by_channel(first, pair.first.block.quantized_as, outputs=True)
    read = np.zeros(len(own))
    np.maximum.at(read, pair.order, _by_channel(second, pair.second.block.quantized_as, outputs=False))
    return own, read


def _axes(role: Product, rank: int, outputs: bool) -> tuple[int, ...]:
    """The axes of weights that output or input channels lie along; of a depthwise product outputs lie along two."""
    if role.depthwise:
        return (role.axis % rank, rank - 1) if outputs else (role.axis % rank,)
    return ((role.axis if outputs else role.summed) % rank,)


def _by_channel(weights: Array, role: Product, outputs: bool) -> Array:
    axes = _axes(role, weights.ndim, outputs)
    made: Array = weights.max(tuple(i for i in range(weights.ndim) if i not in axes)).reshape(-1)
    return made


def _times(weights: Array, role: Product, factor: Array, outputs: bool) -> Array:
    axes = _axes(role, weights.ndim, outputs)
    shape = [size if i in axes else 1 for i, size in enumerate(weights.shape)]
    made: Array = (weights.astype(np.float64) * factor.reshape(shape)).astype(weights.dtype)
    return made


def _pairs(model: Model) -> Iterator[_Pair]:
    graph, used, fixed = model.graph, readers(model.graph), fixed_nodes(model.graph)
    for node in graph.nodes.values():
        if isinstance(node.block.quantized_as, Product) and (pair := _pair(graph, node, used, fixed)) is not None:
            yield pair


def _pair(graph: Graph, first: Node, used: dict[Link, list[str]], fixed: set[str]) -> _Pair | None:
    """The pair that a product begins, walking on from it to the next one."""
    role: Product = first.block.quantized_as
    own = _variable(graph, first, role.weights, used)
    type_ = next(iter(first.types.values()))
    if own is None or type_.shape is None or not isinstance(count := type_.shape[role.channels], int):
        return None
    axis, order, bias = role.channels % len(type_.shape), np.arange(count), None
    node = first
    while True:
        found = used.get(node.first, [])
        if len(found) != 1 or found[0] not in graph.nodes:
            return None
        before, node = node, graph.nodes[found[0]]
        part = node.block.quantized_as
        if (added := bias_of(graph, node, fixed)) is not None and added[1] is first and bias is None:
            bias = _variable(graph, node, added[0], used)
            if bias is None:
                return None
        elif isinstance(part, Clamp) and (part.low, part.high) == (0.0, inf):
            pass
        elif isinstance(part, Passes) and part.ports and node.inputs[part.ports[0]] == before.first:
            moved = moved_channels(graph, node, axis, len(order))
            if moved is None:
                return None
            axis, order = moved[0], order[moved[1]]
        elif isinstance(part, Product) and node.inputs[part.x] == before.first:
            read = _variable(graph, node, part.weights, used)
            weights = None if read is None else graph.nodes[read].types[graph.nodes[read].first.port].sizes
            if read is None or weights is None:
                return None
            size = weights[_axes(part, len(weights), outputs=False)[0]]
            return _Pair(first, node, (own, read), bias, order) if size == len(order) and own != read else None
        else:
            return None


def _variable(graph: Graph, node: Node, port: str, used: dict[Link, list[str]]) -> str | None:
    """The variable that stands on a port and that nothing else reads."""
    link = node.inputs[port]
    if not isinstance(link, Link) or not graph.nodes[link.node].block.stateful:
        return None
    return link.node if used.get(link) == [node.name] else None
