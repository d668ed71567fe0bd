"""Numbers as text that reads back to the same bits, with as few digits as that takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError

_JSON = {"nan": "null", "inf": "1e999", "-inf": "-1e999"}  # what JSON can say: no number, and numbers beyond all others


def number_texts(values: Array) -> list[str]:
    """The text of each number of a flat array: whole numbers exactly, truth values as 0 and 1, floats in few digits.

    A text reads back to the same bits, also by way of float64. DataflowError where numbers are complex.
    """
    if values.dtype.kind == "U":
        return [str(each) for each in values.tolist()]
    if values.dtype.kind == "c":
        raise DataflowError(
            f"numbers must be real, got {dtypes.name_of(values.dtype)}; write .npz, or take their parts"
        )
    if values.dtype.kind in "iub":
        return [str(int(each)) for each in values.tolist()]
    if values.dtype == np.float64:
        return [repr(each) for each in values.tolist()]
    with np.errstate(all="ignore"):  # of signaling nans
        known = values if values.dtype == np.float16 else values.astype(np.float32)  # NumPy prints no other narrow ones
        texts = [str(each) for each in known.astype("U").tolist()]
        again = np.array(texts, np.float64).astype(known.dtype)
    for i in np.flatnonzero(again != known):  # rounded twice, or not numbers
        texts[i] = repr(float(known[i]))
    return texts


def json_texts(values: Array) -> list[str]:
    """The same as JSON has it: ``null`` for nan, and for infinities numbers that are read as such."""
    if values.dtype.kind == "U":
        import json

        return [json.dumps(each) for each in values.tolist()]
    if values.dtype.kind == "b":
        return ["true" if each else "false" for each in values.tolist()]
    texts = number_texts(values)
    return [_JSON.get(text, text) for text in texts] if values.dtype.kind not in "iu" else texts


def json_array(values: Array) -> str:
    """An array as nested lists in JSON."""
    texts = iter(json_texts(values.reshape(-1)))
    return _nested(texts, values.shape)


def _nested(texts: Iterator[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return next(texts)
    return f"[{', '.join(_nested(texts, shape[1:]) for _ in range(shape[0]))}]"
