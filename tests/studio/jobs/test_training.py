"""Trainings that go on: what is told of their steps, how they are spoken to, a million steps."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.studio.jobs.call import Call, Told
from dataflow.studio.jobs.training import TOLD, Live
from dataflow.studio.trainings import Trainings
from dataflow.studio.trends import MOST, THIN
from dataflow.studio.worker import Worker
from dataflow.training.epoch_report import Report
from dataflow.training.progress import Progress


class Made:
    """A trainer without a graph to train: its loss falls, and it is watched at a scalar and a matrix."""

    def __init__(self) -> None:
        graph = flow.Graph("made")
        x = graph.input("x", "float32", [3, 4])
        graph.output("y", x)
        self.step_graph = graph
        self.names, self.epochs, self.batches, self.stopped = ["loss"], 10, 100_000, False
        self.state, self.progress, self.rate = SimpleNamespace(step=0), Progress(), 0.1
        self.outputs: dict[str, Array] = {}
        self.watched: dict[str, Array] = {}
        self.ports: Sequence[str] = []

    def run(self, live: Live, steps: int) -> None:
        for _ in range(steps):
            self.state.step += 1
            self.outputs["loss"] = np.array(1 / self.state.step)
            live.tick(self)
            if self.stopped:
                return

    def stop(self) -> None:
        self.stopped = True

    def watch(self, ports: Sequence[str] | None) -> None:
        self.ports = ports or []
        self.watched = {port: np.arange(12, dtype=np.float32).reshape(3, 4) for port in self.ports}

    def change(self, rate: float | None = None, params: Mapping[str, Any] | None = None) -> None:
        if params:
            raise GraphError("params must be none, got some; leave them out")
        self.rate = rate or self.rate


class Clock:
    """Goes on by the same time with each look at it."""

    def __init__(self, seconds: float):
        self.seconds, self.now = seconds, 0.0

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now


def followed(tell: Any, seconds: float = TOLD / 50) -> tuple[Made, Live, Call]:
    made, call = Made(), Call(tell)
    return made, Live(made, call, Clock(seconds)), call


def test_steps_are_gathered_and_told_together() -> None:
    events: list[Told] = []
    made, live, _ = followed(events.append)
    made.run(live, 120)
    assert 2 <= len(events) <= 3
    first = cast("dict[str, Any]", events[0])
    assert first["steps"]["loss"][:2].tolist() == [1, 2]
    assert first["points"]["loss"][:2].tolist() == [1.0, 0.5]
    assert first["points"]["rate"][0] == 0.1
    assert first["training"]["steps"] == 1_000_000
    assert first["training"]["step"] == first["steps"]["loss"][-1]


def test_watched_ports_have_statistics_and_a_curve_of_their_mean() -> None:
    events: list[Told] = []
    made, live, _ = followed(events.append)
    live.watch(["x.output", "not.there"])
    assert [*made.ports] == ["x.output"]
    made.run(live, 60)
    told = cast("dict[str, Any]", events[0])
    assert told["values"]["x.output"]["max"] == 11.0
    assert told["points"]["x.output"].tolist() == [5.5]


def test_an_epoch_tells_of_its_validation_and_whether_it_is_the_best() -> None:
    events: list[Told] = []
    made, live, _ = followed(events.append)
    made.run(live, 3)
    live.close_epoch(Report(1, 3, 0.1, {"loss": 0.6}, {"loss": 0.7}, 0.1, best=True))
    live.close_epoch(Report(2, 6, 0.1, {"loss": 0.5}, {"loss": 0.8}, 0.1))
    told = cast("list[dict[str, Any]]", events)
    assert told[0]["points"]["validation loss"].tolist() == [0.7]
    assert told[1]["training"]["metrics"] == {"loss": {"train": 0.5, "validation": 0.8, "best": 0.7}}


def test_words_between_steps() -> None:
    events: list[Told] = []
    made, live, call = followed(events.append)
    call.say("change", {"rate": 0.5, "params": {}, "ticket": 1})
    call.say("change", {"rate": None, "params": {"a": 1}, "ticket": 2})
    call.say("watch", {"ports": ["x.output"]})
    call.say("pause", {})
    call.say("resume", {})
    call.say("stop", {})
    made.run(live, 10)
    assert (made.rate, [*made.ports], made.stopped, made.state.step) == (0.5, ["x.output"], True, 1)
    told = [cast("dict[str, Any]", event) for event in events if event["event"] == "changed"]
    assert [each["refused"] and each["refused"]["message"] for each in told] == [None, "params must be none, got some"]


@pytest.mark.slow
def test_a_million_steps_are_as_small_and_quick_at_the_end() -> None:
    events: list[Mapping[str, object]] = []
    trainings = Trainings(events.append, cast("Worker", None))
    trainings._number = 1
    sizes: list[int] = []

    def told(event: Told) -> None:
        trainings.told(1, event)
        sizes.append(len(json.dumps(events.pop())))

    made, live, _ = followed(told, TOLD / 1000)
    live.watch(["x.output"])
    seconds = []
    for _ in range(10):
        began = time.process_time()
        made.run(live, 100_000)
        seconds.append(time.process_time() - began)
    print("seconds for 100,000 steps each:", [round(each, 2) for each in seconds])
    assert all(len(trend.steps) <= MOST for trend in trainings.trends.values())
    assert trainings.trends["loss"].plain()["stride"] == 512
    assert len(sizes) > 900
    assert max(sizes[-100:]) < 1.1 * max(sizes[:100]) < 3 * 2 * THIN * 40
    assert len(json.dumps(trainings.event())) < 4 * MOST * 4 * 25
