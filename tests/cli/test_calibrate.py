"""``dataflow calibrate``: ranges from rows, from statistics kept, and from statistics merged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow

NET = """\
dataflow: 1
# a layer with its input and its result quantized
name: net
inputs: {x: "float32[N, 4]"}
nodes:
  low: {block: Variable, inputs: {initvalues: 0.0}}
  high: {block: Variable, inputs: {initvalues: 0.0}}
  m: {block: Variable, inputs: {initvalues: 0.0}}
  w: {block: Variable, inputs: {initvalues: [[1.0], [1.0], [1.0], [1.0]]}}

  x_q: {block: FakeQuantWithMinMaxVars, inputs: {inputs: x, min: low, max: high}}
  sum: {block: MatMul, inputs: {a: x_q, b: w}}
  sum_q: {block: FakeQuantSymmetric, inputs: {x: sum, m: m}, attrs: {num_bits: 4}}
outputs: {y: sum_q}
data:
  train: {path: rows.npz, inputs: {x: x}}
  few: {path: rows.npz, rows: [0, 3], inputs: {x: x}}
"""
FLOAT = """\
dataflow: 1
inputs: {x: "float32[N, 4]"}
nodes:
  w: {block: Variable, inputs: {initvalues: [[1.0], [1.0], [1.0], [1.0]]}}
  sum: {block: MatMul, inputs: {a: x, b: w}}
outputs: {y: sum}
data:
  train: {path: rows.npz, inputs: {x: x}}
"""
ROWS = 1300


@pytest.fixture
def net(folder):
    Path("net.yaml").write_text(NET)
    Path("float.yaml").write_text(FLOAT)
    rows = np.random.default_rng(0).standard_normal((ROWS, 4)).astype(np.float32)
    np.savez("rows.npz", x=rows)
    np.savez("other.npz", x=rows[:100] / 2)
    return rows


def ranges(run):
    return {each["wire"]: each for each in json.loads(run.out)["ranges"]}


def test_the_ranges_of_quantizers_are_those_of_the_graph_without_them(dataflow, net):
    code, out, err = dataflow("calibrate", "net.yaml", "--range", "min_max")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["wire", "bits", "min", "max", "scale", "zero", "point", "clipped", "%"]
    assert lines[1][:4] == ["x", "8", f"{net.min():.6g}", f"{net.max():.6g}"]
    assert lines[2][:2] == ["sum", "4"]
    assert lines[3] == ["net.stats.npz:", "1,300", "rows,", "statistics", "kept"]
    assert Path("net.yaml").read_text() == NET
    found = ranges(dataflow("calibrate", "net.yaml", "--range", "min_max", "--json"))
    largest = np.abs(flow.blocks["MatMul"]()(net, np.ones((4, 1), np.float32))).max()
    assert found["sum"]["max"] == pytest.approx(largest, rel=1e-6)
    assert (found["sum"]["min"], found["sum"]["zero_point"]) == (-found["sum"]["max"], 0)
    assert found["sum"]["scale"] == pytest.approx(largest / 7, rel=1e-6)


def test_a_graph_written_has_the_ranges(dataflow, net):
    said = dataflow("calibrate", "net.yaml", "-o", "made.yaml").out
    assert said.splitlines()[-1] == "made.yaml: 2 ranges"
    found = ranges(dataflow("calibrate", "net.yaml", "--json"))
    state = flow.State(flow.load("made.yaml"))
    assert (state["low"], state["high"]) == (np.float32(found["x"]["min"]), np.float32(found["x"]["max"]))
    assert state["m"] == np.float32(found["sum"]["max"])
    np.testing.assert_array_equal(state["w"], np.ones((4, 1)))


def test_in_place_only_the_numbers_change(dataflow, net):
    assert dataflow("calibrate", "net.yaml", "--in-place").code == 0
    before, after = NET.splitlines(), Path("net.yaml").read_text().splitlines()
    changed = [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert changed == [5, 6, 7]
    again = dataflow("calibrate", "net.yaml", "--in-place")
    assert "kept already, no row was run" in again.out  # ranges are no part of what computes the values
    assert Path("net.yaml").read_text().splitlines() == after
    found = ranges(dataflow("calibrate", "net.yaml", "--json"))
    assert flow.State(flow.load("net.yaml"))["high"] == np.float32(found["x"]["max"])


def test_variables_of_an_included_graph_are_not_written_in_place(dataflow, net):
    Path("layer.yaml").write_text(NET[: NET.index("data:")])
    text = """\
