"""What is done to the values of an input before it is fed, and what of it was fitted to the training split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.training.data import statistics
from dataflow.training.data.section import Column
from dataflow.training.data.section_kinds import FILL

_WHOLE = re.compile("-?[0-9]{1,400}")


@dataclass(frozen=True)
class Fitted:
    """What preparing needs to know, column by column; plain data, kept in checkpoints.

    names : the columns, where they are those of a table.
    fills : what takes the place of missing values.
    center, spread : a value becomes (value - center) / spread.
    labels : the texts that have the numbers 0, 1 and so on.
    weights : what stands for each of the labels of the one column, in place of its number.
    """

    names: list[str] | None = None
    fills: list[Any] | None = None
    center: list[float] | None = None
    spread: list[float] | None = None
    labels: list[list[str]] | None = None
    weights: list[float] | None = None

    def plain(self) -> dict[str, Any]:
        """As data that JSON holds."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def is_labelled(column: Column) -> bool:
    """Whether texts or other labels become numbers."""
    return column.classes is not None or column.categories is not None


def is_prepared(column: Column) -> bool:
    """Whether more is done to the values than to convert them."""
    given = (column.missing, column.scale, column.offset, column.normalize, column.classes, column.categories)
    return any(value is not None for value in (*given, column.one_hot))


def needs_fit(column: Column) -> bool:
    """Whether something of it is to be found in the training split."""
    labels = column.classes if column.classes is not None else column.categories
    by_column = list(labels.values()) if isinstance(labels, Mapping) else [labels]
    if column.weights == "balanced":
        return True
    return "fit" in by_column or column.normalize is not None or any(fill in FILL[1:] for fill in column.fills)


def is_computed(column: Column) -> bool:
    """Whether values go through float64."""
    kept = (None, "error")
    return any(value is not None for value in (column.scale, column.offset, column.normalize)) or (
        any(fill not in kept for fill in column.fills) and not is_labelled(column)
    )


def fit_numbers(column: Column, raw: statistics.Passes, width: int, who: str) -> Fitted:
    """What fills missing numbers and normalizes them; ``raw`` gives the values before."""
    fills = _fills(column, raw, width, who)
    scale, offset = (
        per_column(column.scale, width, f"{who}: 'scale'"),
        per_column(column.offset, width, f"{who}: 'offset'"),
    )
    if column.normalize is None:
        return Fitted(fills=fills)

    def passes() -> Iterable[Array]:
        for rows in raw():
            yield scaled(filled(rows, fills), scale, offset)

    with np.errstate(over="ignore", invalid="ignore"):
        center, spread = _normal(column.normalize, passes)
    if len(wrong := np.flatnonzero(~(np.isfinite(center) & np.isfinite(spread)))):
        raise GraphError(
            f"{who}: column {wrong[0]} must have numbers whose distances and squares float64 holds for "
            f"'normalize: {column.normalize}', got others in the training split"
        )
    return Fitted(fills=fills, center=center.tolist(), spread=np.where(spread > 0, spread, 1.0).tolist())


def _normal(how: str, passes: statistics.Passes) -> tuple[Array, Array]:
    if how == "robust":
        low, middle, high = statistics.quantiles(passes, [0.25, 0.5, 0.75])
        return middle, high - low
    found = statistics.moments(passes)
    return (found.mean, found.deviation) if how == "standard" else (found.low, found.high - found.low)


def _fills(column: Column, raw: statistics.Passes, width: int, who: str) -> list[Any] | None:
    if not column.fills:
        return None
    given = fills_of(column, width, who)
    made: dict[str, Any] = {}
    if "mean" in given:
        found = statistics.moments(raw)
        made["mean"] = np.where(found.count > 0, found.mean, np.nan).tolist()
    if "median" in given:
        made["median"] = statistics.quantiles(raw, [0.5])[0].tolist()
    if "most_frequent" in given:
        made["most_frequent"] = statistics.most_frequent(raw, width)
    values = [
        made[fill][i] if fill in made else np.nan if fill == "error" else float(fill) for i, fill in enumerate(given)
    ]
    for i, (fill, value) in enumerate(zip(given, values, strict=True)):
        if fill in made and np.isnan(value):
            raise GraphError(
                f"{who}: column {i} must have values for 'missing: {fill}', got none in the training split"
            )
    return values


