"""The `train` section of a graph file: its keys, with kinds, limits and defaults."""

from __future__ import annotations

from typing import Annotated

from dataflow.core.attrs import attr
from dataflow.core.block import Block
from dataflow.core.roles import Gradient, StepNumber
from dataflow.graph.graph import Graph
from dataflow.graphfile.block_use import BlockUse, check_inputs
from dataflow.graphfile.kind import Spot
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.tree import Value
from dataflow.graphfile.value_kinds import (
    NameIn,
    NameOf,
    NamePatterns,
    Operands,
    OutputNames,
    PositiveNumber,
    VariableNames,
    WireName,
)

END = "decay_steps"  # the attr of a schedule that may be `end`
ResultName = Annotated[str, NameOf("result")]
SplitName = Annotated[str, NameIn("split", "be the name of a split of 'data'")]


class Clip(Record):
    """How gradients are clipped."""

    wanted = "be one of value, norm and global_norm with a number above 0"
    as_one = True
    value: PositiveNumber | None = attr("bound on the absolute value of each element of a gradient", default=None)
    norm: PositiveNumber | None = attr("bound on the norm of each gradient", default=None)
    global_norm: PositiveNumber | None = attr("bound on the norm of all gradients together", default=None)
    either = (("value", "norm"), ("value", "global_norm"), ("norm", "global_norm"))

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

    wanted = "be a mapping with 'metric' and 'patience'"
    metric: ResultName = attr("metric that must improve, on the validation split if there is one")
    patience: int = attr("epochs without a better `metric` before training stops", ge=1)
    mode: str | None = attr(
        "whether the lowest (`min`) or the highest (`max`) `metric` is best; by default as its block or its name says",
        default=None,
        choices=("min", "max"),
    )
    restore_best: bool = attr("whether the variables of the best epoch are put back at the end", default=False)


class Evaluation(Record):
    """How the graph is evaluated."""

    batch_size: int | None = attr(
        "rows at a time in evaluation; by default 512, or what the graph fixes", default=None, ge=1
    )


class Override(Record):
    """What is different for some of the variables."""

    wanted = "be a mapping with 'variables'"
    variables: NamePatterns = attr(
        "name of the variables, in which `*` stands for any letters, or a list of such names"
    )
    inputs: Operands = attr("input -> number or wire, in place of that of the optimizer", default={})
    frozen: bool = attr("whether they keep their values", default=False)

    @classmethod
    def check_file(cls, spot: Spot, value: Value) -> None:
        check_inputs(spot, value)


class Freeze(Record):
    """Which variables are frozen, and from when on."""

    wanted = "be a mapping with 'variables' and 'after'"
    variables: NamePatterns = attr(
        "name of the variables, in which `*` stands for any letters, or a list of such names"
    )
    after: int = attr("epochs after which they keep their values", ge=0)


class Optimizer(BlockUse):
    """The block that applies a gradient."""

    overrides: list[Override] = attr(
        "what is different for some of the variables; of several that fit, the later ones hold", default=[]
    )

    @classmethod
    def may_be(cls, block: type[Block]) -> bool:
        """Whether a block applies a gradient."""
        return any(isinstance(port.role, Gradient) for port in block.signature.inputs.values())


class Schedule(BlockUse):
    """The block that computes the learning rate; `decay_steps` may be `end`, the number of all steps."""

    @classmethod
    def may_be(cls, block: type[Block]) -> bool:
        """Whether a block computes something from the number of the step alone."""
        return [type(port.role) for port in block.signature.inputs.values()] == [StepNumber]

    @classmethod
    def as_block(cls, value: Value) -> Value:
        attrs = value.data.get("attrs")
        if attrs is None or not isinstance(attrs.data, dict) or END not in attrs.data:
            return value
        last = attrs.data[END]
        if last.data != "end":
            return value
        changed = Value({**attrs.data, END: Value(1, last.place)}, attrs.place, attrs.keys)
        return Value({**value.data, "attrs": changed}, value.place, value.keys)


class Checkpoints(Record):
    """Which checkpoints are written and kept."""

    wanted = "be a mapping with 'keep' and 'every'"
    keep: int = attr("how many of the latest are kept", default=3, ge=1)
    every: int | None = attr("steps between checkpoints within an epoch", default=None, ge=1)


class Train(Record):
    """How the graph is trained."""

    minimize: WireName | None = attr("output or wire to minimize; training needs it", default=None)
    optimizer: Optimizer | None = attr(
        "block that applies a gradient, its hyperparameters under `inputs`; training needs it", default=None
    )
    schedule: Schedule | None = attr(
        "block that computes the learning rate from the number of the step; `decay_steps: end` is the number of all "
        "steps",
        default=None,
    )
    clip: Clip | None = attr(
        "clips each gradient by `value` or by its `norm`, or all of them together by their `global_norm`", default=None
    )
    variables: VariableNames | None = attr(
        "variables to train; by default all trainable ones that the minimized value depends on", default=None
    )
    freeze: list[Freeze] = attr(
        "variables that keep their values after some epochs, also those that the graph itself changes; where these are "
        "the running statistics of a normalization, it goes by them from then on",
        default=[],
    )
    epochs: int = attr("how many times all rows are seen", default=1, ge=1)
    batch_size: int | None = attr(
        "rows in a step, the last batch may be smaller; by default what the graph fixes, or all rows",
        default=None,
        ge=1,
    )
    drop_remainder: bool = attr("whether a last batch that would be smaller is left out", default=False)
    steps_per_epoch: int = attr("steps in an epoch of a graph that has no `data`", default=1, ge=1)
    seed: int = attr("determines initial values, the order of rows and all random numbers", default=0, ge=0)
    metrics: OutputNames = attr("outputs to report: scalars, or a value per row", default=())
    validate: SplitName | None = attr(
        "split that is evaluated after each epoch; by default `validate` or `validation`", default=None
    )
    evaluate: Evaluation = attr("how splits are evaluated", default={})
    on_nan: str = attr(
        "what NaN or an infinity in the minimized value, a metric or a gradient does: `stop` training, `skip_step`, or "
        "`continue`",
        default="stop",
        choices=("stop", "skip_step", "continue"),
    )
    early_stopping: EarlyStopping | None = attr("when to stop before the last epoch", default=None)
    checkpoint: Checkpoints = attr("which checkpoints are written and kept", default={})


def train_section(graph: Graph) -> Train | None:
    """How a graph is trained, None if it says nothing; GraphError where its section is not as declared."""
    found: Train | None = section_of(graph, "train") if graph.sections.get("train") else None
    return found