dataflow: 1
inputs: {x: "float32[N, 4]"}
nodes:
  h: {block: ./layer.yaml, inputs: {x: x}}
outputs: {y: h}
data:
  train: {path: rows.npz, inputs: {x: x}}
"""
    Path("whole.yaml").write_text(text)
    code, _, err = dataflow("calibrate", "whole.yaml", "--in-place")
    assert code == 1
    assert "whole.yaml: variable 'h/low' must be in this file to be written in place, but is in a graph that it" in err
    assert Path("whole.yaml").read_text() == text
    assert dataflow("calibrate", "whole.yaml", "-o", "made.yaml").code == 0
    assert flow.State(flow.load("made.yaml"))["h/high"] > 3


def test_many_channels_are_not_written_in_place(dataflow, net):
    np.savez("rows.npz", x=np.ones((4, 20), np.float32))
    np.savez("ends.npz", low=np.zeros(20, np.float32), high=np.ones(20, np.float32))
    text = (
        NET.replace("N, 4", "N, 20")
        .replace("MaxVars,", "MaxVarsPerChannel,")
        .replace("[[1.0]", "[" + "[1.0], " * 16 + "[1.0]")
    )
    for name in ("low", "high"):
        text = text.replace(f"{name}: {{block: Variable, inputs: {{initvalues: 0.0}}", (
            f"{name}: {{block: Variable, inputs: {{initvalues: {{path: ends.npz, array: {name}}}}}"
        ))  # fmt: skip
    Path("net.yaml").write_text(text)
    code, _, err = dataflow("calibrate", "net.yaml", "--in-place")
    assert code == 1
    assert "net.yaml: variable 'low' must have 16 numbers at most to be written in place, got 20; -o writes" in err
    assert Path("net.yaml").read_text() == text
    assert dataflow("calibrate", "net.yaml", "-o", "made.yaml").code == 0
    assert flow.State(flow.load("made.yaml"))["high"].tolist() == [1.0] * 20


def test_another_method_and_width_run_no_row(dataflow, net):
    told = dataflow("calibrate", "float.yaml").out.splitlines()
    assert told[-2].endswith("statistics kept")
    assert told[-1] == "next: dataflow quantize float.yaml --stats float.stats.npz -o FILE"
    Path("rows.npz").rename("gone.npz")
    Path("gone.npz").rename("rows.npz")
    for options in (["--range", "percentile:99"], ["--bits", "4"], ["--range", "moving_average:0.5", "--bits", "2"]):
        assert "1,300 rows, kept already, no row was run" in dataflow("calibrate", "float.yaml", *options).out
    four = ranges(dataflow("calibrate", "float.yaml", "--bits", "4", "--range", "min_max", "--json"))["x"]
    assert four["bits"] == 4
    assert four["scale"] == pytest.approx((net.max() - net.min()) / 15, rel=1e-6)
    assert "statistics kept" in dataflow("calibrate", "float.yaml", "--samples", "50").out


def test_parts_merged_are_the_whole(dataflow, net):
    dataflow("calibrate", "net.yaml", "--stats", "whole.npz")
    for number in (3, 1, 2):
        said = dataflow("calibrate", "net.yaml", "--part", f"{number}/3", "--stats-only").out
        assert said.startswith(f"net.{number}of3.stats.npz: ")
    merging = [word for number in (2, 3, 1) for word in ("--merge", f"net.{number}of3.stats.npz")]
    assert dataflow("calibrate", "net.yaml", *merging, "--stats", "merged.npz").code == 0
    assert Path("merged.npz").read_bytes() == Path("whole.npz").read_bytes()


def test_the_rows_of_a_file_or_of_another_split(dataflow, net):
    found = ranges(dataflow("calibrate", "net.yaml", "--data", "other.npz", "--range", "min_max", "--json"))
    assert found["x"]["max"] == pytest.approx(net[:100].max() / 2)
    found = ranges(dataflow("calibrate", "net.yaml", "--data", "few", "--range", "min_max", "--json"))
    assert found["x"]["max"] == pytest.approx(net[:3].max())


def test_variables_from_a_file(dataflow, net):
    np.savez("values.npz", w=np.full((4, 1), 2, np.float32))
    once = ranges(dataflow("calibrate", "net.yaml", "--json", "--range", "min_max"))
    twice = ranges(dataflow("calibrate", "net.yaml", "--json", "--range", "min_max", "--from", "values.npz"))
    assert twice["sum"]["max"] == pytest.approx(2 * once["sum"]["max"])
    assert twice["x"]["max"] == once["x"]["max"]


def test_values_that_are_not_finite_are_told(dataflow, net):
    net[5, 1] = np.nan
    np.savez("rows.npz", x=net)
    code, _, err = dataflow("calibrate", "float.yaml")
    assert code == 0
    assert err == "warning: 'x': 1 of 5200 values are not finite, and left out\n"
    np.savez("rows.npz", x=np.full((4, 4), np.nan, np.float32))
    code, _, err = dataflow("calibrate", "float.yaml")
    assert code == 1
    assert err.startswith("'x': must have finite values to find a range, got 16 others")


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("float.yaml", "-o", "q.yaml"), 1, "float.yaml: must have quantizers to write ranges for, got none; leave -o"),
        (("net.yaml", "--bits", "4"), 1, "net.yaml: --bits must be for quantizers that are to come"),
        (("line.yaml",), 1, "line.yaml: must have quantizers whose ranges are variables, or layers to quantize"),
        (
            ("net.yaml", "--range", "most"),
            1,
            "attr 'method' must be min_max, percentile, mse, entropy or moving_average",
        ),
        (("net.yaml", "-o", "net.yaml"), 1, "net.yaml: is the graph"),
        (("net.yaml", "-o", "q.yaml", "--in-place"), 2, "-o and --in-place: must be given one of them"),
        (("net.yaml", "--merge", "no.npz"), 1, "no.npz: must be a file of statistics, got none"),
        (("net.yaml", "--merge", "rows.npz"), 1, "rows.npz: is no whole file of statistics"),
        (("net.yaml", "--merge", "a", "--samples", "3"), 2, "--merge: must be given without --data, --from, --check"),
        (("net.yaml", "--part", "4/3"), 2, "must be a part such as 2/4, got '4/3'"),
        (("net.yaml", "--part", "1/9"), 1, "must be divided into 3 parts at most, of 512 rows each, got 9"),
        (("net.yaml", "--data", "none"), 1, "has no data 'none'"),
        (("net.yaml", "--from", "none"), 1, "none"),
        (("net.yaml", "--stats-only", "--in-place"), 2, "--stats-only: must be given without -o and --in-place"),
    ],
)
def test_mistakes(dataflow, net, args, code, said):
    got = dataflow("calibrate", *args)
    assert got.code == code
    assert said in got.err
    assert not list(Path().glob("*.stats.npz")) or got.code != 2


def test_a_graph_that_was_not_trained_is_told(dataflow, folder):
    text = Path("learn.yaml").read_text()
    text = text.replace("Multiply, inputs: {x: x, y: w}", "MatMul, inputs: {a: x, b: w}").replace("[N]", "[N, 1]")
    Path("learn.yaml").write_text(text.replace("initvalues: 0.0", "initvalues: [[0.0]]"))
    code, _, err = dataflow("calibrate", "learn.yaml")
    assert code == 1
    assert "learn.checkpoints: must have checkpoints, got none" in err
