"""Folding of batch normalization: its scale goes into the weights before it, and a bias takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Bias, Product, Scaled
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graph.readers import readers
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.model import Model, fixed_nodes


def fold_batch_norm(model: Model) -> Model:
    """The model in which each normalization that follows a product is a bias, and the product has other weights.

    ``w' = w * a`` and ``offset' = offset + (bias - mean) * a`` with ``a = scale / sqrt(variance + epsilon)``, in
    float64 and rounded once. The node of the normalization keeps its name and becomes a BiasAdd of the variable that
    was its offset. Nodes that kept its statistics go. Where something else reads the product, its bias or its weights,
    or where they are no variables, the normalization stays, and a note says why.
    """
    graph = model.graph
    folds: dict[str, _Fold] = {}
    notes = []
    for node in graph.nodes.values():
        if not isinstance(node.block.quantized_as, Scaled):
            if _normalizes_by_batch(node):
                notes.append(f"{node.name} not folded: it normalizes by the batch; load the graph as it is evaluated")
            continue
        fold = _fold(model, node)
        if isinstance(fold, str):
            notes.append(f"{node.name} not folded: {fold}")
        else:
            folds[node.name] = fold
            notes.append(f"{node.name} folded into {fold.weights} of {fold.product.name}")
    if not folds:
        return model.noted(*notes)
    values = dict(model.values)
    for fold in folds.values():
        values.update(fold.values)
    dropped = {node for fold in folds.values() for node in fold.dropped}

    def each(new: Rebuild, node: Node) -> None:
        if node.name in dropped:
            new.drop(node)
        elif node.name in folds:
            fold = folds[node.name]
            layout = "NCHW" if fold.role.channels == 1 else "NHWC"
            operands = [
                new.ref(Link(fold.product.name, next(iter(fold.product.types)))),
                new.operand(node, fold.role.offset),
            ]
            made = new.add(blocks["BiasAdd"](data_format=layout), operands, node.name, node.doc)
            new.drop(node)
            new.move(node.first, made)
        else:
            new.copy(node)

    return replace(model, values=values).rebuilt(each).noted(*notes)


@dataclass(frozen=True)
class _Fold:
    role: Scaled
    product: Node
    weights: str
    values: Mapping[str, Array]
    dropped: tuple[str, ...]  # the bias before it, and what keeps its statistics


def _normalizes_by_batch(node: Node) -> bool:
    return bool(getattr(node.block, "is_training", False)) and "variance" in node.block.signature.inputs


def _fold(model: Model, node: Node) -> _Fold | str:
    """How a normalization is folded, or why it is not."""
    graph, role, used = model.graph, node.block.quantized_as, readers(model.graph)
    before, bias = _source(graph, node, role.x), None
    if before is not None and isinstance(before.block.quantized_as, Bias):
        bias, before = before, _source(graph, before, before.block.quantized_as.x)
    if before is None or not isinstance(product := before.block.quantized_as, Product):
        return "it follows no product"
    rank = next(iter(before.types.values())).rank
    if product.channels != role.channels and (rank is None or (product.channels - role.channels) % rank):
        return f"its channels are not those of {before.name}"
    weights, offset = _variable(graph, before, product.weights), _variable(graph, node, role.offset)
    if weights is None:
        return f"the weights of {before.name} are no variable"
    if offset is None:
        return "its offset is no variable"
    own = [before.name, *([bias.name] if bias else []), node.name]
    for name in (*own[:-1], weights, offset):
        if others := [reader for reader in used.get(graph.nodes[name].first, []) if reader not in own]:
            return f"{name} is also read by {others[0]}"
    keepers = []  # of its statistics
    for port in [*node.types][1:]:
        for reader in used.get(Link(node.name, port), []):
            if reader not in graph.nodes or not graph.nodes[reader].block.assigns:
                return f"its output {port} is read by {reader}"
            keepers.append(reader)
    links = {port: node.link(port) for port in (role.scale, role.mean, role.variance)}
    if not fixed_nodes(graph).issuperset(link.node for link in links.values()):
        return "its statistics depend on the inputs"
    found = model.evaluate(links.values())
    scale, mean, variance = (found[link].astype(np.float64) for link in links.values())
    factor = scale / np.sqrt(variance + role.epsilon)
    start = -mean if bias is None else _bias(model, bias) - mean
    values = {
        weights: _scaled(model.values[weights], factor, product),
        offset: (model.values[offset].astype(np.float64) + start * factor).astype(model.values[offset].dtype),
    }
    return _Fold(role, before, weights, values, (*own[1:-1], *keepers))


def _bias(model: Model, node: Node) -> Array:
    return model.value(node.link(node.block.quantized_as.bias)).astype(np.float64)


def _scaled(weights: Array, factor: Array, product: Product) -> Array:
    """The weights times a factor per output channel."""
    if product.depthwise:  # output channels are input channels times the multiplier, the last two axes
        factor = factor.reshape(weights.shape[-2:])
    else:
        factor = factor.reshape([-1 if i == product.axis % weights.ndim else 1 for i in range(weights.ndim)])
    made: Array = (weights.astype(np.float64) * factor).astype(weights.dtype)
    return made


def _source(graph: Graph, node: Node, port: str) -> Node | None:
    value = node.inputs[port]
    return graph.nodes[value.node] if isinstance(value, Link) else None


def _variable(graph: Graph, node: Node, port: str) -> str | None:
    """The variable that stands on a port, if one does."""
    source = _source(graph, node, port)
    return source.name if source is not None and source.block.stateful else None
