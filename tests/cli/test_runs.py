"""``dataflow runs``: lists trainings by what differs, and compares two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from training.reports import Training

from dataflow.cli import main
from dataflow.training.history import History
from dataflow.training.run_record import RunRecord


@pytest.fixture
def dataflow(capsys, tmp_path, monkeypatch):
    """Runs a command in a folder with two trainings of one graph and one of another."""
    monkeypatch.chdir(tmp_path)
    for folder, rate in (("g.checkpoints", 1), ("g.checkpoints", 2), ("sub/h.checkpoints", 3)):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Training().follow([RunRecord(Path(folder), {"rate": rate}), History(Path(folder))], range(1, 3))

    def run(*args):
        with pytest.raises(SystemExit) as caught:
            main(["runs", *args])
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return run


def test_trainings_near_the_current_folder_are_listed(dataflow):
    code, out, _ = dataflow()
    assert code == 0
    assert out.splitlines() == [
        "training             status  epoch  step  loss  accuracy  -p rate",
        "g.checkpoints 1      done        2    20   0.5       0.5  1",
        "g.checkpoints 2      done        2    20   0.5       0.5  2",
        "sub/h.checkpoints 1  done        2    20   0.5       0.5  3",
    ]


def test_other_files_near_the_current_folder_are_passed_over(dataflow):
    for name in ("a/runs/1.json", "g.checkpoints/runs/notes.json", "sub/h.checkpoints/runs/2.json"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}")
    assert [line.split("  ")[0] for line in dataflow()[1].splitlines()[1:]] == [
        "g.checkpoints 1",
        "g.checkpoints 2",
        "sub/h.checkpoints 1",
    ]


def test_trainings_that_are_named_are_listed(dataflow):
    _, out, _ = dataflow("g.checkpoints", "--json")
    assert [line["training"] for line in json.loads(out)] == ["g.checkpoints 1", "g.checkpoints 2"]
    _, out, _ = dataflow("g.checkpoints/runs/2.json", "sub/h.checkpoints", "--list", "--json")
    assert [(line["training"], line["-p rate"]) for line in json.loads(out)] == [
        ("g.checkpoints 2", "2"),
        ("sub/h.checkpoints 1", "3"),
    ]


def test_two_are_compared(dataflow):
    code, out, _ = dataflow("g.checkpoints", "sub/h.checkpoints/")
    assert (code, out) == (0, "-p rate: 2 -> 3\nweights: the same to the bit\n")
    _, out, _ = dataflow("g.checkpoints/runs/1.json", "g.checkpoints", "--json")
    assert json.loads(out) == ["-p rate: 1 -> 2", "weights: the same to the bit"]


def test_what_is_no_training_is_told(dataflow, tmp_path, monkeypatch):
    assert dataflow("none")[::2] == (
        1,
        "none: must be a folder with a recorded training, or a record, got none; name another\n",
    )
    Path("other.json").write_text("{}")
    code, _, err = dataflow("other.json", "g.checkpoints")
    assert code == 1 and err.startswith("other.json: is no record of a training")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    code, _, err = dataflow()
    assert (code, err) == (1, "no training has been recorded near the current folder; dataflow train does so\n")
