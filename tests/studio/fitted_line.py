"""A graph that fits a line to rows, for trainings whose outcome can be told in advance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

DESCENT = "{block: ApplyGradientDescent, inputs: {alpha: $rate}}"
TEXT = f"""dataflow: 1
name: line
params:
  rate: 0.01
  factor: 1.0
  training: {{type: bool, default: false}}
inputs:
  x: float32[N]
  y: float32[N]
nodes:
  w: {{block: Variable, inputs: [0.0]}}
  product: {{block: Mul, inputs: [x, w]}}
  scaled: {{block: Mul, inputs: [product, $factor]}}
  error: {{block: SquaredDifference, inputs: [scaled, y]}}
  loss: {{block: Mean, inputs: {{input: error, axis: [0]}}}}
outputs: {{loss: loss}}
data:
  train: {{path: rows.npz, inputs: {{x: x, y: y}}}}
train:
  minimize: loss
  optimizer: {DESCENT}
  epochs: 3
  batch_size: 4
"""


def write(folder: Path, rows: int, text: str = TEXT) -> None:
    """Write the graph, line.yaml, and its rows, of which y is twice x."""
    x = np.random.default_rng(0).normal(size=rows).astype(np.float32)
    np.savez(folder / "rows.npz", x=x, y=2 * x)
    (folder / "line.yaml").write_text(text, "utf-8")
