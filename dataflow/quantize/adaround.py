"""AdaRound: for each weight a gate, trained to let it go up or down so that the outputs of the layer change least."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.quantize.layer import Layer
from dataflow.training.trainer import Trainer

_ROWS, _STEPS = 32, 1500  # rows in a step, and steps, about
_RATE = 0.05
_PRESSURE = 8.0  # weight of the mean of the regularizer, beside an error of 1 where all are rounded to the nearest
_LEAST = 1e-30  # error that is taken for one where nothing is lost
_WARM = 0.2  # part of the steps in which gates go as they like
_BEGIN, _END = 20.0, 2.0  # exponent of the regularizer


def adaround(layer: Layer) -> Array:
    """The weights of a layer on its grid, each rounded up or down as its gate has learned.

    Source: Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization, 2020.
    """
    steps = np.ascontiguousarray(layer.steps, layer.weights.dtype).reshape(-1)
    used = np.where(steps > 0, steps, 1)  # where all weights of a channel are 0.0
    given = layer.weights.reshape(-1)
    start = blocks["AdaRoundStart"](axis=0)(given, used)
    graph = _graph(layer, given, used, start)
    trainer = Trainer(graph, data={"train": {"x": layer.inputs, "target": layer.outputs}})
    for _ in trainer.run():
        pass
    rounded = blocks["AdaRoundWeights"](**_settings(layer), hard=True)(given, used, trainer.state["v"])
    return layer.on_grid(layer.grid.codes(rounded.reshape(layer.weights.shape)))


def _settings(layer: Layer) -> dict[str, int | bool]:
    low, high = layer.grid.low, layer.grid.high
    return {"num_bits": layer.grid.bits, "axis": 0, "narrow_range": low == -high}


def _graph(layer: Layer, weights: Array, steps: Array, start: Array) -> Graph:
    """What is trained: gates by the squared error of the layer and by how far they are from up and down."""
    graph = Graph(f"{layer.node.name}_rounding")
    x = graph.input("x", layer.inputs.dtype.name, ["N", *layer.inputs.shape[1:]])
    target = graph.input("target", layer.outputs.dtype.name, ["N", *layer.outputs.shape[1:]])
    v = graph.variable("v", start)
    soft: Ref = blocks["AdaRoundWeights"](**_settings(layer))(graph.constant(weights), graph.constant(steps), v)
    y = layer.product(graph, x, blocks["Reshape"]()(soft, [*layer.weights.shape]))
    error = blocks["Mean"]()(blocks["SquaredDifference"]()(y, target), [*range(layer.outputs.ndim)])
    error = error * (1.0 / max(layer.error(layer.nearest), _LEAST))
    per_epoch = -(-len(layer.inputs) // _ROWS)
    epochs = -(-_STEPS // per_epoch)
    step = blocks["AssignAdd"]()(graph.variable("count", np.int64(0), trainable=False), np.int64(1))
    total = epochs * per_epoch
    beta = blocks["PolynomialDecay"](initial_learning_rate=_BEGIN, end_learning_rate=_END, decay_steps=total)(step)
    undecided = blocks["AdaRoundRegularizer"]()(v, blocks["Cast"](DstT=v.dtype)(beta))
    pressure = blocks["Cast"](DstT=v.dtype)(step > int(_WARM * total)) * (_PRESSURE / layer.weights.size)
    graph.output("loss", error + undecided * pressure)
    graph.sections["train"] = {
        "minimize": "loss",
        "optimizer": {"block": "ApplyAdam", "inputs": {"lr": _RATE}},
        "epochs": epochs,
        "batch_size": _ROWS,
    }
    return graph
