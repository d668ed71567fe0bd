"""Records side by side: columns for what differs, and a line per difference between two."""

from __future__ import annotations

import pytest

from dataflow.graph.overrides import Overrides
from dataflow.training.history import History
from dataflow.training.run_comparison import comparison, differences
from dataflow.training.run_record import RunRecord, latest_record, read_record
from training.reports import Training, graph


@pytest.fixture
def record(tmp_path):
    """What the record of a training says."""

    def made(told=range(1, 3), outcome="done", params=None, change=None, **training):
        Training(**training).follow([RunRecord(tmp_path, params), History(tmp_path)], told, outcome)
        said = read_record(latest_record(tmp_path))
        for key, value in (change or {}).items():
            said[key] |= value
        return said

    return made


def test_the_same_training_twice(record):
    assert differences(record(), record()) == ["nothing that is recorded differs", "weights: the same to the bit"]


def test_a_line_per_difference(record):
    one = record(params={"rate": 0.1, "gone": 1}, change={"data": {"d.npz": "sha256:0123456789ab"}})
    other = record(
        range(1, 4),
        params={"rate": 0.2},
        graph=graph(0.2),
        seed=3,
        epochs=4,
        change={"data": {"d.npz": "sha256:ba9876543210", "t.npz": "sha256:00"}, "packages": {"numpy": "9.9"}},
    )
    numpy = one["packages"]["numpy"]
    assert differences(one, other) == [
        "seed: 0 -> 3",
        "-p rate: 0.1 -> 0.2",
        "-p gone: 1 -> -",
        "epochs asked for: 3 -> 4",
        "d.npz: sha256:01234567 -> sha256:ba987654",
        f"numpy: {numpy} -> 9.9",
        "t.npz: - -> sha256:00",
        "graph, line 10: inputs: {x: w, y: 0.1} -> inputs: {x: w, y: 0.2}",
        "weights: they differ at the end",
        "epoch: 2 -> 3",
        "step: 20 -> 30",
        "loss: 0.5 -> 0.3333333333333333",
    ]


def test_lines_that_are_only_in_one_graph(record):
    other = graph()
    other.doc = "Twice."
    lines = differences(record(), record(graph=other))
    assert lines[0] == "graph, line 3: - -> doc: Twice."


def test_what_was_overridden(record):
    assert differences(record(), record(overrides=Overrides(["w"])))[0] == "overrides: - -> bypass w"


def test_a_training_that_has_not_ended(record):
    lines = differences(record(), record(outcome=""))
    assert lines[:2] == ["nothing that is recorded differs", "weights: one of the trainings has not ended"]
    assert "status: done -> running" in lines


def test_a_table_has_columns_for_what_differs(record):
    headers, rows = comparison({"a": record(params={"rate": 1}), "b": record(params={"rate": 2}, outcome="lost\nit")})
    assert headers == ["training", "status", "epoch", "step", "loss", "accuracy", "-p rate"]
    assert rows == [["a", "done", 2, 20, 0.5, 0.5, "1"], ["b", "lost", 2, 20, 0.5, 0.5, "2"]]


def test_a_table_has_no_room_for_errors_and_digests(record):
    changes = [{"data": {"d.npz": f"sha256:{end}"}, "weights": {"start": f"sha256:{end}"}} for end in "01"]
    one, other = (
        record(outcome=end, change=change) for end, change in zip(("failed: x: 3", "done"), changes, strict=True)
    )
    headers, rows = comparison({"a": one, "b": other})
    assert headers == ["training", "status", "epoch", "step", "loss", "accuracy"]
    assert [row[1] for row in rows] == ["failed", "done"]
    assert {"d.npz: sha256:0 -> sha256:1", "status: failed: x: 3 -> done"} <= {*differences(one, other)}


def test_trainings_of_other_graphs_have_empty_places(record):
    empty = record(range(0))
    headers, rows = comparison({"a": record(), "b": empty})
    assert headers == ["training", "status", "epoch", "step", "loss", "accuracy"]
    assert rows[1] == ["b", "done", "-", "-", "-", "-"]
