"""The reverse pass and the training step of a file as graphs."""

from __future__ import annotations

import pytest

from dataflow.core.errors import DataflowError
from dataflow.graphfile.load import read
from dataflow.studio.layers import layer_graph

TRAINED = """dataflow: 1
inputs: {x: "float32[N, 4]", t: "float32[N, 1]"}
train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}, epochs: 1}
nodes:
  w: {block: Variable, inputs: {initvalues: [[0.5], [0.5], [0.5], [0.5]]}}
  y: {block: MatMul, inputs: {a: x, b: w}}
  d: {block: Sub, inputs: {x: y, y: t}}
  s: {block: Square, inputs: {x: d}}
  m: {block: Mean, inputs: {input: s, axis: [0, 1]}}
outputs: {loss: m, y: y}
"""


def outputs(text: str, layer: str) -> list[str]:
    return list(layer_graph(read("x.yaml", text=text), layer).outputs)


def test_of_what_is_trained() -> None:
    context = read("x.yaml", text=TRAINED)
    assert context.problems() == []
    assert outputs(TRAINED, "gradient") == ["loss", "grad_w"]
    step = layer_graph(context, "step")
    assert any(name.startswith("train/w") for name in step.nodes)
    assert "loss" in step.outputs


def test_without_training_it_is_by_variables_or_inputs() -> None:
    text = TRAINED.replace("train:", "x-train:")
    assert outputs(text, "gradient") == ["loss", "grad_w"]
    node = "nodes:\n  r: {block: Relu, inputs: {features: a}}\n"
    only = f"dataflow: 1\ninputs: {{a: float32, n: int32}}\n{node}outputs: {{y: r}}\n"
    assert outputs(only, "gradient") == ["y", "grad_a"]
    with pytest.raises(DataflowError, match="no 'train' section"):
        outputs(only, "step")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dataflow: 1\ninputs: {n: int32}\noutputs: {y: n}\n", "must be of an output of floats"),
        (
            "dataflow: 1\nnodes:\n  c: {block: Const, attrs: {value: 1.0}}\noutputs: {y: c}\n",
            "by a variable or an input",
        ),
        ("dataflow: 1\noutputs: {y: nothing}\n", "no node or input named 'nothing'"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(DataflowError, match=why):
        outputs(text, "gradient")