def fills_of(column: Column, width: int, who: str) -> list[Any]:
    """What takes the place of missing values, for each column."""
    fills = column.fills * width if len(column.fills) == 1 else column.fills
    if len(fills) != width:
        raise GraphError(f"{who}: 'missing' must be one, or one for each of {width} columns, got {len(fills)}")
    return fills


def per_column(value: float | Sequence[float] | None, width: int, who: str) -> float | Array | None:
    """A number, or an array of a number for each column; None where nothing is given."""
    if value is None or isinstance(value, int | float):
        return value
    if len(value) != width:
        raise GraphError(f"{who} must be one number, or one for each of {width} columns, got {len(value)}")
    return np.array(value, np.float64)


def filled(rows: Array, fills: list[Any] | None) -> Array:
    """The values, with those that are missing filled."""
    if fills is None:
        return rows
    return np.where(np.isnan(rows), np.array(fills if rows.ndim > 1 else fills[0], rows.dtype), rows)


def scaled(rows: Array, scale: float | Array | None, offset: float | Array | None) -> Array:
    """The values times the scale plus the offset."""
    with np.errstate(over="ignore", invalid="ignore"):
        rows = rows if scale is None else rows * scale
        return rows if offset is None else rows + offset


Texts = Callable[[], Iterable[list[list["str | None"]]]]  # the rows from the beginning, in parts, by column


def fit_labels(column: Column, texts: Texts, names: list[str], who: str) -> Fitted:
    """The labels of each column, and what takes the place of missing ones."""
    declared = declared_labels(column, names, who)
    fills = fills_of(column, len(names), who) if column.fills else None
    counted: list[Counter[str]] = [Counter() for _ in names]
    empty = [0] * len(names)
    if "fit" in declared or column.weights == "balanced" or (fills and "most_frequent" in fills):
        for part in texts():
            for i, column_texts in enumerate(part):
                counted[i].update(text for text in column_texts if text is not None)
                empty[i] += column_texts.count(None)
        if fills:
            fills = [
                _most(counter, name, who) if fill == "most_frequent" else fill
                for fill, counter, name in zip(fills, counted, names, strict=True)
            ]
        added = [set() if fill == "error" else {str(fill)} for fill in fills] if fills else [set()] * len(names)
        declared = [
            _in_order({*counter} | more) if labels == "fit" else labels
            for labels, counter, more in zip(declared, counted, added, strict=True)
        ]
    found = [[str(label) for label in labels] for labels in declared]
    if fills and fills[0] != "error":
        counted[0][str(fills[0])] += empty[0]
    return Fitted(fills=fills, labels=found, weights=_weights(column, found, counted[0], who))


def _weights(column: Column, labels: list[list[str]], rows: Counter[str], who: str) -> list[float] | None:
    """The weight of each label, where labels become weights."""
    if column.weights is None:
        return None
    if len(labels) != 1:
        raise GraphError(f"{who}: 'weights' must be those of one column, got {len(labels)}")
    if column.weights != "balanced":
        if len(column.weights) != len(labels[0]):
            wanted = f"one for each of {len(labels[0])} classes"
            raise GraphError(f"{who}: 'weights' must be {wanted}, got {len(column.weights)}")
        return [float(weight) for weight in column.weights]
    for label in labels[0]:
        if not rows[label]:
            raise GraphError(f"{who}: class '{label}' must have rows to be balanced, got none in the training split")
    return [rows.total() / (len(labels[0]) * rows[label]) for label in labels[0]]


def _most(counter: Counter[str], name: str, who: str) -> str:
    if not counter:
        raise GraphError(
            f"{who}: column '{name}' must have values for 'missing: most_frequent', got none in the training split"
        )
    return min(counter, key=lambda text: (-counter[text], text))


def declared_labels(column: Column, names: list[str], who: str) -> list[Any]:
    """The labels that a declaration gives each column: a list, or fit."""
    given = column.classes if column.classes is not None else column.categories
    if not isinstance(given, Mapping):
        return [given] * len(names)
    if given.keys() != set(names):
        other = sorted(given.keys() ^ set(names))[0]
        raise GraphError(f"{who}: 'categories' must have the columns {', '.join(names)}, got or lacks '{other}'")
    return [given[name] for name in names]


def _in_order(labels: set[str]) -> list[str]:
    """Labels sorted: whole numbers by value, texts by character."""
    if all(map(_WHOLE.fullmatch, labels)):
        return sorted(labels, key=lambda label: (int(label), label))
    return sorted(labels)
