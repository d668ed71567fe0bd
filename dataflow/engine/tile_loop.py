"""The tile loop: one run of a region over its tiles, and the partials that are folded on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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

    Raises StepError with the number of the step whose ``precompute`` fails.
    """

    def __init__(self, region: Region, values: list[Any]):
        self.values = values
        self.folds = {slot: Fold(ufunc) for slot, ufunc in region.folds.items()}
        self.element_args = region.element_args
        suits = region.compiled
        if region.precomputing:
            self.element_args = [*self.element_args]
            step = 0
            try:
                for step, slots in region.precomputing:
                    args = self.element_args[step] = region.precomputed(step, [values[slot] for slot in slots])
                    suits = suits and (args.numbers is not None or step not in region.jit.looped)
            except Exception as error:
                raise StepError(step) from error
        self.form = region.jit if suits and region.jit.compiles else region.numpy
        self.flat = {slot: _flat(values[slot]) for slot in self.form.arrays}

    def work(self, parts: Iterator[tuple[int, int]]) -> None:
        """Compute the elements of each of ``parts``, until there are no more.

        Raises StepError with the number of the step whose kernel fails.
        """
        form = self.form
        if not form.scratch.widths:
            self._tiles(parts, {})
            return
        length = min(form.length, form.region.size)
        with Scratch() as empty:
            self._tiles(parts, {i: empty((length * width,), np.uint8) for i, width in enumerate(form.scratch.widths)})

    def _tiles(self, parts: Iterator[tuple[int, int]], memory: Mapping[int, Array]) -> None:
        tiles: dict[int, Callable[[int], None]] = {}  # by their elements: the last one may be shorter
        try:
            for start, count in parts:
                if count not in tiles:
                    tiles[count] = self.form.text(count).bound(self, memory)
                tiles[count](start)
        except Exception as error:
            if isinstance(parts, thread_pool.SharedIterator):
                parts.stop()
            raise StepError(self.form.failing(error)) from error


def _flat(array: Array) -> Array:
    """The elements in one dim, in their order; a copy where they do not lie so."""
    if array.ndim == 1 and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array).reshape(-1)
