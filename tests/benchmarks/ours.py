"""The blocks and plans that are measured: all use of this project's own API is here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from golden.replay import asked
from training import setting

import dataflow as flow
from dataflow.conformance.sample_graph import wired
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.graphfile.load import read
from dataflow.graphfile.save import resolved_text
from dataflow.training.step_graph import expand

from . import names
from .models import ADAM, RANGES, RATE
from .timing import CORES, Run

CNN = Path(__file__).parents[2] / "graphs" / "digits" / "cnn.yaml"
WINDOW = {"strides": [1, 1, 1, 1], "padding": "SAME"}
BLOCKS: dict[str, tuple[str, dict[str, Any]]] = {  # by op, as `peers` names them
    "fake_quant": ("FakeQuantWithMinMaxVars", {}),
    "fake_quant_gradient": ("FakeQuantWithMinMaxVarsGradient", {}),
    "per_channel": ("FakeQuantWithMinMaxVarsPerChannel", {}),
    "per_channel_gradient": ("FakeQuantWithMinMaxVarsPerChannelGradient", {}),
    "fake_quant_args": ("FakeQuantWithMinMaxArgs", {}),
    "quantize_dequantize": ("QuantizeAndDequantizeV4", {"range_given": True}),
    "quantize_dequantize_measured": ("QuantizeAndDequantizeV4", {"range_given": False}),
    "quantize_dequantize_gradient": ("QuantizeAndDequantizeV4Grad", {}),
    "conv2d": ("Conv2D", WINDOW),
    "depthwise": ("DepthwiseConv2dNative", WINDOW),
    "matmul": ("MatMul", {}),
    "integer_conv2d": ("IntegerConv2D", WINDOW),
    "integer_depthwise": ("IntegerDepthwiseConv2D", WINDOW),
    "integer_matmul": ("IntegerMatMul", {}),
}


def settings() -> dict[str, dict[str, Any]]:
    """The settings of a plan for each way of running it, by the contender's name."""
    kernels = ["numpy", *(["jit"] if find_spec("numba") else [])]
    return {
        f"{kernel} {count} thread{'s' * (count > 1)}": {"kernels": kernel, "threads": count}
        for kernel in kernels
        for count in sorted({1, CORES})
    }


def title(op: str) -> str:
    """The block's name."""
    return BLOCKS[op][0]


def prepare(op: str, *arrays: Any, **static: Any) -> dict[str, Run]:
    """A block called on arrays, and as the one node of planned graphs that are fed them."""
    block, operands = _block(op, arrays, static)
    graph = flow.Graph(op)
    wires, feeds = _inputs(graph, operands)
    made = block(*wires)
    for ref in made if isinstance(made, tuple) else (made,):
        graph.output(ref.port, ref)
    return {names.EAGER: lambda: block(*operands), **planned(graph, feeds)}


def planned(graph: Any, feeds: dict[str, Any], ways: dict[str, dict[str, Any]] | None = None) -> dict[str, Run]:
    """Runs of a graph, planned in each way, or in these; a lone output is given as it is."""

    def bound(plan: Any) -> Run:
        if len(graph.outputs) > 1:
            return lambda: tuple(plan.run(feeds).values())
        (name,) = graph.outputs
        return lambda: plan.run(feeds)[name]

    return {name: bound(flow.plan(graph, **given)) for name, given in (ways or settings()).items()}


def library(block: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Run]:
    """A block as the one node of a graph that is planned for one thread, with each kind of kernels."""
    graph, outputs, feeds = wired(asked(block, attrs, inputs))
    for i, wire in enumerate(outputs):
        graph.output(str(i), wire)
    return planned(graph, feeds, {name: given for name, given in settings().items() if given["threads"] == 1})


def chain(x: Any) -> tuple[Any, dict[str, Any]]:
    """A graph of ten elementwise nodes in a row, and its feeds."""
    b = flow.blocks
    graph = flow.Graph("chain")
    wire = graph.input("x", "float32", x.shape)
    wire = b["Abs"]()(b["Add"]()(b["Mul"]()(wire, 0.5), 1.0))
    wire = b["Square"]()(b["Sub"]()(b["Minimum"]()(wire, 2.0), 0.75))
    wire = b["Relu"]()(b["Add"]()(b["Maximum"]()(b["Neg"]()(wire), -1.0), 0.5))
    graph.output("y", wire)
    return graph, {"x": x}


