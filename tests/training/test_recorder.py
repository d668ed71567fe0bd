"""Which recorders follow a training, and what they are told, whatever becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError, RunError
from dataflow.training import checkpoint
from dataflow.training.event_file import EventFiles
from dataflow.training.history import History
from dataflow.training.recorder import usual_recorders
from dataflow.training.run_record import RunRecord, latest_record, read_record
from dataflow.training.trainer import Trainer
from training.line import TEXT, X, Y, bits, stop_after

KEPT = Path("kept")


def test_a_folder_gets_a_record_and_a_history():
    assert [type(each) for each in usual_recorders(KEPT)] == [RunRecord, History]
    assert usual_recorders(None) == []


def test_event_files_need_no_folder_of_checkpoints():
    assert [type(each) for each in usual_recorders(None, tensorboard=Path("t"))] == [EventFiles]
    assert [type(each) for each in usual_recorders(Path("kept"), tensorboard=Path("t"))] == [
        RunRecord,
        History,
        EventFiles,
    ]


# -- trainings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("d.npz", x=X, y=Y)

    def load(change=lambda text: text, **params):
        Path("g.yaml").write_text(change(TEXT))
        return flow.load("g.yaml", **params)

    return load


def history():
    """The lines of the history without the times, which differ."""
    return [line.rpartition(",")[0] for line in (KEPT / "history.csv").read_text().splitlines()]


def record():
    return read_record(latest_record(KEPT))


def statuses():
    return [session["status"] for session in record()["sessions"]]


def test_a_training_leaves_a_history_and_a_record(load):
    trainer = Trainer(load(), KEPT, params={"epochs": 5})
    reports = list(trainer.run())
    assert history() == [
        "epoch,step,learning_rate,loss",
        *(f"{r.epoch},{r.step},0.1,{r.train['loss']!r}" for r in reports),
    ]
    said = record()
    assert [row["loss"] for row in said["epochs"]] == [r.train["loss"] for r in reports]
    assert (statuses(), said["params"], list(said["data"])) == (["done"], {"epochs": "5"}, ["d.npz"])
    assert said["weights"]["end"] == trainer.state.digest()
    assert "epochs: 5" in said["graph"]["text"]


@pytest.mark.parametrize("when", [0, 3, 7, 8, 20])
def test_a_stopped_training_that_is_continued_has_the_same_history(load, when):
    list(Trainer(load(), Path("whole")).run())
    whole = [line.rpartition(",")[0] for line in Path("whole", "history.csv").read_text().splitlines()]
    list(Trainer(load(), KEPT).run(stop_after(when)))
    assert statuses() == ["stopped"]
    list(Trainer(load(), KEPT, resume=True).run())
    assert statuses() == ["stopped", "done"] and history() == whole
    assert record()["weights"] == read_record(latest_record(Path("whole")))["weights"]


@pytest.mark.parametrize("saves", range(1, 8))
def test_a_crash_between_an_epoch_and_its_checkpoint_leaves_no_line_twice(load, monkeypatch, saves):
    list(Trainer(load(), Path("whole")).run())
    whole = [line.rpartition(",")[0] for line in Path("whole", "history.csv").read_text().splitlines()]
    save, done = checkpoint.save, 0

    def saved(*args):
        nonlocal done
        if (done := done + 1) > saves:
            raise SystemExit
        save(*args)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", saved)
        patch.setattr(RunRecord, "end", lambda *_: None)  # as where the process is killed
        with pytest.raises(SystemExit):
            list(Trainer(load(), KEPT).run())
    assert history() == whole[: len(history())] and statuses() == ["running"]
    list(Trainer(load(), KEPT, resume=bool(checkpoint.steps(KEPT))).run())
    assert history() == whole and statuses()[-1] == "done"


def test_a_failure_is_recorded(load):
    np.savez("d.npz", x=np.where(X[3, 0] == X, np.nan, X).astype(np.float32), y=Y)
    with pytest.raises(RunError, match="values must be finite"):
        list(Trainer(load(), KEPT).run())
    (status,) = statuses()
    assert status.startswith("failed: graph 'g': train: epoch 1, step ")


def test_who_asks_for_no_more_epochs_stops_the_training(load):
    epochs = Trainer(load(), KEPT).run()
    next(epochs)
    epochs.close()
    assert statuses() == ["stopped"] and len(history()) == 2


def test_a_training_anew_keeps_the_record_of_the_one_before(load):
    for rate in (0.1, 0.2):
        list(Trainer(load(rate=rate), KEPT, restart=True, params={"rate": rate}).run())
    assert [json.loads(path.read_text())["params"] for path in sorted((KEPT / "runs").iterdir())] == [
        {"rate": "0.1"},
        {"rate": "0.2"},
    ]
    assert len(history()) == 6


def test_a_recorder_that_cannot_begin_ends_the_training_before_its_first_step(load):
    KEPT.mkdir()
    (KEPT / "history.csv").write_text("mine")
    with pytest.raises(DataflowError, match=r"history.csv: is no history of a training"):
        list(Trainer(load(), KEPT).run(lambda _: pytest.fail("a step")))
    assert statuses()[0].startswith("failed: ") and (KEPT / "history.csv").read_text() == "mine"


def test_without_a_folder_nothing_is_written(load):
    list(Trainer(load()).run())
    assert sorted(path.name for path in Path().iterdir()) == ["d.npz", "g.yaml"]


def test_recorders_of_ones_own(load):
    told = []

    class Mine:
        def begin(self, trainer):
            told.append(trainer.state.step)

        def epoch(self, report):
            told.append(report.epoch)

        def end(self, trainer, outcome):
            told.append(outcome)

    list(Trainer(load(), KEPT, recorders=[Mine()]).run())
    assert told == [0, 1, 2, 3, 4, 5, "done"] and not (KEPT / "history.csv").exists()


# -- given values -----------------------------------------------------------------------------------------------------


def test_training_begins_with_given_values(load):
    first = Trainer(load())
    list(first.run())
    again = Trainer(load(), values=first.state)
    assert all(again.state[name].tobytes() == first.state[name].tobytes() for name in ("w", "b"))
    assert not any(again.state[name].any() for name in again.state if name.startswith("train/") and name[-2:] == "/m")
    assert next(again.run()).train["loss"] < next(Trainer(load()).run()).train["loss"]
    assert bits(first.state).keys() == bits(again.state).keys()


def test_given_values_must_fit_or_are_taken_in_part(load):
    given = {"w": np.zeros((3, 1), np.float32), "b": np.zeros(2, np.float32), "c": 1}
    with pytest.raises(GraphError) as caught:
        Trainer(load(), values=given)
    assert str(caught.value).splitlines() == [
        "variable 'b' must have shape [1], got [2]",
        "graph 'g' has no variable 'c'; it has w and b",
        "partial=True takes what fits",
    ]
    trainer = Trainer(load(), values={"w": given["w"], "c": 1}, partial=True)
    assert not trainer.state["w"].any()
    assert trainer.left_out == [
        "graph 'g' has no variable 'c'; it has w and b",
        "no value for b, which start as the graph says",
    ]
    with pytest.raises(GraphError, match="values are for a training that begins, got resume=True too"):
        Trainer(load(), KEPT, resume=True, values=given)
