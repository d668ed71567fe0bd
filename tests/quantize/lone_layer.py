"""A dense layer by itself, with what goes in and what should come out."""

from __future__ import annotations

import numpy as np

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid
from dataflow.graph.graph import Graph
from dataflow.quantize.layer import Layer


def layer(weights: Array, inputs: Array, bits: int = 3) -> Layer:
    graph = Graph("g")
    x, w = graph.input("x", "float32", ["N", weights.shape[0]]), graph.variable("w", weights)
    graph.output("y", flow.blocks.MatMul()(x, w, name="product"))
    node = graph.nodes["product"]
    step = np.float32(np.abs(weights).max() / (2 ** (bits - 1) - 1))
    most = 2 ** (bits - 1) - 1
    grid = Grid(np.asarray(step, np.float64), np.zeros((), np.int64), -most, most)
    return Layer(node, node.block.quantized_as, weights, grid, inputs, inputs @ weights)