def adds(x: Any, y: Any, count: int) -> tuple[Any, dict[str, Any]]:
    """A graph of so many additions in a row, and its feeds."""
    graph = flow.Graph("adds")
    wire, other = graph.input("x", "float32", x.shape), graph.input("y", "float32", y.shape)
    add = flow.blocks["Add"]()
    for _ in range(count):
        wire = add(wire, other)
    graph.output("y", wire)
    return graph, {"x": x, "y": y}


def planning(x: Any, y: Any, count: int) -> dict[str, Run]:
    """What comes before a graph of additions can run."""
    graph, feeds = adds(x, y, count)
    return {
        names.BUILDING: lambda: adds(x, y, count),
        names.LOADING: loading(text_of(graph)),
        names.PLAN: lambda: flow.plan(graph),
        "planning and first run": lambda: flow.plan(graph).run(feeds),
    }


def text_of(graph: Any) -> str:
    """The text of a graph in a file of its own."""
    return resolved_text(graph, "graph.yaml")


def loading(text: str) -> Run:
    """What `flow.load` does with a file once its text is read."""
    return lambda: read("graph.yaml", text=text, keep=False).graph


def train_mlp(weights: dict[str, Any], image: Any, label: Any) -> dict[str, Run]:
    """Training steps of a classifier with fake quantization of its weights and hidden values."""
    b = flow.blocks
    graph = flow.Graph("mlp")
    x, y = graph.input("image", "float32", image.shape), graph.input("label", "int64", label.shape)
    w = {name: graph.variable(name, value) for name, value in weights.items()}

    def fake(name: str, wire: Any) -> Any:
        return b["FakeQuantWithMinMaxVars"]()(wire, *RANGES[name])

    hidden = fake("hidden", b["Relu"]()(b["BiasAdd"]()(x @ fake("w1", w["w1"]), w["b1"])))
    logits = b["BiasAdd"]()(hidden @ fake("w2", w["w2"]), w["b2"])
    losses = b["SparseSoftmaxCrossEntropyWithLogits"]()(logits, y).loss
    graph.output("loss", b["Mean"]()(losses, [0]))
    optimizer = {"block": "ApplyGradientDescent", "inputs": {"alpha": RATE}}
    return _training(graph, optimizer, {}, image, label)


def train_cnn(weights: dict[str, Any], image: Any, label: Any) -> dict[str, Run]:
    """Training steps of graphs/digits/cnn.yaml."""
    named = {setting.NODES[name]: value for name, value in weights.items()}
    return _training(flow.load(CNN, training=True), {"block": "ApplyAdam", "inputs": ADAM}, named, image, label)


def _training(graph: Any, optimizer: Any, weights: dict[str, Any], image: Any, label: Any) -> dict[str, Run]:
    graph.sections["train"] = {"minimize": "loss", "optimizer": optimizer}
    step = expand(graph)
    step.outputs = {"loss": step.outputs["loss"]}
    feeds = {"image": image, "label": label}

    def bound(plan: Any, state: Any) -> Run:
        return lambda: plan.run(feeds, state=state)["loss"]

    return {
        name: bound(Plan(step, steps=True, settings=Settings.of(**given)), flow.State(step, values=weights))
        for name, given in settings().items()
    }


def _block(op: str, arrays: Sequence[Any], static: dict[str, Any]) -> tuple[Any, list[Any]]:
    name, attrs = BLOCKS[op]
    if op == "fake_quant_args":
        attrs = {"min": static["low"], "max": static["high"]}
    operands = [*arrays, 0.0, 0.0] if op == "quantize_dequantize_measured" else list(arrays)
    return flow.blocks[name](**attrs), operands


def _inputs(graph: Any, operands: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """A graph input per array; numbers stay as they are."""
    wires: list[Any] = []
    feeds: dict[str, Any] = {}
    for operand in operands:
        if isinstance(operand, float):
            wires.append(operand)
        else:
            name = f"x{len(feeds)}"
            wires.append(graph.input(name, operand.dtype.name, operand.shape))
            feeds[name] = operand
    return wires, feeds
