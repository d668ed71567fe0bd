"""The training that pages know of, by a worker that is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from dataflow.core.errors import DataflowError
from dataflow.graph.graph import Graph
from dataflow.studio.basis import Basis
from dataflow.studio.jobs.source import Source
from dataflow.studio.jobs.stepping import Kept, Steps
from dataflow.studio.jobs.training import Train
from dataflow.studio.session import Session
from dataflow.studio.trainings import Trainings
from dataflow.studio.worker import Follower, Worker

TRAIN = Train(Source("line.yaml"), Path("line.checkpoints"))
LINE = Graph("line")
LINE.input("x", "float32", [None])
BASIS = Basis("line.yaml", LINE, (), Session(rows=5))
STEPS = Steps(Source("count.yaml"), 10, "", None)


class Started:
    """A worker to which the test says what becomes of its work."""

    def __init__(self) -> None:
        self.followers: list[Follower] = []
        self.work: list[Any] = []
        self.said: list[Any] = []
        self.refuses = ""

    def start(self, work: object, follower: Follower) -> int:
        if self.refuses:
            raise DataflowError(self.refuses)
        self.followers.append(follower)
        self.work.append(work)
        return len(self.followers)

    def say(self, number: int, word: str, **what: object) -> None:
        self.said.append((word, what))

    def rest(self, seconds: float) -> None:
        pass


@pytest.fixture
def worker() -> Started:
    return Started()


@pytest.fixture
def events() -> list[Mapping[str, Any]]:
    return []


@pytest.fixture
def trainings(worker: Started, events: list[Mapping[str, Any]]) -> Trainings:
    return Trainings(events.append, cast(Worker, worker))


def step(follower: Follower, number: int) -> None:
    """Tell of a step."""
    told = {"training": {"state": "running", "step": number}, "values": {}}
    points = {"steps": {"loss": np.array([number])}, "points": {"loss": np.array([0.5])}}
    follower.told({"event": "trained", **told, **points})


BEGINS: list[Callable[[Trainings], None]] = [
    lambda trainings: trainings.start(TRAIN, "line.checkpoints", BASIS, dict),
    lambda trainings: trainings.step(STEPS, "count.yaml", True, BASIS, dict),
]


@pytest.mark.parametrize("begin", BEGINS, ids=["train", "steps"])
def test_where_no_process_is_started_all_is_as_it_was(
    trainings: Trainings, worker: Started, events: list[Mapping[str, Any]], begin: Callable[[Trainings], None]
) -> None:
    begin(trainings)
    step(worker.followers[0], 1)
    worker.followers[0].ended("done", {"state": "done", "problem": None})
    before, told = trainings.event(), len(events)
    worker.refuses = "no process"
    with pytest.raises(DataflowError, match="no process"):
        begin(trainings)
    assert (trainings.event(), trainings.running, len(events)) == (before, False, told)
    worker.refuses = ""
    begin(trainings)
    assert trainings.running
    assert trainings.event() != before


def test_what_an_older_training_tells_is_not_heard(trainings: Trainings, worker: Started) -> None:
    BEGINS[0](trainings)
    worker.followers[0].ended("lost", "signal SIGKILL")
    BEGINS[0](trainings)
    before = trainings.event()
    step(worker.followers[0], 9)
    worker.followers[0].ended("done", {"state": "done", "problem": None})
    assert (trainings.event(), trainings.running) == (before, True)


@pytest.mark.parametrize(("begin", "current"), [(BEGINS[0], True), (BEGINS[1], False)], ids=["train", "steps"])
def test_the_rows_that_runs_are_fed_matter_to_steps_alone(
    trainings: Trainings, events: list[Mapping[str, Any]], begin: Callable[[Trainings], None], current: bool
) -> None:
    begin(trainings)
    trainings.compare(Basis(BASIS.path, BASIS.graph, (), Session(rows=3)))
    assert cast("dict[str, Any]", trainings.event()["training"])["current"] is current
    trainings.compare(BASIS)
    assert cast("dict[str, Any]", trainings.event()["training"])["current"] is True


def test_curves_and_variables_follow_nodes_that_are_renamed(trainings: Trainings, worker: Started) -> None:
    begin = lambda: trainings.step(STEPS, "count.yaml", False, BASIS, dict)  # noqa: E731
    begin()

    def told(*names: str) -> None:
        steps = {name: np.array([1]) for name in names}
        event = {"event": "trained", "training": {"state": "running"}, "values": {names[0]: {"mean": 0.5}}}
        worker.followers[-1].told({**event, "steps": steps, "points": {name: np.array([0.5]) for name in names}})

    told("w.ref", "w.ref[0]", "w")  # a port, an element of it, and a metric
    trainings.follow(BASIS.path, [("w", "weights")])
    trainings.follow("other.yaml", [("weights", "others")])
    told("w.ref", "w.ref[0]", "w")
    training = cast("dict[str, Any]", trainings.event()["training"])
    assert training["values"] == {"weights.ref": {"mean": 0.5}}
    assert {name: len(trend["steps"]) for name, trend in training["trends"].items()} == {
        "weights.ref": 1,
        "weights.ref[0]": 1,
        "w": 1,
    }
    assert training["current"]
    trainings.watch(["weights.ref", "x.output"])
    assert worker.said == [("watch", {"ports": ["w.ref", "x.output"]})]
    kept = Kept({"w": np.float32([1.0])}, 10)
    worker.followers[-1].ended("done", {"state": "done", "problem": None, "kept": kept})
    trainings.follow(BASIS.path, [("weights", "last")])
    begin()
    assert [*worker.work[-1].kept.variables] == ["last"]
