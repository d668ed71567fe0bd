"""``-o FILE`` of run and predict, and what ``-i`` takes: checked before any work, and never onto what is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dataflow.cli import input_files
from dataflow.training.trainer import Trainer

TEXT = """\
dataflow: 1
inputs: {x: "float32[N, 2]", y: "float32[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: [2.0, 3.0]}}
  p: {block: Multiply, inputs: {x: x, y: w}}
  s: {block: Sum, inputs: {input: p, axis: [1]}}
  error: {block: SquaredDifference, inputs: {x: s, y: y}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs: {s: s, p: p, loss: loss}
data:
  train: {path: d.npz, inputs: {x: x, y: y}}
train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.0}}}
"""
X = np.arange(24, dtype=np.float32).reshape(12, 2)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text(TEXT)
    np.savez("d.npz", x=X, y=X.sum(1))
    np.save("x.npy", X)
    np.save("y.npy", X.sum(1))


@pytest.fixture
def trained():
    import dataflow as flow

    list(Trainer(flow.load("g.yaml"), Path("g.checkpoints")).run())


def test_predict_shows_the_first_rows(dataflow, trained):
    code, out, _ = dataflow("predict", "g.yaml", "-i", "x=x.npy")
    lines = out.splitlines()
    assert code == 0
    assert lines[:3] == ["row  s    p", "  0  3.   [0., 3.]", "  1  13.  [4., 9.]"]
    assert lines[11:] == ["and 2 more rows"] and len(lines) == 12


def test_predict_shows_what_has_no_rows_below(dataflow, trained):
    _, out, _ = dataflow("predict", "g.yaml", "-s", "train")
    assert out.splitlines()[-3:] == ["and 2 more rows", "output  type       value", "loss    float32[]  1654."]


def test_predict_prints_json(dataflow, trained):
    code, out, _ = dataflow("predict", "g.yaml", "-i", "x=x.npy", "--json")
    assert (code, json.loads(out)["p"][1]) == (0, [4, 9])


@pytest.mark.parametrize("command", ["run", "predict"])
def test_outputs_in_a_table(dataflow, trained, command):
    code, _, err = dataflow(command, "g.yaml", "-i", "x=x.npy", "-i", "y=y.npy", "-o", "out.csv")
    assert (code, err) == (0, "out.csv: without loss, which have no rows\n")
    assert Path("out.csv").read_text().splitlines()[:3] == ["s,p_0,p_1", "3.0,0.0,3.0", "13.0,4.0,9.0"]


@pytest.mark.parametrize("command", ["run", "predict"])
@pytest.mark.parametrize(
    "out, message",
    [
        ("out.txt", "out.txt: the name must end in .csv, .npz, .npy, .parquet or .json, got '.txt'; rename it"),
        ("out.npy", "out.npy: .npy holds one output, got 3: s, p and loss; write .npz"),
        ("g.yaml", "g.yaml: is the graph, which -o would replace; name another file"),
        ("x.npy", "x.npy: is an input, which -o would replace; name another file"),
        ("./sub/../y.npy", "./sub/../y.npy: is an input, which -o would replace; name another file"),
        ("link.npz", "link.npz: is a file that the graph reads, which -o would replace; name another file"),
        ("no/out.csv", "no/out.csv: cannot be written: no such file or directory"),
    ],
)
def test_what_cannot_be_written_is_told_before_any_work(dataflow, trained, monkeypatch, command, out, message):
    Path("sub").mkdir()
    Path("link.npz").symlink_to("d.npz")
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    monkeypatch.setattr("dataflow.run", lambda *_: pytest.fail("it ran"))
    monkeypatch.setattr("dataflow.plan", lambda *_: pytest.fail("it ran"))
    if command == "run" or out != "out.npy":  # of what is given follows which outputs a prediction has
        monkeypatch.setattr(input_files, "_array", lambda *_: pytest.fail("it read"))
    code, _, err = dataflow(command, "g.yaml", "-i", "x=x.npy", "-i", "y=y.npy", "-o", out)
    assert (code, err.strip()) == (1, message)
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_checkpoints_and_states_are_not_replaced(dataflow, trained):
    code, _, err = dataflow("predict", "g.yaml", "-i", "x=x.npy", "-o", "g.checkpoints/best.npz")
    assert (code, err) == (1, "g.checkpoints/best.npz: is a checkpoint, which -o would replace; name another file\n")
    code, _, err = dataflow("run", "g.yaml", "--state", "s.npz", "-o", "s.npz")
    assert (code, err) == (1, "s.npz: is the state, which -o would replace; name another file\n")
    code, _, err = dataflow("run", "g.yaml", "--state", "g.yaml")
    assert (code, err) == (1, "g.yaml: the name must end in .npz or .safetensors, got '.yaml'; rename it\n")


@pytest.mark.parametrize("state", ["s.npz", "s.safetensors"])
def test_steps_with_a_state(dataflow, state):
    args = ("run", "g.yaml", "-i", "x=x.npy", "-i", "y=y.npy", "--state", state)
    assert dataflow(*args, "--steps", 3)[0] == dataflow(*args)[0] == 0
    np.savez("other.npz", w=np.float32([1]), v=1)
    code, _, err = dataflow("run", "g.yaml", "--state", "other.npz")
    assert (code, err.splitlines()) == (
        1,
        [
            "other.npz: variable 'w' must have shape [2], got [1]",
            "other.npz: graph 'g' has no variable 'v'; it has w",
        ],
    )


# -- tables as inputs -------------------------------------------------------------------------------------------------

TABLE = "b,a,y,k\n" + "".join(f"{b},{a},{a + b},{a}\n" for a, b in X.astype(int))


@pytest.mark.parametrize("command", ["run", "predict"])
def test_columns_of_a_table_are_inputs(dataflow, trained, command):
    Path("new.csv").write_text(TABLE)
    args = (command, "g.yaml", "-i", "x=new.csv:a,b", "-i", "y=new.csv", "-o", "out.npz")
    assert dataflow(*args)[0] == 0
    with np.load("out.npz") as archive:
        np.testing.assert_array_equal(archive["p"], X * [2, 3])
        assert archive["loss"] == np.mean((archive["s"] - X.sum(1)) ** 2)


def test_columns_take_the_dtype_and_shape_of_the_input(dataflow):
    text = "dataflow: 1\\ninputs: {x: 'IN'}\\nnodes:\\n  y: {block: Identity, inputs: {input: x}}\\noutputs: {y: y}\\n"
    Path("new.csv").write_text(TABLE)
    for declared, place, shape, dtype in [
        ("int64[N]", "new.csv:a", (12,), np.int64),
        ("int32[N, 1]", "new.csv:a", (12, 1), np.int32),
        ("float64[N, 2, 2]", "new.csv", (12, 2, 2), np.float64),
        ("float32", "new.csv:a,y", (12, 2), np.float32),
    ]:
        Path("i.yaml").write_text(text.replace("IN", declared).replace("\\n", "\n"))
        assert dataflow("run", "i.yaml", "-i", f"x={place}", "-o", "out.npy")[0] == 0
        made = np.load("out.npy")
        assert (made.shape, made.dtype) == (shape, dtype)


@pytest.mark.parametrize(
    "place, wanted",
    [
        ("x.npy", ("x.npy", "")),
        ("x.npz:a/b", ("x.npz", "a/b")),
        ("x.csv.npz:a", ("x.csv.npz", "a")),
        ("d:x.csv:a, b", ("d:x.csv", "a, b")),
        ("x.csv.gz:a", ("x.csv.gz", "a")),
        ("x.parquet:a.npz:b", ("x.parquet", "a.npz:b")),
        ("x.txt:a", ("x.txt:a", "")),
    ],
)
def test_a_file_and_what_is_named_in_it(place, wanted):
    assert input_files.place(place) == wanted


@pytest.mark.slow
def test_columns_of_parquet_files(dataflow, trained):
    dataflow("run", "g.yaml", "-i", "x=x.npy", "-i", "y=y.npy", "-o", "out.parquet")
    code, _, err = dataflow("predict", "g.yaml", "-i", "x=out.parquet:p_0,p_1", "-i", "y=out.parquet:s", "-o", "o.npz")
    assert (code, err) == (0, "")
    with np.load("o.npz") as archive:
        np.testing.assert_array_equal(archive["p"], X * [4, 9])


@pytest.mark.parametrize(
    "place, message",
    [
        ("new.csv:a,c", "-i x: new.csv: no column 'c'; it has b, a, y and k"),
        ("new.csv:half", "-i x: new.csv:2: column 'half' must be a whole number, got '0.5'"),
        ("none.csv", "-i x: none.csv: cannot be read as data: no such file or directory"),
    ],
)
def test_what_is_wrong_with_a_table(dataflow, place, message):
    Path("g.yaml").write_text("dataflow: 1\ninputs: {x: 'int64[N]'}\nnodes: {}\noutputs: {x: x}\n")
    header = "b,a,y,k\n" if "half" not in place else "b,a,y,half\n"
    Path("new.csv").write_text(header + "1,2,3,0.5\n")
    code, _, err = dataflow("run", "g.yaml", "-i", f"x={place}")
    assert code == 1 and err.startswith(message)
