"""Small networks with random weights, for tests of quantization."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.quantize import recipe as recipes
from dataflow.quantize.insert import insert_quantizers
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model
from dataflow.quantize.sites import activation_wires

B = flow.blocks


def normalized(seed: int = 0, bias: bool = False, depthwise: bool = False, nchw: bool = False) -> Graph:
    """Convolution, perhaps a bias, normalization by given statistics, Relu; images of 4 channels to 6."""
    rng = np.random.default_rng(seed)
    graph = flow.Graph("normalized")
    layout = {"data_format": "NCHW"} if nchw else {}
    x = graph.input("x", "float32", ["N", 4, 5, 5] if nchw else ["N", 5, 5, 4])
    weights = graph.variable("w", _drawn(rng, (3, 3, 4, 2) if depthwise else (3, 3, 4, 6)))
    block = B["DepthwiseConv2dNative" if depthwise else "Conv2D"]
    y = block(strides=[1, 1, 1, 1], padding="SAME", **layout)(x, weights, name="conv")
    channels = 8 if depthwise else 6
    if bias:
        y = B["BiasAdd"](**layout)(y, graph.variable("b", _drawn(rng, channels)), name="biased")
    scale, variance = (rng.random(channels).astype(np.float32) + 0.5 for _ in range(2))
    given = {"scale": scale, "offset": _drawn(rng, channels), "mean": _drawn(rng, channels), "variance": variance}
    wires = [graph.variable(name, value) for name, value in given.items()]
    norm = B["FusedBatchNormV3"](is_training=False, epsilon=0.01, **layout)(y, *wires, name="norm")
    graph.output("y", B["Relu"]()(norm.y, name="positive"))
    return graph


def dense(graph: Graph, x: Ref, name: str, size: int, rng: np.random.Generator, relu: bool = True) -> Ref:
    """A dense layer with a bias."""
    inputs = int((x.shape or ())[-1] or 0)
    product = B["MatMul"]()(x, graph.variable(f"{name}_w", _drawn(rng, (inputs, size)) / np.float32(2)), name=name)
    added = B["BiasAdd"]()(product, graph.variable(f"{name}_b", _drawn(rng, size)), name=f"{name}_sum")
    made: Ref = B["Relu"]()(added, name=f"{name}_relu") if relu else added
    return made


def residual(seed: int = 0) -> Graph:
    """Two dense layers beside a path around them, and a last one."""
    rng = np.random.default_rng(seed)
    graph = flow.Graph("residual")
    x = graph.input("x", "float32", ["N", 8])
    first = dense(graph, x, "first", 16, rng)
    second = dense(graph, dense(graph, first, "inner", 16, rng), "second", 16, rng, relu=False)
    joined = B["Relu"]()(B["AddV2"]()(second, first, name="add"), name="joined")
    graph.output("y", dense(graph, joined, "last", 3, rng, relu=False))
    return graph


def _drawn(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    made: Array = rng.standard_normal(shape).astype(np.float32)
    return made


def images(seed: int = 0) -> Graph:
    """Depthwise and 1x1 convolutions, two of them joined, a mean over pixels, a dense layer; images of 8x8x3."""
    rng = np.random.default_rng(seed)
    graph = flow.Graph("images")
    x = graph.input("x", "float32", ["N", 8, 8, 3])
    conv = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    y = B["Conv2D"](**conv)(x, graph.variable("first_w", _drawn(rng, (3, 3, 3, 8)) / np.float32(4)), name="first")
    y = B["BiasAdd"]()(y, graph.variable("first_b", _drawn(rng, 8)), name="first_sum")
    y = B["Relu6"]()(y, name="first_relu")
    y = B["DepthwiseConv2dNative"](**conv)(
        y, graph.variable("deep_w", _drawn(rng, (3, 3, 8, 2)) / np.float32(4)), name="deep"
    )
    y = B["BiasAdd"]()(y, graph.variable("deep_b", _drawn(rng, 16)), name="deep_sum")
    y = B["Relu"]()(y, name="deep_relu")
    pooled = B["MaxPool"](ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")(y, name="pool")
    y = B["Conv2D"](**conv)(
        pooled, graph.variable("point_w", _drawn(rng, (1, 1, 16, 12)) / np.float32(4)), name="point"
    )
    y = B["Relu"]()(y, name="point_relu")
    other = B["Conv2D"](**conv)(pooled, graph.variable("other_w", _drawn(rng, (1, 1, 16, 4))), name="other")
    joined = B["ConcatV2"]()([y, other], -1, name="joined")
    y = B["Mean"]()(joined, [1, 2], name="mean")
    graph.output("y", dense(graph, y, "last", 5, rng, relu=False))
    return graph


def quantized(graph: Graph, bits: int, x: Array, **recipe: object) -> Model:
    """The graph quantized with ranges from what these inputs give."""
    asked = recipes.recipe({"weights": {"bits": bits}, "activations": {"bits": bits}, "bias": {}, **recipe})
    wires = activation_wires(graph, asked)
    seen = graph.copy()
    seen.outputs = {str(i): link for i, link in enumerate(wires)}
    values = flow.run(seen, x=x).values() if wires else ()
    ranges = {link: (float(v.min()), float(v.max())) for link, v in zip(wires, values, strict=True)}
    return insert_quantizers(Model.of(graph), asked, ranges)


def inputs(graph: Graph, rows: int = 60) -> Array:
    """Random rows for the input ``x``."""
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    made: Array = np.random.default_rng(9).standard_normal((rows, *sizes)).astype(np.float32)
    return made


X = np.random.default_rng(3).standard_normal((300, 8)).astype(np.float32)  # rows of the file of a network


def residual_file(folder: Path, split: str) -> Path:
    """`residual` as the file float.yaml, with `X` beside it as this split of its data."""
    np.savez(folder / "rows.npz", x=X)
    made = residual()
    made.sections = {"data": {split: {"path": str(folder / "rows.npz"), "inputs": {"x": "x"}}}}
    flow.save(made, folder / "float.yaml")
    return folder / "float.yaml"


def real_parts(graph: Graph, x: Array, **asked: object) -> list[str]:
    """What lowering leaves with real numbers, in its own words; outputs stay near those of the quantized graph."""
    lowered = lower(quantized(graph, 8, x, **asked)).model
    np.testing.assert_allclose(
        flow.run(lowered.baked(), x=x)["y"],
        flow.run(quantized(graph, 8, x, **asked).baked(), x=x)["y"],
        rtol=0.02,
        atol=0.05,
    )
    return [note for note in lowered.notes if "real numbers" in note]
