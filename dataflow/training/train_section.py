"""The `train` section of a graph file: its keys, with kinds, limits and defaults."""

from __future__ import annotations

from typing import Annotated

from dataflow.core.attrs import attr
from dataflow.graph.graph import Graph
from dataflow.graphfile.block_use import BlockUse
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.value_kinds import Names, PositiveNumber, WireName

SplitName = Annotated[str, "the name of a split of 'data'"]


class Clip(Record):
    """How gradients are clipped."""

    wanted = "be one of value, norm and global_norm with a number above 0"
    as_one = True
    value: PositiveNumber | None = attr("bound on the absolute value of each element of a gradient", default=None)
    norm: PositiveNumber | None = attr("bound on the norm of each gradient", default=None)
    global_norm: PositiveNumber | None = attr("bound on the norm of all gradients together", default=None)

    def check(self) -> None:
        if len(self._given()) != 1:
            raise ValueError(f"must {self.wanted}")

    @property
    def bound(self) -> tuple[str, float]:
        """What is bounded, and the bound."""
        return self._given()[0]

    def _given(self) -> list[tuple[str, float]]:
        values = {"value": self.value, "norm": self.norm, "global_norm": self.global_norm}
        return [(name, value) for name, value in values.items() if value is not None]


class EarlyStopping(Record):
    """When to stop before the last epoch."""

    wanted = "be a mapping with 'metric' and 'patience', and 'mode' min or max"
    as_one = True
    metric: str = attr("metric that must improve, on the validation split if there is one")
    patience: int = attr("epochs without a better `metric` before training stops", ge=1)
    mode: str = attr("whether the lowest or the highest `metric` is best", default="min", choices=("min", "max"))


class Checkpoints(Record):
    """Which checkpoints are written and kept."""

    wanted = "be a mapping with 'keep' and 'every', whole numbers from 1"
    as_one = True
    keep: int = attr("how many of the latest are kept", default=3, ge=1)
    every: int | None = attr("steps between checkpoints within an epoch", default=None, ge=1)


class Train(Record):
    """How the graph is trained."""

    minimize: WireName | None = attr("output or wire to minimize; training needs it", default=None)
    optimizer: BlockUse | None = attr(
        "block that applies a gradient, its hyperparameters under `inputs`; training needs it", default=None
    )
    schedule: BlockUse | None = attr("block that computes the learning rate from the number of the step", default=None)
    clip: Clip | None = attr(
        "clips each gradient by `value` or by its `norm`, or all of them together by their `global_norm`", default=None
    )
    variables: Names | None = attr(
        "variables to train; by default all trainable ones that the minimized value depends on", default=None
    )
    epochs: int = attr("how many times all rows are seen", default=1, ge=1)
    batch_size: int | None = attr(
        "rows in a step, the last batch may be smaller; by default all rows", default=None, ge=1
    )
    steps_per_epoch: int = attr("steps in an epoch of a graph that has no `data`", default=1, ge=1)
    seed: int = attr("determines initial values, the order of rows and all random numbers", default=0, ge=0)
    metrics: Names = attr("outputs to report: scalars, or a value per row", default=())
    validate: SplitName | None = attr(
        "split that is evaluated after each epoch; by default `validate`, `validation` or `test`", default=None
    )
    early_stopping: EarlyStopping | None = attr("when to stop before the last epoch", default=None)
    checkpoint: Checkpoints = attr("which checkpoints are written and kept", default={})


def train_section(graph: Graph) -> Train | None:
    """How a graph is trained, None if it says nothing; GraphError where its section is not as declared."""
    found: Train | None = section_of(graph, "train") if graph.sections.get("train") else None
    return found
