"""One block by itself, called on arrays: large ones are run tile by tile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from dataflow.compiler import WARM
from dataflow.dtypes import storage
from dataflow.pool import results
from dataflow.settings import Settings
from dataflow.shapes import TensorType
from dataflow.stream import Piece, Stream
from dataflow.threads import PAYS
from dataflow.tiles import COMPILED, Tiling, tiling

_spent: dict[type, float] = {}  # seconds that each kind of block has run


def alone(block: Any, arrays: Sequence[Any], outputs: Sequence[Any]) -> list[Any] | None:
    """The outputs, of the given types, of a block that is run tile by tile; None where that does not pay."""
    if all(_size(array) < COMPILED for array in arrays):
        return None
    settings = Settings.of()
    compiled = settings.compiled or (settings.kernels == "auto" and _spent.get(type(block), 0.0) > WARM)
    made = tiling(block, [_type(array) for array in arrays], outputs, compiled)
    if not isinstance(made, Tiling):
        return None
    values: list[Any] = []
    dtypes: dict[int, Any] = {}

    def slot(value: Any, dtype: Any) -> int:
        values.append(value)
        dtypes[len(values) - 1] = dtype
        return len(values) - 1

    def read(array: Any) -> Any:
        return (
            tuple(map(read, array)) if isinstance(array, tuple) else None if array is None else slot(array, array.dtype)
        )

    reads = tuple(map(read, arrays))
    writes = []
    for type_, ufunc in zip(outputs, block.folds, strict=True):
        dtype, shape = storage(type_.dtype), type_.shape
        writes.append(slot(results.empty(shape, dtype) if ufunc is None else np.empty(shape, dtype), dtype))
    piece = Piece(block, made, reads, tuple(writes), block.folds)
    began = time.perf_counter()
    with np.errstate(all="ignore"):
        stream = Stream([piece], dtypes, set(writes), compiled=compiled)
        stream.run(values, settings.threads if made.size >= PAYS else 1)
    _spent[type(block)] = _spent.get(type(block), 0.0) + time.perf_counter() - began
    return [values[i] for i in writes]


def _size(array: Any) -> int:
    return sum(map(_size, array)) if isinstance(array, tuple) else 0 if array is None else array.size


def _type(array: Any) -> Any:
    return tuple(map(_type, array)) if isinstance(array, tuple) else None if array is None else TensorType.of(array)
