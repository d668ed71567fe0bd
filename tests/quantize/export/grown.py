"""Random networks of real numbers all of whose layers have integers: to be quantized, lowered and exported."""

from __future__ import annotations

import numpy as np

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref

B = flow.blocks
ACTIVATIONS = ("Relu", "Relu6", None)


def grown(seed: int) -> Graph:
    """Convolutions, pools, sums and joins over images of 6x5 in three to six layers, a dense one on means or on all."""
    rng = np.random.default_rng(seed)
    graph = Graph(f"grown_{seed}")
    value = graph.input("x", "float32", ["N", 6, 5, int(rng.integers(1, 4))])
    value = _product(graph, value, "first", rng)
    for number in range(int(rng.integers(2, 6))):
        value = _layer(graph, value, number, rng)
    if rng.integers(2):
        value = B["Mean"]()(value, [1, 2], name="mean")
    else:
        size = int(np.prod([d for d in value.shape or () if isinstance(d, int)]))
        value = B["Reshape"]()(value, [-1, size], name="flat")
    columns = _channels(value)
    product = B["MatMul"]()(value, graph.variable("last_w", _drawn(rng, columns, 3)), name="last")
    graph.output("y", B["BiasAdd"]()(product, graph.variable("last_b", _drawn(rng, 3)), name="y"))
    return graph


def _layer(graph: Graph, value: Ref, number: int, rng: np.random.Generator) -> Ref:
    kind = ("conv", "conv", "deep", "pool", "add", "join")[int(rng.integers(6))]
    name = f"{kind}{number}"
    if kind == "pool":
        window = {"ksize": [1, 2, 2, 1], "strides": [1, 1, int(rng.integers(1, 3)), 1]}
        made: Ref = B["MaxPool"](**window, padding="SAME")(value, name=name)
        return made
    if kind == "add":
        made = B["Relu"]()(B["AddV2"]()(_product(graph, value, name, rng, keep=True), value, name=f"{name}_sum"))
        return made
    if kind == "join":
        parts = [_product(graph, value, f"{name}_{side}", rng) for side in ("left", "right")]
        return _product(graph, B["ConcatV2"]()(parts, -1, name=f"{name}_all"), name, rng)
    return _product(graph, value, name, rng, deep=kind == "deep")


def _product(
    graph: Graph, value: Ref, name: str, rng: np.random.Generator, keep: bool = False, deep: bool = False
) -> Ref:
    """A convolution with a bias and perhaps an activation; it keeps the number of channels if asked."""
    channels = _channels(value)
    outputs = int(rng.integers(1, 3)) if deep else channels if keep else int(rng.integers(1, 6))
    block = "DepthwiseConv2dNative" if deep else "Conv2D"
    sizes = int(rng.integers(1, 4)), int(rng.integers(1, 4)), channels, outputs
    conv = B[block](strides=[1, 1, 1, 1], padding="SAME")
    made = conv(value, graph.variable(f"{name}_w", _drawn(rng, *sizes)), name=name)
    count = channels * outputs if deep else outputs
    made = B["BiasAdd"]()(made, graph.variable(f"{name}_b", _drawn(rng, count)), name=f"{name}_biased")
    activation = ACTIVATIONS[int(rng.integers(3))]
    result: Ref = made if activation is None else B[activation]()(made, name=f"{name}_active")
    return result


def _channels(value: Ref) -> int:
    size = value.type.sizes[-1]
    return int(size)


def _drawn(rng: np.random.Generator, *shape: int) -> Array:
    made: Array = (rng.standard_normal(shape) / 2).astype(np.float32)
    return made
