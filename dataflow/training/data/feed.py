"""What feeds one input: an array or columns of a table, prepared, converted and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, cropped, listing, nearest
from dataflow.core.shapes import TensorType
from dataflow.training.data import conversion, preparation
from dataflow.training.data.feed_type import Given, check_given, check_shape
from dataflow.training.data.preparation import Fitted
from dataflow.training.data.section import Column
from dataflow.training.data.sources import RowSource
from dataflow.training.data.table import TableColumns
from dataflow.training.data.wanted import MISSING

_AT_ONCE = 1 << 16, 1 << 21  # rows, and values in them, that are looked at together while fitting
_UNKNOWN = -2  # the number of a label that is none


class Feed:
    """The values of one input, row by row.

    Raises GraphError where the source cannot feed the input.
    """

    def __init__(self, who: str, declared: TensorType, column: Column, source: RowSource):
        self.who, self.declared, self.column, self.source = who, declared, column, source
        self.dtype = declared.dtype
        self.labelled = preparation.is_labelled(column)
        self.computed = preparation.is_computed(column)
        given = Given(source.dtype, source.shape, isinstance(source, TableColumns))
        check_given(who, declared, column, given)
        self.width = given.columns
        self.scale = preparation.per_column(column.scale, self.width, f"{who}: 'scale'")
        self.offset = preparation.per_column(column.offset, self.width, f"{who}: 'offset'")
        self.fitted = Fitted()
        self._looked_up: dict[int, tuple[Sequence[str | None], Array]] = {}

    # -- fitting --------------------------------------------------------------------------------------------------

    @property
    def needs_fit(self) -> bool:
        """Whether something of it is to be found in the training split."""
        return preparation.needs_fit(self.column)

    def fit(self, parts: Callable[[int], Iterable[Array]]) -> Fitted:
        """What preparing needs to know, found in rows whose numbers ``parts`` gives, so many at a time."""
        return replace(self._fitted_to(parts), names=self._names() if isinstance(self.source, TableColumns) else None)

    def _fitted_to(self, parts: Callable[[int], Iterable[Array]]) -> Fitted:
        size = _at_once(self._columns())  # always as many, so that sums have the same bits
        if self.labelled:

            def texts() -> Iterator[list[list[str | None]]]:
                for part in parts(size):
                    yield self._texts(self.source.take(part))

            return preparation.fit_labels(self.column, texts, self._names(), self.who)
        if not self.computed:
            return Fitted()

        def raw() -> Iterator[Array]:
            for part in parts(size):
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
        self.fitted, self._looked_up = fitted, {}
        if self.column.one_hot is True:
            shape = (self.source.shape[0], sum(map(len, self.fitted.labels or ())))
            check_shape(self.who, self.declared, self.column, shape)

    def _columns(self) -> int:
        """Columns that are prepared each by itself; arrays of more dims are seen as rows of numbers."""
        return int(np.prod(self.source.shape[1:], dtype=np.int64)) if not self.labelled else self.width

    def _names(self) -> list[str]:
        if isinstance(self.source, TableColumns):
            return [wanted.name for wanted in self.source.wanted]
        return [str(i) for i in range(self.width)]

    # -- rows -----------------------------------------------------------------------------------------------------

    def check(self, parts: Callable[[int], Iterable[Array]]) -> None:
        """Raise DataflowError where one of the rows whose numbers ``parts`` gives cannot be fed."""
        if self._may_refuse():
            classes = sum(map(len, self.fitted.labels or ())) if self.column.one_hot is True else self.column.one_hot
            for part in parts(_at_once(self._columns() * max(classes or 1, 1))):
                self.rows(part)

    def _may_refuse(self) -> bool:
        """Whether a value may turn out to be wrong only when it is read."""
        if self.labelled or self.column.one_hot or "error" in self.column.fills:
            return True
        given, wanted = self.source.dtype, dtypes.storage(self.dtype)
        if given.kind in "iub" and given.itemsize <= 4 and wanted.kind not in "iub" and self.column.normalize is None:
            return False
        return self.computed or not conversion.changes_nothing(given, self.dtype)

    def rows(self, indices: Array) -> Array:
        """The rows with these numbers, as the input takes them; DataflowError with file and row where one is wrong."""
        values, tell = self.source.take(indices), self._tell(indices)
        if self.labelled:
            numbers = self._numbers(values, indices)
            if self.fitted.weights is not None:
                return conversion.converted(np.array(self.fitted.weights)[numbers], self.dtype, tell)
            if self.column.one_hot is not True:
                return conversion.converted(numbers, self.dtype, tell)
            pairs = zip(_by_column(numbers), self.fitted.labels or (), strict=True)
            return np.concatenate([conversion.one_hot(part, len(labels), self.dtype) for part, labels in pairs], axis=1)
        if self.computed:
            values = self._computed(values, tell)
        if "error" in self.column.fills and (wrong := values != values).any():
            raise tell(conversion.first(wrong), "must be a number, got nan; say with 'missing' what takes its place")
        if self.column.one_hot:
            depth = int(self.column.one_hot)
            return conversion.one_hot(conversion.class_numbers(values, depth, tell), depth, self.dtype)
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
            lost |= np.abs(made) >= conversion.EXACT
        if lost.any():
            index = conversion.first(lost)
            raise tell(index, f"must be a number that {self.dtype} holds once it is prepared, got {made[index].item()}")
        return made

    def _texts(self, values: Array) -> list[list[str | None]]:
        """The texts of each column."""
        return [[texts[code] for code in codes.tolist()] for codes, texts in self._coded(values)]

    def _coded(self, values: Array) -> Iterator[tuple[Array, Sequence[str | None]]]:
        """Each column as places in a list of texts."""
        if isinstance(self.source, TableColumns):
            yield from zip(_by_column(values), self._words, strict=True)
            return
        for column in _by_column(values):
            different, codes = np.unique(column, return_inverse=True)
            yield codes, [*map(str, different.tolist())]

    @cached_property
    def _words(self) -> list[list[str | None]]:
        """The texts in each column of a table; the last one is that of MISSING."""
        assert isinstance(self.source, TableColumns)
        return [[*self.source.table.words.texts(wanted.name), None] for wanted in self.source.wanted]

    def _numbers(self, values: Array, indices: Array) -> Array:
        """The number of each label."""
        made = np.empty(values.shape, np.int64)
        for i, (column, (codes, texts)) in enumerate(zip(_by_column(made), self._coded(values), strict=True)):
            if texts is not self._looked_up.get(i, (None,))[0]:
                self._looked_up[i] = texts, self._numbers_of(texts, i)
            column[:] = self._looked_up[i][1][codes]
            if (wrong := column == _UNKNOWN).any():
                row = int(wrong.argmax())
                labels = (self.fitted.labels or [])[i]
                raise self._unknown_label(texts[codes[row]], labels, self._tell(indices), (row, i)[: values.ndim])
        return made

    def _numbers_of(self, texts: Sequence[str | None], i: int) -> Array:
        """The number of each text that a column may have."""
        number = {label: at for at, label in enumerate((self.fitted.labels or [])[i])}
        fill = self.fitted.fills[i] if self.fitted.fills else "error"
        other = MISSING if self.column.unknown == "ignore" else _UNKNOWN
        named = [str(fill) if text is None and fill != "error" else text for text in texts]
        return np.array([other if text is None else number.get(text, other) for text in named], np.int64)

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


def _at_once(width: int) -> int:
    rows, values = _AT_ONCE
    return min(rows, max(values // max(width, 1), 1))


def _by_column(values: Array) -> list[Any]:
    return [values] if values.ndim == 1 else [values[:, i] for i in range(values.shape[1])]
