"""Blocks run tile by tile: a tile is taken through all of them while it is in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from dataflow.core import thread_pool
from dataflow.core.dtypes import name_of
from dataflow.core.evaluator import WIDE
from dataflow.core.shapes import TensorType
from dataflow.engine.render_numba import Loop, function, loops
from dataflow.engine.render_numpy import Table
from dataflow.engine.tile_loop import Job, PieceError
from dataflow.engine.tiling import ACROSS, ALONG, WHOLE, Operand, Tiling, tile_of

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

    @property
    def slots(self) -> set[int]:
        """The slots that are read, those of variadic inputs among them."""
        return {slot for slot, _ in _pairs(self.reads, self.tiling.operands) if slot is not None}

    @property
    def beyond(self) -> set[int]:
        """The slots of which a tile reads other elements than those at its own place."""
        pairs = _pairs(self.reads, self.tiling.operands)
        return {slot for slot, operand in pairs if operand.how == WHOLE or self.tiling.is_short(operand)}

    def repeats(self, port: Any) -> bool:
        """Whether the kernel wants what stands on a port in the shape of the output's tile, and not as it broadcasts.

        One that takes several inputs which broadcast gets them so; beside a single one there is nothing to go by.
        """
        if port.shape is not None:
            return False
        free = [each for each in self.block.signature.inputs.values() if each.shape is None and not each.like]
        return not self.block.broadcasts or (len(free) == 1 and not port.many)

    @property
    def short(self) -> list[tuple[int, bool]]:
        """The slots that are repeated to the shape of the output's tile, and whether each is a single number."""
        ports = zip(self.block.signature.inputs.values(), self.reads, self.tiling.operands, strict=True)
        free = [(reads, operand) for port, reads, operand in ports if self.repeats(port)]
        pairs = _pairs(*zip(*free, strict=True)) if free else ()
        return [(slot, operand == Operand(ACROSS)) for slot, operand in pairs if self.tiling.is_short(operand)]


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
        self.arrays = list(dict.fromkeys(slot for piece in pieces for slot in self._arrays(piece)))
        self.prepares = [(i, slots) for i, piece in enumerate(pieces) if (slots := _prepares(piece))]
        prepared = {i for i, _ in self.prepares}
        self.numbers = [() if i in prepared else self._numbers(i, None) for i in range(len(pieces))]
        self.remembered: dict[int, tuple[Any, Any]] = {}  # what pieces made of their small inputs, and their numbers

    def _arrays(self, piece: Piece) -> Iterator[int]:
        """The slots of arrays that lie beside the tiles."""
        for slot, operand in _pairs(piece.reads, piece.tiling.operands):
            inside = slot is None or slot in self.homes or slot in self.scratch
            if not inside and operand.how in (ALONG, ACROSS):
                yield slot
        for slot in piece.writes:
            slot = self.homes.get(slot, slot)
            if slot not in self.folded and slot not in self.scratch:
                yield slot

    def __getstate__(self) -> dict[str, Any]:
        made = ("functions", "loops", "_loops", "compiles", "all_at_once")  # compiled anew
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
    def _loops(self) -> list[Loop | int]:
        """The pieces by number, and the loops that they make as far as can be seen without compiling them."""
        return loops(self.pieces, self.dtypes, self.needed)

    @cached_property
    def loops(self) -> list[Loop | int]:
        """The pieces by number, with those that are compiled in loops."""
        made: list[Loop | int] = []
        for item in self._loops:
            if isinstance(item, int) or item.pieces[0] in self.functions:
                made.append(item)
            else:
                made += item.pieces
        return made

    @cached_property
    def functions(self) -> dict[int, Any]:
        """The function of each loop that could be compiled, by its first piece."""
        made = {loop.pieces[0]: function(self, loop) for loop in self._loops if isinstance(loop, Loop)}
        return {piece: one for piece, one in made.items() if one is not None}

    @cached_property
    def compiles(self) -> bool:
        """Whether every loop could be compiled, so that values within need no memory."""
        return len(self.functions) == sum(isinstance(item, Loop) for item in self._loops)

    def workspace(self, tile: int) -> int:
        """Bytes that the kernels take for themselves for a tile; compiled ones take next to nothing.

        What is repeated for kernels that need it in one piece is kept from tile to tile.
        """
        most = kept = 0
        for piece in self.pieces:
            compiled = self.compiled and piece.block.compiled_kernel is not None
            if not compiled:
                most = max(most, piece.block.workspace(*(self._tile_type(slot, tile) for slot in piece.reads)))
            if not isinstance(piece.block.kernel_for(self.dtypes[piece.writes[0]]), np.ufunc):
                kept += sum(self.dtypes[slot].itemsize for slot, scalar in piece.short if compiled or not scalar)
        return most + kept * tile

    @cached_property
    def buffers(self) -> list[int]:
        """The buffers that are used: values in a compiled loop need none."""
        written: list[int] = []
        for item in self._loops if self.compiled else range(len(self.pieces)):
            written += item.results if isinstance(item, Loop) else self.pieces[item].writes
        return sorted({self.scratch[slot] for slot in written if slot in self.scratch})

    def _tile_type(self, slot: Any, tile: int) -> Any:
        return TensorType(name_of(self.dtypes[slot]), (tile,)) if isinstance(slot, int) else None

    @cached_property
    def all_at_once(self) -> bool:
        """Whether one compiled call may do all there is."""
        return self.at_once(self.loops)

    def at_once(self, items: Sequence[Loop | int]) -> bool:
        """Whether these are one compiled call for all that is done: it may be given many tiles."""
        first, *others = items
        if others or self.buffers:
            return False
        if isinstance(first, Loop):
            return True
        piece = self.pieces[first]
        return piece.block.compiled_kernel is not None and piece.tiling.unit <= WIDE and not piece.short

    @property
    def heading(self) -> str:
        """How the elements are taken."""
        if self.compiled and self.at_once(self._loops):
            return f"compiled loop of {self.size} elements"
        tile = min(self.tile, self.size)
        count = -(-self.size // tile)
        return f"{count} tile{'s' * (count > 1)} of {tile} elements"

    @cached_property
    def registers(self) -> set[int]:
        """Values that only live inside compiled loops."""
        if not self.compiled:
            return set()
        compiled = [item for item in self._loops if isinstance(item, Loop)]
        written = {slot for loop in compiled for i in loop.pieces for slot in self.pieces[i].writes}
        return written.difference(*(loop.results for loop in compiled))

    def run(self, values: list[Any], workers: int) -> None:
        """Fill the arrays that are in ``values`` for what is written."""
        tile = step = self.tile
        job = Job(self, values)
        workers = min(workers, -(-self.size // tile))
        if job.compiled and self.all_at_once:
            shares = max(SHARES * workers if workers > 1 else 1, -(-self.size // LONG))
            step = -(-self.size // shares // tile) * tile
        self.table(min(step, self.size), job.compiled)  # compiled once, before there are threads
        starts = iter(range(0, self.size, step))
        if workers > 1:
            shared = thread_pool.SharedIterator(starts)
            thread_pool.run_in_threads(lambda: job.work(shared, step), workers)
        else:
            job.work(starts, step)
        for piece in self.folding:
            try:
                self._finish(piece, [job.folds.get(slot) for slot in piece.writes], values)
            except Exception as error:
                raise PieceError(self.pieces.index(piece)) from error

    def _finish(self, piece: Piece, folds: Sequence[Any], values: list[Any]) -> None:
        """Write what a piece makes of its folds."""
        totals = piece.block.finalize([fold and fold.total for fold in folds], self.size // piece.tiling.unit)
        for slot, fold, total in zip(piece.writes, folds, totals, strict=True):
            if fold is not None and slot in self.needed:
                out = values[slot]
                out[...] = total if np.ndim(total) == 0 else total.reshape(out.shape)

    def prepared(self, piece: int, arrays: Sequence[Any]) -> tuple[Any, Any]:
        """What a piece makes of the arrays that its block prepares, and its numbers."""
        made, known = self.pieces[piece].block.precomputed(arrays), self.remembered.get(piece)
        if known is None or known[0] is not made:
            known = self.remembered[piece] = (made, self._numbers(piece, made))
        return known

    def _numbers(self, piece: int, made: Any) -> tuple[Any, ...] | None:
        """The numbers that a piece's elements take beside its inputs; None where it cannot be compiled."""
        if not self.compiled:
            return ()
        first = next((self.dtypes[slot] for slot in self.pieces[piece].reads if isinstance(slot, int)), None)
        numbers: tuple[Any, ...] | None = self.pieces[piece].block.element_args(first, made)
        return numbers


def _pairs(slots: Sequence[Any], operands: Sequence[Any]) -> Iterator[tuple[Any, Operand]]:
    for slot, operand in zip(slots, operands, strict=True):
        yield from zip(slot, operand, strict=True) if isinstance(slot, tuple) else ((slot, operand),)


def _prepares(piece: Piece) -> list[int]:
    """The slots of the inputs that a block prepares."""
    by_port = dict(zip(piece.block.signature.inputs, piece.reads, strict=True))
    return [by_port[port] for port in piece.block.precomputed_ports]
