"""Values converted to the dtype of an input, or refused where one does not fit; labels turned into numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dataflow.core import casting, dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import DataflowError

EXACT = 2**53  # float64 holds every whole number up to here
Tell = Callable[[tuple[int, ...], str], DataflowError]  # the error for the value at an index, with what is wrong


def changes_nothing(given: DType, wanted: str) -> bool:
    """Whether values of a dtype are values of the other as they are."""
    return given.newbyteorder("=") == dtypes.storage(wanted)


def converted(values: Array, dtype: str, tell: Tell) -> Array:
    """The same numbers in another dtype, rounded to the nearest where it is floating."""
    values = dtypes.native_order(values)
    storage = dtypes.storage(dtype)
    if values.dtype == storage:
        return values
    if dtype == "bool" and values.dtype.kind in "iuf":
        wrong = (values != 0) & (values != 1)
        if wrong.any():
            raise tell(*_first(values, wrong, "must be 0 or 1 to become bool"))
        return values.astype(np.bool_)
    if values.dtype == np.bool_:
        return values.astype(storage)
    try:
        return casting.cast_to(values, dtype)
    except casting.ConversionError as error:
        raise tell(error.index, str(error)) from None


def refuse_kind(given: DType, dtype: str) -> str:
    """Why no value of a dtype can become one of the other; nothing where some can."""
    if given.kind == "c" and dtypes.storage(dtype).kind != "c":
        return f"must be {dtype}, got {given.name}; save the real part"
    return ""


def as_float64(values: Array, tell: Tell) -> Array:
    """The same numbers as float64; whole numbers that it cannot hold are refused."""
    made = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        wrong = (values > EXACT) | (values < -EXACT)
        if wrong.any():
            raise tell(*_first(values, wrong, "must be within 2^53 to be scaled or normalized"))
    return made


def one_hot(numbers: Array, count: int, dtype: str) -> Array:
    """A row of zeros with a single one for each whole number from 0 to ``count``; -1 gives zeros alone."""
    made: Array = (numbers[..., None] == np.arange(count)).astype(dtypes.storage(dtype))
    return made


def class_numbers(values: Array, count: int, tell: Tell) -> Array:
    """Labels that are whole numbers from 0 to ``count``, as int64."""
    if values.dtype == np.bool_:
        values = values.astype(np.int64)
    whole: Array | np.bool_ = np.True_
    if values.dtype.kind not in "iu":
        whole = np.isfinite(values) & (values == np.floor(values))
    wrong = ~(whole & (values >= 0) & (values < count))
    if wrong.any():
        raise tell(*_first(values, wrong, f"must be a class from 0 to {count - 1}, as one_hot is {count}"))
    return values.astype(np.int64)


def first(wrong: Array) -> tuple[int, ...]:
    """The index of the first true value."""
    return tuple(map(int, np.unravel_index(wrong.reshape(-1).argmax(), wrong.shape)))


def _first(values: Array, wrong: Array, wanted: str) -> tuple[tuple[int, ...], str]:
    index = first(np.broadcast_to(wrong, values.shape))
    return index, f"{wanted}, got {values[index].item()}"
