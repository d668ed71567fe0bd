"""The tile loop: a region is run over its tiles, and partials are folded on the way."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core import thread_pool
from dataflow.core.cancellation import cancellable
from dataflow.core.dtypes import Array
from dataflow.core.scratch import Scratch
from dataflow.engine.memory_order import Order, flat_in

if TYPE_CHECKING:
    from dataflow.engine.region import Region
    from dataflow.engine.steps import TiledStep


class StepError(Exception):
    """A step of a stage failed: ``index`` is its place there, the cause is what its kernel raised."""

    def __init__(self, index: int):
        super().__init__(index)
        self.index = index


class Fold:
    """The total of the partials of all tiles, which come in the order of the tiles."""

    def __init__(self, ufunc: np.ufunc):
        self.ufunc = ufunc
        self.total: Any = None

    def add(self, number: int, tiles: int, partials: Iterable[Any]) -> None:
        """Take the partials of ``tiles`` tiles, of which the first has this number."""
        for partial in partials:
            self.total = partial if self.total is None else self.ufunc(self.total, partial)


class SharedFold(Fold):
    """The total of the partials of all tiles, folded in the order of the tiles, whichever is computed first."""

    def __init__(self, ufunc: np.ufunc):
        super().__init__(ufunc)
        self.next, self.lock = 0, Lock()
        self.waiting: dict[int, tuple[int, Iterable[Any]]] = {}

    def add(self, number: int, tiles: int, partials: Iterable[Any]) -> None:
        """Take the partials of ``tiles`` tiles, of which the first has this number."""
        with self.lock:
            self.waiting[number] = tiles, partials
            while self.next in self.waiting:
                tiles, partials = self.waiting.pop(self.next)
                super().add(self.next, tiles, partials)
                self.next += tiles


class TileLoop:
    """The loop over the tiles of a region, bound to the values of an execution: what no run changes is looked up once.

    values : the arrays by slot; those that are read and written must be there when it runs.
    fixed : slots whose arrays are the same in all runs.
    constants : slots whose elements are, too.
    """

    def __init__(self, region: Region, values: list[Any], fixed: Container[int] = (), constants: Container[int] = ()):
        self.region, self.values, self.fixed, self.constants = region, values, fixed, constants
        self.element_args = [*region.element_args]
        self.known = {i for i, slots in region.precomputing if all(slot in constants for slot in slots)}
        self.pending = region.precomputing
        self.folds: dict[int, Fold] = {}
        self.form: Any = None  # a Form, from the first run on
        self.flat: dict[int, Array] = {}
        self.moving: list[int] = []

    def run(self, order: Order | None = None) -> None:
        """Fill the output arrays; ``order`` is that of all arrays that move, where they lie alike in memory.

        Raises StepError with the number of the step whose kernel fails.
        """
        if self.pending or self.form is None:
            self._precompute()
        region, form, values = self.region, self.form, self.values
        workers = region.workers
        if region.folds:
            fold = Fold if workers == 1 else SharedFold
            self.folds = {slot: fold(ufunc) for slot, ufunc in region.folds.items()}
        try:
            for slot in self.moving:
                self.flat[slot] = flat_in(order, values[slot])
            parts = iter(form.parts)
            if workers > 1:
                shared = thread_pool.SharedIterator(parts)
                thread_pool.run_in_threads(lambda: self._work(shared), workers)
            else:
                self._work(cancellable(parts))
        finally:  # the arrays of a run belong to others
            for slot in self.moving:
                self.flat.pop(slot, None)
        for i, step in region.folding:
            try:
                self._finalize(step)
            except Exception as error:
                raise StepError(i) from error

    def _precompute(self) -> None:
        """Make what blocks compute of small inputs once for all tiles, and choose the form that suits it.

        Raises StepError with the number of the step whose ``precompute`` fails.
        """
        region, suits, step = self.region, self.region.compiled, 0
        try:
            for step, slots in self.pending:
                self.element_args[step] = region.precomputed(step, [self.values[slot] for slot in slots])
        except Exception as error:
            raise StepError(step) from error
        if suits:
            looped = region.jit.looped
            suits = region.jit.compiles and not any(
                self.element_args[step].numbers is None for step, _ in region.precomputing if step in looped
            )
        form = region.jit if suits else region.numpy
        if form is not self.form:
            self.form = form
            self.flat = {slot: flat_in(None, self.values[slot]) for slot in form.arrays if self._lasts(slot)}
            self.moving = [slot for slot in form.arrays if slot not in self.flat]
        self.pending = [pair for pair in self.pending if pair[0] not in self.known]

    def _lasts(self, slot: int) -> bool:
        """Whether the flat array of a slot has the elements of later runs, and is no copy of those of one."""
        return slot in self.constants or (slot in self.fixed and self.values[slot].flags.c_contiguous)

    def _work(self, parts: Iterator[tuple[int, int]]) -> None:
        """Compute the elements of each of ``parts``, until there are no more."""
        form = self.form
        if not form.scratch.widths:
            self._tiles(parts, {})
            return
        length = min(form.length, self.region.size)
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

    def _finalize(self, step: TiledStep) -> None:
        """Write the outputs that a step makes of its folded partials."""
        folds, region = [self.folds.get(slot) for slot in step.writes], self.region
        totals = step.block.finalize([fold and fold.total for fold in folds], region.size // step.tiling.unit)
        for slot, fold, total in zip(step.writes, folds, totals, strict=True):
            if fold is not None and slot in region.outputs:
                out = self.values[slot]
                out[...] = total.reshape(out.shape) if isinstance(total, np.ndarray) else total
