"""What feeds one input: an array or columns of a table, prepared, converted and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, cropped, listing, nearest
from dataflow.core.shapes import TensorType, fits
from dataflow.training.data import conversion, preparation
from dataflow.training.data.preparation import Fitted
from dataflow.training.data.section import Column
from dataflow.training.data.sources import RowSource
from dataflow.training.data.table import TableColumns
from dataflow.training.data.wanted import MISSING, TEXT

_AT_ONCE = 1 << 16  # rows that are looked at together while fitting: always as many, so that sums have the same bits


def wanted_kind(column: Column, declared: TensorType) -> tuple[str, bool]:
    """In which dtype the values of a table are wanted for an input, or as text; and whether they may be missing."""
    missing = any(fill != "error" for fill in column.fills)
    if preparation.is_labelled(column):
        return TEXT, missing
    if preparation.is_computed(column):
        return "float64", missing
    return ("int64" if column.one_hot else dtypes.storage(declared.dtype).name), False


class Feed:
    """The values of one input, row by row.

    Raises GraphError where the source cannot feed the input.
    """

    def __init__(self, who: str, declared: TensorType, column: Column, source: RowSource):
        self.who, self.declared, self.column, self.source = who, declared, column, source
        self.dtype = declared.dtype
        self.labelled = preparation.is_labelled(column)
        self.computed = preparation.is_computed(column)
        self.width = source.shape[1] if len(source.shape) == 2 else 1
        self.scale = preparation.per_column(column.scale, self.width, f"{who}: 'scale'")
        self.offset = preparation.per_column(column.offset, self.width, f"{who}: 'offset'")
        self.fitted = Fitted()
        self._check_source()
        if self.column.one_hot is not True:  # else its width follows from labels that may still be fitted
            self._check_shape()

    # -- what can be known before a row is read -------------------------------------------------------------------

    def _check_source(self) -> None:
        column, given = self.column, self.source.dtype
        is_table = isinstance(self.source, TableColumns)
        if column.dtype is not None and dtypes.storage(column.dtype) != dtypes.storage(self.dtype):
            raise GraphError(f"{self.who} must be {self.dtype}, got 'dtype' {column.dtype}")
        if self.labelled and given.kind not in "iub":
            raise GraphError(f"{self.who}: labels must be text or whole numbers, got {given.name}")
        changes = (column.dtype, column.one_hot, True if self.labelled or self.computed or is_table else None)
        if all(change is None for change in changes) and not conversion.changes_nothing(given, self.dtype):
            raise GraphError(
                f"{self.who} must be {self.dtype}, got {given.newbyteorder('=').name}; "
                f"write dtype: {self.dtype} to convert"
            )
        if why := conversion.refuse_kind(given, self.dtype):
            raise GraphError(f"{self.who} {why}")

    def _check_shape(self) -> None:
        shape = self.source.shape
        if self.column.one_hot is True:
            shape = (shape[0], sum(map(len, self.fitted.labels or ())))
        elif self.column.one_hot:
            shape = (*shape, self.column.one_hot)
        if not fits(shape, (None, *(self.declared.shape or shape)[1:])):
            raise GraphError(f"{self.who} must be {self.declared}, got {TensorType(self.column.dtype or '', shape)}")

    # -- fitting --------------------------------------------------------------------------------------------------

    @property
    def needs_fit(self) -> bool:
        """Whether something of it is to be found in the training split."""
        return preparation.needs_fit(self.column)

    def fit(self, indices: Callable[[], Iterable[Array]]) -> Fitted:
        """What preparing needs to know, found in the rows with these numbers."""
        return replace(self._fitted_to(indices), names=self._names() if isinstance(self.source, TableColumns) else None)

    def _fitted_to(self, indices: Callable[[], Iterable[Array]]) -> Fitted:
        if self.labelled:

            def texts() -> Iterator[list[list[str | None]]]:
                for part in indices():
                    yield self._texts(self.source.take(part))

            return preparation.fit_labels(self.column, texts, self._names(), self.who)
        if not self.computed:
            return Fitted()

        def raw() -> Iterator[Array]:
            for part in indices():
                rows = self.source.take(part)
                yield conversion.as_float64(rows, self._tell(part)).reshape(len(rows), -1)

        try:
            return preparation.fit_numbers(self.column, raw, self._columns(), self.who)
        except ValueError as error:
            raise error if isinstance(error, DataflowError) else GraphError(f"{self.who} {error}") from None

    def use(self, fitted: Fitted) -> None:
        """Prepare rows by what was found in the training split."""
        if fitted.names is not None and fitted.names != self._names():
            raise GraphError(
                f"{self.who}: must have the columns {listing(fitted.names, 'and')}, as in the training split, "
                f"got {listing(self._names(), 'and')}"
            )
        wrong = [len(values) for values in (fitted.fills, fitted.center, fitted.labels) if values is not None]
        if any(length != self._columns() for length in wrong):
            raise GraphError(
                f"{self.who}: must have {wrong[0]} columns, as in the training split, got {self._columns()}"
            )
        self.fitted = fitted
        if self.column.one_hot is True:
            self._check_shape()

    def _columns(self) -> int:
        """Columns that are prepared each by itself; arrays of more dims are seen as rows of numbers."""
        return int(np.prod(self.source.shape[1:], dtype=np.int64)) if not self.labelled else self.width

    def _names(self) -> list[str]:
        if isinstance(self.source, TableColumns):
            return [wanted.name for wanted in self.source.wanted]
        return [str(i) for i in range(self.width)]

    # -- rows -----------------------------------------------------------------------------------------------------

    def rows(self, indices: Array) -> Array:
        """The rows with these numbers, as the input takes them; DataflowError with file and row where one is wrong."""
        values, tell = self.source.take(indices), self._tell(indices)
        if self.labelled:
            numbers = self._numbers(values, indices)
            if self.column.one_hot is not True:
                return conversion.converted(numbers, self.dtype, tell)
            pairs = zip(_by_column(numbers), self.fitted.labels or (), strict=True)
            return np.concatenate([conversion.one_hot(part, len(labels), self.dtype) for part, labels in pairs], axis=1)
        if self.column.one_hot:
            depth = int(self.column.one_hot)
            return conversion.one_hot(conversion.class_numbers(values, depth, tell), depth, self.dtype)
        if self.computed:
            values = self._computed(values, tell)
        return conversion.converted(values, self.dtype, tell)

    def _computed(self, values: Array, tell: conversion.Tell) -> Array:
        given = conversion.as_float64(values, tell)
        rows = given.reshape(len(given), -1) if given.ndim > 2 else given
        rows = preparation.filled(rows, self.fitted.fills)
        rows = preparation.scaled(rows, self.scale, self.offset)
        if self.fitted.center is not None:
            center, spread = np.array(self.fitted.center), np.array(self.fitted.spread)
            with np.errstate(all="ignore"):
                rows = (rows - (center if rows.ndim > 1 else center[0])) / (spread if rows.ndim > 1 else spread[0])
        made = rows.reshape(given.shape)
        lost = np.isinf(made) & np.isfinite(given)
        if dtypes.storage(self.dtype).kind in "iu":
            lost |= np.abs(made) > 2.0**53
        if lost.any():
            index = tuple(map(int, np.unravel_index(lost.reshape(-1).argmax(), lost.shape)))
            raise tell(index, f"must be a number that {self.dtype} holds once it is prepared, got {made[index].item()}")
        if any(fill == "error" for fill in self.column.fills) and np.isnan(made).any():
            index = tuple(map(int, np.unravel_index(np.isnan(made).reshape(-1).argmax(), made.shape)))
            raise tell(index, "must be a number, got nan; say with 'missing' what takes its place")
        return made

    def _texts(self, values: Array) -> list[list[str | None]]:
        """The texts of each column."""
        if isinstance(self.source, TableColumns):
            words = [self.source.table.words.texts(wanted.name) for wanted in self.source.wanted]
            return [
                [None if code == MISSING else known[code] for code in codes.tolist()]
                for codes, known in zip(_by_column(values), words, strict=True)
            ]
        return [[str(value) for value in column.tolist()] for column in _by_column(values)]

    def _numbers(self, values: Array, indices: Array) -> Array:
        """The number of each label."""
        labels = self.fitted.labels or []
        made = np.empty(values.shape, np.int64)
        for i, (column, texts) in enumerate(zip(_by_column(made), self._texts(values), strict=True)):
            number = {label: at for at, label in enumerate(labels[i])}
            fill = self.fitted.fills[i] if self.fitted.fills else "error"
            for row, text in enumerate(texts):
                if text is None and fill != "error":
                    text = str(fill)
                found = number.get(text) if text is not None else None
                if found is None and self.column.unknown == "ignore":
                    found = MISSING
                if found is None:
                    raise self._unknown_label(text, labels[i], self._tell(indices), (row, i)[: values.ndim])
                column[row] = found
        return made

    def _unknown_label(
        self, text: str | None, labels: list[str], tell: conversion.Tell, index: tuple[int, ...]
    ) -> DataflowError:
        kind = "classes" if self.column.classes is not None else "categories"
        got = "nothing" if text is None else f"'{cropped(text)}'"
        shown = [cropped(label) for label in labels[:10]] + ["..."] * (len(labels) > 10)
        hint = nearest(text or "", labels[:1000]) or f"they are {listing(shown, 'and')}"
        return tell(index, f"must be one of the {kind}, got {got}; {hint}")

    def _tell(self, indices: Array) -> Callable[[tuple[int, ...], str], DataflowError]:
        def told(index: tuple[int, ...], message: str) -> DataflowError:
            column = index[1] if len(index) > 1 else None
            return GraphError(f"{self.who}: {self.source.where(int(indices[index[0]]), column)} {message}")

        return told


def _by_column(values: Array) -> list[Any]:
    return [values] if values.ndim == 1 else [values[:, i] for i in range(values.shape[1])]
