"""Eager evaluation: a block called on large arrays is run tile by tile."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dataflow.core.block import Block
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.numpy_state import FixedNumpyState
from dataflow.core.ports import flat, map_port
from dataflow.core.random import Key
from dataflow.core.shapes import TensorType
from dataflow.engine.jit import WARM, compile_loop
from dataflow.engine.memory_order import common_order
from dataflow.engine.region import Region
from dataflow.engine.result_pool import results
from dataflow.engine.settings import Settings
from dataflow.engine.steps import Storage, TiledStep
from dataflow.engine.tile_loop import StepError, TileLoop
from dataflow.engine.tiling import COMPILED, Tiling, tiling

__all__ = ["compile_loop", "compute", "run_tiled"]

SHORT = 64  # elements of an array whose values may be a shape or an axis
_spent: dict[type, float] = {}  # seconds that blocks of each type have run
_UNKNOWN: Any = object()
Inputs = Array | tuple[Array, ...] | None  # on a port
_MOST = 64  # regions that a block remembers


class TiledCall(NamedTuple):
    """How a block runs on arrays of some types: a region, whose slots are the inputs and then the outputs."""

    region: Region
    outputs: tuple[tuple[tuple[int, ...], DType, bool], ...]  # shape, dtype, and whether it is folded


def compute(block: Block, arrays: Sequence[Inputs], outputs: Sequence[TensorType], **key: Key) -> list[Any]:
    """The outputs, of the given types, of a block for arrays in port order: by tiles where that pays.

    ``key`` is what the block draws random numbers by, if it does. Raises what the kernel raises.
    """
    try:
        tiled = None if key else run_tiled(block, arrays, outputs)
    except StepError as error:
        raise (error.__cause__ or error) from None
    return block.compute(arrays, outputs, **key) if tiled is None else tiled


def run_tiled(block: Block, arrays: Sequence[Inputs], outputs: Sequence[TensorType]) -> list[Any] | None:
    """The outputs, of the given types, of a block that is run tile by tile; None where that does not pay.

    Raises StepError, whose cause is what the kernel raised.
    """
    inputs = flat(arrays)
    if all(array.size < COMPILED for array in inputs):
        return None
    settings = Settings.of()
    compiled = settings.compiled or (settings.kernels == "auto" and _spent.get(type(block), 0.0) > WARM)
    regions = block.__dict__.setdefault("_regions", {})
    key = (settings, compiled, *(_key(array) for array in inputs), len(arrays))
    made: TiledCall | None = regions.get(key, _UNKNOWN)
    if made is _UNKNOWN:
        if len(regions) >= _MOST:
            regions.clear()
        made = regions[key] = _tiled_call(block, arrays, outputs, settings, compiled)
    if made is None:
        return None
    shape = made.outputs[0][0]
    alike = [array for array in inputs if array.size == made.region.size] if made.region.any_order else []
    order = common_order(alike) if alike and alike[0].shape == shape else None
    values = [*inputs, *(np.empty(s, t) if folded else results.empty(s, t, order) for s, t, folded in made.outputs)]
    began = time.perf_counter()
    with FixedNumpyState():
        TileLoop(made.region, values).run(order)
    _spent[type(block)] = _spent.get(type(block), 0.0) + time.perf_counter() - began
    return values[len(inputs) :]


def _tiled_call(
    block: Block, arrays: Sequence[Inputs], outputs: Sequence[TensorType], settings: Settings, compiled: bool
) -> TiledCall | None:
    made = tiling(block, [map_port(TensorType.of, array) for array in arrays], outputs, compiled)
    if not isinstance(made, Tiling):
        return None
    dtypes: dict[int, DType] = {}

    def slot(dtype: DType) -> int:
        dtypes[len(dtypes)] = dtype
        return len(dtypes) - 1

    reads = tuple(map_port(lambda array: slot(array.dtype), array) for array in arrays)
    written = [(t.sizes, storage(t.dtype), ufunc is not None) for t, ufunc in zip(outputs, block.reduces, strict=True)]
    writes = tuple(slot(dtype) for _, dtype, _ in written)
    step = TiledStep(block.node_name, block, reads, writes, Storage.TILE, tiling=made)
    inputs = tuple(slot for slot in dtypes if slot not in writes)
    return TiledCall(Region((step,), inputs, writes, dtypes, settings.threads, compiled), tuple(written))


def _key(array: Array) -> Hashable:
    """What decides how an array lies along tiles; the values of small ones may be shapes or axes."""
    return array.dtype, array.shape, array.tobytes() if array.size <= SHORT and array.dtype.kind == "i" else None
