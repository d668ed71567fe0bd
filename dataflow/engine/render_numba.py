"""Rendering for Numba: which ops of a region become one compiled loop, and the source of that loop."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np

from dataflow.core.block import Block
from dataflow.core.dtypes import DType
from dataflow.core.ports import flat
from dataflow.engine.jit import DTYPES, OPTIONS, compile_source
from dataflow.engine.slots import zip_ports
from dataflow.engine.tiled_op import TiledOp
from dataflow.engine.tiling import Layout, Operand, row_of

T = TypeVar("T")

# The formula of one element of a ufunc. Of ufuncs that are not here a compiler gives other bits than NumPy.
ELEMENTS: dict[Callable[..., Any], str] = {
    np.add: "x + y",
    np.subtract: "x - y",
    np.multiply: "x * y",
    np.divide: "x / y",
    np.fmod: "np.fmod(x, y)",
    np.negative: "-x",
    np.positive: "x",
    np.absolute: "abs(x)",
    np.square: "x * x",
    np.sqrt: "np.sqrt(x)",
    np.reciprocal: "np.reciprocal(x)",
    np.sign: "np.sign(x) + 0",  # that of -0.0 is 0.0
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
ONE_BY_ONE = {np.fmod, np.sign}  # which NumPy computes without vectors: compiled they are faster, also alone


def element(block: Block, dtype: DType) -> str | None:
    """The source of a function ``element`` that computes one element as the block does; None if there is none.

    ``dtype`` is that of the output.
    """
    call = block.kernel_for(dtype)
    if isinstance(call, np.ufunc):
        if (formula := ELEMENTS.get(call)) is None:
            return None
        return f"def element({', '.join('xy'[: len(block.signature.inputs)])}):\n    return {formula}\n"
    return None if block.element is None else _written(block.element)


@cache
def _written(function: Callable[..., Any]) -> str | None:
    """The source of an element function under the name ``element``; None where no file has it."""
    try:
        source = textwrap.dedent(inspect.getsource(function)).removeprefix("@staticmethod\n")
    except (OSError, TypeError):
        return None
    return source[: source.index("(")].replace(function.__name__, "element") + source[source.index("(") :]


class Line(NamedTuple):
    """One op in a compiled loop: the source of its element function, its arguments, and where its result goes.

    args : ``("a", i)`` is the element of array i, ``("p", i)`` that of row i, which is repeated, ``("s", i)`` scalar i,
        ``("t", i)`` the result of line i.
    dtype : of the result: integers become wider on their way.
    out : the array that the result is written to, if any.
    """

    source: str
    args: tuple[tuple[str, int], ...]
    dtype: DType
    out: int | None


@cache
def fused(lines: tuple[Line, ...], dtypes: tuple[tuple[str, DType], ...]) -> Callable[..., None] | None:
    """A compiled function that runs the lines on each element; None where it cannot be compiled.

    Its arguments: how many elements, how many of them in a row, then arrays, results, rows and scalars. ``dtypes`` has
    the kind (``a``, ``o``, ``p``, ``s``) and the dtype of each argument after the first two.
    """
    return compile_source(source(lines), dtypes, len(lines))


def source(lines: Sequence[Line]) -> str:
    """The module of a fused loop: the function of each element, then the loop over them."""
    sources = list(dict.fromkeys(line.source for line in lines))
    names = {source: f"element{i}" for i, source in enumerate(sources)}
    used = {(kind, i) for line in lines for kind, i in line.args if kind != "t"}
    used |= {("o", line.out) for line in lines if line.out is not None}
    arrays = sorted(used)
    body = []
    for i, line in enumerate(lines):
        args = ", ".join(f"{kind}{j}" + "[j]" * (kind in "ap") for kind, j in line.args)
        body.append(f"t{i} = np.{line.dtype.name}{'_' * (line.dtype.kind == 'b')}({names[line.source]}({args}))")
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
    """A compiled loop over a tile, for the ops with these indices.

    row : elements over which ``rows`` are repeated; 0 where there are none.
    arrays, results : slots that have an element for each element of the tile.
    rows : the places (op, port) of operands that are repeated.
    scalars : the places (op, port, 0) of operands that are one number; (op, None, i) is the op's i-th element arg.
    """

    ops: list[int]
    lines: tuple[Line, ...]
    row: int
    arrays: list[int]
    rows: list[tuple[int, int]]
    scalars: list[tuple[int, int | None, int]]
    results: list[int]


def loops(ops: Sequence[TiledOp], dtypes: Mapping[int, DType], outputs: Set[int]) -> list[Loop | int]:
    """The ops in their order: by index, or in loops; ``outputs`` are the slots that outlive the tiles."""
    runs: list[list[int]] = []
    row = 0
    for i, op in enumerate(ops):
        own = _row(op, dtypes)
        if own is None:
            runs.append([i])
            row = -1
        elif row < 0 or (own and row and own != row) or not runs:
            runs.append([i])
            row = own
        else:
            runs[-1].append(i)
            row = row or own
    return [_loop(ops, dtypes, outputs, run) or run[0] for run in runs]


def function(ops: Sequence[TiledOp], dtypes: Mapping[int, DType], loop: Loop) -> Callable[..., None] | None:
    """The compiled function of a loop; None where it cannot be compiled."""

    def dtype(i: int, port: int | None) -> DType:
        slot: Any = ops[i].reads[port or 0]  # an op in a loop reads one slot on each port
        given, made = dtypes[slot], dtypes[ops[i].writes[0]]
        return made if port is None and made.kind == "f" else given

    kinds = [("a", dtypes[slot]) for slot in loop.arrays] + [("o", dtypes[slot]) for slot in loop.results]
    kinds += [("p", dtype(i, port)) for i, port in loop.rows]
    kinds += [("s", dtype(i, port)) for i, port, _ in loop.scalars]
    return fused(loop.lines, tuple(kinds))


def _row(op: TiledOp, dtypes: Mapping[int, DType]) -> int | None:
    """Elements over which the op's short operands are repeated, 0 if it has none; None if it cannot be in a loop."""
    block, tiling = op.block, op.tiling
    if len(op.writes) != 1 or op.reduces[0] is not None:
        return None
    slots = flat((*op.reads, *op.writes))
    if any(dtypes[slot] not in DTYPES for slot in slots) or element(block, dtypes[op.writes[0]]) is None:
        return None
    if not block.precomputed_ports and block.element_args(dtypes[slots[0]], None) is None:
        return None
    row = 0
    for port, _, operand in _inputs(op):
        if isinstance(op.reads[port], tuple) and operand.layout is not Layout.ALONG:
            return None
        if operand.layout is Layout.ACROSS and operand.dims and tiling.repeats:
            row = row_of(tiling.unit)
        elif not (operand.layout is Layout.ACROSS and not operand.dims) and not (
            operand.layout is Layout.ALONG and operand.each == tiling.unit
        ):
            return None
    return row


