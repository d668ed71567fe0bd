"""A layer by itself, with what goes in and what should come out: what its weights are rounded by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Product
from dataflow.engine.plan import Plan
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, Ref

_AT_ONCE = 256  # rows


@dataclass(frozen=True)
class Layer:
    """A product of inputs with weights on a grid; ``outputs`` are those that it is to have for ``inputs``."""

    node: Node
    role: Product
    weights: Array
    grid: Grid
    inputs: Array
    outputs: Array

    @cached_property
    def nearest(self) -> Array:
        """The weights, each rounded to the nearest level."""
        return self.on_grid(self.grid.codes(self.weights))

    def on_grid(self, codes: Array) -> Array:
        """The weights of codes."""
        return self.grid.values(codes, self.weights.dtype.name)

    @cached_property
    def steps(self) -> Array:
        """The distance of two levels, for each weight."""
        return np.broadcast_to(self.grid.spread(self.grid.scale, self.weights.shape), self.weights.shape)

    def product(self, graph: Graph, x: Ref, weights: Ref) -> Ref:
        """The layer in a graph of its own."""
        operands: list[Any] = []
        for port, given in self.node.inputs.items():
            own = {self.role.x: x, self.role.weights: weights}.get(port)
            operands.append(given if own is None and not isinstance(given, Link) else own)
        made: Ref = graph.add(self.node.block, operands)
        return made

    def of_inputs(self, weights: Array) -> Array:
        """What the layer gives for its inputs with these weights, which may make other channels."""
        graph = Graph("layer")
        x = graph.input("x", self.inputs.dtype.name, ["N", *self.inputs.shape[1:]])
        graph.output("y", self.product(graph, x, graph.constant(weights)))
        plan, starts = Plan(graph), range(0, len(self.inputs), _AT_ONCE)
        return np.concatenate([plan.run({"x": self.inputs[i : i + _AT_ONCE]})["y"] for i in starts])

    def error(self, weights: Array) -> float:
        """The mean squared difference of what the layer gives with these weights from what it should."""
        return float(np.mean(np.square(self.of_inputs(weights).astype(np.float64) - self.outputs)))
