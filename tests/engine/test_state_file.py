"""Files of variables: what a state saves comes back, and other programs read it; what does not fit is listed."""

from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from graph_text import same

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError
from dataflow.engine.state_file import read_variables
from dataflow.files import Unreadable
from dataflow.files.safetensors import write_safetensors

FILES = ["state.npz", "state.safetensors"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def model(n: object = 1.0):
    graph = flow.Graph("model")
    graph.variable("n", np.float32(n))
    graph.variable("half", np.ones((2, 3), ml_dtypes.bfloat16) / 3)
    graph.variable("layer/w", initializer="he_normal", shape=[3, 2], dtype="float64")
    graph.variable("any", np.arange(4), trainable=False)
    graph.output("next", flow.blocks["AssignAdd"]()(graph.ref("n"), 2.0))
    return graph


@pytest.mark.parametrize("path", FILES)
def test_a_saved_state_goes_on_where_it_was(path):
    graph, state = model(), flow.State(model(), seed=7)
    flow.run(graph, state=state)
    state.save(path)
    again = flow.State.load(graph, path)
    assert (again.seed, again.step) == (7, 1)
    assert list(again) == list(state) == ["n", "half", "layer/w", "any"]
    for name in state:
        same(again[name], state[name])
    assert float(flow.run(graph, state=again)["next"]) == 5


def test_numpy_reads_variables_by_name():
    flow.State(model(3.0)).save("state.npz")
    with np.load("state.npz") as archive:
        assert set(archive.files) == {"n", "half", "layer/w", "any", "__metadata__"}
        assert float(archive["n"]) == 3
        assert json.loads(archive["__metadata__"].tobytes()) == {"seed": 0, "step": 0}
        same(archive["half"].view(ml_dtypes.bfloat16), np.ones((2, 3), ml_dtypes.bfloat16) / 3)


@pytest.mark.parametrize("path", FILES)
def test_files_of_other_programs_begin_at_step_0(path):
    given = {**flow.State(model(), 1), "n": np.float32(9)}
    if path.endswith(".npz"):
        np.savez(path, **given)
    else:
        write_safetensors(path, given, {"format": "np", "note": "{"})
    state = flow.State.load(model(), path)
    assert (state.step, state.seed, float(state["n"])) == (0, 0, 9)


@pytest.mark.parametrize("path", FILES)
def test_all_that_does_not_fit_is_listed(path):
    other = flow.Graph("other")
    other.variable("n", np.float64(1))
    other.variable("halb", np.float32(1))
    other.variable("any", np.arange(5))
    flow.State(other).save(path)
    with pytest.raises(GraphError) as caught:
        flow.State.load(model(), path)
    assert str(caught.value).splitlines() == [
        f"{path}: variable 'n' must be float32, got float64; convert it with .astype",
        f"{path}: variable 'any' must have shape [4], got [5]",
        f"{path}: graph 'model' has no variable 'halb'; did you mean 'half'?",
        f"{path}: variable 'half' must be given, got nothing",
        f"{path}: variable 'layer/w' must be given, got nothing",
    ]


@pytest.mark.parametrize("path", ["state.yaml", "state", "state.npy", "STATE.NPZ"])
def test_other_endings_are_refused_before_anything_is_read_or_written(path):
    for act in (flow.State(model()).save, lambda path: flow.State.load(model(), path)):
        with pytest.raises(DataflowError, match=rf"^{path}: the name must end in .npz or .safetensors, got '.*'"):
            act(path)
    assert list(Path().iterdir()) == []


def test_a_name_that_files_need_is_refused():
    graph = flow.Graph("named")
    graph.variable("__metadata__", 1.0)
    for path in FILES:
        with pytest.raises(DataflowError, match="no variable can be called '__metadata__' in a file; rename it"):
            flow.State(graph).save(path)
    assert list(Path().iterdir()) == []


WRONG = {
    "no_json": (b"{", "is no JSON"),
    "a_list": (b"[1]", "must map names to values"),
    "nested": (b"[" * 100_000, "is no JSON"),
    "step_of_text": (b'{"step": "1", "seed": 0}', "seed and step must be whole numbers"),
    "negative_step": (b'{"step": -1, "seed": 0}', "seed and step must be whole numbers"),
    "truth": (b'{"step": 1, "seed": true}', "seed and step must be whole numbers"),
}


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("kind", WRONG)
def test_metadata_that_is_nonsense_is_refused(kind, path):
    text, message = WRONG[kind]
    variables = dict(flow.State(model()))
    if path.endswith(".npz"):
        np.savez(path, __metadata__=np.frombuffer(text, np.uint8), **variables)
    else:
        write_safetensors(path, variables, {"dataflow": text.decode()})
    with pytest.raises(DataflowError, match=rf"^{path}: .*{message}"):
        flow.State.load(model(), path)


def test_what_is_no_file_of_variables_is_told():
    np.save("one.npy", np.ones(2))
    Path("one.npy").rename("one.npz")
    with pytest.raises(
        DataflowError, match=r"^one.npz: is no whole state file: must be .npz or .safetensors, whose arrays have names"
    ):
        flow.State.load(model(), "one.npz")
    Path("cut.npz").write_bytes(b"PK\3\4")
    with pytest.raises(DataflowError, match=r"^cut.npz: is no whole state file: is no sound .npz file"):
        flow.State.load(model(), "cut.npz")
    with pytest.raises(DataflowError, match=r"^none.npz: is no whole state file: no such file"):
        flow.State.load(model(), "none.npz")
    np.savez("text.npz", __metadata__=np.ones(3))
    with pytest.raises(Unreadable, match="'__metadata__' must be at most 67,108,864 bytes of JSON"):
        read_variables("text.npz")
