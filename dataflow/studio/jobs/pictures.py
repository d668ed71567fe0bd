"""Pictures and tables of values that a worker keeps: any slice of any array, in a bounded number of bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, listing
from dataflow.files.number_text import number_texts
from dataflow.studio.jobs.call import Memory
from dataflow.studio.jobs.statistics import number

MAX_PIXELS = 192 << 10  # bytes, 256 kB as base64
MAX_CELLS = 4_000
MAX_COLUMNS = 200
_KERNEL = 11  # the sides of a convolution's weights are rarely more

At = Mapping[str, int]


@dataclass(frozen=True)
class Picture:
    """A heat map of the value on a port of a document; ``at`` fixes dims at an index, by name."""

    document: str
    port: str
    at: At = field(default_factory=dict)

    def answer(self, memory: Memory) -> object:
        """The `Picture` of the protocol.

        Two dims are rows and columns, a third one is laid out as tiles; NaN is drawn as the lowest value.
        """
        array, names = _value(memory, self.document, self.port)
        shown = _free(array.shape, names, self.at, most=3)
        tiled = dtypes.widened(np.asarray(array[shown.index]))
        labels = [""]
        if len(shown.free) == 3:
            tile = _tile_axis(array.ndim, tiled.shape)
            labels = [str(i) for i in range(tiled.shape[tile])]
            tiled = np.moveaxis(tiled, tile, 0)
        tiled = tiled[(None,) * (3 - tiled.ndim)]
        rows, columns = _strides(tiled.shape[1], tiled.shape[2])
        tiled = tiled[:, ::rows, ::columns]
        tiled = tiled[: max(1, MAX_PIXELS // max(1, tiled.shape[1] * tiled.shape[2]))]
        pixels, low, high = _pixels(tiled)
        return {
            "rows": tiled.shape[1],
            "columns": tiled.shape[2],
            "tiles": tiled.shape[0],
            "low": low,
            "high": high,
            "data": base64.b64encode(pixels.tobytes()).decode("ascii"),
            "labels": labels[: tiled.shape[0]],
            "dims": shown.dims,
        }


@dataclass(frozen=True)
class Table:
    """The numbers of the value on a port as exact text: rows from ``row`` on of the last two dims that are free."""

    document: str
    port: str
    at: At = field(default_factory=dict)
    row: int = 0

    def answer(self, memory: Memory) -> object:
        """The dims and the cells."""
        array, names = _value(memory, self.document, self.port)
        shown = _free(array.shape, names, self.at, most=2)
        cells = array[shown.index]
        cells = cells.reshape(-1, 1) if cells.ndim < 2 else cells
        columns = min(cells.shape[1], MAX_COLUMNS)
        part = cells[self.row : self.row + max(1, MAX_CELLS // max(1, columns)), :columns]
        return {"dims": shown.dims, "cells": [texts(row) for row in part]}


def texts(row: Array) -> list[str]:
    """Numbers as exact text; truth values as words, complex ones as Python has them."""
    if row.dtype.kind == "b":
        return ["true" if each else "false" for each in row.tolist()]
    if row.dtype.kind == "c":
        return [str(number(each)) for each in row]
    return number_texts(np.ascontiguousarray(row))


@dataclass(frozen=True)
class _Shown:
    """Which part of an array is shown: an index into it, the axes that stay, and all dims as the page is told."""

    index: tuple[int | slice, ...]
    free: list[int]
    dims: list[dict[str, object]]


def _free(shape: Sequence[int], names: Sequence[str], at: At, most: int) -> _Shown:
    """All dims but so many fixed: at what is asked for, else the first index."""
    if unknown := [name for name in at if name not in names]:
        raise GraphError(f"no dim '{unknown[0]}'; the value has {listing(names, 'and') if names else 'none'}")
    fixed = {i: at[name] for i, name in enumerate(names) if name in at}
    for i, index in fixed.items():
        if not 0 <= index < shape[i]:
            raise GraphError(f"dim '{names[i]}' has indices from 0 to {shape[i] - 1}, got {index}")
    for i in _first_fixed(shape, names):
        if len(shape) - len(fixed) > most and i not in fixed:
            fixed[i] = 0
    free = [i for i in range(len(shape)) if i not in fixed]
    dims: list[dict[str, object]] = [
        {"name": name, "size": shape[i], "at": fixed.get(i)} for i, name in enumerate(names)
    ]
    return _Shown(tuple(fixed.get(i, slice(None)) for i in range(len(shape))), free, dims)


def _first_fixed(shape: Sequence[int], names: Sequence[str]) -> list[int]:
    """The dims in the order in which they are fixed: leading ones first, of a convolution's weights the channels."""
    order = [i for i in range(len(shape)) if shape[i]]  # an empty one has no index
    sides = len(shape) == 4 and names[0] == "axis 0" and max(shape[:2]) <= _KERNEL
    return [i for i in (2, 3, 0, 1) if i in order] if sides else order


def _tile_axis(rank: int, shape: Sequence[int]) -> int:
    """Which of three dims is laid out as tiles: channels stand last, but of a stack of matrices the first."""
    return 2 if rank > 3 or shape[2] <= 4 < min(shape[:2]) else 0


def _strides(rows: int, columns: int) -> tuple[int, int]:
    """Steps along both axes with which a tile is small enough, the longer one shortened first."""
    steps = [1, 1]
    while (sizes := [-(-rows // steps[0]), -(-columns // steps[1])])[0] * sizes[1] > MAX_PIXELS:
        steps[sizes[1] >= sizes[0]] += 1
    return steps[0], steps[1]


def _pixels(tiled: Array) -> tuple[Array, float, float]:
    """Bytes from 0 to 255 between the lowest and the highest finite value, and these."""
    values = (np.abs(tiled) if tiled.dtype.kind == "c" else tiled).astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8), 0.0, 0.0
    low, high = float(values[finite].min()), float(values[finite].max())
    half = high * 0.5 - low * 0.5  # the distance may be beyond the largest number
    with np.errstate(invalid="ignore", over="ignore"):
        places = (values * 0.5 - low * 0.5) / (half or 1.0)
    clipped = np.clip(np.nan_to_num(places, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    return np.rint(clipped * 255).astype(np.uint8), low, high


def _value(memory: Memory, document: str, port: str) -> tuple[Array, list[str]]:
    """The value of a port, and the names of its dims: those that the graph gives them, or their numbers."""
    known = memory.documents.get(document)
    if known is None or port not in known.values:
        raise GraphError(f"port '{port}' must have a value, got none; run the graph")
    array = known.values[port]
    declared = known.shapes.get(port) or (None,) * array.ndim
    named = [dim if isinstance(dim, str) else f"axis {i}" for i, dim in enumerate(declared)]
    if len(named) != array.ndim or len(set(named)) < len(named):
        named = [f"axis {i}" for i in range(array.ndim)]
    return array, named
