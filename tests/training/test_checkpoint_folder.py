"""A folder of checkpoints: what is there already, what is written, and what is kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training import checkpoint
from dataflow.training.checkpoint_folder import CheckpointFolder
from dataflow.training.progress import Progress
from dataflow.training.trainer import Trainer


@pytest.fixture
def state():
    graph = flow.Graph("g")
    graph.output("w", graph.variable("w", 1.0))
    return flow.State(graph)


def write(files, state, *steps, best=()):
    with files.entered(lambda step: True):
        for step in steps:
            state.step = step
            files.save(state, {"progress": asdict(Progress(epoch=step))}, step in best)


def names(path):
    return sorted(file.name for file in path.iterdir())


def test_the_latest_are_kept_and_the_best(tmp_path, state):
    files = CheckpointFolder(tmp_path / "kept", keep=2)
    write(files, state, 3, 5, 5, 8, best=[3])
    assert names(tmp_path / "kept") == ["best.npz", "step-000000005.npz", "step-000000008.npz"]
    path, meta, variables, progress = files.latest()
    assert (path.name, meta["step"], progress.epoch, variables["w"]) == ("step-000000008.npz", 8, 8, 1.0)
    assert files.best().keys() == {"w"} and checkpoint.read(tmp_path / "kept" / "best.npz")[0]["step"] == 3


def test_what_is_there_is_neither_used_nor_removed_unasked(tmp_path, state):
    write(CheckpointFolder(tmp_path, 2), state, 3)
    with pytest.raises(GraphError, match="has checkpoints of an earlier training; give resume=True or restart=True"):
        CheckpointFolder(tmp_path, 2)
    assert CheckpointFolder(tmp_path, 2, resume=True).resumed
    again = CheckpointFolder(tmp_path, 2, restart=True)
    assert not again.resumed and names(tmp_path) == ["step-000000003.npz"]
    write(again, state, 1, best=[1])
    assert names(tmp_path) == ["best.npz", "step-000000001.npz"]


def test_nothing_is_resumed_from_an_empty_folder(tmp_path):
    assert not CheckpointFolder(tmp_path / "none", 2, resume=True).resumed


def test_others_files_count_for_nothing(tmp_path, state):
    (tmp_path / "step-000000002.npz").write_bytes(b"mine")
    files = CheckpointFolder(tmp_path, 1)
    with pytest.raises(GraphError, match=r"step-000000002\.npz: must be a checkpoint or not be there"):
        write(files, state, 1)
    with files.entered(lambda step: step != 2):
        for state.step in (1, 3):
            files.save(state, {"progress": asdict(Progress())}, False)
    assert names(tmp_path) == ["step-000000002.npz", "step-000000003.npz"]
    assert (tmp_path / "step-000000002.npz").read_bytes() == b"mine"


def test_one_that_is_written_meanwhile_is_noticed(tmp_path, state):
    first, second = CheckpointFolder(tmp_path, 2), CheckpointFolder(tmp_path, 2)
    write(first, state, 1)
    with pytest.raises(GraphError, match="another process has trained here meanwhile; begin again"):
        write(second, state, 1)
    write(first, state, 2)


# -- folders --------------------------------------------------------------------------------------------------------


def test_two_trainings_do_not_share_a_folder(load):
    first = Trainer(load(), Path("kept"))
    run = first.run()
    next(run)
    names = {path.name for path in Path("kept").iterdir()}
    for other in (Trainer(load(), Path("kept"), restart=True), Trainer(load(), Path("kept"), resume=True)):
        with pytest.raises(GraphError, match="must be used by one training at a time, got process"):
            list(other.run())
        assert {path.name for path in Path("kept").iterdir()} == names
    assert len([*run]) == 4
    with pytest.raises(GraphError, match="another process has trained here meanwhile"):
        list(other.run())


def test_starting_over_removes_only_checkpoints(load):
    list(Trainer(load(), Path("kept")).run())
    names = ["step-notes.npz", "step-7.npz", "step-000000001.npz", "step-999999999.npz", "notes.txt"]
    others = dict.fromkeys([*names, ".step-000000035.npz.0123456789ab.tmp.txt"], b"mine")
    for name, content in others.items():
        Path("kept", name).write_bytes(content)
    Path("kept", ".step-000000035.npz.0123456789ab.tmp").write_bytes(b"left")
    list(Trainer(load(epochs=2), Path("kept"), restart=True).run())
    list(Trainer(load(epochs=2), Path("kept"), resume=True).run())
    assert {name: Path("kept", name).read_bytes() for name in others} == others
    steps = [path.name for path in checkpoint.steps(Path("kept"))]
    assert steps == [f"step-{n:09d}.npz" for n in (999999999, 14, 7, 1)]
    assert not Path("kept", ".step-000000035.npz.0123456789ab.tmp").exists()


def test_damaged_checkpoints_are_kept_aside_when_training_goes_on(load):
    graph, folder = load(), Path("kept")
    list(Trainer(graph, folder).run())
    whole = {path: path.read_bytes() for path in (checkpoint.steps(folder)[0], folder / checkpoint.BEST)}
    for path in whole:
        path.write_bytes(b"damaged")
    list(Trainer(graph, folder, resume=True).run())
    for path in whole:
        assert path.with_name(f"{path.name}.damaged").read_bytes() == b"damaged"
    path = checkpoint.steps(folder)[0]
    assert path.read_bytes() == whole[path]


@pytest.mark.parametrize("name", ["best.npz", "step-000000007.npz"])
def test_files_in_the_way_are_not_overwritten(load, name):
    Path("kept").mkdir()
    Path("kept", name).write_bytes(b"mine")
    for restart in (False, True):
        with pytest.raises(GraphError, match=rf"{name}: must be a checkpoint or not be there, got another file"):
            list(Trainer(load(), Path("kept"), restart=restart).run())
    assert Path("kept", name).read_bytes() == b"mine"
