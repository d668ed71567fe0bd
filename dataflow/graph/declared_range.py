"""The range that a user declares for a value: two numbers, ``[low, high]``, between which all of its elements lie."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dataflow.core import dtypes
from dataflow.core.attrs import show
from dataflow.core.shapes import TensorType

Ends = tuple[float, float]  # whole numbers for an integer dtype


def declared_range(given: object, types: Sequence[TensorType]) -> Ends | None:
    """The lowest and the highest value of a declaration, which is about the first of values of these types.

    Floats are kept as they are written, and one end, or both, may be infinite. ValueError says what was expected and
    what came. None stands for no declaration.
    """
    if given is None:
        return None
    if not types:
        raise ValueError("must be that of an output, got a block without; leave it out")
    dtype = types[0].dtype
    if dtype not in (*dtypes.real, *dtypes.quantized):
        raise ValueError(f"must be of numbers in order, got one for {dtype}; leave it out")
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str) or len(given) != 2:
        raise ValueError(f"must be two numbers, [low, high], got {show(given)}")
    low, high = (_end(end, given, dtype) for end in given)
    if low > high:
        raise ValueError(f"must have its lower end first, got {show(given)}")
    return low, high


def _end(end: object, given: object, dtype: str) -> float:
    number = end.item() if isinstance(end, np.generic | np.ndarray) and np.ndim(end) == 0 else end
    if isinstance(number, bool) or not isinstance(number, int | float) or math.isnan(number):
        raise ValueError(f"must be two numbers, [low, high], got {show(given)}")
    if dtype in dtypes.floating:
        with np.errstate(over="ignore"):
            if math.isfinite(number) and not np.isfinite(np.float64(number).astype(dtypes.storage(dtype))):
                raise ValueError(f"must be numbers that {dtype} has, got {show(number)}")
        return float(number)
    low, high = dtypes.limits(dtype)
    if number != int(number) if math.isfinite(number) else True:
        raise ValueError(f"must be whole numbers for {dtype}, got {show(number)}")
    if not low <= number <= high:
        raise ValueError(f"must lie between {low} and {high} for {dtype}, got {show(number)}")
    return int(number)


def shown(ends: Ends) -> str:
    """``[0, 1]``, as it stands beside a type."""
    return f"[{', '.join(f'{end:g}' if isinstance(end, float) else str(end) for end in ends)}]"
