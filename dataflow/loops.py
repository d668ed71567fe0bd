"""Which blocks of a stream are compiled into one loop, and what that loop reads and writes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple

import numpy as np

from dataflow.compiler import DTYPES, Line, element, fused
from dataflow.tiles import ACROSS, ALONG, row_of


class Loop(NamedTuple):
    """A compiled loop over a tile, for the pieces with these numbers.

    row : elements over which ``rows`` are repeated; 0 where there are none.
    arrays, results : slots with an element for each element.
    rows, scalars : the places (piece, position of the input) of operands; a scalar may also be a number of a piece,
        ``(piece, None, which)``.
    """

    pieces: list[int]
    lines: tuple[Line, ...]
    row: int
    arrays: list[int]
    rows: list[tuple[int, int]]
    scalars: list[tuple[int, Any, int]]
    results: list[int]


def loops(pieces: Sequence[Any], dtypes: Mapping[int, Any], needed: Set[int]) -> list[Loop | int]:
    """The pieces in their order: alone, by number, or in loops; ``needed`` are slots that outlive the tiles."""
    runs: list[list[int]] = []
    row = 0
    for i, piece in enumerate(pieces):
        own = _row(piece, dtypes)
        if own is None:
            runs.append([i])
            row = -1
        elif row < 0 or (own and row and own != row) or not runs:
            runs.append([i])
            row = own
        else:
            runs[-1].append(i)
            row = row or own
    return [_loop(pieces, dtypes, needed, run) or run[0] for run in runs]


def function(stream: Any, loop: Loop) -> Any:
    """The compiled function of a loop; None if there is none."""

    def dtype(i: int, position: int | None) -> Any:
        return stream.dtypes[stream.pieces[i].reads[position or 0]]

    dtypes = [("a", stream.dtypes[slot]) for slot in loop.arrays] + [
        ("o", stream.dtypes[slot]) for slot in loop.results
    ]
    dtypes += [("p", dtype(i, position)) for i, position in loop.rows]
    dtypes += [("s", dtype(i, position)) for i, position, _ in loop.scalars]
    return fused(loop.lines, tuple(dtypes))


def _row(piece: Any, dtypes: Any) -> int | None:
    """Elements over which the piece's short operands are repeated, 0 if it has none; None if it cannot be in a loop."""
    block, tiling = piece.block, piece.tiling
    slots = [slot for slot in (*piece.reads, *piece.writes) if slot is not None]
    if len(piece.writes) != 1 or piece.folds[0] is not None or any(isinstance(slot, tuple) for slot in slots):
        return None
    if any(dtypes[slot] not in DTYPES for slot in slots) or element(block, dtypes[piece.writes[0]]) is None:
        return None
    row = 0
    for _, _, operand in _inputs(piece):
        if operand.how == ACROSS and operand.dims and tiling.repeats:
            row = row_of(tiling.unit)
        elif not (operand.how == ACROSS and not operand.dims) and not (
            operand.how == ALONG and operand.each == tiling.unit
        ):
            return None
    return row


def _inputs(piece: Any) -> list[tuple[int, Any, Any]]:
    """The inputs that an element is made of: their positions, slots and operands."""
    triples = zip(range(len(piece.reads)), piece.reads, piece.tiling.operands, strict=True)
    return [
        triple
        for port, triple in zip(piece.block.signature.inputs, triples, strict=True)
        if port not in piece.block.prepared_ports
    ]


def _loop(pieces: Sequence[Any], dtypes: Mapping[int, Any], needed: Set[int], run: Sequence[int]) -> Loop | None:
    first = pieces[run[0]]
    if len(run) == 1 and (isinstance(_call(first, dtypes), np.ufunc) or _row(first, dtypes) is None):
        return None  # NumPy's own loop is as fast
    loop = Loop([*run], (), 0, [], [], [], [])
    made: dict[int, int] = {}  # the line that makes the value of a slot
    lines = []
    row = 0
    for at, i in enumerate(run):
        piece = pieces[i]
        row = row or _row(piece, dtypes) or 0
        args: list[tuple[str, int]] = []
        for position, slot, operand in _inputs(piece):
            if slot in made:
                args.append(("t", made[slot]))
            elif operand.how == ALONG:
                args.append(("a", _index(loop.arrays, slot)))
            elif operand.dims:
                args.append(("p", _index(loop.rows, (i, position))))
            else:
                args.append(("s", _index(loop.scalars, (i, position, 0))))
        source = element(piece.block, dtypes[piece.writes[0]]) or ""
        for which in range(_arity(piece, dtypes) - len(args)):
            args.append(("s", _index(loop.scalars, (i, None, which))))
        made[piece.writes[0]] = at
        lines.append(Line(source, tuple(args), None))
    for at, i in enumerate(run):
        (slot,) = pieces[i].writes
        if slot in needed or any(slot in p.slots for j, p in enumerate(pieces) if j not in run):
            lines[at] = lines[at]._replace(out=_index(loop.results, slot))
    return loop._replace(lines=tuple(lines), row=row)


def _call(piece: Any, dtypes: Mapping[int, Any]) -> Any:
    return piece.block.call(dtypes[piece.writes[0]])


def _arity(piece: Any, dtypes: Mapping[int, Any]) -> int:
    call = _call(piece, dtypes)
    return call.nin if isinstance(call, np.ufunc) else len(inspect.signature(piece.block.element).parameters)


def _index(items: list[Any], item: Any) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
