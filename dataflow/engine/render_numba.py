"""Which blocks of a stream are compiled into one loop, and what that loop reads and writes."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from dataflow.engine.jit import DTYPES, OPTIONS, compile_source
from dataflow.engine.tiling import ACROSS, ALONG, row_of

# One element of what a ufunc gives. Those that are not here are computed otherwise by NumPy than by a compiler.
ELEMENTS: dict[Any, str] = {
    np.add: "x + y",
    np.subtract: "x - y",
    np.multiply: "x * y",
    np.divide: "x / y",
    np.negative: "-x",
    np.absolute: "abs(x)",
    np.square: "x * x",
    np.sqrt: "np.sqrt(x)",
    np.floor: "np.floor(x)",
    np.ceil: "np.ceil(x)",
    np.rint: "np.rint(x)",
    np.greater: "x > y",
    np.greater_equal: "x >= y",
    np.less: "x < y",
    np.less_equal: "x <= y",
    np.equal: "x == y",
    np.not_equal: "x != y",
    np.logical_and: "x & y",
    np.logical_or: "x | y",
    np.logical_not: "not x",
}


def element(block: Any, dtype: Any) -> str | None:
    """Source of a function ``element`` that computes one element as the block does; None if there is none.

    ``dtype`` is that of the output.
    """
    call = block.kernel_for(dtype)
    if isinstance(call, np.ufunc):
        if (formula := ELEMENTS.get(call)) is None:
            return None
        return f"def element({', '.join('xy'[: len(block.signature.inputs)])}):\n    return {formula}\n"
    return None if block.element is None else _written(block.element)


@cache
def _written(function: Any) -> str | None:
    """The source of an element function under the name ``element``; None where no file has it."""
    try:
        source = textwrap.dedent(inspect.getsource(function)).removeprefix("@staticmethod\n")
    except (OSError, TypeError):
        return None
    return source[: source.index("(")].replace(function.__name__, "element") + source[source.index("(") :]


class Line(NamedTuple):
    """One block in a fused loop: its element function, where its arguments come from, and where its result goes.

    args : ``("a", i)`` the element of array i, ``("p", i)`` of the row i that is repeated, ``("s", i)`` scalar i,
        ``("t", i)`` the result of line i.
    out : the array that gets the result too, if any.
    """

    source: str
    args: tuple[tuple[str, int], ...]
    out: int | None


@cache
def fused(lines: tuple[Line, ...], dtypes: tuple[tuple[str, Any], ...]) -> Callable[..., None] | None:
    """A function of elements, elements in a row, arrays, results, rows and scalars that runs the lines on each element.

    ``dtypes`` has the kind (``a``, ``o``, ``p``, ``s``) and the dtype of each argument after the first two. None where
    it cannot be compiled.
    """
    return compile_source(_source(lines), dtypes, len(lines))


def _source(lines: Sequence[Line]) -> str:
    """The module of a fused loop: the function of each element, then the loop over them."""
    sources = list(dict.fromkeys(line.source for line in lines))
    names = {source: f"element{i}" for i, source in enumerate(sources)}
    used = {(kind, i) for line in lines for kind, i in line.args if kind != "t"}
    used |= {("o", line.out) for line in lines if line.out is not None}
    arrays = sorted(used)
    body = []
    for i, line in enumerate(lines):
        args = ", ".join(f"{kind}{j}" + "[j]" * (kind in "ap") for kind, j in line.args)
        body.append(f"t{i} = {names[line.source]}({args})")
        body += [f"o{line.out}[j] = t{i}"] if line.out is not None else []
    parts = [f"{kind}{i} = {kind}{i}_[r:r + m]" for kind, i in arrays if kind in "ao"]
    parts += [f"p{i} = p{i}_[:m]" for kind, i in arrays if kind == "p"]
    given = ", ".join(f"{kind}{i}" + "_" * (kind != "s") for kind, i in arrays)  # in the order a, o, p, s
    functions = [f"@njit({OPTIONS})\n" + s.replace("def element(", f"def {names[s]}(") for s in sources]
    return "\n\n".join(
        [
            "from __future__ import annotations\n\nimport numpy as np\nfrom numba import njit",
            *functions,
            f"@njit({OPTIONS})\n"
            f"def fused(count, row, {given}):\n"
            "    for r in range(0, count, row):\n"
            "        m = min(row, count - r)\n"
            + "".join(f"        {part}\n" for part in parts)
            + "        for j in range(m):\n"
            + "".join(f"            {line}\n" for line in body),
        ]
    )


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
        if port not in piece.block.precomputed_ports
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
    return piece.block.kernel_for(dtypes[piece.writes[0]])


def _arity(piece: Any, dtypes: Mapping[int, Any]) -> int:
    call = _call(piece, dtypes)
    return call.nin if isinstance(call, np.ufunc) else len(inspect.signature(piece.block.element).parameters)


def _index(items: list[Any], item: Any) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
