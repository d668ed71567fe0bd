"""The record of a training: what it followed from, how it ended, and that none is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataflow.core import errors
from dataflow.core.errors import DataflowError
from dataflow.training.history import History
from dataflow.training.run_record import RunRecord, latest_record, read_record, records
from training.reports import Training, graph

FOLDER = Path("g.checkpoints")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FOLDER.mkdir()


def follow(training, epochs=range(1, 3), outcome="done", **given):
    training.follow([RunRecord(FOLDER, **given), History(FOLDER)], epochs, outcome)


def statuses(path):
    return [session["status"] for session in read_record(path)["sessions"]]


def test_what_a_training_follows_from_and_what_came_of_it():
    training = Training(seed=7)
    start = training.state.digest()
    follow(training, params={"rate": 0.1}, command=["dataflow", "train", "g.yaml"])
    said = json.loads((FOLDER / "runs" / "1.json").read_text())
    assert said["graph"]["name"] == "small" and "block: Multiply" in said["graph"]["text"]
    assert (said["params"], said["seed"], said["data"]) == ({"rate": "0.1"}, 7, {})
    assert said["weights"] == {"start": start, "end": training.state.digest()} and start != training.state.digest()
    (session,) = said["sessions"]
    assert (session["status"], session["from_step"], session["epochs"]) == ("done", 0, 3)
    assert session["command"] == ["dataflow", "train", "g.yaml"]
    assert session["started"] <= session["ended"]
    assert {"python", "platform", "threads"} <= session["environment"].keys()
    assert said["epochs"][1] == {
        "epoch": 2, "step": 20, "learning_rate": 0.125, "loss": 0.5, "accuracy": 0.5, "seconds": 0.25,
    }  # fmt: skip


def test_before_the_end_it_says_that_training_runs():
    training = Training()
    RunRecord(FOLDER).begin(training)
    said = read_record(FOLDER / "runs" / "1.json")
    assert (said["sessions"][0]["status"], said["sessions"][0]["ended"]) == ("running", None)
    assert (said["epochs"], said["weights"]["end"]) == ([], None)


def test_a_continued_training_keeps_its_record():
    training = Training()
    follow(training, range(1, 3), "stopped")
    follow(training, range(3, 5))
    assert records(FOLDER) == [FOLDER / "runs" / "1.json"]
    said = read_record(FOLDER / "runs" / "1.json")
    assert [(session["status"], session["from_step"]) for session in said["sessions"]] == [("stopped", 0), ("done", 20)]
    assert [row["epoch"] for row in said["epochs"]] == [1, 2, 3, 4]


def test_a_training_that_starts_over_gets_the_next_number():
    for _ in range(11):
        follow(Training())
    assert [path.name for path in records(FOLDER)] == [f"{n}.json" for n in range(1, 12)]
    assert latest_record(FOLDER) == FOLDER / "runs" / "11.json"


def test_what_an_interrupted_training_has_left_is_kept():
    follow(Training(), range(1, 3), "")  # its process was killed
    assert statuses(FOLDER / "runs" / "1.json") == ["running"]
    follow(Training(), range(1, 2))
    said = read_record(FOLDER / "runs" / "1.json")
    assert said["sessions"][0]["status"] == "interrupted" and [row["epoch"] for row in said["epochs"]] == [1, 2]
    assert said["weights"]["end"] is None
    assert statuses(FOLDER / "runs" / "2.json") == ["done"]


def test_an_interrupted_training_that_is_continued():
    training = Training()
    follow(training, range(1, 3), "")
    follow(training, range(2, 4))
    said = read_record(FOLDER / "runs" / "1.json")
    assert [session["status"] for session in said["sessions"]] == ["interrupted", "done"]
    assert [row["epoch"] for row in said["epochs"]] == [1, 2, 3]


def test_a_damaged_record_is_left_and_another_begun():
    training = Training()
    follow(training)
    (FOLDER / "runs" / "1.json").write_text("{")
    follow(training, range(3, 4))
    assert (FOLDER / "runs" / "1.json").read_text() == "{"
    assert statuses(FOLDER / "runs" / "2.json") == ["done"]
    assert read_record(FOLDER / "runs" / "2.json")["sessions"][0]["from_step"] == 20


def test_secrets_of_the_environment_are_not_written(monkeypatch):
    monkeypatch.setattr(errors, "_CONCEALED", {})
    errors.conceal("hunter2-hunter2", "${env:TOKEN}")
    training = Training()
    training.graph.doc = "reads hunter2-hunter2"
    follow(
        training, params={"key": "hunter2-hunter2"}, command=["-p", "key=hunter2-hunter2"], outcome="no hunter2-hunter2"
    )
    text = (FOLDER / "runs" / "1.json").read_text()
    assert "hunter2" not in text and text.count("${env:TOKEN}") == 4


@pytest.mark.parametrize("secret", ['qu"oted: hunter2', "back\\slash: hunter2", "it's: hunter2", "hunter2-\nhunter2+"])
def test_secrets_are_not_written_however_the_text_quotes_them(monkeypatch, secret):
    monkeypatch.setattr(errors, "_CONCEALED", {})
    errors.conceal(secret, "${env:TOKEN}")
    training = Training()
    training.graph.doc = f"reads {secret}."
    follow(training, outcome=f"failed: {secret}")
    text = (FOLDER / "runs" / "1.json").read_text()
    assert "hunter2" not in text and "${env:TOKEN}" in text


def test_names_of_files_have_no_secrets(monkeypatch, tmp_path):
    monkeypatch.setattr(errors, "_CONCEALED", {})
    errors.conceal("hunter2-hunter2", "${env:TOKEN}")
    data = tmp_path / "hunter2-hunter2.csv"
    data.write_text("a\n1\n")
    monkeypatch.setattr("dataflow.training.run_record.used_files", lambda graph: [data])
    follow(Training())
    assert [*read_record(FOLDER / "runs" / "1.json")["data"]] == ["${env:TOKEN}.csv"]


def test_values_of_secret_names_are_masked(monkeypatch):
    monkeypatch.setattr(errors, "_CONCEALED", {})
    training = Training()
    training.graph.doc = "reads correct-horse"
    follow(training, params={"api_key": "correct-horse"}, command=["-p", "api_key=correct-horse"])
    said = read_record(FOLDER / "runs" / "1.json")
    assert (said["params"], said["sessions"][0]["command"]) == ({"api_key": "***"}, ["-p", "api_key=***"])
    assert "doc: reads ${api_key}" in said["graph"]["text"]


def test_a_graph_that_cannot_be_a_file_has_no_text():
    training = Training()
    training.graph.sections["unknown"] = {}
    follow(training)
    assert read_record(FOLDER / "runs" / "1.json")["graph"] == {"name": "small", "text": ""}


@pytest.mark.parametrize(
    "text, message",
    [
        ("{", "Expecting property name"),
        ("[" * 100_000, "recursion"),
        ("[]", "it must say 'record': 1"),
        ('{"record": 2}', "it must say 'record': 1"),
        ('{"record": 1, "graph": []}', "'graph' is missing or of another kind"),
    ],
)
def test_another_file_is_no_record(text, message):
    Path("other.json").write_text(text)
    with pytest.raises(DataflowError, match=rf"^other.json: is no record of a training: .*{message}"):
        read_record(Path("other.json"))


def test_a_record_says_another_graph():
    follow(Training(graph(0.1)))
    follow(Training(graph(0.2)))
    one, other = (read_record(path)["graph"]["text"] for path in records(FOLDER))
    assert one.replace("0.1", "0.2") == other != one
