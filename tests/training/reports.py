"""What recorders are told, made by hand: a trainer as far as they look at it, and reports of epochs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import dataflow as flow
from dataflow.graph.overrides import NO_OVERRIDES, Overrides


def graph(rate: float = 0.1) -> flow.Graph:
    """A variable, and a number in the file that may differ."""
    made = flow.Graph("small")
    made.output("y", flow.blocks["Multiply"]()(made.variable("w", np.array([1, 2], np.float32)), rate))
    return made


@dataclass
class Training:
    """A trainer as far as recorders look at it."""

    graph: flow.Graph = field(default_factory=graph)
    epochs: int = 3
    validation: object = None
    seed: int = 0
    overrides: Overrides = NO_OVERRIDES

    def __post_init__(self) -> None:
        self.state = flow.State(self.graph, self.seed)

    def follow(self, recorders: list[Any], epochs: range = range(1, 4), outcome: str = "done", **more: Any) -> None:
        """Tell recorders of a beginning, of epochs of ten steps, and of the end unless the outcome is empty."""
        for recorder in recorders:
            recorder.begin(self)
        for number in epochs:
            self.state.step = number * 10
            self.state.commit({"w": self.state["w"] + np.float32(number)})
            self.state.step = number * 10
            for recorder in recorders:
                recorder.epoch(report(number, **more))
        if outcome:
            for recorder in recorders:
                recorder.end(self, outcome)


def report(number: int, **more: Any) -> Any:
    """The report of an epoch; ``validate`` and so on replace what it says."""
    return replace(Report(number, number * 10, {"loss": 1 / number, "accuracy": 0.5}), **more)


@dataclass
class Report:
    """As trainers give it."""

    epoch: int
    step: int
    train: dict[str, float]
    seconds: float = 0.25
    validate: dict[str, float] = field(default_factory=dict)
    rate: float | None = 0.125
    skipped: int = 0
    best: bool = False
    changed: str = ""
