"""One block by itself, called on arrays: large ones are run tile by tile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from dataflow.compiler import WARM
from dataflow.dtypes import storage
from dataflow.pool import results
from dataflow.settings import Settings
from dataflow.stream import Piece, Stream, folds_of
from dataflow.threads import PAYS
from dataflow.tiles import large, pays, tiling

_spent: dict[type, float] = {}  # seconds that each kind of block has run


def alone(block: Any, arrays: Sequence[Any], outputs: Sequence[Any]) -> list[Any] | None:
    """The outputs, of the given types, of a block that is run tile by tile; None where that does not pay."""
    folds = folds_of(block)
    shapes = {t.shape for t, ufunc in zip(outputs, folds, strict=True) if ufunc is None}
    shape = shapes.pop() if shapes else None
    settings = Settings.of()
    compiled = settings.compiled or (settings.kernels == "auto" and _spent.get(type(block), 0.0) > WARM)
    if shape is None or shapes or not large(shape, compiled):
        return None
    made = tiling(block, arrays, shape)
    if isinstance(made, str) or not pays(made, compiled):
        return None
    values: list[Any] = []
    dtypes: dict[int, Any] = {}

    def slot(value: Any) -> int:
        values.append(value)
        if value is not None:
            dtypes[len(values) - 1] = value.dtype
        return len(values) - 1

    reads = tuple(tuple(map(slot, a)) if isinstance(a, tuple) else None if a is None else slot(a) for a in arrays)
    writes = []
    for type_, ufunc in zip(outputs, folds, strict=True):
        dtype = storage(type_.dtype)
        writes.append(slot(results.empty(shape, dtype) if ufunc is None else None))
        dtypes[writes[-1]] = dtype
    piece = Piece(block, made, reads, tuple(writes), folds)
    began = time.perf_counter()
    Stream([piece], dtypes, set(writes), compiled=compiled).run(values, settings.threads if made.size >= PAYS else 1)
    _spent[type(block)] = _spent.get(type(block), 0.0) + time.perf_counter() - began
    return [values[i] for i in writes]
