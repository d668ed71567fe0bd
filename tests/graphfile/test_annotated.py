"""Where values come from, beside them: lines, defaults, -p, the environment, files that are used as blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import places
import pytest
from shipped_graphs import params_of

import dataflow as flow
from dataflow.core import errors
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.annotated import annotate, annotated_text
from dataflow.graphfile.parse import parse
from dataflow.graphfile.tree import Origin

PART = """\
dataflow: 1
params: {gain: 2.0, bias: {type: float, default: 0.5}}
inputs: {x: "float32[N]", y: float32}
nodes:
  p: {block: Multiply, inputs: {x: x, y: $gain}}
  q: {block: AddV2, inputs: {x: p, y: $bias}}
  r: {block: AddV2, inputs: {x: q, y: y}}
outputs: {out: r}
"""
TEXT = """\
name: g
params:
  width: 3
  rate: "${env:RATE_OF_TEST,0.1}"
  bits: {type: int, default: 8}
inputs:
  x: "float32[N]"
  k: {dtype: float32, shape: [$width]}
nodes:
  w: {block: Variable, inputs: {initvalues: [1.0, $rate, 3.0]}}
  part: {block: ./part.yaml, inputs: {x: x, y: 1.5}, attrs: {gain: $rate}}
  c: {block: CheckNumerics, inputs: {tensor: x}, attrs: {message: "of ${env:USER_OF_TEST,me}"}}
  f: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: $bits, min: -1.0}}
  b: {block: Cast, inputs: {x: x}, attrs: {DstT: float64}}
outputs: {out: part.out, f: f}
train:
  minimize: w
  epochs: $width
  optimizer: {block: ApplyGradientDescent, inputs: {alpha: $rate}}
"""


@pytest.fixture
def annotated(tmp_path, monkeypatch):
    """The lines of the annotated text of a graph, by the words before the comment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(errors, "_CONCEALED", {})  # what one test takes from the environment
    Path(".dataflow").touch()
    Path("part.yaml").write_text(PART)

    def made(text=TEXT, **params):
        Path("g.yaml").write_text(f"dataflow: 1\n{text}")
        lines = annotated_text("g.yaml", params).splitlines()
        return {line.partition("  # ")[0].strip(): line.partition("  # ")[2] for line in lines if line}

    return made


def test_every_kind_of_origin(annotated):
    found = annotated(bits=4)
    rate = "g.yaml:5, default of rate: default of ${env:RATE_OF_TEST}"
    assert found["x: {dtype: float32, shape: [N]}"] == "g.yaml:8"
    assert (
        found["k: {dtype: float32, shape: [3]}"] == "dtype: g.yaml:9; shape: g.yaml:9 with g.yaml:4, default of width"
    )
    assert found["inputs: {initvalues: [1.0, 0.1, 3.0]}"] == f"g.yaml:11 with {rate}"
    assert found["attrs: {message: of me}"] == "g.yaml:13 with default of ${env:USER_OF_TEST}"
    assert found["attrs: {min: -1.0, num_bits: 4}"] == "min: g.yaml:14; num_bits: -p bits"
    assert found["f: f"] == "g.yaml:16"
    assert found["epochs: 3"] == "g.yaml:4, default of width"
    assert found["optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}"] == f"block: g.yaml:20; alpha: {rate}"
    assert found["name: g"] == found["nodes:"] == found["dataflow: 1"] == ""


def test_files_that_are_used_as_blocks(annotated):
    found = annotated(rate=3.0)
    assert found["inputs: {x: x, y: 3.0}"] == "x: part.yaml:5; y: -p rate"
    assert found["inputs: {x: part/p, y: 0.5}"] == "x: part.yaml:6; y: part.yaml:2, default of bias"
    assert found["attrs: {value: 1.5}"] == "g.yaml:12"
    assert found["inputs: {x: part/q, y: part/y}"] == "part.yaml:7"


def test_the_environment(annotated, monkeypatch):
    monkeypatch.setenv("RATE_OF_TEST", "0.75")
    monkeypatch.setenv("USER_OF_TEST", "somebody")
    found = annotated()
    alpha = "optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.75}}"
    assert found[alpha] == "block: g.yaml:20; alpha: g.yaml:5, default of rate: environment RATE_OF_TEST"
    assert found["attrs: {message: of somebody}"] == "g.yaml:13 with environment USER_OF_TEST"


def test_what_no_file_says_is_a_default():
    text = "dataflow: 1\nnodes:\n  w: {block: Const, attrs: {value: 1}}\n"
    root = parse(text, "g.yaml").root
    known = {("nodes", "w", "block"): Origin("g.yaml:9")}
    assert annotate(text, root, known).splitlines()[2].endswith("  # block: g.yaml:9; value: default")


SECRETS = """\
params: {api_token: "${env:API_TOKEN_OF_TEST}", password: none, harmless: a}
inputs: {x: "float32[N]"}
nodes:
  a: {block: CheckNumerics, inputs: {tensor: x}, attrs: {message: $api_token}}
  b: {block: CheckNumerics, inputs: {tensor: x}, attrs: {message: "with ${password}"}}
  c: {block: CheckNumerics, inputs: {tensor: x}, attrs: {message: $harmless}}
outputs: {a: a}
"""


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        "two words",
        "it's: {odd}",
        "many\nlines\n of it\n",
        "long " * 40,
        "folded " * 40 + "end",
        "a line of several\n" * 9,
        "'",
    ],
)
def test_values_of_secret_names_are_masked(annotated, monkeypatch, secret):
    monkeypatch.setenv("API_TOKEN_OF_TEST", secret)
    annotated(SECRETS, password=secret, harmless="shown")
    text = annotated_text("g.yaml", {"password": secret, "harmless": "shown"})
    assert not [part for part in secret.split() if len(part) > 2 and part in text]
    messages = [line.partition("message: ")[2].replace("}", "") for line in text.splitlines() if "message:" in line]
    assert messages == [
        "'***'  # g.yaml:2, default of api_token: environment API_TOKEN_OF_TEST",
        "'***'  # g.yaml:6 with -p password",
        "shown  # -p harmless",
    ]


def test_the_text_is_the_graph(annotated):
    """Without secrets it is read as the same graph; so are those that ship."""
    annotated()
    wanted = flow.load("g.yaml")
    Path("again.yaml").write_text(annotated_text("g.yaml", {}))
    assert flow.load("again.yaml") == wanted


@pytest.mark.parametrize("path", sorted(places.GRAPHS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_graphs_are_told_line_by_line(path, tmp_path):
    params = params_of(path)
    text = annotated_text(path, params)
    for number, line in enumerate(text.splitlines(), 1):
        assert "\0" not in line, number
    plain = "\n".join(line.partition("  # ")[0] for line in text.splitlines())
    from dataflow.graphfile.save import resolved_text

    assert plain + "\n" == resolved_text(flow.load(path, **params), path)


def test_arrays_and_texts_of_several_lines(annotated):
    np.save("large.npy", np.zeros(2000, np.float32))
    doc = '  w: {block: Variable, inputs: {initvalues: {path: large.npy}}, doc: "one\\ntwo\\n"}\n'
    found = annotated("nodes:\n" + doc + "outputs: {w: w}\n")
    assert found["inputs: {initvalues: {path: large.npy}}"] == "g.yaml:3"
    assert found["doc: |"] == "g.yaml:3" and found["two"] == ""


def test_problems_are_those_of_loading(annotated):
    with pytest.raises(GraphFileError, match=r"g.yaml:3:\d+: node 'w': no block 'Rellu'"):
        annotated("nodes:\n  w: {block: Rellu}\n")
