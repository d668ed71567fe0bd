"""Blocks run tile by tile: a tile is taken through all of them while it is in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from dataflow import threads
from dataflow.dtypes import name_of
from dataflow.loops import Loop, function, loops
from dataflow.scratch import borrowed
from dataflow.shapes import TensorType
from dataflow.table import Table
from dataflow.tiles import ACROSS, ALONG, Operand, Tiling, tile_of

SHARES = 4  # of what a thread does, so that all end at about the same time
LONG = 1 << 24  # elements of a compiled call: between calls a run may be interrupted


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

    dtypes : of all values.
    needed : of these the slots that outlive the tiles.
    scratch : the buffer of each value that does not.
    widths : bytes of an element in each buffer.
    homes : for values without a buffer the output whose memory they have until it is written.
    compiled : whether to use compiled kernels where there are some.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        dtypes: Mapping[int, Any],
        needed: Set[int],
        scratch: Mapping[int, int] = MappingProxyType({}),
        widths: Sequence[int] = (),
        homes: Mapping[int, int] = MappingProxyType({}),
        compiled: bool = False,
    ):
        self.pieces, self.dtypes, self.needed = pieces, dtypes, needed
        self.scratch, self.widths, self.homes, self.compiled = scratch, widths, homes, compiled
        self.tables: dict[tuple[int, bool], Table] = {}
        self.size = pieces[0].tiling.size
        self.tile = tile_of(max(piece.tiling.unit for piece in pieces))  # elements of a tile
        self.folded = {
            s: ufunc for p in pieces for s, ufunc in zip(p.writes, p.folds, strict=True) if ufunc is not None
        }
        self.folding = [
            piece for piece in pieces if any(slot in needed for slot in piece.writes if slot in self.folded)
        ]
        self.arrays = list(dict.fromkeys(pair for piece in pieces for pair in self._arrays(piece)))
        self.prepares = [_prepares(piece) for piece in pieces]
        self.first = [next((dtypes[s] for s in p.reads if isinstance(s, int)), None) for p in pieces]
        self.remembered: dict[int, tuple[Any, Any]] = {}  # what pieces made of their small inputs, and their numbers

    def _arrays(self, piece: Piece) -> Iterator[tuple[int, int]]:
        """The slots of arrays that lie beside the tiles, with the elements that they have there."""
        for slot, operand in _pairs(piece.reads, piece.tiling.operands):
            inside = slot is None or slot in self.homes or slot in self.scratch
            if not inside and operand.how in (ALONG, ACROSS):
                yield slot, piece.tiling.elements(operand)
        for slot in piece.writes:
            slot = self.homes.get(slot, slot)
            if slot not in self.folded and slot not in self.scratch:
                yield slot, self.size

    def __getstate__(self) -> dict[str, Any]:
        made = ("functions", "loops")  # compiled anew
        return {name: value for name, value in self.__dict__.items() if name not in made} | {
            "tables": {},
            "remembered": {},
        }

    def table(self, count: int, compiled: bool) -> Table:
        """The calls of a tile of so many elements."""
        if (count, compiled) not in self.tables:
            self.tables[count, compiled] = Table(self, count, compiled)
        return self.tables[count, compiled]

    @cached_property
    def loops(self) -> list[Loop | int]:
        """The pieces by number, with those that are compiled in loops."""
        made: list[Loop | int] = []
        for item in loops(self):
            if isinstance(item, int) or item.pieces[0] in self.functions:
                made.append(item)
            else:
                made += item.pieces
        return made

    @cached_property
    def functions(self) -> dict[int, Any]:
        """The function of each loop that could be compiled, by its first piece."""
        made = {loop.pieces[0]: function(self, loop) for loop in loops(self) if isinstance(loop, Loop)}
        return {piece: one for piece, one in made.items() if one is not None}

    def workspace(self, tile: int) -> int:
        """Bytes that the kernels take for themselves for a tile; compiled ones take next to nothing."""
        most = 0
        for piece in self.pieces:
            if not self.compiled or piece.block.compiled is None:
                most = max(most, piece.block.workspace(*(self._tile_type(slot, tile) for slot in piece.reads)))
        return most

    @cached_property
    def buffers(self) -> list[int]:
        """The buffers that are used: values in a compiled loop need none."""
        written: list[int] = []
        for item in loops(self) if self.compiled else range(len(self.pieces)):
            written += item.results if isinstance(item, Loop) else self.pieces[item].writes
        return sorted({self.scratch[slot] for slot in written if slot in self.scratch})

    def _tile_type(self, slot: Any, tile: int) -> Any:
        return TensorType(name_of(self.dtypes[slot]), (tile,)) if isinstance(slot, int) else None

    @cached_property
    def at_once(self) -> bool:
        """Whether all is done by one compiled call, which may be given many tiles."""
        first, *others = self.loops
        return not others and not self.buffers and (isinstance(first, Loop) or self.pieces[first].block.compiled)

    def run(self, values: list[Any], workers: int) -> None:
        """Fill the arrays that are in ``values`` for what is written."""
        tile = step = self.tile
        job = _Job(self, values)
        workers = min(workers, -(-self.size // tile))
        if job.compiled and self.at_once:
            shares = max(SHARES * workers if workers > 1 else 1, -(-self.size // LONG))
            step = -(-self.size // shares // tile) * tile
        self.table(min(step, self.size), job.compiled)  # compiled once, before there are threads
        starts = iter(range(0, self.size, step))
        if workers > 1:
            shared = threads.Shared(starts)
            threads.together(np.errstate(all="ignore")(lambda: job.work(shared, step)), workers)
        else:
            job.work(starts, step)
        for piece in self.folding:
            made = [job.folds.get(slot) for slot in piece.writes]
            totals = piece.block.finish([fold and fold.total for fold in made], self.size // piece.tiling.unit)
            for slot, fold, total in zip(piece.writes, made, totals, strict=True):
                if fold is not None:
                    out = values[slot]
                    out[...] = total if np.ndim(total) == 0 else total.reshape(out.shape)

    def prepared(self, number: int, arrays: Sequence[Any]) -> tuple[Any, Any]:
        """What a piece makes of the arrays that its block prepares, and its numbers."""
        block = self.pieces[number].block
        made = block.prepared(arrays) if arrays else None
        known = self.remembered.get(number)
        if known is None or known[0] is not made:
            numbers = block.numbers(self.first[number], made) if self.compiled else ()
            known = self.remembered[number] = (made, numbers)
        return known


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


class _Job:
    """One run of a stream: arrays that are known, and what is made of them once for all tiles."""

    def __init__(self, stream: Stream, values: list[Any]):
        self.stream, self.values = stream, values
        self.folds = {slot: Fold(ufunc) for slot, ufunc in stream.folded.items() if slot in stream.needed}
        self.flat = {(slot, size): _flat(values[slot], size) for slot, size in stream.arrays}
        self.prepared: list[Any] = []
        self.numbers: list[Any] = []
        try:
            for ports in stream.prepares:
                prepared, numbers = stream.prepared(len(self.prepared), [values[slot] for slot in ports])
                self.prepared.append(prepared)
                self.numbers.append(numbers)
        except Exception as error:
            raise PieceError(len(self.prepared)) from error
        self.compiled = stream.compiled and None not in self.numbers
        as_planned = self.compiled or not stream.compiled
        self.buffers: Sequence[int] = stream.buffers if as_planned else range(len(stream.widths))

    def work(self, starts: Iterator[int], step: int) -> None:
        """Take so many elements at once, by the first of them, until there are none."""
        buffers, widths = self.buffers, self.stream.widths
        if not buffers:
            self._tiles(starts, step, {})
            return
        with borrowed() as empty:
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
                    part = flat[(start + first) // unit * each : (start + last) // unit * each]
                    cells[place] = part if len(shape) == 1 else part.reshape(shape)
                for running, call in table.calls:  # noqa: B007
                    call(cells, folds, number)
        except Exception as error:
            if isinstance(starts, threads.Shared):
                starts.stop()
            raise PieceError(running) from error


def _flat(array: Any, size: int) -> Any:
    """The elements of an array in a row; those of the value that was broadcast if they are more."""
    if array.size != size:
        array = array[tuple(slice(None if stride else 1) for stride in array.strides)]
    return np.ascontiguousarray(array).reshape(-1)


def _pairs(slots: Sequence[Any], operands: Sequence[Any]) -> Iterator[tuple[Any, Operand]]:
    for slot, operand in zip(slots, operands, strict=True):
        yield from zip(slot, operand, strict=True) if isinstance(slot, tuple) else ((slot, operand),)


def _prepares(piece: Piece) -> list[int]:
    """The slots of the inputs that a block prepares."""
    by_port = dict(zip(piece.block.signature.inputs, piece.reads, strict=True))
    return [by_port[port] for port in piece.block.prepared_ports]
