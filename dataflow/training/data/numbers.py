"""Numbers in text, each as the nearest value of the dtype that is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import cropped

_NUMBER = re.compile(  # ASCII digits alone, no underscores: float() takes more
    r"[ \t]*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf|infinity)[ \t]*", re.I | re.A
)
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_MOST_DIGITS = 400  # of a whole number


class WrongText(ValueError):
    """A text that is no value of the dtype; ``index`` is its place among others."""

    def __init__(self, index: int, message: str):
        super().__init__(message)
        self.index = index


def is_number(text: str) -> bool:
    """Whether a text is a number, nan or inf."""
    return _NUMBER.fullmatch(text) is not None


def parsed(texts: Sequence[str], dtype: str) -> Array:
    """The values of texts: whole numbers exactly, floating ones as the nearest of the dtype.

    Raises WrongText where a text is no number, or the dtype cannot hold it.
    """
    storage = dtypes.storage(dtype)
    if dtype == "bool":
        return np.array([_truth(i, text) for i, text in enumerate(texts)], np.bool_)
    if storage.kind in "iu":
        return _whole(texts, dtype)
    found = _doubles(texts)
    return nearest(found, dtype, texts)


def nearest(found: Array, dtype: str, texts: Sequence[str] | None) -> Array:
    """The nearest values of a floating dtype to numbers that were read as float64.

    A text that lies halfway between two values of the dtype once it is a float64 is looked at again: rounded twice, it
    could become the wrong one. Without texts that is an error (Halfway).
    """
    storage = dtypes.storage(dtype)
    if storage == np.float64:
        return found
    with np.errstate(over="ignore"):
        made = found.astype(storage)
    back = made.astype(np.float64)
    lost = np.isinf(back) & np.isfinite(found)
    if lost.any():
        first = int(lost.argmax())
        got = texts[first] if texts else found[first]
        raise WrongText(first, f"must be {dtype}, got {got}; it holds no number as large")
    halfway = _halfway(found, made, back)
    if len(halfway):
        if texts is None:
            raise Halfway
        for i in halfway.tolist():
            made[i] = _exactly(texts[i], storage)
    return made


class Halfway(Exception):
    """A number lies halfway between two values of the dtype, and only its text tells which is nearer."""


def _halfway(found: Array, made: Array, back: Array) -> Array:
    """Where a float64 lies exactly between two neighbours of a narrower dtype."""
    apart = np.flatnonzero((found != back) & np.isfinite(found))
    toward = np.where(found[apart] > back[apart], np.inf, -np.inf).astype(made.dtype)
    beside = np.nextafter(made[apart], toward).astype(np.float64)
    result: Array = apart[np.abs(found[apart] - back[apart]) == np.abs(beside - found[apart])]
    return result


def _exactly(text: str, storage: np.dtype[Any]) -> Any:
    """The value of a narrow floating dtype that is nearest to a decimal number; of two equally near the even one."""
    wanted = Decimal(text.strip())
    low = np.array(float(wanted), np.float64).astype(storage)
    if Decimal(float(low)) > wanted:
        low = np.nextafter(low, storage.type(-np.inf))
    high = np.nextafter(low, storage.type(np.inf))
    middle = (Decimal(float(low)) + Decimal(float(high))) / 2
    if wanted == middle:
        return np.array(float(middle), np.float64).astype(storage)
    return low if wanted < middle else high


def _doubles(texts: Sequence[str]) -> Array:
    try:
        joined = "".join(texts)
        if joined.isascii() and "_" not in joined:  # float() takes more than numbers are written with
            return np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        pass
    for i, text in enumerate(texts):
        if not is_number(text):
            raise WrongText(i, f"must be a number, got {_shown(text)}")
    return np.fromiter(map(float, texts), np.float64, len(texts))


def _whole(texts: Sequence[str], dtype: str) -> Array:
    low, high = dtypes.limits(dtype)
    try:
        joined = "".join(texts)
        if not joined.isascii() or "_" in joined:
            raise ValueError
        numbers = [*map(int, texts)]
    except ValueError:
        numbers = [_integer(i, text) for i, text in enumerate(texts)]
    if numbers and not (low <= min(numbers) and max(numbers) <= high):
        i = next(i for i, number in enumerate(numbers) if not low <= number <= high)
        raise WrongText(i, f"must be {dtype}, got {_shown(texts[i])}; it holds {low} to {high}")
    return np.array(numbers, dtypes.storage(dtype))


def _integer(i: int, text: str) -> int:
    if not is_number(text):
        raise WrongText(i, f"must be a whole number, got {_shown(text)}")
    number = Decimal(text.strip())
    if number.is_finite() and number and number.adjusted() > _MOST_DIGITS:
        raise WrongText(i, f"must be a whole number of at most 64 bits, got {_shown(text)}")
    if not number.is_finite() or number != number.to_integral_value():
        raise WrongText(i, f"must be a whole number, got {_shown(text)}")
    return int(number)


def _truth(i: int, text: str) -> bool:
    found = _TRUTH.get(text.strip().lower())
    if found is None:
        raise WrongText(i, f"must be true, false, 1 or 0, got {_shown(text)}")
    return found


def _shown(text: str) -> str:
    return "nothing" if not text.strip() else f"'{cropped(text)}'"
