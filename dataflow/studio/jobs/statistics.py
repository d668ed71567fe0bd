"""What a port shows of its value: shape, ends, mean, spread and a histogram, of a bounded number of elements."""

from __future__ import annotations

import math
import threading
from functools import cache

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array

MOST = 32_768  # elements that are looked at
BINS = 24
SHOWN = 16  # elements of a value that is shown whole
_EXACT = 2**53  # whole numbers up to this are numbers of JSON too


def statistics(array: Array, dtype: str | None = None) -> dict[str, object]:
    """The `Stats` of an array; of complex numbers those of their absolute values.

    dtype : that of the port, where it is stored as another.

    >>> found = statistics(np.array([0.0, 1.0, 3.0, np.nan], np.float32))
    >>> found["min"], found["max"], found["nan"], found["zeros"], found["shown"]
    (0.0, 3.0, 1, 1, [0.0, 1.0, 3.0, '.nan'])
    """
    sample = _numbers(_sample(array))
    # where these are finite all elements are, and nothing needs to be left out
    ends = (sample.min(), sample.max()) if sample.size else (0.0, 0.0)
    finite = sample
    nan = inf = 0
    if sample.dtype.kind == "f" and not (math.isfinite(ends[0]) and math.isfinite(ends[1])):
        nan = int(np.count_nonzero(np.isnan(sample)))
        finite = sample[np.isfinite(sample)]
        inf = sample.size - finite.size - nan
        ends = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    low, high = ends
    some = finite.size > 0
    mean, std = _moments(finite) if some else (None, None)
    return {
        "dtype": dtype or dtypes.name_of(array.dtype),
        "shape": list(array.shape),
        "min": number(low) if some else None,
        "max": number(high) if some else None,
        "mean": mean,
        "std": std,
        "nan": nan,
        "inf": inf,
        "zeros": sample.size - int(np.count_nonzero(sample)),
        "sampled": sample.size < array.size,
        "bins": _bins(finite, float(low), float(high)) if some else [0] * BINS,
        "shown": nested(array) if array.size <= SHOWN else None,
        "quality": None,
    }


def spread(size: int, shape: tuple[int, ...]) -> int:
    """The step by which at most `MOST` of so many elements are taken, from all places along each axis.

    A step that has a factor in common with a size would see the same channels of all rows.
    """
    step = -(-size // MOST)
    while step > 1 and any(math.gcd(step, n) > 1 for n in shape):
        step += 1
    return step


_spread = cache(spread)


def _sample(array: Array) -> Array:
    """Elements of an array in a row, evenly spread."""
    flat = array.reshape(-1)
    return flat if flat.size <= MOST else flat[:: _spread(flat.size, array.shape)]


def _numbers(sample: Array) -> Array:
    """Real numbers that NumPy computes with: float32 for narrower floats, the absolute value of complex ones."""
    if sample.dtype == np.float32:
        return sample if sample.flags.c_contiguous else _copied(sample, _scratch.sample)
    if sample.dtype.kind == "c":
        return np.abs(sample)
    sample = dtypes.widened(sample)
    if sample.dtype == np.float16:
        return sample.astype(np.float32)
    return np.ascontiguousarray(sample).view(np.uint8) if sample.dtype.kind == "b" else np.ascontiguousarray(sample)


class _Scratch(threading.local):
    """Memory for the numbers of a sample, used again: new memory of this size costs more than the arithmetic."""

    def __init__(self) -> None:
        self.sample, self.apart = np.empty(MOST, np.float32), np.empty(MOST, np.float32)
        self.places = np.empty(MOST, np.intp)


_scratch = _Scratch()


def _copied(values: Array, memory: Array) -> Array:
    """The values in this memory."""
    held: Array = memory[: values.size]
    held[...] = values
    return held


def _moments(sample: Array) -> tuple[float | None, float | None]:
    """Mean and standard deviation; None where they are beyond the largest number."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(sample.mean(dtype=np.float64))
        square = math.inf
        if sample.dtype == np.float32:
            apart = np.subtract(sample, np.float32(mean), out=_scratch.apart[: sample.size])
            square = float(np.square(apart, out=apart).mean())
        if not math.isfinite(square):
            square = float(np.square(sample - np.float64(mean)).mean())
    return (mean if math.isfinite(mean) else None), (math.sqrt(square) if math.isfinite(square) else None)


def _bins(sample: Array, low: float, high: float) -> list[int]:
    """How many elements lie in each of the bins between the ends; where these are equal all in the middle."""
    width = high - low
    if width == 0:
        return [0] * (BINS // 2) + [sample.size] + [0] * (BINS - BINS // 2 - 1)
    apart: Array
    if sample.dtype == np.float32 and 1e-30 < width < 1e30:
        apart = np.subtract(sample, np.float32(low), out=_scratch.apart[: sample.size])
        apart *= np.float32(BINS / width)
    else:
        half = 1.0 if math.isfinite(width) else 0.5  # the distance between two numbers may be beyond the largest one
        apart = (sample.astype(np.float64) * half - low * half) / (high * half - low * half) * BINS
    counts = np.bincount(_copied(apart, _scratch.places), minlength=BINS + 1)
    counts[BINS - 1] += counts[BINS:].sum()  # the highest value, whose bin would be one beyond
    return [int(n) for n in counts[:BINS].tolist()]


# -- values as JSON has them ----------------------------------------------------------------------------------------


def number(value: object) -> object:
    """A number as JSON has it: a text where it is none that JSON knows.

    >>> number(np.float32(0.1)), number(np.float64("nan")), number(2**60), number(1 + 2j)
    (0.1, '.nan', '1152921504606846976', '(1+2j)')
    """
    if isinstance(value, np.generic):
        wide = dtypes.widened(np.asarray(value))
        value = float(str(wide[()])) if wide.dtype.kind == "f" and wide.itemsize < 8 else wide.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else ".nan" if value != value else ".inf" if value > 0 else "-.inf"
    return str(value)


def nested(array: Array) -> object:
    """An array as nested lists."""
    if array.ndim == 0:
        return number(array[()])
    return [nested(each) for each in array]
