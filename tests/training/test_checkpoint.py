"""Checkpoints: what was saved comes back bit for bit, what is damaged or of another graph is told and passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from graph_text import same

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.files import atomic
from dataflow.training import checkpoint

NOTES = {"epoch": 2, "best": None, "sums": {"loss": 0.1}, "rows": [1, 2]}
META = "__metadata__"  # the member of the file with all but the variables


def graph_of(**values: Any) -> flow.Graph:
    graph = flow.Graph("g")
    for name, value in values.items():
        graph.variable(name, value)
        graph.output(name, name)
    return graph


GRAPH = graph_of(
    w=np.float32([[1.5, -0.0], [np.nan, 3]]),
    half=np.array([0.1, 2], ml_dtypes.bfloat16),
    count=np.int64(7),
    empty=np.zeros((0, 3), np.float32),
)


def state_at(step: int, graph: flow.Graph = GRAPH) -> flow.State:
    state = flow.State(graph, 3)
    state.step = step
    return state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with checkpoints of the steps 7, 14 and 21."""
    for step in (7, 14, 21):
        checkpoint.save(tmp_path / f"step-{step:09d}.npz", state_at(step), {**NOTES, "epoch": step // 7})
    return tmp_path


def changed(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Write a checkpoint anew after ``change(arrays, meta)``, with a sound zip around it."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    meta = json.loads(arrays.pop(META).tobytes())
    change(arrays, meta)
    np.savez(path, **arrays, **{META: np.frombuffer(json.dumps(meta).encode(), np.uint8)})


# -- saved and loaded -------------------------------------------------------------------------------------------------


def test_a_state_and_its_notes_come_back(tmp_path: Path) -> None:
    path, state = tmp_path / "step-000000005.npz", state_at(2**62)
    checkpoint.save(path, state, NOTES)
    again, notes = checkpoint.load(path, GRAPH)
    assert (again.seed, again.step, notes) == (3, 2**62, NOTES)
    assert list(again.variables) == ["w", "half", "count", "empty"]
    for name, value in state.variables.items():
        same(again.variables[name], value)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_variables_however_they_lie_are_saved_alike(tmp_path: Path) -> None:
    state = state_at(1)
    checkpoint.save(tmp_path / "a.npz", state, {})
    state.variables["w"] = np.asfortranarray(state.variables["w"])
    checkpoint.save(tmp_path / "b.npz", state, {})
    metas = [checkpoint.read(tmp_path / name)[0] for name in ("a.npz", "b.npz")]
    assert metas[0]["digest"] == metas[1]["digest"]
    assert checkpoint.load(tmp_path / "b.npz", GRAPH)[0].variables["w"].tobytes() == state.variables["w"].tobytes()


def test_a_checkpoint_is_read_without_its_graph(folder: Path) -> None:
    meta, variables = checkpoint.read(folder / "step-000000007.npz")
    assert (meta["seed"], meta["step"], meta["notes"]["epoch"]) == (3, 7, 1)
    assert sorted(variables) == ["count", "empty", "half", "w"]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (graph_of(w=np.ones((2, 2), np.float32)), "is of another graph: variable 'count' is in one of the two"),
        (
            graph_of(**{name: GRAPH.nodes[name].inputs["initvalues"].value for name in GRAPH.nodes}, more=1.0),
            "is of another graph: variable 'more' is in one of the two",
        ),
        (
            graph_of(w=np.ones(3, np.float32), half=np.zeros(2, ml_dtypes.bfloat16), count=np.int64(1), empty=[0.0]),
            "is of another graph: variable 'w' must ",
        ),
    ],
)
def test_a_checkpoint_of_another_graph_is_told(folder: Path, other: flow.Graph, told: str) -> None:
    with pytest.raises(DataflowError) as refused:
        checkpoint.load(folder / "step-000000007.npz", other)
    assert str(refused.value).startswith(f"{folder / 'step-000000007.npz'}: {told}")


# -- damaged ones -----------------------------------------------------------------------------------------------------


DAMAGES: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "a bit of a variable": lambda arrays, meta: arrays.update(w=np.nextafter(arrays["w"], np.float32(9))),
    "the sign of a zero": lambda arrays, meta: arrays.update(w=np.where(arrays["w"] == 0, 0, arrays["w"])),
    "a shape": lambda arrays, meta: arrays.update(w=arrays["w"].reshape(4)),
    "a dtype": lambda arrays, meta: arrays.update(count=arrays["count"].astype(np.uint64)),
    "one variable less": lambda arrays, meta: arrays.pop("count"),
    "one variable more": lambda arrays, meta: arrays.update(more=np.ones(2)),
    "a name": lambda arrays, meta: arrays.update(counts=arrays.pop("count")),
    "the names of two": lambda arrays, meta: arrays.update(w=arrays["half"], half=arrays["w"]),
    "the seed": lambda arrays, meta: meta.update(seed=4),
    "the step": lambda arrays, meta: meta.update(step=8),
    "a note": lambda arrays, meta: meta["notes"].update(epoch=9),
    "the digest": lambda arrays, meta: meta.update(digest="0" * 64),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_differs_from_what_was_saved_is_noticed(folder: Path, damage: str) -> None:
    path = folder / "step-000000007.npz"
    changed(path, DAMAGES[damage])
    with pytest.raises(DataflowError) as refused:
        checkpoint.read(path)
    assert str(refused.value) == f"{path}: is no whole checkpoint: its digest does not agree with what is in it"


SAYS = "is no whole checkpoint: it must say seed, step, notes, digest, got another"
NONSENSE: dict[str, tuple[dict[str, Any], str]] = {
    "no digest": ({"digest": None}, f"{SAYS} 'digest' or none"),
    "seed of text": ({"seed": "0"}, f"{SAYS} 'seed' or none"),
    "true for a step": ({"step": True}, f"{SAYS} 'step' or none"),
    "notes in a list": ({"notes": []}, f"{SAYS} 'notes' or none"),
    "negative step": ({"step": -1}, "is no whole checkpoint: 'step' must be a number of steps, got -1"),
    "huge step": ({"step": 2**63}, "is no whole checkpoint: 'step' must be a number of steps, got 9223372036854775808"),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_what_a_checkpoint_says_of_itself_is_not_believed(folder: Path, kind: str) -> None:
    path, (meta, told) = folder / "step-000000007.npz", NONSENSE[kind]
    changed(path, lambda arrays, said: said.update(meta))
    with pytest.raises(DataflowError) as refused:
        checkpoint.read(path)
    assert str(refused.value) == f"{path}: {told}"


@pytest.mark.parametrize("text", [None, b"", b"{", b"[1, 2]", b"[" * 100_000, b'{"seed": ' + b"9" * 10_000 + b"}"])
def test_a_file_that_says_nothing_sensible_of_itself_is_no_checkpoint(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "step-000000007.npz"
    np.savez(path, w=np.ones(2), **({} if text is None else {META: np.frombuffer(text, np.uint8)}))
    with pytest.raises(DataflowError) as refused:
        checkpoint.read(path)
    assert str(refused.value).startswith(f"{path}: is no whole checkpoint: ")


@pytest.mark.parametrize("size", [0, 10, -200, -1])
def test_a_file_that_was_cut_short_is_no_checkpoint(folder: Path, size: int) -> None:
    path = folder / "step-000000007.npz"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataflowError, match="is no whole checkpoint: "):
        checkpoint.read(path)


def test_no_file_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(DataflowError, match=r"step-000000001\.npz: is no whole checkpoint: no such file"):
        checkpoint.read(tmp_path / "step-000000001.npz")


# -- folders ----------------------------------------------------------------------------------------------------------


def test_the_latest_checkpoint_that_is_whole_is_found(folder: Path) -> None:
    paths = checkpoint.steps(folder)
    assert [path.name for path in paths] == ["step-000000021.npz", "step-000000014.npz", "step-000000007.npz"]
    assert checkpoint.latest(folder, checkpoint.read)[0]["step"] == 21
    paths[0].write_bytes(paths[0].read_bytes()[:-200])
    changed(paths[1], DAMAGES["a bit of a variable"])
    assert checkpoint.latest(folder, checkpoint.read)[0]["step"] == 7
    paths[2].unlink()
    with pytest.raises(DataflowError, match=r"step-000000014\.npz: is no whole checkpoint"):
        checkpoint.latest(folder, checkpoint.read)


def test_a_folder_without_checkpoints_says_how_they_are_made(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(DataflowError) as refused:
            checkpoint.latest(folder, checkpoint.read)
        assert str(refused.value) == f"{folder}: must have checkpoints, got none; Trainer.run makes them"


def test_other_errors_of_a_reader_pass_through(folder: Path) -> None:
    def fail(path: Path) -> None:
        raise LookupError(path.name)

    with pytest.raises(LookupError, match="step-000000021"):
        checkpoint.latest(folder, fail)


def test_a_folder_is_prepared_before_any_work(tmp_path: Path) -> None:
    checkpoint.prepare(tmp_path / "a" / "b")
    checkpoint.prepare(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").touch()
    for path, told in (("file", "file exists"), ("file/b", "not a directory")):
        with pytest.raises(DataflowError, match=f"{path}: cannot be written: {told}"):
            checkpoint.prepare(tmp_path / path)


def test_a_full_disk_is_told_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "temporary", full)
    with pytest.raises(DataflowError, match=r"a/best\.npz: cannot be written: no space left on device"):
        checkpoint.prepare(tmp_path / "a")


def test_only_checkpoints_are_cleared(folder: Path) -> None:
    checkpoint.save(folder / checkpoint.BEST, state_at(14), NOTES)
    (folder / "notes.txt").touch()
    (folder / "other.npz").touch()
    checkpoint.clear(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt", "other.npz"]


def test_what_a_killed_process_left_is_tidied_up(folder: Path) -> None:
    left = [".step-000000028.npz.0123456789ab.tmp", ".best.npz.ba9876543210.tmp"]
    for name in (*left, ".mine.tmp", "step-000000028.npz.tmp"):
        (folder / name).touch()
    checkpoint.tidy(folder)
    names = {path.name for path in folder.iterdir()}
    assert names >= {".mine.tmp", "step-000000028.npz.tmp", "step-000000021.npz"}
    assert names.isdisjoint(left)
