"""The `data` section of a graph file: its keys, with kinds, limits and defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from dataflow.core.attrs import Dtype, attr
from dataflow.graph.graph import Graph
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.schema_parts import Schema
from dataflow.graphfile.tree import Value
from dataflow.graphfile.value_kinds import FilePath, Leaf, MapOf, MapOfInputs, Spot

ArrayName = Annotated[str, "the name of an array"]
ClassCount = Annotated[int, "a whole number"]


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


def data_section(graph: Graph) -> dict[str, Split]:
    """The splits of a graph; GraphError where its section is not as declared."""
    return section_of(graph, "data") or {}
