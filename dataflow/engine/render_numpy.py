"""The calls of one tile, on cells that hold the parts of arrays that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from dataflow.engine.render_numba import Loop
from dataflow.engine.tiling import ALONG, LIKE, WHOLE, Operand, Tiling

SHOWN, SOLID = "shown", "solid"  # how a short operand is repeated: by strides of 0, or in memory of its own
Call = Callable[[list[Any], Mapping[int, Any], int], Any]  # of cells, folds and the number of the tile


class Table:
    """The calls of tiles of one length, on cells: one for each part of each value that a kernel reads or writes."""

    def __init__(self, stream: Any, count: int, compiled: bool):
        self.stream, self.count = stream, count
        self.places: dict[Any, int] = {}
        self.scratch: list[tuple[int, int, slice, Any, tuple[int, ...]]] = []
        self.moving: list[tuple[int, int, int, int, int, int, tuple[int, ...]]] = []
        self.fixed: list[tuple[int, Callable[[Any], Any]]] = []
        self.numbers: list[tuple[int, int, int]] = []  # which of the numbers of a piece
        self.scalars: list[tuple[int, int]] = []
        self.repeated: list[tuple[int, int, tuple[int, ...], str]] = []
        self.calls: list[tuple[int, Call]] = []
        for run in stream.loops if compiled else range(len(stream.pieces)):
            if isinstance(run, Loop):
                self.calls.append((run.pieces[0], self._loop(run)))
            else:
                block = stream.pieces[run].block
                self.calls += [
                    (run, call) for call in self._calls(run, stream.pieces[run], compiled and block.compiled_kernel)
                ]

    def filled(self, job: Any, memory: Mapping[int, Any]) -> tuple[list[Any], list[Any]]:
        """The cells for a run, and what must be put into some of them for each tile."""
        cells: list[Any] = [None] * len(self.places)
        for place, buffer, part, dtype, shape in self.scratch:
            cells[place] = memory[buffer][part].view(dtype).reshape(shape)
        for place, piece, which in self.numbers:
            cells[place] = job.numbers[piece][which]
        for place, slot in self.scalars:
            cells[place] = job.flat[slot][0]
        for place, make in self.fixed:
            cells[place] = make(job)
        return cells, [(place, job.flat[slot], *rest) for place, slot, *rest in self.moving]

    def repeat(self, cells: list[Any]) -> None:
        """Repeat what is short and moves with the tiles, once all that moves is there."""
        for place, short, shape, how in self.repeated:
            cells[place] = _repeated(cells[short], shape, how)

    def _calls(self, number: int, piece: Any, compiled: Any) -> Iterator[Call]:
        """The calls of a piece: one, or two where what is left over has another shape."""
        tiling, prepared = piece.tiling, piece.block.precomputed_ports
        kernel = piece.block.kernel_for(self.stream.dtypes[piece.writes[0]])
        if all(piece.folds):
            row = self._argument(tiling, piece.reads[0], tiling.operands[0], 0, self.count)
            yield _call(piece.block.partials, False, [row], [None] * len(piece.writes), piece.writes)
            return
        tiles = 0
        if compiled:
            tiles = -(-self.count // self.stream.tile) if any(piece.folds) else 0
            kernel = partial(compiled, tile=self.stream.tile) if tiles else compiled
        ports = zip(piece.block.signature.inputs.values(), piece.reads, tiling.operands, strict=True)
        repeat = "" if isinstance(kernel, np.ufunc) else SOLID if compiled else SHOWN  # ufuncs do it themselves
        kept = [(s, o, repeat if piece.repeats(port) else "") for port, s, o in ports if port.name not in prepared]
        for first, last in tiling.pieces(self.count):
            args = [self._argument(tiling, slot, operand, first, last, how) for slot, operand, how in kept]
            if prepared:
                args.append(self._fixed(("prepared", number), lambda job: job.prepared[number]))
            whole = Operand(ALONG, tiling.unit, tiling.dims)
            outs = [
                self._along(tiling, slot, whole, first, last) if fold is None else None
                for slot, fold in zip(piece.writes, piece.folds, strict=True)
            ]
            yield _call(kernel, piece.block.takes_out, args, outs, piece.writes, tiles)

    def _loop(self, loop: Loop) -> Call:
        """The call of a compiled loop."""
        stream, count = self.stream, self.count
        flat = Tiling(stream.size, 1, (), (), False, ())
        whole = Operand(ALONG, 1, ())
        arrays = [self._along(flat, slot, whole, 0, count) for slot in loop.arrays]
        results = [self._along(flat, slot, whole, 0, count) for slot in loop.results]
        rows, scalars = [], []
        for i, position in loop.rows:
            piece = stream.pieces[i]
            slot, operand, tiling = piece.reads[position], piece.tiling.operands[position], piece.tiling
            rows.append(self._fixed((slot, operand, loop.row), partial(_fixed, slot, operand, tiling, (loop.row,), "")))
        for i, position, which in loop.scalars:
            scalars.append(
                self._number(i, which) if position is None else self._scalar(stream.pieces[i].reads[position])
            )
        given = itemgetter(*arrays, *results, *rows, *scalars)  # two or more
        function, row = self.stream.functions[loop.pieces[0]], loop.row or count
        return lambda cells, folds, number: function(count, row, *given(cells))

    def _argument(self, tiling: Tiling, slot: Any, operand: Any, first: int, last: int, repeat: str = "") -> Any:
        """The cell of an input, or the cells of a variadic one; a short operand is repeated if the kernel asks it."""
        if isinstance(slot, tuple):
            pairs = zip(slot, operand, strict=True)
            return tuple(self._argument(tiling, s, o, first, last, repeat) for s, o in pairs)
        if slot is None or not tiling.is_short(operand):
            repeat = ""
        shape = tiling.shape(last - first)
        if slot is None or operand.how != ALONG:
            return self._fixed((slot, operand, shape, repeat), partial(_fixed, slot, operand, tiling, shape, repeat))
        short = self._along(tiling, slot, operand, first, last)
        if not repeat:
            return short
        place, new = self._place((short, shape, repeat))
        if new:
            self.repeated.append((place, short, shape, repeat))
        return place

    def _along(self, tiling: Tiling, slot: int, operand: Operand, first: int, last: int) -> int:
        """The cell of a value that has elements of its own for each tile."""
        full = operand.each == tiling.unit
        shape = tiling.shape(last - first) if full else ((last - first) // tiling.unit, *operand.dims)
        unit, each = (1, 1) if full else (tiling.unit, operand.each)
        slot = self.stream.homes.get(slot, slot)
        place, new = self._place((slot, unit, each, first, last, shape))
        if new and slot in self.stream.scratch:
            dtype = self.stream.dtypes[slot]
            part = slice(first * dtype.itemsize, last * dtype.itemsize)
            self.scratch.append((place, self.stream.scratch[slot], part, dtype, shape))
        elif new:
            self.moving.append((place, slot, unit, each, first, last, shape))
        return place

    def _fixed(self, key: Any, make: Callable[[Any], Any]) -> int:
        place, new = self._place(key)
        if new:
            self.fixed.append((place, make))
        return place

    def _number(self, piece: int, which: int) -> int:
        """The cell of a number that an element takes beside its inputs."""
        place, new = self._place(("number", piece, which))
        if new:
            self.numbers.append((place, piece, which))
        return place

    def _scalar(self, slot: int) -> int:
        """The cell of an operand that is one number."""
        place, new = self._place(("scalar", slot))
        if new:
            self.scalars.append((place, slot))
        return place

    def _place(self, key: Any) -> tuple[int, bool]:
        """The number of a cell, and whether it is a new one."""
        new = key not in self.places
        return self.places.setdefault(key, len(self.places)), new


def _call(kernel: Any, takes_out: bool, args: list[Any], outs: list[Any], slots: Sequence[int], tiles: int = 0) -> Call:
    """The call of a kernel on cells, by the shortest way there is; results that are folded go to those of the slots.

    tiles : of which the kernel gives a row each to fold; 0 where the results are those of one tile.
    """
    out = outs[0]
    if isinstance(kernel, np.ufunc):
        if len(args) == 1:
            (one,) = args
            return lambda cells, folds, number: kernel(cells[one], cells[out])
        one, two = args
        return lambda cells, folds, number: kernel(cells[one], cells[two], cells[out])

    def values(cells: list[Any]) -> list[Any]:
        return [tuple(cells[i] for i in arg) if isinstance(arg, tuple) else cells[arg] for arg in args]

    if takes_out and len(outs) == 1:
        return lambda cells, folds, number: kernel(*values(cells), out=cells[out])

    def several(cells: list[Any], folds: Mapping[int, Any], number: int) -> None:
        results = kernel(*values(cells), **({"out": cells[out]} if takes_out else {}))
        for result, place, slot in zip(results if len(outs) > 1 else (results,), outs, slots, strict=True):
            if place is None:
                if slot in folds:
                    folds[slot].add(number, tiles or 1, result if tiles else (result,))
            elif result is not cells[place]:
                cells[place][...] = result

    return several


def _repeated(short: Any, shape: tuple[int, ...], how: str) -> Any:
    """An operand with as many elements as the tile, which are shown again and again or stand there."""
    shown = np.broadcast_to(short, shape)
    return np.ascontiguousarray(shown) if how == SOLID else shown


def _fixed(slot: Any, operand: Operand, tiling: Tiling, shape: tuple[int, ...], repeat: str, job: Any) -> Any:
    """What is the same for all tiles, beside an output of this shape."""
    if slot is None or operand.how == WHOLE:
        return None if slot is None else job.values[slot]
    if operand.how == LIKE:
        array = job.values[slot]
        return np.broadcast_to(array[(0,) * array.ndim], shape)
    flat = job.flat[slot]
    if flat.size > 1 and tiling.repeats:
        rows = np.empty((shape[-1] // flat.size, flat.size), flat.dtype)  # whole units
        rows[...] = flat
        short = rows.reshape(-1)
    else:
        short = flat.reshape(operand.dims)
    return _repeated(short, shape, repeat) if repeat else short
