"""Graphs that several tests run: one of twenty random nodes, and a small training step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from dataflow import Graph, blocks, gradient
from dataflow.core.dtypes import Array
from dataflow.core.ports import Literal
from dataflow.graph.node import Link


def random_graph(seed: int, columns: int) -> tuple[Graph, list[Any]]:
    """Twenty nodes of all kinds over a few inputs; wires are used once, often, or never."""
    random = np.random.default_rng(seed)
    graph = Graph()
    wires: list[Any] = [graph.input(name, "float32", [3, columns]) for name in "abc"]
    ends = [np.linspace(low, high, columns, dtype=np.float32) for low, high in ((-2, -0.1), (0.1, 2))]
    kinds: list[Callable[[Any, Any], Any]] = [
        lambda x, y: x + y,
        lambda x, y: x * y,
        lambda x, y: y - x * 0.5,
        lambda x, y: blocks["Tanh"]()(x),
        lambda x, y: blocks["Square"]()(x) * 0.25,
        lambda x, y: blocks["Identity"]()(x),
        lambda x, y: blocks["Reshape"]()(blocks["Reshape"]()(x, [-1]), [3, -1]),
        lambda x, y: blocks["Transpose"]()(blocks["Transpose"]()(x, [1, 0]) + 0.5, [1, 0]) - y,
        lambda x, y: x - blocks["Mean"](keep_dims=True)(y, 1),
        lambda x, y: x - blocks["Mean"]()(blocks["Abs"]()(y), 0),
        lambda x, y: y + blocks["Sum"]()(x * y, [0, 1]) * 0.01,
        lambda x, y: blocks["Minimum"]()(x, blocks["Max"]()(y, 0)),
        lambda x, y: blocks["Maximum"]()(x, blocks["Slice"]()(y, [1, 0], [1, -1])),
        lambda x, y: blocks["AddN"]()([x, y, x]),
        lambda x, y: blocks["SelectV2"]()(blocks["Greater"]()(x, y), x, 0.5),
        lambda x, y: blocks["Slice"]()(blocks["Concat"]()([x, y], 0), [2, 0], [3, -1]),
        lambda x, y: blocks["BiasAdd"]()(x, blocks["BiasAddGrad"]()(blocks["Relu"]()(y))),
        lambda x, y: blocks["FakeQuantWithMinMaxVars"]()(x, -1.0, 1.0),
        lambda x, y: blocks["FakeQuantWithMinMaxVars"]()(x, *blocks["MinMaxObserver"]()(y)),
        lambda x, y: blocks["FakeQuantWithMinMaxVarsPerChannel"]()(x, *ends),
        lambda x, y: blocks["QuantizeAndDequantizeV4"](range_given=True)(x * 0.9, -1.0, 1.0),
        lambda x, y: sum(blocks["FakeQuantWithMinMaxVarsGradient"]()(x, y, -0.5, 0.5)),
        lambda x, y: sum(blocks["FakeQuantWithMinMaxVarsPerChannelGradient"]()(x, y, *ends)),
        lambda x, y: blocks["FakeQuantWithMinMaxVarsGradient"]()(x, y, -0.5, 0.5)[0] + y,
        lambda x, y: blocks["FakeQuantWithMinMaxVarsPerChannelGradient"]()(x, y, *ends)[0],
    ]
    for _ in range(20):
        x, y = (wires[i] for i in random.integers(0, len(wires), 2))
        wires.append(kinds[random.integers(0, len(kinds))](x, y))
    return graph, wires


def training_step(order: Iterable[str] | None = None) -> Graph:
    """A small network with its gradients; its nodes may be added in another order."""
    parts: dict[str, Callable[[Graph], object]] = {
        "x": lambda g: g.input("x", "float32", ["N", 4]),
        "w": lambda g: g.add(blocks["Variable"](), [np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)], name="w"),
        "b": lambda g: g.add(blocks["Variable"](), [np.zeros(3, np.float32)], name="b"),
        "product": lambda g: g.add(blocks["MatMul"](), [g.ref("x"), g.ref("w")], name="product"),
        "sum": lambda g: g.add(blocks["BiasAdd"](), [g.ref("product"), g.ref("b")], name="sum"),
        "hidden": lambda g: g.add(blocks["Tanh"](), [g.ref("sum")], name="hidden"),
        "square": lambda g: g.add(blocks["Multiply"](), [g.ref("hidden"), g.ref("sum")], name="square"),
        "loss": lambda g: g.add(blocks["Mean"](), [g.ref("square"), Literal([0, 1])], name="loss"),
    }
    graph = Graph("step")
    for name in order or parts:
        parts[name](graph)
    graph.output("loss", "loss")
    return gradient(graph, of="loss", wrt=["w", "b", "x"])


def eager(graph: Graph, feeds: Mapping[str, Array]) -> dict[Link, Array]:
    """The value of every wire, with each node called by itself on new arrays."""
    values: dict[Link, Array] = {}

    def operand(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(operand, value))
        return values[value].copy() if isinstance(value, Link) else value

    for node in graph.order():
        if node.name in feeds:
            results = (feeds[node.name],)
        else:
            results = node.block(*(operand(value) for value in node.inputs.values()))
            results = results if isinstance(results, tuple) else (results,)
        values |= {Link(node.name, port): np.array(result) for port, result in zip(node.types, results, strict=True)}
    return values
