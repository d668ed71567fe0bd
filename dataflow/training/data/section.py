"""The `data` section of a graph file: its keys, with kinds, limits and defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from dataflow.core.attrs import Dtype, attr
from dataflow.graph.graph import Graph
from dataflow.graphfile.collection_kinds import MapOf, MapOfInputs
from dataflow.graphfile.kind import Spot
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.tree import Value
from dataflow.graphfile.value_kinds import FilePath, NameIn, NameOf, Names
from dataflow.training.data.section_kinds import (
    FILL,
    Choice,
    Fill,
    Labels,
    LabelsPerColumn,
    OneHot,
    Part,
    PerColumn,
    Rows,
    Weights,
    is_list,
)

ArrayName = Annotated[str, NameIn("array", "be the name of an array")]
SplitName = Annotated[str, NameIn("split", "be the name of another split")]
InputName = Annotated[str, NameOf("input", "be the name of a column")]


class Csv(Record):
    """How a `.csv` file is written."""

    delimiter: str = attr("what stands between fields, one character; by default a comma, in `.tsv` a tab", default="")
    decimal: str = attr(
        "mark before the fraction of a number; with a comma give another `delimiter`", default=".", choices=(".", ",")
    )
    header: bool = attr("whether the first line has the names of the columns", default=True)
    columns: Names | None = attr("names of the columns, of a file that has none", default=None)
    comment: str = attr("lines that begin with it are left out; by default there are no comments", default="")
    missing: Names = attr("texts that mean that a value is missing, as an empty field does", default=())

    def check(self) -> None:
        if len(self.delimiter) > 1 or self.delimiter in ('"', "\n", "\r"):
            raise ValueError(f"'delimiter' must be one character other than a quote, got '{self.delimiter}'")
        if self.comment and self.comment[0] in ('"', self.delimiter):
            raise ValueError(f"'comment' must begin with neither a quote nor the delimiter, got '{self.comment}'")
        if self.columns is not None and self.header:
            raise ValueError("'columns' must be left out where 'header' is true, got both; write header: false")

    @classmethod
    def check_file(cls, spot: Spot, value: Value) -> None:
        _check_together(cls, spot, value)


class Column(Record):
    """An array or columns of a table, and what is done to the values."""

    wanted = "be the name of an array"
    short = "array"
    either = (("array", "columns"), ("classes", "categories"))
    path: FilePath | None = attr("file, if it is not the split's", default=None)
    array: ArrayName | None = attr(
        "array of a `.npz` file, or column of a table; several columns as `a, b, c` make a matrix", default=None
    )
    columns: Annotated[Any, Choice()] = attr(
        "columns of a table that make a matrix: `all`, a list of names and patterns such as `pixel*`, or "
        "`{except: [names]}`",
        default=None,
    )
    csv: Csv | None = attr("how a `.csv` file is written, if not as the split says", default=None)
    dtype: Dtype | None = attr(
        "converts the values to the input's dtype; without any of these keys dtypes must agree", default=None
    )
    missing: Annotated[Any, Fill()] = attr(
        "what takes the place of missing values, empty fields and NaN: a value, or the `mean`, `median` or "
        "`most_frequent` one of the training split; `error` refuses them; by default NaN alone stays",
        default=None,
    )
    scale: Annotated[Any, PerColumn()] = attr(
        "the values are multiplied by it, in float64; a list has one for each column", default=None
    )
    offset: Annotated[Any, PerColumn()] = attr("is added to them afterwards", default=None)
    normalize: str | None = attr(
        "`standard` (mean 0, deviation 1), `minmax` (0 to 1) or `robust` (median 0, distance between quartiles 1) by "
        "the training split, column by column",
        default=None,
        choices=("standard", "minmax", "robust"),
    )
    classes: Annotated[Any, Labels()] = attr(
        "the labels in the order of their numbers, which take their place; `fit`: those of the training split, sorted",
        default=None,
    )
    categories: Annotated[Any, LabelsPerColumn()] = attr(
        "the same for features, column by column: `fit`, a list, or `{column: list}`", default=None
    )
    weights: Annotated[Any, Weights()] = attr(
        "the weight of each class, which takes its place: numbers in the order of the classes, or `balanced`: rows / "
        "(classes x rows of the class) in the training split",
        default=None,
    )
    unknown: str = attr(
        "what a value that is none of the categories is: an error, or with `ignore` -1, in `one_hot` a row of zeros",
        default="error",
        choices=("error", "ignore"),
    )
    one_hot: Annotated[Any, OneHot()] = attr(
        "number of classes, or `true` beside classes or categories; each whole number becomes a row of zeros with a "
        "single one",
        default=None,
    )

    def check(self) -> None:
        labelled = self.classes is not None or self.categories is not None
        if self.one_hot is True and not labelled:
            raise ValueError("'one_hot' must be the number of classes, or have 'classes' or 'categories', got true")
        if self.one_hot is not True and self.one_hot is not None and labelled:
            raise ValueError("'one_hot' must be true beside 'classes' or 'categories', got a number")
        if self.unknown == "ignore" and self.categories is None:
            raise ValueError("'unknown' must have 'categories' beside it, got none")
        if self.weights is not None and (self.classes is None or self.one_hot):
            raise ValueError("'weights' must have 'classes' beside it and no 'one_hot', got other keys")
        if labelled or self.one_hot:
            for key in ("scale", "offset", "normalize"):
                if getattr(self, key) is not None:
                    raise ValueError(f"'{key}' must be left out beside classes, categories or one_hot, got it")
        if labelled and any(fill in ("mean", "median") for fill in self.fills):
            raise ValueError("'missing' must be error, most_frequent or a value beside classes and categories")
        if not labelled and any(isinstance(fill, str) and fill not in FILL for fill in self.fills):
            raise ValueError(f"'missing' must be {', '.join(FILL)} or a number, got {self.missing}")

    @classmethod
    def check_file(cls, spot: Spot, value: Value) -> None:
        _check_together(cls, spot, value)

    @property
    def fills(self) -> list[Any]:
        """What takes the place of missing values, as a list."""
        return list(self.missing) if is_list(self.missing) else [] if self.missing is None else [self.missing]


class Split(Record):
    """Files, and which array in them feeds which input."""

    wanted = "be {path: file.npz, inputs: {input: array}}"
    either = (("rows", "fraction"),)
    like: SplitName | None = attr("a split whose keys hold here where no others are given", default=None)
    path: FilePath | None = attr(
        "file, relative to the graph file: `.npz`, `.npy`, IDX (MNIST's format), a table as `.csv`, `.tsv`, "
        "`.parquet` or `.feather`; plain or gzip",
        default=None,
    )
    csv: Csv | None = attr("how a `.csv` file is written", default=None)
    rows: Annotated[tuple[int, int], Rows()] | None = attr(
        "first row, and the one after the last; by default all rows", default=None
    )
    fraction: Annotated[tuple[float, float], Part()] | None = attr(
        "part of the shuffled rows: `[0, 0.8]` and `[0.8, 1]` of one file have no row in common", default=None
    )
    seed: int | None = attr("determines how `fraction` shuffles, by default 0", default=None, ge=0)
    stratify: InputName | None = attr(
        "input whose values each part of `fraction` has in the same proportions", default=None
    )
    inputs: Annotated[dict[str, Column], MapOfInputs(Column)] | None = attr(
        "graph input -> name of an array, or a mapping that says more", default=None
    )

    def check(self) -> None:
        if self.stratify is not None and self.fraction is None and self.like is None:
            raise ValueError("'stratify' must have 'fraction' beside it, got none")

    @classmethod
    def check_file(cls, spot: Spot, value: Value) -> None:
        if "like" not in value.data:
            inputs = value.data.get("inputs")
            columns = inputs.data.values() if inputs is not None and isinstance(inputs.data, dict) else ()
            if inputs is None:
                spot.report(spot.place, f"{spot.name}: 'inputs' must be given, got nothing")
            if "path" not in value.data and not (columns and all(_has_path(column) for column in columns)):
                spot.report(spot.place, f"{spot.name}: 'path' must be given, got nothing")
        _check_together(cls, spot, value)


def _has_path(column: Value) -> bool:
    return isinstance(column.data, dict) and "path" in column.data


def _check_together(record: type[Record], spot: Spot, value: Value) -> None:
    """Report keys that do not go together, where each by itself is right."""
    if spot.builder.document.problems:
        return
    try:
        record(**value.plain())
    except ValueError as error:
        key = str(error).partition("'")[2].partition("'")[0]
        spot.report(value.keys.get(key, spot.place), f"{spot.name}: {error}")


class Splits(MapOf):
    """The splits by name; those that are like another have its keys where they give no others."""

    def parse(self, value: object) -> dict[str, Split]:
        found = super().parse(value)
        return {name: _complete(name, found, ()) for name in found}

    def read(self, spot: Spot, value: Value) -> Any:
        plain = super().read(spot, value)
        for name, split in value.data.items() if isinstance(value.data, dict) else ():
            like = split.data.get("like") if isinstance(split.data, dict) else None
            if like is not None and isinstance(like.data, str) and like.data not in {*value.data} - {name}:
                hint = spot.builder.document.hints.nearest(like.data, [each for each in value.data if each != name])
                spot.report(like.place, f"data '{name}': 'like' must be another split, got {like.kind}", hint)
        if not spot.builder.document.problems:
            self._check_completed(spot, value, plain)
        return plain

    def _check_completed(self, spot: Spot, value: Value, plain: Mapping[str, Any]) -> None:
        """Report splits that are wrong together with what they are like, where each by itself is right."""
        splits = super().parse(plain)
        for name in splits:
            try:
                _complete(name, splits, ())
            except ValueError as error:
                wrong = str(error).partition("'")[2].partition("'")[0]
                spot.report(value.keys[wrong], f"data {error}")


def _complete(name: str, splits: Mapping[str, Split], seen: tuple[str, ...]) -> Split:
    split = splits[name]
    if split.like is None:
        if split.inputs is None:
            raise ValueError(f"'{name}': 'inputs' must be given, got nothing")
        return split
    if split.like not in splits or split.like in (name, *seen):
        others = [other for other in splits if other != name]
        raise ValueError(f"'{name}': 'like' must be another split{_of(others)}, got '{split.like}'")
    base = _complete(split.like, splits, (*seen, name))
    given = {key: getattr(split, key) for key in Split.keys if getattr(split, key) is not None}
    other = {"rows": "fraction", "fraction": "rows"}
    keys = {key: getattr(base, key) for key in Split.keys if key != "like" and other.get(key) not in given}
    if "rows" in given:
        keys["stratify"] = None
    try:
        return Split(**{**keys, **given, "like": None})
    except ValueError as error:
        raise ValueError(f"'{name}': {error}") from None


def _of(names: Sequence[str]) -> str:
    return f", one of {', '.join(names)}" if names else ""


Data = Splits(Split, "Where inputs come from: split -> file and arrays in it.", "map splits to files")


def data_section(graph: Graph) -> dict[str, Split]:
    """The splits of a graph; GraphError where its section is not as declared."""
    return section_of(graph, "data") or {}
