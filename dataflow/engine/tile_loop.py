"""One run of a stream: the arrays that are known, and what is made of them tile by tile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np

from dataflow.core import thread_pool
from dataflow.core.scratch import Scratch


class PieceError(Exception):
    """A kernel failed; ``piece`` is its number, the cause is what it raised."""

    def __init__(self, piece: int):
        super().__init__(piece)
        self.piece = piece


class Fold:
    """Parts of tiles put together in their order, whichever comes first."""

    def __init__(self, ufunc: np.ufunc):
        self.ufunc, self.waiting, self.next, self.lock = ufunc, {}, 0, Lock()  # type: ignore[var-annotated]
        self.total: Any = None

    def add(self, number: int, tiles: int, parts: Iterable[Any]) -> None:
        """Take the parts of so many tiles from this number on."""
        with self.lock:
            self.waiting[number] = tiles, parts
            while self.next in self.waiting:
                tiles, parts = self.waiting.pop(self.next)
                for part in parts:
                    self.total = part if self.total is None else self.ufunc(self.total, part)
                self.next += tiles


class Job:
    """One run of a stream: arrays that are known, and what is made of them once for all tiles."""

    def __init__(self, stream: Any, values: list[Any]):
        self.stream, self.values = stream, values
        # all that a piece folds, if any of it is needed: it is finished together
        self.folds = {
            slot: Fold(stream.folded[slot]) for p in stream.folding for slot in p.writes if slot in stream.folded
        }
        self.flat = {slot: _flat(values[slot]) for slot in stream.arrays}
        self.prepared, self.numbers = [None] * len(stream.pieces), stream.numbers.copy()
        piece = 0
        try:
            for piece, slots in stream.prepares:
                made = stream.prepared(piece, [values[slot] for slot in slots])
                self.prepared[piece], self.numbers[piece] = made
        except Exception as error:
            raise PieceError(piece) from error
        self.compiled = stream.compiled and None not in self.numbers
        as_planned = not stream.compiled or (self.compiled and stream.compiles)
        self.buffers: Sequence[int] = stream.buffers if as_planned else range(len(stream.widths))

    def work(self, starts: Iterator[int], step: int) -> None:
        """Take so many elements at once, by the first of them, until there are none."""
        buffers, widths = self.buffers, self.stream.widths
        if not buffers:
            self._tiles(starts, step, {})
            return
        with Scratch() as empty:
            self._tiles(starts, step, {buffer: empty((step * widths[buffer],), np.uint8) for buffer in buffers})

    def _tiles(self, starts: Iterator[int], step: int, memory: Mapping[int, Any]) -> None:
        stream, folds = self.stream, self.folds
        running, count = 0, -1
        try:
            for start in starts:
                number = start // stream.tile
                if count != (count := min(step, stream.size - start)):
                    table = stream.table(count, self.compiled)
                    cells, moving = table.filled(self, memory)
                for place, flat, unit, each, first, last, shape in moving:
                    begin, end = start + first, start + last
                    part = flat[begin:end] if unit == 1 else flat[begin // unit * each : end // unit * each]
                    cells[place] = part if len(shape) == 1 else part.reshape(shape)
                if table.repeated:
                    table.repeat(cells)
                for running, call in table.calls:  # noqa: B007
                    call(cells, folds, number)
        except Exception as error:
            if isinstance(starts, thread_pool.SharedIterator):
                starts.stop()
            raise PieceError(running) from error


def _flat(array: Any) -> Any:
    """The elements of an array in a row."""
    if array.ndim == 1 and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array).reshape(-1)
