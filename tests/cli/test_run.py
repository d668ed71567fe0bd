"""``dataflow run``: outputs printed, written, planned, over several steps; and what is refused beforehand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import places
import pytest

COUNTER = """\
dataflow: 1
nodes:
  n: {block: Variable, inputs: {initvalues: 0.0}}
  next: {block: AddV2, inputs: {x: n, y: 1.0}}
  kept: {block: Assign, inputs: {ref: n, value: next}}
  noise: {block: RandomUniform, inputs: {shape: [2]}, attrs: {dtype: float32}}
outputs: {n: next, noise: noise}
"""


def test_a_row_per_output(dataflow, folder):
    assert dataflow("run", "line.yaml", "-i", "x=x.npy") == (
        0,
        "output  type        value\ny       float32[2]  [3., 5.]\n",
        "",
    )


def test_parameters_and_members_of_an_archive(dataflow, folder):
    done = dataflow("run", "line.yaml", "-p", "slope=10", "-i", "x=data.npz:others", "--json")
    assert json.loads(done.out) == {"y": [41.0]}


def test_outputs_are_written(dataflow, folder):
    code, out, _ = dataflow("run", "line.yaml", "-i", "x=x.npy", "-o", "out.npz")
    assert (code, out.splitlines()[0].split()[0]) == (0, "output")
    np.testing.assert_array_equal(np.load("out.npz")["y"], np.float32([3, 5]))


def test_the_data_of_the_graph_is_fed(dataflow, folder):
    assert json.loads(dataflow("run", "learn.yaml", "--json").out)["loss"] == 9.0
    assert json.loads(dataflow("run", "learn.yaml", "-s", "test", "--json").out)["loss"] == 0.0


def test_the_plan_is_shown_and_nothing_is_run(dataflow, folder):
    code, out, _ = dataflow("run", "line.yaml", "-i", "x=x.npy", "--plan", "-o", "out.npz")
    assert code == 0 and "Multiply(x, 2.0)" in out
    assert out.splitlines()[-1].startswith("2 steps, 1 buffer of 8 bytes;")
    assert not Path("out.npz").exists()


@pytest.fixture
def counter(folder):
    Path("counter.yaml").write_text(COUNTER)


def result(done):
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_steps_change_variables(dataflow, counter):
    run = "run", "counter.yaml", "--json"
    assert result(dataflow(*run))["n"] == 1.0
    assert result(dataflow(*run, "--steps", 3))["n"] == 3.0


def test_a_state_goes_on_where_it_was_left(dataflow, counter):
    run = "run", "counter.yaml", "--json", "--state", "s.npz"
    first, second = result(dataflow(*run, "--steps", 2)), result(dataflow(*run))
    assert (first["n"], second["n"]) == (2.0, 3.0)
    assert result(dataflow("run", "counter.yaml", "--json", "--steps", 3))["noise"] == second["noise"]


def test_a_seed_sets_the_random_numbers(dataflow, counter):
    noise = [result(dataflow("run", "counter.yaml", "--json", "--seed", seed))["noise"] for seed in (1, 2, 1)]
    assert noise[0] == noise[2] != noise[1]


@pytest.mark.parametrize(
    "args, code, said",
    [
        (("line.yaml",), 1, "input 'x' must be fed float32[N], got nothing"),
        (("line.yaml", "-i", "z=x.npy"), 1, "has no input 'z'"),
        (("line.yaml", "-i", "x"), 2, "-i takes NAME=VALUE, got 'x'"),
        (("line.yaml", "-i", "x=x.npy", "-i", "x=x.npy"), 2, "-i x: must be given once"),
        (("line.yaml", "-p", "slop=1", "-i", "x=x.npy"), 1, "did you mean 'slope'?"),
        (("line.yaml", "-p", "=1"), 2, "-p takes NAME=VALUE, got '=1'"),
        (("none.yaml",), 1, "none.yaml:1:1: no such file or directory"),
        (("x" * 5000,), 1, "file name too long"),
        (("line.yaml", "-s", "none"), 1, "has no data 'none'"),
        (("line.yaml", "--steps", "0"), 2, "0 is not in the range x>=1"),
        (("line.yaml", "--seed", "x"), 2, "'x' is not a valid integer"),
        (("line.yaml", "-i", "x=x.npy", "--max-bytes", "7B"), 1, "a run must hold at most 7 bytes, got "),
        (
            ("line.yaml", "--max-bytes", "lots"),
            2,
            "must be a number of bytes such as 1000000, 64MiB or 2GB, got 'lots'",
        ),
        (("line.yaml", "-i", "x=x.npy", "-o", "."), 2, "is a directory"),
        (("line.yaml", "-i", "x=x.npy", "-o", "none/out.npz"), 1, "out.npz: cannot be written"),
        (("line.yaml", "-i", "x=x.npy", "--state", "none/s.npz"), 1, "s.npz: cannot be written"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_mistakes(dataflow, folder, args, code, said):
    done = dataflow("run", *args)
    assert (done.code, done.out, said in done.err) == (code, "", True), done.err


@pytest.mark.parametrize("option", ["-o", "--state"])
def test_where_nothing_can_be_written_nothing_is_run(dataflow, folder, option):
    code, _, err = dataflow("run", "failing.yaml", "-i", "x=x.npy", option, "none/file.npz")
    assert (code, "file.npz: cannot be written: no such file" in err) == (1, True)


def test_a_failure_at_run_time_is_status_3(dataflow, folder):
    code, out, err = dataflow("run", "failing.yaml", "-i", "x=x.npy", "-o", "out.npz")
    assert (code, out) == (3, "")
    assert err.startswith("node 'q' (QuantizeV2): ")
    assert not Path("out.npz").exists()


def test_the_loops_of_regions_are_shown_with_the_plan(dataflow, folder):
    np.save(folder / "long.npy", np.zeros(1 << 20, np.float32))
    given = "run", "line.yaml", "-i", "x=long.npy", "--kernels", "numpy"
    code, out, _ = dataflow(*given, "--plan", "--source")
    assert code == 0
    plan, loop = out.split("\n\n")
    assert "2 tiles of 524288 elements" in plan
    assert "\nfor start in range(0, 1048576, 524288):\n    " in loop
    assert (
        "no regions: every step is one call of its kernel"
        in dataflow("run", "line.yaml", "-i", "x=x.npy", "--plan", "--source")[1]
    )
    code, _, errors = dataflow(*given, "--source")
    assert code == 2 and "--source goes with --plan" in errors


def test_threads_change_the_plan_and_no_result(dataflow, folder):
    np.save("long.npy", np.ones(3_000_000, np.float32))
    given = "run", "line.yaml", "-i", "x=long.npy", "--plan", "--kernels", "numpy"
    assert "by 2 threads" in dataflow(*given, "--threads", 2).out
    assert "threads" not in dataflow(*given, "--threads", 1).out


def test_threads_of_the_environment(dataflow, folder, monkeypatch):
    monkeypatch.setenv("DATAFLOW_THREADS", "no")
    code, _, err = dataflow("run", "line.yaml", "-i", "x=x.npy")
    assert code == 1
    assert "environment variable DATAFLOW_THREADS must be a whole number from 1 to 256, got 'no'" in err


def test_the_digits_graph(dataflow, monkeypatch):
    monkeypatch.chdir(places.GRAPHS.parent)
    run = "run", "graphs/quant/digits_fake_quant.yaml", "--json"
    outputs = result(dataflow(*run))
    assert outputs["accuracy"] > 0.9
    assert abs(outputs["accuracy_q"] - outputs["accuracy"]) < 0.02
    assert outputs["sqnr"] > 30
    assert result(dataflow(*run, "-p", "num_bits=3"))["sqnr"] < outputs["sqnr"] - 20
