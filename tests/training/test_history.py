"""The history of a training: a whole line per epoch, each epoch once, whatever happened before."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.training.history import History, numbers, row_of, rows
from training.reports import Training, report


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def epochs():
    return [int(row["epoch"]) for row in rows(Path("history.csv"))]


def test_a_line_per_epoch():
    Training().follow([History(Path())], range(1, 4), validate={"loss": 0.1})
    assert Path("history.csv").read_bytes().decode().splitlines() == [
        "epoch,step,learning_rate,loss,accuracy,validation_loss,seconds",
        "1,10,0.125,1.0,0.5,0.1,0.25",
        "2,20,0.125,0.5,0.5,0.1,0.25",
        "3,30,0.125,0.3333333333333333,0.5,0.1,0.25",
    ]


def test_a_continued_training_goes_on_below():
    training = Training()
    training.follow([History(Path())], range(1, 4))
    before = Path("history.csv").read_bytes()
    training.follow([History(Path())], range(4, 6))
    assert Path("history.csv").read_bytes().startswith(before) and epochs() == [1, 2, 3, 4, 5]


def test_an_epoch_that_is_run_again_replaces_itself_and_what_came_after():
    training = Training()
    training.follow([History(Path())], range(1, 6), "")
    training.follow([History(Path())], range(3, 5), train={"loss": 9.0, "accuracy": 0.0})
    assert epochs() == [1, 2, 3, 4]
    assert [row["loss"] for row in rows(Path("history.csv"))] == ["1.0", "0.5", "9.0", "9.0"]


@pytest.mark.parametrize("left", range(1, 27))
def test_a_line_that_a_crash_has_cut_is_dropped(left):
    training, path = Training(), Path("history.csv")
    training.follow([History(Path())], range(1, 4), "")
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(whole[: last + left])
    assert epochs() == [1, 2]
    training.follow([History(Path())], range(3, 4))
    assert path.read_bytes() == whole


def test_a_training_that_starts_over_has_a_history_of_its_own():
    Training().follow([History(Path())], range(1, 4))
    Training().follow([History(Path())], range(1, 2))
    assert epochs() == [1]
    History(Path()).begin(Training())
    assert not Path("history.csv").exists()


def test_other_metrics_get_columns_of_their_own():
    training = Training()
    training.follow([History(Path())], range(1, 3))
    training.follow([History(Path())], range(3, 5), train={"loss": 1.0, "auc": 0.75})
    found = rows(Path("history.csv"))
    assert [*found[0]] == ["epoch", "step", "learning_rate", "loss", "accuracy", "seconds", "auc"]
    assert [(row["accuracy"], row["auc"]) for row in found] == [("0.5", ""), ("0.5", ""), ("", "0.75"), ("", "0.75")]


def test_names_of_any_kind():
    odd = {"epoch": 1.0, 'a,"b"': 2.0, "loss": 3.0, "validation_loss": 4.0}
    row = row_of(report(1, train=odd, validate={"loss": 5.0}))
    assert [*row] == [
        "epoch", "step", "learning_rate", "epoch_", 'a,"b"', "loss", "validation_loss", "validation_loss_", "seconds",
    ]  # fmt: skip
    Training().follow([History(Path())], range(1, 4), train=odd, validate={"loss": 5.0})
    with Path("history.csv").open(newline="") as file:
        assert [line['a,"b"'] for line in csv.DictReader(file)] == ["2.0"] * 3


def test_numbers_of_a_line():
    row = row_of(report(2, rate=None, train={"loss": float("nan"), "top": float("inf"), "a": 1 / 3}))
    assert numbers(row) == {
        "epoch": 2, "step": 20, "learning_rate": None, "loss": "nan", "top": "inf", "a": 1 / 3, "seconds": 0.25,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["mine", "a,b\n1,2\n", "epoch,step\nx,2\n", "epoch,step\n1\n", "\xff\n", "epoch,step\n1,2,3\n"]
)
def test_another_file_of_that_name_is_left_alone(text):
    Path("history.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataflowError, match=r"^history.csv: is no history of a training: .*; move it away$"):
        History(Path()).begin(Training())
    assert Path("history.csv").read_bytes() == text.encode("latin-1")


def test_a_full_disk_is_told(monkeypatch):
    history = History(Path())
    Training().follow([history], range(1, 2), "")
    monkeypatch.setattr(os, "write", lambda *_: 3)
    with pytest.raises(DataflowError, match=r"^history.csv: cannot be written: the disk is full"):
        history.epoch(report(2))
