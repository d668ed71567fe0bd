"""Numbers in text, each as the nearest value of the dtype that is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from dataflow.core import casting, dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import cropped

_NUMBER = re.compile(  # ASCII digits alone, no underscores: float() takes more
    r"[ \t]*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf|infinity)[ \t]*", re.I | re.A
)
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_SWAPPED = str.maketrans(",.", ".,")
_FRACTION = {"float32": 23, "float16": 10, "bfloat16": 7}  # bits after the point
_MOST_DIGITS = 400  # of a whole number


class WrongText(ValueError):
    """A text that is no value of the dtype; ``index`` is its place among others."""

    def __init__(self, index: int, wanted: str, text: str, way_out: str = "", quoted: bool = True):
        super().__init__(
            f"must be {wanted}, got {_shown(text) if quoted else cropped(text)}" + (f"; {way_out}" if way_out else "")
        )
        self.index, self.wanted, self.way_out, self.quoted = index, wanted, way_out, quoted


def is_number(text: str, decimal: str = ".") -> bool:
    """Whether a text is a number, nan or inf; ``decimal`` is the mark before its fraction, a point or a comma."""
    return _NUMBER.fullmatch(_with_point(text, decimal)) is not None


def parsed(texts: Sequence[str], dtype: str, decimal: str = ".") -> Array:
    """The values of texts: whole numbers exactly, floating ones as the nearest of the dtype.

    ``decimal`` is the mark before a fraction: a point or a comma.

    Raises WrongText where a text is no number, or the dtype cannot hold it.
    """
    if decimal == ".":
        return _parsed(texts, dtype)
    try:
        return _parsed([_with_point(text, decimal) for text in texts], dtype)
    except WrongText as error:  # tells the text as it is written
        raise WrongText(error.index, error.wanted, texts[error.index], error.way_out, error.quoted) from None


def _with_point(text: str, decimal: str) -> str:
    """A number with a decimal point; what has a point already becomes none."""
    return text if decimal == "." else text.translate(_SWAPPED)


def _parsed(texts: Sequence[str], dtype: str) -> Array:
    if dtype == "bool":
        return np.array([_truth(i, text) for i, text in enumerate(texts)], np.bool_)
    if dtype in dtypes.whole:
        return _whole(texts, dtype)
    found = _doubles(texts)
    return nearest(found, dtype, texts)


def nearest(found: Array, dtype: str, texts: Sequence[str] | None) -> Array:
    """The nearest values of a floating dtype to numbers that were read as float64.

    Where the float64 alone does not tell, the text is looked at again: halfway between two values of the dtype, where
    what is rounded twice can become the wrong one, and at infinity, which numbers too large for float64 become. Without
    texts these are an error (Unclear).
    """
    storage = dtypes.storage(dtype)
    if storage.kind == "c":
        return nearest(found, f"float{storage.itemsize * 4}", texts).astype(storage)
    made, halfway, beside = _narrowed(found, dtype, texts) if dtype in dtypes.narrow else _rounded(found, storage)
    infinite = np.flatnonzero(np.isinf(found))
    if texts is None and (len(halfway) or len(infinite)):
        raise Unclear
    for i, other in zip(halfway.tolist(), beside, strict=True):
        exact, middle = Fraction(Decimal((texts or ())[i].strip())), Fraction(float(found[i]))
        if exact != middle:
            made[i] = max(made[i], other) if exact > middle else min(made[i], other)
    for i in np.flatnonzero(np.isinf(made)).tolist():
        text = texts[i] if texts else str(found[i])
        if any(map(str.isdigit, text)):
            raise WrongText(i, dtype, text, "it holds no number as large", quoted=False)
    return made


class Unclear(Exception):
    """A float64 does not tell which value of a dtype is nearest to the text that it was read from."""


def _rounded(found: Array, storage: DType) -> tuple[Array, Array, Array]:
    """The nearest values of a dtype, the places of those that lie halfway, and their other neighbours."""
    made = dtypes.rounded(found, storage)
    return made, *_halfway(found, made)


def _narrowed(found: Array, dtype: str, texts: Sequence[str] | None) -> tuple[Array, Array, Array]:
    """The same for a storage format; WrongText where it does not hold a number."""
    try:
        made = casting.cast_to(found, dtype)
    except casting.ConversionError as error:
        (i,) = error.index
        text = texts[i] if texts else str(found[i])
        raise WrongText(i, dtype, text, str(error).partition("; ")[2], quoted=False) from None
    # halfway, what is a little more goes to another value than what is a little less
    low, high = (dtypes.rounded(np.nextafter(found, end), made.dtype) for end in (-np.inf, np.inf))
    halfway = np.flatnonzero((low.view(np.uint8) != high.view(np.uint8)) & np.isfinite(found))
    other = np.where(low.view(np.uint8) == made.view(np.uint8), high.view(np.uint8), low.view(np.uint8))
    return made, halfway, other.view(made.dtype)[halfway]


def _halfway(found: Array, made: Array) -> tuple[Array, Array]:
    """Where a float64 lies exactly between two neighbours of a narrower dtype, and the one it was not rounded to.

    Infinity stands for the number that follows the largest.
    """
    if made.dtype == np.float64:
        return np.empty(0, np.int64), made[:0]
    short = np.uint64((1 << (51 - _FRACTION[dtypes.name_of(made.dtype)])) - 1)  # bits that such a number does not use
    apart = np.flatnonzero((found.view(np.uint64) & short) == 0)
    apart = apart[(found[apart] != made[apart].astype(np.float64)) & np.isfinite(found[apart])]
    if not len(apart):
        return apart, made[apart]
    found, made = found[apart], made[apart]
    back = made.astype(np.float64)
    with np.errstate(all="ignore"):  # it warns of infinity and of subnormals
        beside = np.nextafter(made, np.where(found > back, np.inf, -np.inf).astype(made.dtype))
        largest = np.nextafter(made.dtype.type(np.inf), made.dtype.type(0))
    after = np.ldexp(1.0, np.frexp(float(largest))[1])
    ends = [np.where(np.isinf(each), np.copysign(after, each), each) for each in (back, beside.astype(np.float64))]
    halfway = found == (ends[0] + ends[1]) / 2
    return apart[halfway], beside[halfway]


def _doubles(texts: Sequence[str]) -> Array:
    try:
        if _is_plain("".join(texts)):
            return np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        pass
    for i, text in enumerate(texts):
        if not is_number(text):
            raise WrongText(i, "a number", text)
    return np.fromiter(map(float, texts), np.float64, len(texts))


def _is_plain(text: str) -> bool:
    """Whether nothing stands in a text that int() and float() take, and numbers are not written with."""
    return text.isascii() and text.isprintable() and "_" not in text


def _whole(texts: Sequence[str], dtype: str) -> Array:
    low, high = dtypes.limits(dtype)
    try:
        if not _is_plain("".join(texts)):
            raise ValueError
        numbers = [*map(int, texts)]
    except ValueError:
        numbers = [_integer(i, text) for i, text in enumerate(texts)]
    if numbers and not (low <= min(numbers) and max(numbers) <= high):
        i = next(i for i, number in enumerate(numbers) if not low <= number <= high)
        raise WrongText(i, dtype, texts[i], f"it holds {low} to {high}")
    return np.array(numbers, dtypes.storage(dtype))


def _integer(i: int, text: str) -> int:
    if not is_number(text):
        raise WrongText(i, "a whole number", text)
    try:
        number = Decimal(text.strip())
    except InvalidOperation:  # an exponent of many digits
        number = Decimal("1e1000")
    if number.is_finite() and number and number.adjusted() > _MOST_DIGITS:
        raise WrongText(i, "a whole number of at most 64 bits", text)
    if not number.is_finite() or number != number.to_integral_value():
        raise WrongText(i, "a whole number", text)
    return int(number)


def _truth(i: int, text: str) -> bool:
    found = _TRUTH.get(text.strip().lower())
    if found is None:
        raise WrongText(i, "true, false, 1 or 0", text)
    return found


def _shown(text: str) -> str:
    return "nothing" if not text.strip() else f"'{cropped(text)}'"
