"""Numbers as text that reads back to the same bits, with as few digits as that takes."""

from __future__ import annotations

import math

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError

_AT_ONCE = 1 << 14  # numbers, of which NumPy makes texts of 32 letters each
_JSON = {"nan": "null", "inf": "1e999", "-inf": "-1e999"}  # what JSON can say: no number, and numbers beyond all others


def number_texts(values: Array) -> list[str]:
    """The text of each number of a flat array: whole numbers exactly, truth values as 0 and 1, floats in few digits.

    A text reads back to the same bits, also by way of float64. DataflowError where numbers are complex.
    """
    if values.dtype.kind == "U":
        return [str(each) for each in values.tolist()]
    values = dtypes.widened(values)
    if values.dtype.kind == "c":
        raise DataflowError(
            f"numbers must be real, got {dtypes.name_of(values.dtype)}; write .npz, or take their parts"
        )
    if values.dtype.kind in "iub":
        return [str(int(each)) for each in values.tolist()]
    if values.dtype == np.float64:
        return [repr(each) for each in values.tolist()]
    return [text for first in range(0, len(values), _AT_ONCE) for text in _narrow(values[first : first + _AT_ONCE])]


def _narrow(values: Array) -> list[str]:
    """The texts of floats of at most 32 bits."""
    with np.errstate(all="ignore"):  # of signaling nans
        texts = [str(each) for each in values.astype("U").tolist()]
        again = np.array(texts, np.float64).astype(values.dtype)
    for i in np.flatnonzero(again != values):  # rounded twice, or not numbers
        texts[i] = repr(float(values[i]))
    return texts


def json_texts(values: Array) -> list[str]:
    """The same as JSON has it: ``null`` for nan, and for infinities numbers that are read as such."""
    if values.dtype.kind == "U":
        import json

        return [json.dumps(each) for each in values.tolist()]
    if values.dtype.kind == "b":
        return ["true" if each else "false" for each in values.tolist()]
    values = dtypes.widened(values)
    texts = number_texts(values)
    return [_JSON.get(text, text) for text in texts] if values.dtype.kind not in "iu" else texts


def json_array(values: Array) -> str:
    """An array as nested lists in JSON."""
    parts = json_texts(values.reshape(-1))
    for axis in range(values.ndim - 1, -1, -1):
        size, count = values.shape[axis], math.prod(values.shape[:axis])
        parts = [f"[{', '.join(parts[i * size : (i + 1) * size])}]" for i in range(count)]
    return parts[0]
