"""``dataflow bound``: a table of accumulators, a verdict on a width, witnesses that a run replays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

DENSE = """\
dataflow: 1
inputs:
  x: {dtype: float32, shape: [N, 3], range: [0, 15]}
  label: {dtype: int64, shape: [N]}
nodes:
  w: {block: Variable, inputs: {initvalues: [[3.0, -1.0], [2.0, 1.0], [-3.0, 2.0]]}}
  x_q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {min: 0.0, max: 15.0, num_bits: 4}}
  w_q: {block: FakeQuantSymmetric, inputs: {x: w, m: 3.0}, attrs: {num_bits: 3}}
  y: {block: MatMul, inputs: {a: x_q, b: w_q}}
  top: {block: ArgMax, inputs: {input: y, dimension: 1}}
  right: {block: Equal, inputs: {x: top, y: label}}
  plain: {block: MatMul, inputs: {a: x, b: w}}
outputs: {y: y, right: right, plain: plain}
data:
  some: {path: rows.npz, inputs: {x: x, label: label}}
"""


@pytest.fixture
def dense(folder):
    Path("dense.yaml").write_text(DENSE)
    np.savez("rows.npz", x=np.array([[1, 2, 3], [15, 0, 0]], np.float32), label=np.array([0, 1]))
    np.savez("w.npz", w=np.array([[1, 0], [0, 0], [0, -2]], np.float32))
    return folder


def test_a_line_for_each_accumulator(dataflow, dense):
    code, out, err = dataflow("bound", "dense.yaml")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "node   block   terms  by type  derived  low  high  float32",
        "y      MatMul  3      9        8        -45  75    exact",
        "plain  MatMul  -      -        -        -    -     -",
        "plain: input 'a' is not quantized",
    ]


def test_the_values_of_variables_may_come_from_a_file(dataflow, dense):
    first, _ = json.loads(dataflow("bound", "dense.yaml", "--from", "w.npz", "--json").out)
    assert (first["low"], first["high"], first["derived"], first["by_type"]) == (-30, 15, 6, 9)


@pytest.mark.parametrize("data", ["some", "rows.npz"])
def test_data_show_what_accumulators_held(dataflow, dense, data):
    first, second = json.loads(dataflow("bound", "dense.yaml", "--data", data, "--json").out)
    assert (first["observed"], second["observed"]) == (7, None)


def test_data_that_leave_a_declared_range_are_told(dataflow, dense):
    np.savez("rows.npz", x=np.full((1, 3), 16, np.float32), label=np.array([0]))
    code, out, err = dataflow("bound", "dense.yaml", "--data", "some")
    assert (code, out) == (1, "")
    assert err == "node 'x' (Placeholder): range must be that of its values, [16, 16] here, got [0, 15]\n"


def test_a_width_is_proven_or_the_command_fails(dataflow, dense):
    quantized = DENSE.replace("  plain: {block: MatMul, inputs: {a: x, b: w}}\n", "").replace(", plain: plain", "")
    Path("dense.yaml").write_text(quantized)
    assert dataflow("bound", "dense.yaml", "--accumulator", 8).code == 0
    code, out, err = dataflow("bound", "dense.yaml", "--accumulator", 7)
    assert (code, out.count("\n")) == (1, 2)
    assert err == "node 'y' (MatMul): not proven to fit in 7 bits: it needs 8\n"


def test_what_is_not_quantized_is_not_proven(dataflow, dense):
    code, _, err = dataflow("bound", "dense.yaml", "--accumulator", 64)
    assert (code, err) == (1, "node 'plain' (MatMul): not proven to fit in 64 bits: input 'a' is not quantized\n")


def test_witnesses_are_replayed_by_a_run(dataflow, dense):
    lines = dataflow("bound", "dense.yaml", "-o", "witness.npz").out.splitlines()
    assert lines[1].split()[-3:] == ["row", "0:", "attained"]
    assert lines[2].split()[-1] == "-"
    done = dataflow("run", "dense.yaml", "-i", "x=witness.npz", "-i", "label=witness.npz", "--json")
    assert json.loads(done.out)["y"][0][0] == 75


def test_ranges_of_all_nodes(dataflow, dense):
    rows = [line.split() for line in dataflow("bound", "dense.yaml", "--ranges").out.splitlines()]
    assert rows[0] == ["wire", "low", "high", "from"]
    assert ["x_q", "0", "15", "derived"] in rows
    assert ["x", "0", "15", "declared"] in rows
    assert ["top", "0", "1", "derived"] in rows
    plain = {row["wire"]: row for row in json.loads(dataflow("bound", "dense.yaml", "--ranges", "--json").out)}
    assert plain["w"] == {"wire": "w", "low": -3.0, "high": 3.0, "origin": "derived"}


@pytest.mark.parametrize(
    "args, code, said",
    [
        (("-o", "w.csv"), 2, "-o: must end in .npz, got 'w.csv'"),
        (("-o", "rows.npz"), 1, "rows.npz: is a file that the graph reads, which -o would replace"),
        (("--from", "w.npz", "-o", "w.npz"), 1, "w.npz: is the variables, which -o would replace"),
        (("--from", "none.npz"), 1, "none.npz: cannot be read as variables"),
        (("--data", "none"), 1, "none"),
        (("--accumulator", "0"), 2, "0 is not in the range"),
    ],
)
def test_mistakes(dataflow, dense, args, code, said):
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    done = dataflow("bound", "dense.yaml", *args)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_a_graph_whose_inputs_may_be_anything_has_no_witness(dataflow, dense):
    Path("dense.yaml").write_text(DENSE.replace(", range: [0, 15]", ""))
    code, _, err = dataflow("bound", "dense.yaml", "-o", "witness.npz")
    assert code == 1
    assert "no accumulator has a witness; one needs inputs with a range" in err
    assert not Path("witness.npz").exists()


def test_a_graph_without_products_says_so(dataflow, folder):
    assert dataflow("bound", "line.yaml").out == "no products, so no accumulators\n"


def test_variables_that_were_not_trained_are_told(dataflow, folder):
    given = "inputs: {initvalues: [[3.0, -1.0], [2.0, 1.0], [-3.0, 2.0]]}"
    text = DENSE.replace(given, "attrs: {shape: [3, 2], dtype: float32, initializer: ones}")
    Path("dense.yaml").write_text(text)
    code, _, err = dataflow("bound", "dense.yaml")
    assert (code, err) == (0, "no dense.checkpoints: variables have their initial values; --from takes others\n")
