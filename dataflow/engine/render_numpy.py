"""Rendering for NumPy: the calls of one tile, on cells that hold the parts of arrays that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.dtypes import Array, DType
from dataflow.engine.render_numba import Loop
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.tiled_op import TiledOp
from dataflow.engine.tiling import Layout, Operand, Tiling

if TYPE_CHECKING:
    from dataflow.engine.region import Region
    from dataflow.engine.tile_loop import Fold, TileRun

Kernel = Callable[..., Any]
Cell = int | tuple[int, ...]  # of an argument; those of a variadic one
Call = Callable[[list[Any], "Mapping[int, Fold]", int], Any]  # of cells, folds and the number of the tile


class Repeat(Enum):
    """How a short operand gets the shape of the output's tile."""

    STRIDED = "strided"  # broadcast, by strides of 0
    CONTIGUOUS = "contiguous"  # copied


class TileCalls:
    """The calls of tiles of ``count`` elements, on cells: one for each part of each value that a kernel takes."""

    def __init__(self, region: Region, count: int, compiled: bool):
        self.region, self.count = region, count
        self.places: dict[Hashable, int] = {}
        self.scratch: list[tuple[int, int, slice, DType, tuple[int, ...]]] = []
        self.moving: list[tuple[int, int, int, int, int, int, tuple[int, ...]]] = []
        self.fixed: list[tuple[int, Callable[[TileRun], Any]]] = []
        self.element_args: list[tuple[int, int, int]] = []  # cell, op, and which of the op's
        self.scalars: list[tuple[int, Any]] = []
        self.repeated: list[tuple[int, int, tuple[int, ...], Repeat]] = []
        self.calls: list[tuple[int, Call]] = []  # with the index of the op that fails where the call does
        for item in region.loops if compiled else range(len(region.ops)):
            if isinstance(item, Loop):
                self.calls.append((item.ops[0], self._loop(item)))
            else:
                op = region.ops[item]
                kernel = op.block.compiled_kernel if compiled else None
                self.calls += [(item, call) for call in self._calls(item, op, kernel)]

    def filled(self, run: TileRun, memory: Mapping[int, Array]) -> tuple[list[Any], list[Any]]:
        """The cells for a run, and what must be put into some of them for each tile."""
        cells: list[Any] = [None] * len(self.places)
        for place, buffer, part, dtype, shape in self.scratch:
            cells[place] = memory[buffer][part].view(dtype).reshape(shape)
        for place, op, which in self.element_args:
            cells[place] = run.element_args[op][which]  # type: ignore[index]
        for place, slot in self.scalars:
            cells[place] = run.flat[slot][0]
        for place, make in self.fixed:
            cells[place] = make(run)
        return cells, [(place, run.flat[slot], *rest) for place, slot, *rest in self.moving]

    def repeat(self, cells: list[Any]) -> None:
        """Repeat the short operands that move with the tiles, once all that moves is in its cell."""
        for place, short, shape, how in self.repeated:
            cells[place] = _repeated(cells[short], shape, how)

    def _calls(self, index: int, op: TiledOp, compiled: Kernel | None) -> Iterator[Call]:
        """The calls of an op: one, or two where what is left over has another shape."""
        tiling, precomputed = op.tiling, op.block.precomputed_ports
        kernel: Kernel = op.block.kernel_for(self.region.dtypes[op.writes[0]])
        tiles = 0
        if compiled:
            tiles = -(-self.count // self.region.tile) if any(op.reduces) else 0
            kernel = partial(compiled, tile=self.region.tile) if tiles else compiled
        if all(op.reduces):
            row = self._argument(tiling, op.reads[0], tiling.operands[0], 0, self.count)
            partials = kernel if compiled else op.block.partials
            yield _call(partials, False, [row], [None] * len(op.writes), op.writes, tiles)
            return
        ports = zip(op.block.signature.inputs.values(), op.reads, tiling.operands, strict=True)
        # ufuncs broadcast by themselves
        repeat = None if isinstance(kernel, np.ufunc) else Repeat.CONTIGUOUS if compiled else Repeat.STRIDED
        inputs = [(s, o, repeat if op.repeats(port) else None) for port, s, o in ports if port.name not in precomputed]
        for first, last in tiling.parts(self.count):
            args = [self._argument(tiling, slot, operand, first, last, how) for slot, operand, how in inputs]
            if precomputed:
                args.append(self._fixed(("precomputed", index), lambda run: run.precomputed[index]))
            whole = Operand(Layout.ALONG, tiling.unit, tiling.dims)
            outs = [
                self._along(tiling, slot, whole, first, last) if ufunc is None else None
                for slot, ufunc in zip(op.writes, op.reduces, strict=True)
            ]
            yield _call(kernel, op.block.takes_out, args, outs, op.writes, tiles)

    def _loop(self, loop: Loop) -> Call:
        """The call of a compiled loop."""
        region, count = self.region, self.count
        flat = Tiling(region.size, 1, (), (), False, ())
        whole = Operand(Layout.ALONG, 1, ())
        arrays = [self._along(flat, slot, whole, 0, count) for slot in loop.arrays]
        results = [self._along(flat, slot, whole, 0, count) for slot in loop.results]
        rows, scalars = [], []
        for i, port in loop.rows:
            op = region.ops[i]
            slot: Any = op.reads[port]  # an op in a loop reads one slot on each port
            operand, tiling = op.tiling.operands[port], op.tiling
            rows.append(
                self._fixed((slot, operand, loop.row), partial(_fixed, slot, operand, tiling, (loop.row,), None))
            )
        for i, scalar, which in loop.scalars:
            scalars.append(self._element_arg(i, which) if scalar is None else self._scalar(region.ops[i].reads[scalar]))
        given = itemgetter(*arrays, *results, *rows, *scalars)  # two or more
        function, row = region.functions[loop.ops[0]], loop.row or count
        return lambda cells, folds, number: function(count, row, *given(cells))

    def _argument(
        self,
        tiling: Tiling,
        read: Read,
        operand: Operand | tuple[Operand, ...],
        first: int,
        last: int,
        repeat: Repeat | None = None,
    ) -> Cell:
        """The cell of an input, or the cells of a variadic one; a short operand is repeated if the kernel asks it."""
        operands: Sequence[Operand | tuple[Operand, ...]] = (operand,)
        pairs: Iterator[tuple[int | None, Operand]] = zip_ports((read,), operands)
        cells = tuple(self._input(tiling, slot, own, first, last, repeat) for slot, own in pairs)
        return cells if isinstance(read, tuple) else cells[0]

    def _input(
        self, tiling: Tiling, slot: int | None, operand: Operand, first: int, last: int, repeat: Repeat | None
    ) -> int:
        if slot is None or not tiling.is_short(operand):
            repeat = None
        shape = tiling.shape(last - first)
        if slot is None or operand.layout is not Layout.ALONG:
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
        slot = self.region.output_as_scratch.get(slot, slot)
        place, new = self._place((slot, unit, each, first, last, shape))
        if new and slot in self.region.scratch:
            dtype = self.region.dtypes[slot]
            part = slice(first * dtype.itemsize, last * dtype.itemsize)
            self.scratch.append((place, self.region.scratch[slot], part, dtype, shape))
        elif new:
            self.moving.append((place, slot, unit, each, first, last, shape))
        return place

    def _fixed(self, key: Hashable, make: Callable[[TileRun], Any]) -> int:
        """The cell of what is the same for all tiles."""
        place, new = self._place(key)
        if new:
            self.fixed.append((place, make))
        return place

    def _element_arg(self, op: int, which: int) -> int:
        """The cell of a scalar that an element function takes beside its inputs."""
        place, new = self._place(("element arg", op, which))
        if new:
            self.element_args.append((place, op, which))
        return place

    def _scalar(self, slot: Read) -> int:
        """The cell of an operand that is one number."""
        place, new = self._place(("scalar", slot))
        if new:
            self.scalars.append((place, slot))
        return place

    def _place(self, key: Hashable) -> tuple[int, bool]:
        """The number of a cell, and whether it is a new one."""
        new = key not in self.places
        return self.places.setdefault(key, len(self.places)), new


def _call(
    kernel: Kernel,
    takes_out: bool,
    args: Sequence[Cell],
    outs: Sequence[int | None],
    slots: Sequence[int],
    tiles: int = 0,
) -> Call:
    """The call of a kernel on cells, in as few Python steps as it takes; partials go to the folds of the slots.

    tiles : for how many tiles the kernel gives a row of partials each; 0 where its partials are those of one tile.
    """
    out: Any = outs[0]
    if isinstance(kernel, np.ufunc):
        one, two = (*args, None)[:2]
        if two is None:
            return lambda cells, folds, number: kernel(cells[one], cells[out])  # type: ignore[index]
        return lambda cells, folds, number: kernel(cells[one], cells[two], cells[out])  # type: ignore[index]

    def values(cells: list[Any]) -> list[Any]:
        return [tuple(cells[i] for i in arg) if isinstance(arg, tuple) else cells[arg] for arg in args]

    if takes_out and len(outs) == 1:
        return lambda cells, folds, number: kernel(*values(cells), out=cells[out])

    def several(cells: list[Any], folds: Mapping[int, Fold], number: int) -> None:
        results = kernel(*values(cells), **({"out": cells[out]} if takes_out else {}))
        for result, place, slot in zip(results if len(outs) > 1 else (results,), outs, slots, strict=True):
            if place is None:
                if slot in folds:
                    folds[slot].add(number, tiles or 1, result if tiles else (result,))
            elif result is not cells[place]:
                cells[place][...] = result

    return several


def _repeated(short: Array, shape: tuple[int, ...], how: Repeat) -> Array:
    """An operand broadcast to the shape of the tile, or copied to it."""
    strided = np.broadcast_to(short, shape)
    return np.ascontiguousarray(strided) if how is Repeat.CONTIGUOUS else strided


def _fixed(
    slot: int | None, operand: Operand, tiling: Tiling, shape: tuple[int, ...], repeat: Repeat | None, run: TileRun
) -> Array | None:
    """What is the same for all tiles, beside an output of this shape."""
    if slot is None or operand.layout is Layout.WHOLE:
        return None if slot is None else run.values[slot]
    if operand.layout is Layout.LIKE:
        array = run.values[slot]
        return np.broadcast_to(array[(0,) * array.ndim], shape)
    flat = run.flat[slot]
    if flat.size > 1 and tiling.repeats:
        rows = np.empty((shape[-1] // flat.size, flat.size), flat.dtype)  # whole units
        rows[...] = flat
        short = rows.reshape(-1)
    else:
        short = flat.reshape(operand.dims)
    return _repeated(short, shape, repeat) if repeat else short
