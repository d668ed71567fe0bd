"""``dataflow run`` with nodes bypassed, frozen or forced, and as far as one of them; the file stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

GRAPH = """\
dataflow: 1
inputs: {x: "float32[N]", other: "float32[N]"}
nodes:
  q: {block: Minimum, inputs: {x: x, y: 1.0}}
  relu: {block: Relu, inputs: {features: q}}
  ends: {block: MinMaxObserver, inputs: {x: relu}}
  last: {block: Multiply, inputs: {x: relu, y: other}}
outputs: {y: last}
"""
FEEDS = ("-i", "x=x.npy", "-i", "other=other.npy", "--json")


@pytest.fixture
def run(dataflow, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text(GRAPH)
    np.save("x.npy", np.float32([-1, 0.5, 2]))
    np.save("other.npy", np.float32([1, 2, 3]))
    np.savez("kept.npz", relu=np.float32([4, 5, 6]), other=np.float32([7, 7, 7]))

    def run(*words):
        done = dataflow("run", "g.yaml", *FEEDS, *words)
        assert Path("g.yaml").read_text() == GRAPH
        return json.loads(done.out) if done.code == 0 else (done.code, done.err)

    return run


def test_a_graph_is_run_otherwise(run):
    assert run() == {"y": [0, 1, 3]}
    assert run("--bypass", "q") == {"y": [0, 1, 6]}
    assert run("--bypass", "q", "--bypass", "relu") == {"y": [-1, 1, 6]}
    assert run("--force", "relu=0.5") == run("--force", "relu.activations=0.5") == {"y": [0.5, 1, 1.5]}
    assert run("--freeze", "relu=kept.npz") == {"y": [4, 10, 18]}
    assert run("--freeze", "relu=kept.npz:other") == {"y": [7, 14, 21]}
    assert run("--freeze", "relu=kept.npz", "--bypass", "last") == {"y": [4, 5, 6]}


def test_a_run_as_far_as_a_node_prints_its_outputs(run, dataflow):
    assert run("--to", "relu") == {"relu": [0, 0.5, 1]}
    assert run("--to", "ends", "--bypass", "q") == {"ends": 0, "ends.max": 2}
    assert run("--to", "ends.max") == {"ends.max": 1}
    assert json.loads(dataflow("run", "g.yaml", "-i", "x=x.npy", "--to", "q", "--json").out) == {"q": [-1, 0.5, 1]}


def test_values_of_outputs_are_frozen_again(run, dataflow):
    dataflow("run", "g.yaml", *FEEDS[:-1], "--to", "relu", "-o", "v.npz")
    assert run("--freeze", "relu=v.npz", "--force", "q=100.0") == run()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--bypass", "rel"), 1, "bypass of 'rel': no node or input named 'rel'; did you mean 'relu'?"),
        (("--bypass", "x"), 1, "is an input, which is not computed; feed it, -i x=FILE"),
        (("--force", "relu"), 2, "--force takes NAME=VALUE, got 'relu'"),
        (("--force", "relu=high"), 1, "forcing of 'relu': the value must be"),
        (("--force", "relu=nan"), 1, "forcing of 'relu': the value must be numbers, got 'nan'; write .nan\n"),
        (("--force", "relu=-inf"), 1, "forcing of 'relu': the value must be numbers, got '-inf'; write -.inf\n"),
        (("--freeze", "relu=none.npy"), 1, "--freeze relu: none.npy"),
        (("--freeze", "relu=kept.npz:ends"), 2, "--freeze relu: kept.npz has relu, other, got 'ends'"),
        (("--to", "nothing"), 1, "no node or input named 'nothing'"),
    ],
)
def test_what_cannot_be_is_told(run, words, code, message):
    got = run(*words)
    assert got[0] == code
    assert message in got[1]


TRAINED = """\
dataflow: 1
inputs: {x: "float32[N]", y: "float32[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: 0.0}}
  half: {block: Mul, inputs: {x: w, y: 0.5}}
  b: {block: Variable, inputs: {initvalues: 0.0}}
  slope: {block: Mul, inputs: {x: x, y: half}}
  line: {block: Add, inputs: {x: slope, y: b}}
  error: {block: SquaredDifference, inputs: {x: line, y: y}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs: {loss: loss}
data: {train: {path: d.npz, inputs: {x: x, y: y}}}
train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}, epochs: 1, batch_size: 4}
"""


@pytest.fixture
def train(dataflow, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.yaml").write_text(TRAINED)
    np.savez("d.npz", x=np.float32([1, 2, 3, 4] * 4), y=np.float32([2, 4, 6, 8] * 4))
    np.savez("kept.npz", half=np.float32(2))

    def train(*words):
        return dataflow("train", "t.yaml", *words)

    return train


def test_a_graph_is_trained_otherwise(train, dataflow):
    done = train("--bypass", "half", "--json")
    assert "training with bypass half, not as t.yaml says" in done.err
    assert json.loads(done.out)["changed"] == "bypass half"
    Path("plain.yaml").write_text(TRAINED.replace("y: half", "y: w"))
    plain = dataflow("train", "plain.yaml", "--json")
    assert json.loads(plain.out)["train"] == json.loads(done.out)["train"]
    assert "bypass half before, none now" in train("--resume", "--epochs", "2").err
    assert train("--resume", "--epochs", "2", "--bypass", "half").code == 0
    assert "was trained with bypass half, not as its graph file says" in dataflow("evaluate", "t.yaml").err
    assert "bypass half" in dataflow("runs").out


def test_what_is_frozen_stays_so_in_a_training(train):
    done = train("--freeze", "half=kept.npz", "--json")
    assert json.loads(done.out)["train"] == {"loss": 0.0}
    assert (
        "must depend on a variable to train" in train("--restart", "--freeze", "half=kept.npz", "--bypass", "line").err
    )
    assert "must have one shape" in train("--restart", "--freeze", "line=kept.npz:half").err
    assert "got 'nothere'" in train("--restart", "--freeze", "nothere=d.npz").err


def test_folds_are_trained_otherwise(train):
    assert json.loads(train("--folds", "2", "--json", "--force", "half=2.0").out.splitlines()[0])["measured"] == {
        "loss": 0
    }
