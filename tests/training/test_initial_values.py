"""Values that training starts from: read from folders and files, and matched with the graph."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from graph_text import same

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError
from dataflow.files.safetensors import write_safetensors
from dataflow.training import checkpoint
from dataflow.training.initial_values import initial_values, read_values


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def graph():
    made = flow.Graph("g")
    made.variable("w", np.zeros((2, 3), np.float32))
    made.variable("b", np.zeros(3, ml_dtypes.bfloat16))
    return made


W, B = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1, 2, 3], ml_dtypes.bfloat16)


def test_files_of_variables():
    np.savez("a.npz", w=W)
    write_safetensors("a.safetensors", {"w": W, "b": B})
    flow.State(graph(), values={"w": W}).save("s.npz")
    assert list(read_values("a.npz")) == ["w"] and list(read_values("s.npz")) == ["w", "b"]
    same(read_values("a.safetensors")["b"], B)
    for path, message in (
        ("none.npz", "no such file"),
        ("g.yaml", "must be .npz or .saf"),
        ("one.npy", "must be .npz or .saf"),
    ):
        np.save("one.npy", W)
        Path("g.yaml").write_text("dataflow: 1\n")
        with pytest.raises(DataflowError, match=rf"^{path}: cannot be read as variables: .*{message}"):
            read_values(path)


def test_of_a_folder_the_best_checkpoint_or_else_the_latest():
    Path("kept").mkdir()
    with pytest.raises(DataflowError, match="kept: must have checkpoints, got none"):
        read_values("kept")
    for step, name in ((1, "step-000000001.npz"), (2, "step-000000002.npz"), (3, checkpoint.BEST)):
        checkpoint.save(Path("kept", name), flow.State(graph(), values={"w": W * step}), {})
    assert read_values("kept")["w"][0, 1] == 3
    Path("kept", checkpoint.BEST).unlink()
    assert read_values("kept")["w"][0, 1] == 2


def test_all_must_fit():
    taken, problems = initial_values(graph(), {"b": B, "w": W})
    assert list(taken) == ["w", "b"] and problems == []
    with pytest.raises(GraphError) as caught:
        initial_values(graph(), {"w": W.T, "v": 1, "b": W[0]})
    assert str(caught.value).splitlines() == [
        "variable 'w' must have shape [2, 3], got [3, 2]",
        "variable 'b' must be bfloat16, got float32; convert it with .astype",
        "graph 'g' has no variable 'v'; it has w and b",
        "partial=True takes what fits",
    ]


def test_a_part_is_taken_and_the_rest_listed():
    taken, problems = initial_values(graph(), {"w": W, "x": 1}, partial=True)
    same(taken["w"], W)
    assert problems == [
        "graph 'g' has no variable 'x'; it has w and b",
        "no value for b, which start as the graph says",
    ]


def test_what_optimizers_keep_is_passed_over():
    given = {"w": W, "b": B, "train/w/m": W, "train/step": np.int64(7)}
    assert initial_values(graph(), given)[1] == []
    own = graph()
    own.variable("train/own", np.float32(0))
    with pytest.raises(GraphError, match="variable 'train/own' must be given"):
        initial_values(own, given)
    assert initial_values(own, {**given, "train/own": np.float32(5)})[0]["train/own"] == 5
