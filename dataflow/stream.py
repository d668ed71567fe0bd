"""Blocks run tile by tile: a tile is taken through all of them while it is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from dataflow import threads
from dataflow.dtypes import storage
from dataflow.pool import results
from dataflow.scratch import borrowed
from dataflow.shapes import TensorType
from dataflow.tiles import ACROSS, ALONG, LIKE, WHOLE, Operand, Tiling, large, tile_of, tiling

Call = Callable[[list[Any], Mapping[int, "Fold"], int], Any]


class Piece(NamedTuple):
    """One block of a stream, with the slots of the values that it reads and writes.

    folds : for each output the ufunc that puts its parts together, None where it has an element per element.
    """

    block: Any
    tiling: Tiling
    reads: tuple[Any, ...]
    writes: tuple[int, ...]
    folds: tuple[Any, ...]


class PieceError(Exception):
    """A kernel failed; ``piece`` is its number, the cause is what it raised."""

    def __init__(self, piece: int):
        super().__init__(piece)
        self.piece = piece


class Stream:
    """Pieces that run one after the other on each tile.

    dtypes : of all values that the pieces write.
    needed : of these the slots that outlive the tiles.
    scratch : the buffer of each value that does not.
    widths : bytes of an element in each buffer.
    homes : for values without a buffer the output whose memory they have until it is written.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        dtypes: Mapping[int, Any],
        needed: Set[int],
        scratch: Mapping[int, int] = MappingProxyType({}),
        widths: Sequence[int] = (),
        homes: Mapping[int, int] = MappingProxyType({}),
    ):
        self.pieces, self.dtypes, self.needed = pieces, dtypes, needed
        self.scratch, self.widths, self.homes = scratch, widths, homes
        self.tables: dict[int, _Table] = {}
        self.size = pieces[0].tiling.size
        self.unit = max(piece.tiling.unit for piece in pieces)
        self.folded = {s for p in pieces for s, ufunc in zip(p.writes, p.folds, strict=True) if ufunc is not None}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"tables": {}}

    def table(self, count: int) -> _Table:
        """The calls of a tile of so many elements."""
        if count not in self.tables:
            self.tables[count] = _Table(self, count)
        return self.tables[count]

    def workspace(self, tile: int) -> int:
        """Bytes that the kernels take for themselves for a tile."""
        most = 0
        for piece in self.pieces:
            types = [TensorType("float32", (tile,))] * len(piece.reads)
            most = max(most, piece.block.workspace(*types))
        return most

    def tile(self, workers: int) -> int:
        """Elements of a tile. Where values are folded it is the same for any number of threads, and so are the sums."""
        tile = tile_of(self.unit)
        return tile if self.folded or workers == 1 else 2 * tile

    def run(self, values: list[Any], workers: int) -> None:
        """Fill the arrays that are in ``values`` for what is written, and put there what is folded."""
        tile = self.tile(workers)
        starts = threads.Shared(enumerate(range(0, self.size, tile)))
        folds = {
            slot: Fold(ufunc)
            for piece in self.pieces
            for slot, ufunc in zip(piece.writes, piece.folds, strict=True)
            if ufunc is not None and slot in self.needed
        }
        job = _Job(self, values, folds, tile, starts)
        workers = min(workers, -(-self.size // tile))
        if workers > 1:
            threads.together(job.work, workers)
        else:
            job.work()
        for slot, fold in folds.items():
            values[slot] = np.asarray(fold.total, self.dtypes[slot])


def alone(block: Any, arrays: Sequence[Any], outputs: Sequence[Any]) -> list[Any] | None:
    """The outputs, of the given types, of a block that is run tile by tile; None where that does not pay."""
    folds = folds_of(block)
    shapes = {t.shape for t, ufunc in zip(outputs, folds, strict=True) if ufunc is None}
    shape = shapes.pop() if shapes else None
    if shape is None or shapes or not large(shape):
        return None
    made = tiling(block, arrays, shape)
    if isinstance(made, str) or made.size <= made.tile:
        return None
    values: list[Any] = []

    def slot(value: Any) -> int:
        values.append(value)
        return len(values) - 1

    reads = tuple(tuple(map(slot, a)) if isinstance(a, tuple) else None if a is None else slot(a) for a in arrays)
    writes, dtypes = [], {}
    for type_, ufunc in zip(outputs, folds, strict=True):
        dtype = storage(type_.dtype)
        writes.append(slot(results.empty(shape, dtype) if ufunc is None else None))
        dtypes[writes[-1]] = dtype
    piece = Piece(block, made, reads, tuple(writes), folds)
    Stream([piece], dtypes, set(writes)).run(values, threads.wanted(made.size))
    return [values[i] for i in writes]


def folds_of(block: Any) -> tuple[Any, ...]:
    """For each output of a block the ufunc that puts parts of it together, None where it goes along with the tiles."""
    return tuple(port.reduce for port in block.signature.outputs.values())


class Fold:
    """Parts put together in the order of tiles, whichever comes first."""

    def __init__(self, ufunc: np.ufunc):
        self.ufunc, self.waiting, self.next, self.lock = ufunc, {}, 0, Lock()  # type: ignore[var-annotated]
        self.total: Any = None

    def add(self, number: int, part: Any) -> None:
        with self.lock:
            self.waiting[number] = part
            while self.next in self.waiting:
                part = self.waiting.pop(self.next)
                self.total = part if self.next == 0 else self.ufunc(self.total, part)
                self.next += 1


class _Job:
    """One run of a stream: arrays that are known, and what is made of them once for all tiles."""

    def __init__(self, stream: Stream, values: list[Any], folds: Mapping[int, Fold], tile: int, starts: threads.Shared):
        self.stream, self.values, self.folds, self.tile, self.starts = stream, values, folds, tile, starts
        self.flat: dict[tuple[int, int], Any] = {}
        for piece in stream.pieces:
            for slot, operand in _pairs(piece.reads, piece.tiling.operands):
                if slot is not None and slot not in stream.homes and operand.how in (ALONG, ACROSS):
                    self._flatten(slot, piece.tiling.elements(operand))
            for slot, fold in zip(piece.writes, piece.folds, strict=True):
                if fold is None:
                    self._flatten(stream.homes.get(slot, slot), stream.size)
        with np.errstate(all="ignore"):
            self.prepared = [self._prepared(piece) for piece in stream.pieces]

    def _flatten(self, slot: int, size: int) -> None:
        if slot not in self.stream.scratch and (slot, size) not in self.flat:
            array = self.values[slot]
            if array.size != size:  # it was broadcast
                array = array[tuple(slice(None if stride else 1) for stride in array.strides)]
            self.flat[slot, size] = np.ascontiguousarray(array).reshape(-1)

    def _prepared(self, piece: Piece) -> Any:
        """What ``prepare`` makes of the inputs that it names."""
        by_port = dict(zip(piece.block.signature.inputs, piece.reads, strict=True))
        return piece.block.prepare and piece.block.prepare(
            *(self.values[by_port[p]] for p in piece.block.prepared_ports)
        )

    def fixed(self, slot: Any, operand: Operand, tiling: Tiling, shape: tuple[int, ...]) -> Any:
        """What is the same for all tiles, beside an output of this shape."""
        if slot is None or operand.how == WHOLE:
            return None if slot is None else self.values[slot]
        if operand.how == LIKE:
            array = self.values[slot]
            return np.broadcast_to(array[(0,) * array.ndim], shape)
        flat = self.flat[slot, tiling.elements(operand)]
        if flat.size > 1 and tiling.repeats:
            return np.tile(flat, -(-shape[-1] // flat.size))[: shape[-1]]
        return flat.reshape(operand.dims)

    def work(self) -> None:
        """Take tiles until there are none."""
        stream, tile, folds = self.stream, self.tile, self.folds
        running, count = 0, -1
        with np.errstate(all="ignore"), borrowed() as empty:
            memory = [empty((tile * width,), np.uint8) for width in stream.widths]
            try:
                for number, start in self.starts:
                    if count != (count := min(tile, stream.size - start)):
                        table = stream.table(count)
                        cells, moving = table.filled(self, memory)
                    for place, flat, unit, each, first, last, shape in moving:
                        part = flat[(start + first) // unit * each : (start + last) // unit * each]
                        cells[place] = part if len(shape) == 1 else part.reshape(shape)
                    for running, call in table.calls:  # noqa: B007
                        call(cells, folds, number)
            except Exception as error:
                self.starts.stop()
                raise PieceError(running) from error


class _Table:
    """The calls of tiles of one length, on cells: one for each part of each value that a kernel reads or writes."""

    def __init__(self, stream: Stream, count: int):
        self.stream, self.count = stream, count
        self.places: dict[Any, int] = {}
        self.scratch: list[tuple[int, int, slice, Any, tuple[int, ...]]] = []
        self.moving: list[tuple[int, tuple[int, int], int, int, int, int, tuple[int, ...]]] = []
        self.fixed: list[tuple[int, Callable[[_Job], Any]]] = []
        self.calls = [(i, call) for i, piece in enumerate(stream.pieces) for call in self._calls(i, piece)]

    def filled(self, job: _Job, memory: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """The cells for a run, and what must be put into some of them for each tile."""
        cells: list[Any] = [None] * len(self.places)
        for place, buffer, part, dtype, shape in self.scratch:
            cells[place] = memory[buffer][part].view(dtype).reshape(shape)
        for place, make in self.fixed:
            cells[place] = make(job)
        return cells, [(place, job.flat[key], *rest) for place, key, *rest in self.moving]

    def _calls(self, number: int, piece: Piece) -> Iterator[Call]:
        """The calls of a piece: one, or two where what is left over has another shape."""
        tiling, prepared = piece.tiling, piece.block.prepared_ports
        ports = zip(piece.block.signature.inputs, piece.reads, tiling.operands, strict=True)
        kept = [(slot, operand) for port, slot, operand in ports if port not in prepared]
        for first, last in tiling.pieces(self.count):
            args = [self._argument(tiling, slot, operand, first, last) for slot, operand in kept]
            if prepared:
                args.append(self._fixed(("prepared", number), lambda job: job.prepared[number]))
            whole = Operand(ALONG, tiling.unit, tiling.dims)
            outs = [
                self._along(tiling, slot, whole, first, last) if fold is None else None
                for slot, fold in zip(piece.writes, piece.folds, strict=True)
            ]
            yield _call(piece.block, args, outs, piece.writes)

    def _argument(self, tiling: Tiling, slot: Any, operand: Any, first: int, last: int) -> Any:
        if isinstance(slot, tuple):
            return tuple(self._argument(tiling, s, o, first, last) for s, o in zip(slot, operand, strict=True))
        if slot is not None and operand.how == ALONG:
            return self._along(tiling, slot, operand, first, last)
        shape = tiling.shape(last - first)
        return self._fixed((slot, operand, shape), lambda job: job.fixed(slot, operand, tiling, shape))

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
            self.moving.append((place, (slot, tiling.elements(operand)), unit, each, first, last, shape))
        return place

    def _fixed(self, key: Any, make: Callable[[_Job], Any]) -> int:
        place, new = self._place(key)
        if new:
            self.fixed.append((place, make))
        return place

    def _place(self, key: Any) -> tuple[int, bool]:
        """The number of a cell, and whether it is a new one."""
        new = key not in self.places
        return self.places.setdefault(key, len(self.places)), new


def _pairs(slots: Sequence[Any], operands: Sequence[Any]) -> Iterator[tuple[Any, Operand]]:
    for slot, operand in zip(slots, operands, strict=True):
        yield from zip(slot, operand, strict=True) if isinstance(slot, tuple) else ((slot, operand),)


def _call(block: Any, args: list[Any], outs: list[Any], slots: Sequence[int]) -> Call:
    """The call of a kernel on cells, by the shortest way there is; results that are folded go to those of the slots."""
    kernel, out = block.call, outs[0]
    if isinstance(kernel, np.ufunc):
        if len(args) == 1:
            (one,) = args
            return lambda cells, folds, number: kernel(cells[one], cells[out])
        one, two = args
        return lambda cells, folds, number: kernel(cells[one], cells[two], cells[out])

    def values(cells: list[Any]) -> list[Any]:
        return [tuple(cells[i] for i in arg) if isinstance(arg, tuple) else cells[arg] for arg in args]

    if block.takes_out and len(outs) == 1:
        return lambda cells, folds, number: kernel(*values(cells), out=cells[out])

    def several(cells: list[Any], folds: Mapping[int, Fold], number: int) -> None:
        results = kernel(*values(cells), **({"out": cells[out]} if block.takes_out else {}))
        for result, place, slot in zip(results if len(outs) > 1 else (results,), outs, slots, strict=True):
            if place is None:
                if slot in folds:
                    folds[slot].add(number, result)
            elif result is not cells[place]:
                cells[place][...] = result

    return several
