"""Rendering for NumPy: what is done for one tile of a region, as the text of a Python function that anyone can read."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.engine.render_numba import Loop, source
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.tiled_op import TiledOp
from dataflow.engine.tiling import Layout, Operand, Tiling

if TYPE_CHECKING:
    from dataflow.engine.region import Region
    from dataflow.engine.tile_loop import TileRun

Kernel = Callable[..., Any]
Memory = Mapping[int, Array]  # scratch, by buffer


class Repeat(Enum):
    """How a short operand gets the shape of the output's tile."""

    STRIDED = "strided"  # broadcast, by strides of 0
    CONTIGUOUS = "contiguous"  # copied


class TileText:
    """The function of tiles of ``count`` elements, as text.

    In it ``x3`` is the array in slot 3, ``v`` a part of an array that belongs to the tile, ``s`` scratch, and ``f`` is
    the same for all tiles. ``bind`` takes what is ``given`` by a run and returns the function, which computes the tile
    that begins at element ``start``.
    """

    def __init__(self, region: Region, count: int, compiled: bool):
        self.region, self.count = region, count
        self.names: dict[Hashable, str] = {}
        self.given: dict[str, Callable[[TileRun, Memory], Any]] = {}
        self.known: dict[str, Any] = {"broadcast": np.broadcast_to, "copied": _copied, "keep": _keep}
        self.shown: dict[str, int] = {}  # the slot of each name that stands for a value
        self.loops: dict[str, str] = {}  # the text of each compiled loop
        self.once: list[str] = []  # lines of `bind`
        self.lines: list[str] = []  # of the function
        self.ops: list[int] = []  # by line of the function: the op that fails where it does
        for item in region.loops if compiled else range(len(region.ops)):
            self.op = item.ops[0] if isinstance(item, Loop) else item
            if isinstance(item, Loop):
                self._loop(item)
            else:
                self._calls(region.ops[item], region.ops[item].block.compiled_kernel if compiled else None)

    @cached_property
    def text(self) -> str:
        """A module with ``bind``."""
        lines = [
            f"def bind({', '.join(self.given)}):",
            *(f"    {line}" for line in self.once),
            "    def tile(start):",
            *(f"        {line}" for line in self.lines),
            "    return tile",
        ]
        return "\n".join(lines) + "\n"

    def listing(self, name: Callable[[int], str]) -> Iterator[str]:
        """The lines as a loop over the tiles, with what names stand for; ``name`` says what a slot is called."""
        yield "# " + ", ".join(f"{own} is {name(slot)}" for own, slot in self.shown.items())
        yield from self.once
        yield f"for start in range(0, {self.region.size}, {self.count}):"
        yield from (f"    {line}" for line in self.lines)
        for loop, text in self.loops.items():
            yield from ("", f"# {loop} is", *text.rstrip().splitlines())

    @cached_property
    def file(self) -> str:
        """Where tracebacks say that the text stands."""
        return f"<tile {hashlib.sha256(self.text.encode()).hexdigest()[:16]}>"

    @cached_property
    def _bind(self) -> Callable[..., Callable[[int], None]]:
        linecache.cache[self.file] = len(self.text), None, self.text.splitlines(keepends=True), self.file
        exec(compile(self.text, self.file, "exec"), self.known)
        bind: Callable[..., Callable[[int], None]] = self.known["bind"]
        return bind

    def bound(self, run: TileRun, memory: Memory) -> Callable[[int], None]:
        """The function of a tile, by its first element, for a run and one thread's memory."""
        return self._bind(*[get(run, memory) for get in self.given.values()])

    def failing(self, traceback: TracebackType | None) -> int | None:
        """The op whose line raised what has this traceback; None if none did."""
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.file:
                line = traceback.tb_lineno - len(self.once) - 3  # from 0, below both headings
                return self.ops[line] if 0 <= line < len(self.ops) else None
            traceback = traceback.tb_next
        return None

    # -- lines ----------------------------------------------------------------------------------------------------

    def _line(self, text: str) -> None:
        self.lines.append(text)
        self.ops.append(self.op)

    def _calls(self, op: TiledOp, compiled: Kernel | None) -> None:
        """The calls of an op: one, or two where what is left over has another shape."""
        tiling, precomputed, index = op.tiling, op.block.precomputed_ports, self.op
        kernel: Kernel = op.block.kernel_for(self.region.dtypes[op.writes[0]])
        tiles = 0
        if compiled:
            tiles = -(-self.count // self.region.tile) if any(op.reduces) else 0
            kernel = partial(compiled, tile=self.region.tile) if tiles else compiled
        if all(op.reduces):
            row = self._argument(tiling, op.reads[0], tiling.operands[0], 0, self.count)
            self._call(kernel if compiled else op.block.partials, False, [row], [None] * len(op.writes), op, tiles)
            return
        ports = zip(op.block.signature.inputs.values(), op.reads, tiling.operands, strict=True)
        # ufuncs broadcast by themselves
        repeat = None if isinstance(kernel, np.ufunc) else Repeat.CONTIGUOUS if compiled else Repeat.STRIDED
        inputs = [(s, o, repeat if op.repeats(port) else None) for port, s, o in ports if port.name not in precomputed]
        for first, last in tiling.parts(self.count):
            args = [self._argument(tiling, slot, operand, first, last, how) for slot, operand, how in inputs]
            if precomputed:
                args.append(self._given(("precomputed", index), "f", lambda run, _: run.precomputed[index]))
            whole = Operand(Layout.ALONG, tiling.unit, tiling.dims)
            outs = [
                self._along(tiling, slot, whole, first, last) if ufunc is None else None
                for slot, ufunc in zip(op.writes, op.reduces, strict=True)
            ]
            self._call(kernel, op.block.takes_out, args, outs, op, tiles)

    def _call(
        self,
        kernel: Kernel,
        takes_out: bool,
        args: Sequence[str],
        outs: Sequence[str | None],
        op: TiledOp,
        tiles: int = 0,
    ) -> None:
        """The lines that call a kernel, in as few Python steps as it takes; partials go to the folds of the slots.

        tiles : for how many tiles the kernel gives a row of partials each; 0 where its partials are those of one tile.
        """
        name = f"{op.block.node_name}_{self.op}"
        self.known[name] = kernel
        if isinstance(kernel, np.ufunc):
            self._line(f"{name}({', '.join(args)}, {outs[0]})")
            return
        call = f"{name}({', '.join([*args, f'out={outs[0]}'] if takes_out else args)})"
        if len(outs) == 1 and outs[0] is not None:
            self._line(call if takes_out else f"keep({outs[0]}, {call})")
            return
        self._line(f"made = {call}")
        for i, (place, slot) in enumerate(zip(outs, op.writes, strict=True)):
            made = f"made[{i}]" if len(outs) > 1 else "made"
            if place is not None:
                self._line(f"keep({place}, {made})")
            elif slot in self.region.folds:
                partials = f"{tiles}, {made}" if tiles else f"1, ({made},)"
                self._line(f"{self._fold(slot)}.add(start // {self.region.tile}, {partials})")

    def _loop(self, loop: Loop) -> None:
        """The call of a compiled loop."""
        region, count = self.region, self.count
        flat = Tiling(region.size, 1, (), (), False, ())
        whole = Operand(Layout.ALONG, 1, ())
        args = [self._along(flat, slot, whole, 0, count) for slot in (*loop.arrays, *loop.results)]
        for i, port in loop.rows:
            op = region.ops[i]
            slot: Any = op.reads[port]  # an op in a loop reads one slot on each port
            operand, tiling = op.tiling.operands[port], op.tiling
            args.append(self._fixed((slot, operand, loop.row), slot, operand, tiling, (loop.row,), None))
        for i, port_of, which in loop.scalars:
            number: Any = None if port_of is None else region.ops[i].reads[port_of]
            args.append(self._element_arg(i, which) if number is None else self._scalar(number))
        name = f"loop_{self.op}"
        self.known[name], self.loops[name] = region.functions[self.op], source(loop.lines)
        self._line(f"{name}({count}, {loop.row or count}, {', '.join(args)})")

    # -- names ----------------------------------------------------------------------------------------------------

    def _argument(
        self,
        tiling: Tiling,
        read: Read,
        operand: Operand | tuple[Operand, ...],
        first: int,
        last: int,
        repeat: Repeat | None = None,
    ) -> str:
        """An input, or a tuple for a variadic one; a short operand is repeated if the kernel asks it."""
        operands: Sequence[Operand | tuple[Operand, ...]] = (operand,)
        pairs: Iterator[tuple[int | None, Operand]] = zip_ports((read,), operands)
        names = [self._input(tiling, slot, own, first, last, repeat) for slot, own in pairs]
        return f"({', '.join(names)},)" if isinstance(read, tuple) else names[0]

    def _input(
        self, tiling: Tiling, slot: int | None, operand: Operand, first: int, last: int, repeat: Repeat | None
    ) -> str:
        if slot is None:
            return "None"
        if not tiling.is_short(operand):
            repeat = None
        shape = tiling.shape(last - first)
        if operand.layout is not Layout.ALONG:
            return self._fixed((slot, operand, shape, repeat), slot, operand, tiling, shape, repeat)
        short = self._along(tiling, slot, operand, first, last)
        if not repeat:
            return short
        strided = f"broadcast({short}, {shape})"
        return self._part((short, shape, repeat), strided if repeat is Repeat.STRIDED else f"copied({strided})")

    def _along(self, tiling: Tiling, slot: int, operand: Operand, first: int, last: int) -> str:
        """The part of a value that has elements of its own for each tile."""
        full = operand.each == tiling.unit
        shape = tiling.shape(last - first) if full else ((last - first) // tiling.unit, *operand.dims)
        unit, each = (1, 1) if full else (tiling.unit, operand.each)
        slot = self.region.output_as_scratch.get(slot, slot)
        key, reshaped = (slot, unit, each, first, last, shape), "" if len(shape) == 1 else f".reshape{shape}"
        if slot in self.region.scratch:
            return self._scratch(slot, first, last, reshaped)
        array = self._given(slot, f"x{slot}", lambda run, _: run.flat[slot], slot)
        ends = [f"start + {n}" if n else "start" for n in (first, last)]
        if unit != 1:
            ends = [f"({end}) // {unit} * {each}" for end in ends]
        return self._part(key, f"{array}[{':'.join(ends)}]{reshaped}")

    def _scratch(self, slot: int, first: int, last: int, reshaped: str) -> str:
        """The part of a scratch buffer that holds a value of the tile."""
        dtype, buffer = self.region.dtypes[slot], self.region.scratch[slot]
        key = ("scratch", buffer, dtype, first, last, reshaped)
        if key in self.names:
            return self.names[key]
        memory = self._given(("memory", buffer), f"memory{buffer}", lambda _, memory: memory[buffer])
        name = self.names[key] = f"s{len(self.names)}"
        self.known[dtype.name] = dtype
        part = f"{first * dtype.itemsize}:{last * dtype.itemsize}"
        self.once.append(f"{name} = {memory}[{part}].view({dtype.name}){reshaped}")
        return name

    def _part(self, key: Hashable, text: str) -> str:
        """What is made anew for each tile."""
        if key not in self.names:
            self.names[key] = f"v{len(self.names)}"
            self._line(f"{self.names[key]} = {text}")
        return self.names[key]

    def _fixed(
        self,
        key: Hashable,
        slot: int,
        operand: Operand,
        tiling: Tiling,
        shape: tuple[int, ...],
        repeat: Repeat | None,
    ) -> str:
        """An operand that is the same for all tiles."""
        return self._given(key, "f", lambda run, _: _same_for_all(slot, operand, tiling, shape, repeat, run), slot)

    def _element_arg(self, op: int, which: int) -> str:
        """A scalar that an element function takes beside its inputs."""
        return self._given(("element arg", op, which), "f", lambda run, _: run.element_args[op][which])  # type: ignore[index]

    def _fold(self, slot: int) -> str:
        """The fold of an output's partials."""
        return self._given(("fold", slot), f"fold{slot}", lambda run, _: run.folds[slot])

    def _scalar(self, slot: int) -> str:
        """An operand that is one number."""
        return self._given(("scalar", slot), "f", lambda run, _: run.flat[slot][0], slot)

    def _given(self, key: Hashable, name: str, get: Callable[[TileRun, Memory], Any], slot: int | None = None) -> str:
        """What a run gives, the value of a slot perhaps; it has this name, or one that begins so."""
        if key not in self.names:
            own = self.names[key] = name if name[-1].isdigit() else f"{name}{len(self.names)}"
            self.given[own] = get
            if slot is not None:
                self.shown[own] = slot
        return self.names[key]


def _keep(out: Array, made: Array) -> None:
    """Have in ``out`` what a kernel made, which may have written it there."""
    if made is not out:
        out[...] = made


_copied = np.ascontiguousarray


def _same_for_all(
    slot: int, operand: Operand, tiling: Tiling, shape: tuple[int, ...], repeat: Repeat | None, run: TileRun
) -> Array:
    """What is the same for all tiles, beside an output of this shape."""
    array: Array = run.values[slot]
    if operand.layout is Layout.WHOLE:
        return array
    if operand.layout is Layout.LIKE:
        return np.broadcast_to(array[(0,) * array.ndim], shape)
    flat = run.flat[slot]
    if flat.size > 1 and tiling.repeats:
        rows = np.empty((shape[-1] // flat.size, flat.size), flat.dtype)  # whole units
        rows[...] = flat
        short = rows.reshape(-1)
    else:
        short = flat.reshape(operand.dims)
    if not repeat:
        return short
    strided = np.broadcast_to(short, shape)
    return _copied(strided) if repeat is Repeat.CONTIGUOUS else strided
