"""The tile loop: one run of a region over its tiles, and the partials that are folded on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core import thread_pool
from dataflow.core.dtypes import Array
from dataflow.core.scratch import Scratch

if TYPE_CHECKING:
    from dataflow.engine.region import Region


class StepError(Exception):
    """A step of a stage failed: ``index`` is its place there, the cause is what its kernel raised."""

    def __init__(self, index: int):
        super().__init__(index)
        self.index = index


class Fold:
    """The total of the partials of all tiles, folded in the order of the tiles, whichever is computed first."""

    def __init__(self, ufunc: np.ufunc):
        self.ufunc, self.next, self.lock = ufunc, 0, Lock()
        self.waiting: dict[int, tuple[int, Iterable[Any]]] = {}
        self.total: Any = None

    def add(self, number: int, tiles: int, partials: Iterable[Any]) -> None:
        """Take the partials of ``tiles`` tiles, of which the first has this number."""
        with self.lock:
            self.waiting[number] = tiles, partials
            while self.next in self.waiting:
                tiles, partials = self.waiting.pop(self.next)
                for partial in partials:
                    self.total = partial if self.total is None else self.ufunc(self.total, partial)
                self.next += tiles


class TileRun:
    """One run of a region: the arrays that it reads and writes, and what is computed once for all tiles.

    Raises StepError with the index of the op whose ``precompute`` fails.
    """

    def __init__(self, region: Region, values: list[Any]):
        self.region, self.values = region, values
        self.folds = {slot: Fold(ufunc) for slot, ufunc in region.folds.items()}
        self.flat = {slot: _flat(values[slot]) for slot in region.arrays}
        self.precomputed: list[Any] = [None] * len(region.ops)
        self.element_args = region.element_args.copy()
        op = 0
        try:
            for op, slots in region.precomputing:
                made = region.precomputed(op, [values[slot] for slot in slots])
                self.precomputed[op], self.element_args[op] = made
        except Exception as error:
            raise StepError(op) from error
        self.compiled = region.compiled and None not in self.element_args
        as_planned = not region.compiled or (self.compiled and region.compiles)
        self.buffers: Sequence[int] = region.buffers if as_planned else range(len(region.widths))

    def work(self, starts: Iterator[int], step: int) -> None:
        """Compute ``step`` elements from each of ``starts`` on, until there are no more.

        Raises StepError with the index of the op whose kernel fails.
        """
        buffers, widths = self.buffers, self.region.widths
        if not buffers:
            self._tiles(starts, step, {})
            return
        with Scratch() as empty:
            self._tiles(starts, step, {buffer: empty((step * widths[buffer],), np.uint8) for buffer in buffers})

    def _tiles(self, starts: Iterator[int], step: int, memory: Mapping[int, Array]) -> None:
        tiles: dict[int, Callable[[int], None]] = {}  # by their elements: the last one may be shorter
        try:
            for start in starts:
                count = min(step, self.region.size - start)
                if count not in tiles:
                    tiles[count] = self.region.tile_text(count, self.compiled).bound(self, memory)
                tiles[count](start)
        except Exception as error:
            if isinstance(starts, thread_pool.SharedIterator):
                starts.stop()
            raise StepError(self.region.failing(error)) from error


def _flat(array: Array) -> Array:
    """The elements in one dim, in their order; a copy where they do not lie so."""
    if array.ndim == 1 and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array).reshape(-1)