def _inputs(op: TiledOp) -> list[tuple[int, int, Operand]]:
    """The inputs that an element is computed from: the positions of their ports, slots and operands."""
    return [
        (position, slot, own)
        for position, (port, read, operand) in enumerate(
            zip(op.block.signature.inputs.values(), op.reads, op.tiling.operands, strict=True)
        )
        if port.name not in op.block.precomputed_ports
        for slot, own in zip_ports((read,), (operand,))
        if slot is not None
    ]


def _loop(ops: Sequence[TiledOp], dtypes: Mapping[int, DType], outputs: Set[int], run: Sequence[int]) -> Loop | None:
    first = ops[run[0]]
    kernel = _kernel(first, dtypes)
    numpys = isinstance(kernel, np.ufunc) and kernel not in ONE_BY_ONE  # whose own loop is as fast
    if len(run) == 1 and (numpys or _row(first, dtypes) is None):
        return None
    loop = Loop([*run], (), 0, [], [], [], [])
    made: dict[int, int] = {}  # the line that makes the value of a slot
    lines = []
    row = 0
    for at, i in enumerate(run):
        op = ops[i]
        row = row or _row(op, dtypes) or 0
        args: list[tuple[str, int]] = []
        for port, slot, operand in _inputs(op):
            if slot in made:
                args.append(("t", made[slot]))
            elif operand.layout is Layout.ALONG:
                args.append(("a", _index(loop.arrays, slot)))
            elif operand.dims:
                args.append(("p", _index(loop.rows, (i, port))))
            else:
                args.append(("s", _index(loop.scalars, (i, port, 0))))
        source = element(op.block, dtypes[op.writes[0]]) or ""
        for which in range(_arity(op, dtypes) - len(args)):
            args.append(("s", _index(loop.scalars, (i, None, which))))
        made[op.writes[0]] = at
        lines.append(Line(source, tuple(args), dtypes[op.writes[0]], None))
    for at, i in enumerate(run):
        (slot,) = ops[i].writes
        if slot in outputs or any(slot in op.slots for j, op in enumerate(ops) if j not in run):
            lines[at] = lines[at]._replace(out=_index(loop.results, slot))
    return loop._replace(lines=tuple(lines), row=row)


def _kernel(op: TiledOp, dtypes: Mapping[int, DType]) -> Callable[..., Any]:
    return op.block.kernel_for(dtypes[op.writes[0]])


def _arity(op: TiledOp, dtypes: Mapping[int, DType]) -> int:
    kernel = _kernel(op, dtypes)
    if isinstance(kernel, np.ufunc):
        return kernel.nin
    parameters = inspect.signature(op.block.element).parameters.values()
    return sum(parameter.kind is not parameter.VAR_POSITIONAL for parameter in parameters)


def _index(items: list[T], item: T) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
