"""The `train` and `data` sections of a graph file: their keys, with kinds, limits and defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from dataflow.core.attrs import Dtype, attr
from dataflow.graph.graph import Graph
from dataflow.graphfile.block_use import BlockUse
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.schema_parts import Schema
from dataflow.graphfile.tree import Value
from dataflow.graphfile.value_kinds import FilePath, Leaf, MapOf, MapOfInputs, Names, PositiveNumber, Spot, WireName

ArrayName = Annotated[str, "the name of an array"]
SplitName = Annotated[str, "the name of a split of 'data'"]
ClassCount = Annotated[int, "a whole number"]


# -- train ------------------------------------------------------------------------------------------------------


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


# -- data -------------------------------------------------------------------------------------------------------


class Rows(Leaf):
    """A range of rows."""

    wanted = "be the first row and the one after the last"

    def accept(self, value: object) -> tuple[int, int]:
        if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
            raise TypeError
        if not all(isinstance(row, int) and not isinstance(row, bool) and row >= 0 for row in value):
            raise TypeError
        return value[0], value[1]

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}


class Column(Record):
    """An array, and what is done to it."""

    wanted = "be the name of an array"
    short = "array"
    path: FilePath | None = attr(
        "file, if it is not the split's: `.npz`, `.npy`, `.csv` with a line of names, or IDX (MNIST's format), "
        "plain or gzip",
        default=None,
    )
    array: ArrayName | None = attr(
        "array of a `.npz` file; of a `.csv` file one column, or several as `a, b, c`", default=None
    )
    dtype: Dtype | None = attr(
        "converts the values to the input's dtype; without any of these keys dtypes must agree", default=None
    )
    scale: float | None = attr("the values are multiplied by it", default=None)
    offset: float | None = attr("is added to them afterwards", default=None)
    one_hot: ClassCount | None = attr(
        "number of classes; each whole number becomes a row of zeros with a single one", default=None, ge=1
    )


class Split(Record):
    """Files, and which array in them feeds which input."""

    wanted = "be {path: file.npz, inputs: {input: array}}"
    path: FilePath | None = attr("file with the arrays, relative to the graph file", default=None)
    rows: Annotated[tuple[int, int], Rows()] | None = attr(
        "first row, and the one after the last; by default all rows", default=None
    )
    inputs: Annotated[dict[str, Column], MapOfInputs(Column)] = attr(
        "graph input -> name of an array, or a mapping that says more"
    )

    @classmethod
    def check_file(cls, spot: Spot, value: Value) -> None:
        inputs = value.data.get("inputs")
        columns = inputs.data.values() if inputs is not None and isinstance(inputs.data, dict) else ()
        if "path" not in value.data and not (columns and all(_has_path(column) for column in columns)):
            spot.report(spot.place, f"{spot.name}: 'path' must be given, got nothing")


def _has_path(column: Value) -> bool:
    return isinstance(column.data, dict) and "path" in column.data


Data = MapOf(Split, "Where inputs come from: split -> file and arrays in it.", "map splits to files")


# -- of a graph -------------------------------------------------------------------------------------------------


def train_section(graph: Graph) -> Train | None:
    """How a graph is trained, None if it says nothing; GraphError where its section is not as declared."""
    found: Train | None = section_of(graph, "train") if graph.sections.get("train") else None
    return found


def data_section(graph: Graph) -> dict[str, Split]:
    """The splits of a graph; GraphError where its section is not as declared."""
    return section_of(graph, "data") or {}
