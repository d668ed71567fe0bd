"""A line through points, trained: the data, the graph file, and the bits of a state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dataflow import State
from dataflow.training.trainer import Trainer

X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
Y = X @ np.array([1.0, -2.0, 0.5], np.float32) + np.float32(0.25)
TEXT = """\
dataflow: 1
params: {epochs: 5, rate: 0.1}
inputs: {x: "float32[N, 3]", y: "float32[N]"}
nodes:
  w: {block: Variable, attrs: {dtype: float32, shape: [3, 1], initializer: glorot_uniform}}
  b: {block: Variable, inputs: {initvalues: [0.0]}}
  product: {block: MatMul, inputs: {a: x, b: w}}
  sum: {block: BiasAdd, inputs: {value: product, bias: b}}
  line: {block: Squeeze, inputs: {input: sum}, attrs: {axis: [1]}}
  noise: {block: Dropout, inputs: {x: line, rate: 0.01}}
  error: {block: SquaredDifference, inputs: {x: noise, y: y}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs: {line: line, loss: loss}
data:
  train: {path: d.npz, inputs: {x: x, y: y}}
train:
  minimize: loss
  optimizer: {block: ApplyAdam, inputs: {lr: $rate}}
  epochs: $epochs
  batch_size: 8
"""


def stop_after(steps: int) -> Callable[[Trainer], None]:
    """What a trainer tells its steps to, which has it stop after so many of them and one more."""
    left = steps

    def stop(trainer: Trainer) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            trainer.stop()

    return stop


def bits(state: State) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in state.variables.items()}
