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
        (("--freeze", "relu=none.npy"), 1, "--freeze relu: none.npy"),
        (("--freeze", "relu=kept.npz:ends"), 2, "--freeze relu: kept.npz has relu, other, got 'ends'"),
        (("--to", "nothing"), 1, "no node or input named 'nothing'"),
    ],
)
def test_what_cannot_be_is_told(run, words, code, message):
    got = run(*words)
    assert got[0] == code
    assert message in got[1]
