"""What feeds one input, as far as it is known before a row is read: its dtype, its shape, and whether they fit."""

from __future__ import annotations

from dataclasses import dataclass

from dataflow.core import dtypes
from dataflow.core.dtypes import DType
from dataflow.core.errors import GraphError
from dataflow.core.shapes import Shape, TensorType, fits
from dataflow.training.data import conversion, preparation
from dataflow.training.data.section import Column
from dataflow.training.data.wanted import TEXT


@dataclass(frozen=True)
class Given:
    """What a source of rows gives: the dtype and shape of all of them; the first size is None where it is not known."""

    dtype: DType
    shape: tuple[int | None, ...]
    is_table: bool = False

    @property
    def columns(self) -> int:
        """Columns of a matrix; of anything else one."""
        return self.shape[1] or 0 if len(self.shape) == 2 else 1


def wanted_kind(column: Column, declared: TensorType) -> tuple[str, bool]:
    """In which dtype the values of a table are wanted for an input, or as text; and whether they may be missing."""
    missing = any(fill != "error" for fill in column.fills)
    if preparation.is_labelled(column):
        return TEXT, missing
    if preparation.is_computed(column):
        return "float64", missing
    return ("int64" if column.one_hot else dtypes.storage(declared.dtype).name), False


def check_given(who: str, declared: TensorType, column: Column, given: Given) -> None:
    """Raise GraphError where no row of a source can feed an input, whatever values it has."""
    for key, value in (("scale", column.scale), ("offset", column.offset)):
        preparation.per_column(value, given.columns, f"{who}: '{key}'")
    _check_dtype(who, declared, column, given)
    if column.one_hot is not True:  # else its width follows from labels that may still be fitted
        check_shape(who, declared, column, (*given.shape, column.one_hot) if column.one_hot else given.shape)


def check_shape(who: str, declared: TensorType, column: Column, shape: Shape) -> None:
    """Raise GraphError where prepared rows do not have the shape of the input."""
    if not fits(shape, (None, *(declared.shape or shape or ())[1:])):
        raise GraphError(f"{who} must be {declared}, got {TensorType(column.dtype or '', shape)}")


def _check_dtype(who: str, declared: TensorType, column: Column, given: Given) -> None:
    dtype, wanted = given.dtype, declared.dtype
    labelled = preparation.is_labelled(column)
    if column.dtype is not None and dtypes.storage(column.dtype) != dtypes.storage(wanted):
        raise GraphError(f"{who} must be {wanted}, got 'dtype' {column.dtype}")
    if labelled and dtype.kind not in "iub":
        raise GraphError(f"{who}: labels must be text or whole numbers, got {dtype.name}")
    if labelled and len(given.shape) > 2:
        raise GraphError(f"{who}: labels must be one or a row of them per row, got shape {list(given.shape)}")
    prepared = labelled or preparation.is_computed(column) or given.is_table
    changes = (column.dtype, column.one_hot, True if prepared else None)
    if all(change is None for change in changes) and not conversion.changes_nothing(dtype, wanted):
        got = dtype.newbyteorder("=").name
        raise GraphError(f"{who} must be {wanted}, got {got}; write dtype: {wanted} to convert")
    if dtype.kind == "c" and preparation.needs_fit(column):
        raise GraphError(f"{who} must be real numbers to be normalized or filled by others, got {dtype.name}")
    if why := conversion.refuse_kind(dtype, wanted):
        raise GraphError(f"{who} {why}")
