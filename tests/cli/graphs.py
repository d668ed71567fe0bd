"""Graphs that commands are tried on."""

from __future__ import annotations

LINE = """\
dataflow: 1
name: line
params: {slope: 2.0}
inputs:
  x: float32[N]
nodes:
  product: {block: Multiply, inputs: {x: x, y: $slope}}
  y: {block: AddV2, inputs: {x: product, y: 1.0}}
outputs: {y: y}
"""
LEARN = """\
dataflow: 1
inputs: {x: "float32[N]", t: "float32[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: 0.0}}
  line: {block: Multiply, inputs: {x: x, y: w}}
  error: {block: SquaredDifference, inputs: {x: line, y: t}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs: {line: line, loss: loss}
data:
  train: {path: ones.npz, inputs: {x: x, t: t}}
  test: {path: ones.npz, inputs: {x: x, t: zeros}}
  more: {path: ones.npz, inputs: {x: x, t: t}}
train:
  minimize: loss
  validate: test
  optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}
  epochs: 2
  batch_size: 4
"""
FAILING = """\
dataflow: 1
inputs: {x: "float32[2]"}
nodes:
  q: {block: QuantizeV2, inputs: {input: x, min_range: x_min, max_range: 0.0}, attrs: {T: quint8}}
  x_min: {block: Max, inputs: {input: x, axis: [0]}}
outputs: {q: q}
"""

# w after the first and after the second epoch of two steps, each of which takes away a fifth of what it lacks to 3
BEST, LATEST = 3 * (1 - 0.8**2), 3 * (1 - 0.8**4)
