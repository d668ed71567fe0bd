"""Bias correction: what rounding moves the mean of a layer's outputs by is taken off its bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Product, Quantizer
from dataflow.graph.node import Link, Node
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.rows import run_rows
from dataflow.quantize.sites import bias_of
from dataflow.training.array_split import RowSplit


def correct_bias(model: Model, reference: Model, data: RowSplit, samples: int | None = None) -> Model:
    """The quantized model with biases that give each layer the mean outputs, per channel, of the reference.

    Layers are corrected in their order, each with those before it corrected already, and each with rows that run
    through both graphs; means are taken in float64. Layers without a bias in a variable stay, and a note says so.

    Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019.
    """
    notes = []
    for node, product, variable in _layers(model, reference):
        if variable is None:
            notes.append(f"{product.name}: not corrected, it has no bias in a variable")
            continue
        link = product.first
        role = product.block.quantized_as
        means = [_mean(each, data, link, role.channels, samples) for each in (reference, model)]
        bias = model.values[variable]
        moved = (bias.astype(np.float64) + means[0] - means[1]).astype(bias.dtype)
        model = replace(model, values={**model.values, variable: moved})
        notes.append(f"{node.name}: bias moved by up to {np.abs(means[0] - means[1]).max():.3g}")
    return model.noted(*notes)


def _layers(model: Model, reference: Model) -> list[tuple[Node, Node, str | None]]:
    """The nodes that add biases, the products before them whose operands are rounded, and the variables of biases."""
    graph, fixed = model.graph, fixed_nodes(model.graph)
    found: list[tuple[Node, Node, str | None]] = []
    added = {}
    for node in graph.nodes.values():
        if (pair := bias_of(graph, node, fixed)) is not None:
            added[pair[1].name] = (node, node.link(pair[0]))
    for product in graph.nodes.values():
        role = product.block.quantized_as
        if not isinstance(role, Product) or product.name not in reference.graph.nodes:
            continue
        before = reference.graph.nodes[product.name]
        if all(product.inputs[port] == before.inputs[port] for port in (role.x, role.weights)):
            continue
        node, link = added.get(product.name, (product, None))
        found.append((node, product, None if link is None else _variable(model, link)))
    return found


def _variable(model: Model, link: Link) -> str | None:
    """The variable that a bias is, behind a quantizer perhaps."""
    node = model.graph.nodes[link.node]
    role = node.block.quantized_as
    if isinstance(role, Quantizer) and isinstance(source := node.inputs[role.x], Link):
        node = model.graph.nodes[source.node]
    return node.name if node.block.stateful else None


def _mean(model: Model, data: RowSplit, link: Link, channels: int, samples: int | None) -> Array:
    """The mean of a wire for each channel."""
    total, count = np.zeros(()), 0
    for values in run_rows(model, data, [link], samples):
        rows = np.moveaxis(values[link], channels, -1)
        rows = rows.reshape(-1, rows.shape[-1])
        total = total + rows.sum(0, dtype=np.float64)
        count += len(rows)
    return total / count
