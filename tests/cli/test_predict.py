"""``dataflow predict``: outputs of a trained graph, for the inputs that are given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli.graphs import BEST, LATEST


def test_outputs_whose_inputs_are_not_given_are_left_out(dataflow, trained):
    code, out, err = dataflow("predict", "learn.yaml", "-i", "x=x.npy", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found) == ["line"]
    assert found["line"] == pytest.approx([BEST, 2 * BEST], rel=1e-6)


def test_the_latest_checkpoint_may_be_asked_for(dataflow, trained):
    found = json.loads(dataflow("predict", "learn.yaml", "-i", "x=x.npy", "--json", "--which", "latest").out)
    assert found["line"] == pytest.approx([LATEST, 2 * LATEST], rel=1e-6)


def test_a_split_gives_all_inputs(dataflow, trained):
    found = json.loads(dataflow("predict", "learn.yaml", "-s", "test", "--json").out)
    assert found["line"] == pytest.approx([BEST] * 8, rel=1e-6)
    assert found["loss"] == pytest.approx(BEST**2, rel=1e-5)


def test_an_input_given_beside_a_split_counts(dataflow, trained):
    np.save("far.npy", np.full(8, 10, np.float32))
    found = json.loads(dataflow("predict", "learn.yaml", "-s", "test", "-i", "x=far.npy", "--json").out)
    assert found["line"] == pytest.approx([10 * BEST] * 8, rel=1e-6)


def test_outputs_are_written(dataflow, trained):
    assert dataflow("predict", "learn.yaml", "-i", "x=x.npy", "-o", "out.npz").code == 0
    with np.load("out.npz") as found:
        assert found.files == ["line"]
        np.testing.assert_allclose(found["line"], [BEST, 2 * BEST], rtol=1e-6)


@pytest.mark.parametrize(
    "args, said",
    [
        ((), "learn.yaml: output 'line' cannot be had without input 'x'; give it with -i, -s or --data"),
        (("-i", "t=x.npy"), "learn.yaml: output 'line' cannot be had without input 'x'; give it with -i, -s or --data"),
        (("-s", "none"), "no data 'none'"),
        (("--checkpoints", "none", "-i", "x=x.npy"), "none: must have checkpoints, got none"),
        (("-i", "x=x.npy", "-o", "none/out.npz"), "none/out.npz: cannot be written: no such file"),
    ],
)
def test_mistakes(dataflow, trained, args, said):
    before = set(Path().rglob("*"))
    done = dataflow("predict", "learn.yaml", *args)
    assert (done.code, done.out, said in done.err) == (1, "", True), done.err
    assert set(Path().rglob("*")) == before


def test_a_graph_that_was_not_trained(dataflow, folder):
    code, _, err = dataflow("predict", "learn.yaml", "-i", "x=x.npy")
    assert (code, "learn.checkpoints: must have checkpoints, got none" in err) == (1, True)
    code, out, _ = dataflow("predict", "line.yaml", "-i", "x=x.npy", "--json")  # which has no variables
    assert (code, json.loads(out)) == (0, {"y": [3.0, 5.0]})


def test_a_quantized_graph_has_its_values_in_its_file(dataflow, folder):
    text = Path("learn.yaml").read_text()
    Path("learn.yaml").write_text(text + "quantization: {weights: {}}\n")
    code, out, err = dataflow("predict", "learn.yaml", "-i", "x=x.npy", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["line"] == [0.0, 0.0]  # w as it begins


def test_rows_of_another_file_are_prepared_as_those_that_trained_the_graph(dataflow, trained):
    np.savez("new.npz", x=np.float32([3, 4]))
    code, out, _ = dataflow("predict", "learn.yaml", "--data", "new.npz", "--json")
    assert (code, json.loads(out)["line"]) == (0, pytest.approx([3 * BEST, 4 * BEST], rel=1e-6))
    code, _, err = dataflow("predict", "learn.yaml", "--data", "new.npz", "-s", "test")
    assert (code, "-s and --data: must be given one of them, got both" in err) == (2, True)
    code, _, err = dataflow("predict", "learn.yaml", "--data", "new.npz", "-o", "new.npz")
    assert (code, "new.npz: is the data, which -o would replace" in err) == (1, True)


PREPARED = """
dataflow: 1
inputs: {x: "float32[N]", k: "float32[N, 2]", t: "int64[N]"}
nodes:
  both: {block: ConcatV2, inputs: {values: [x1, k], axis: 1}}
  x1: {block: Reshape, inputs: {tensor: x, shape: [-1, 1]}}
  y: {block: Relu, inputs: {features: both}}
  right: {block: Equal, inputs: {x: t, y: 1}}
outputs: {y: y, right: right}
data:
  train:
    path: a.csv
    inputs:
      x: {array: a, normalize: minmax}
      k: {columns: [b], categories: fit, one_hot: true}
      t: {array: l, classes: fit}
"""


def test_what_an_output_lacks_is_told(dataflow, folder):
    Path("p.yaml").write_text(PREPARED.strip())
    Path("a.csv").write_text("a,b,l\n1,u,no\n3,v,yes\n")
    Path("new.csv").write_text("a\n2\n")
    code, _, err = dataflow("predict", "p.yaml", "--data", "new.csv")
    assert code == 1 and "output 'y' cannot be had without input 'k'; new.csv lacks column 'b'" in err
    Path("none.csv").write_text("c,d\n2,3\n")
    code, _, err = dataflow("predict", "p.yaml", "--data", "none.csv")
    assert (
        code == 1 and "none.csv: feeds no input; it lacks 'a' for input 'x'" in err and err.endswith("it has c and d\n")
    )


def test_inputs_that_are_fed_as_they_are_though_training_prepared_them_are_told(dataflow, folder):
    Path("p.yaml").write_text(PREPARED.strip())
    Path("a.csv").write_text("a,b,l\n1,u,no\n3,v,yes\n")
    np.save("k.npy", np.eye(2, dtype=np.float32))
    code, out, err = dataflow("predict", "p.yaml", "-i", "x=x.npy", "-i", "k=k.npy", "--json")
    assert code == 0 and json.loads(out)["y"] == [[1, 1, 0], [2, 0, 1]]
    assert "input 'x' is fed as it is, though training prepared it; --data FILE does so too" in err


def test_a_file_without_rows_is_told(dataflow, folder):
    Path("p.yaml").write_text(PREPARED.strip())
    Path("a.csv").write_text("a,b,l\n1,u,no\n3,v,yes\n")
    Path("new.csv").write_text("a,b\n")
    code, out, err = dataflow("predict", "p.yaml", "--data", "new.csv")
    assert (code, out, err) == (1, "", "new.csv: must have rows to predict from, got none\n")
