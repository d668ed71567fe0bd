"""One block by itself, called on arrays: large ones are run tile by tile."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dataflow.core.block import Block
from dataflow.core.dtypes import storage
from dataflow.core.numpy_state import FixedNumpyState
from dataflow.core.shapes import TensorType
from dataflow.core.thread_pool import MIN_PARALLEL
from dataflow.engine.jit import WARM, compile_loop
from dataflow.engine.region import Piece, Stream
from dataflow.engine.result_pool import results
from dataflow.engine.settings import Settings
from dataflow.engine.tile_loop import PieceError
from dataflow.engine.tiling import COMPILED, Tiling, tiling

__all__ = ["compile_loop", "compute", "run_tiled"]

SHORT = 64  # elements
_spent: dict[type, float] = {}  # seconds that each kind of block has run
_UNKNOWN: Any = object()
_MOST = 64  # streams that a block remembers


class Prepared(NamedTuple):
    """How a block runs on arrays of some types: what is read and written, by slot."""

    stream: Stream
    workers: int
    outputs: tuple[tuple[Any, Any, bool], ...]  # shape and dtype, and whether it is folded


def compute(block: Block, arrays: Sequence[Any], outputs: Sequence[TensorType], **key: Any) -> list[Any]:
    """The outputs, of the given types, of a block for arrays in port order: by tiles where that pays."""
    try:
        tiled = None if key else run_tiled(block, arrays, outputs)
    except PieceError as error:
        raise (error.__cause__ or error) from None
    return block.compute(arrays, outputs, **key) if tiled is None else tiled


def run_tiled(block: Block, arrays: Sequence[Any], outputs: Sequence[TensorType]) -> list[Any] | None:
    """The outputs, of the given types, of a block that is run tile by tile; None where that does not pay."""
    flat = [array for array in _flat(arrays) if array is not None]
    if all(array.size < COMPILED for array in flat):
        return None
    settings = Settings.of()
    compiled = settings.compiled or (settings.kernels == "auto" and _spent.get(type(block), 0.0) > WARM)
    streams = block.__dict__.setdefault("_streams", {})
    key = (settings, compiled, *(_key(array) for array in flat), len(arrays))
    made: Prepared | None = streams.get(key, _UNKNOWN)
    if made is _UNKNOWN:
        if len(streams) >= _MOST:
            streams.clear()
        made = streams[key] = _prepared(block, arrays, outputs, settings, compiled)
    if made is None:
        return None
    values = [*flat, *(np.empty(s, t) if folded else results.empty(s, t) for s, t, folded in made.outputs)]
    began = time.perf_counter()
    with FixedNumpyState():
        made.stream.run(values, made.workers)
    _spent[type(block)] = _spent.get(type(block), 0.0) + time.perf_counter() - began
    return values[len(flat) :]


def _prepared(
    block: Block, arrays: Sequence[Any], outputs: Sequence[TensorType], settings: Settings, compiled: bool
) -> Any:
    made = tiling(block, [_type(array) for array in arrays], outputs, compiled)
    if not isinstance(made, Tiling):
        return None
    dtypes: dict[int, Any] = {}

    def slot(dtype: Any) -> int:
        dtypes[len(dtypes)] = dtype
        return len(dtypes) - 1

    def read(array: Any) -> Any:
        if isinstance(array, tuple):
            return tuple(map(read, array))
        return None if array is None else slot(array.dtype)

    reads = tuple(map(read, arrays))
    written = [(t.shape, storage(t.dtype), ufunc is not None) for t, ufunc in zip(outputs, block.reduces, strict=True)]
    writes = tuple(slot(dtype) for _, dtype, _ in written)
    stream = Stream([Piece(block, made, reads, writes, block.reduces)], dtypes, set(writes), compiled=compiled)
    return Prepared(stream, settings.threads if made.size >= MIN_PARALLEL else 1, tuple(written))


def _flat(arrays: Sequence[Any]) -> Iterator[Any]:
    for array in arrays:
        yield from array if isinstance(array, tuple) else (array,)


def _key(array: Any) -> Any:
    """What decides how an array lies along tiles; the values of small ones may be shapes or axes."""
    return array.dtype, array.shape, array.tobytes() if array.size <= SHORT and array.dtype.kind == "i" else None


def _type(array: Any) -> Any:
    return tuple(map(_type, array)) if isinstance(array, tuple) else None if array is None else TensorType.of(array)
