"""Rendering for NumPy: what is done for one tile of a region, as the text of a Python function that anyone can read."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.columns import column_count, fold_columns
from dataflow.core.dtypes import Array, DType
from dataflow.engine.half_floats import BITS, HALVES
from dataflow.engine.render_numba import Loop, Place, source
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.steps import TiledStep
from dataflow.engine.tiling import Layout, Operand, Tiling

if TYPE_CHECKING:
    from dataflow.engine.form import Form
    from dataflow.engine.tile_loop import TileLoop

Kernel = Callable[..., Any]
Memory = Mapping[int, Array]  # scratch, by buffer


class TileText:
    """The function of tiles of ``count`` elements, as text.

    In it ``x3`` is the array in slot 3, ``v`` a part of an array that belongs to the tile, ``s`` scratch, and ``f`` is
    the same for all tiles. ``bind`` takes what is ``given`` from a run, and memory by buffer, and returns the function,
    which computes the tile that begins at element ``start``.
    """

    def __init__(self, form: Form, count: int):
        self.form, self.region, self.count = form, form.region, count
        self.names: dict[Hashable, str] = {}
        self.given: list[str] = []  # lines of `bind` that take what a run has
        self.known: dict[str, Any] = {"broadcast": np.broadcast_to, "keep": _keep, "like": _like, "rows": _rows}
        self.shown: dict[str, int] = {}  # the slot of each name that stands for a value
        self.loops: dict[str, str] = {}  # the text of each compiled loop
        self.once: list[str] = []  # lines of `bind` that make views of scratch
        self.lines: list[str] = []  # of the function
        self.steps: list[int] = []  # by line of the function: the step that fails where it does
        self.step = 0
        for call in form.calls:
            if isinstance(call, Loop):
                self._loop(call)
                self.step += len(call.steps)
            else:
                self._calls(call)
                self.step += 1

    @cached_property
    def text(self) -> str:
        """A module with ``bind``."""
        lines = [
            "def bind(run, memory):",
            *(f"    {line}" for line in (*self.given, *self.once)),
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

    def bound(self, run: TileLoop, memory: Memory) -> Callable[[int], None]:
        """The function of a tile, by its first element, for a run and one thread's memory."""
        return self._bind(run, memory)

    def failing(self, traceback: TracebackType | None) -> int | None:
        """The step whose line raised what has this traceback; None if none did."""
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.file:
                line = traceback.tb_lineno - len(self.given) - len(self.once) - 3  # from 0, below both headings
                return self.steps[line] if 0 <= line < len(self.steps) else None
            traceback = traceback.tb_next
        return None

    # -- lines ----------------------------------------------------------------------------------------------------

    def _line(self, text: str) -> None:
        self.lines.append(text)
        self.steps.append(self.step)

    def _calls(self, step: TiledStep) -> None:
        """The calls of a step: one, or two where what is left over has another shape."""
        tiling, block, number = step.tiling, step.block, self.step
        if all(step.reduces):
            row = self._argument(tiling, step.reads[0], tiling.operands[0], 0, self.count)
            compiled = block.compiled_partials if self.form.compiled else None
            # compiled ones are those of all tiles together: their order makes no difference
            tiles = -(-self.count // self.region.tile) if compiled else 1
            self._call(compiled or block.partials, False, [row], [None] * len(step.writes), step, tiles)
            return
        kernel: Kernel = block.kernel_for(self.region.dtypes[step.writes[0]])
        precomputed = block.precomputed_ports
        ports = zip(block.signature.inputs.values(), step.reads, tiling.operands, strict=True)
        # ufuncs broadcast by themselves
        by_itself = isinstance(kernel, np.ufunc)
        inputs = [(s, o, not by_itself and step.repeats(port)) for port, s, o in ports if port.name not in precomputed]
        for first, last in tiling.parts(self.count):
            args = [self._argument(tiling, slot, operand, first, last, repeat) for slot, operand, repeat in inputs]
            if precomputed:
                args.append(self._given("f", f"run.element_args[{number}].made"))
            whole = Operand(Layout.ALONG, tiling.unit, tiling.dims)
            outs = [
                self._along(tiling, slot, whole, first, last) if ufunc is None else None
                for slot, ufunc in zip(step.writes, step.reduces, strict=True)
            ]
            self._call(kernel, block.takes_out, args, outs, step)

    def _call(
        self,
        kernel: Kernel,
        takes_out: bool,
        args: Sequence[str],
        outs: Sequence[str | None],
        step: TiledStep,
        tiles: int = 1,
    ) -> None:
        """The lines that call a kernel, in as few Python steps as it takes.

        tiles : of how many tiles the partials are that go to the folds of the slots.
        """
        name = f"{step.block.node_name}_{self.step}"
        self.known[name] = kernel
        if isinstance(kernel, np.ufunc):
            self._line(f"{name}({', '.join(args)}, {outs[0]})")
            return
        call = f"{name}({', '.join([*args, f'out={outs[0]}'] if takes_out else args)})"
        if len(outs) == 1 and outs[0] is not None:
            self._line(call if takes_out else f"keep({outs[0]}, {call})")
            return
        self._line(f"made = {call}")
        for i, (place, slot) in enumerate(zip(outs, step.writes, strict=True)):
            made = f"made[{i}]" if len(outs) > 1 else "made"
            if place is not None:
                self._line(f"keep({place}, {made})")
            else:
                self._fold(slot, tiles, f"({made},)")

    def _fold(self, slot: int, tiles: int, partials: str) -> None:
        """The line that gives partials to the fold of a slot, if that is needed."""
        if slot in self.region.folds:
            fold = self._given(f"fold{slot}", f"run.folds[{slot}]")
            self._line(f"{fold}.add(start // {self.region.tile}, {tiles}, {partials})")

    def _loop(self, loop: Loop) -> None:
        """The call of a compiled loop, and of the folds of its sums."""
        tile, count = self.region.tile, self.count
        flat = Tiling(self.region.size, 1, (), (), False, ())
        whole = Operand(Layout.ALONG, 1, ())
        row = column_count(min(count, tile), loop.unit) if loop.unit else count
        written = [slot for slot in loop.results if slot not in loop.over]
        args = [self._along(flat, slot, whole, 0, count, bits=True) for slot in (*loop.arrays, *written)]
        args += [self._row(place, row) for place in loop.rows]
        args += [self._scalar(place) for place in loop.scalars]
        tiles = -(-count // tile)
        if loop.sums:
            self.known |= {"zeros": np.zeros, "fold_columns": fold_columns, "multiply": np.multiply}
            self._line(f"columns = zeros(({tiles}, {len(loop.sums)}, {row}))")
            for i, slot in enumerate(loop.sums):
                if self.region.folded[slot] is np.multiply:
                    self._line(f"columns[:, {i}] = 1")
            args.insert(0, "columns")
        name = f"loop_{self.step}"
        self.known[name], self.loops[name] = loop.function, source(loop.lines)
        self._line(f"{name}({count}, {row}, {tile}, {', '.join(args)})")
        folded: dict[str, str] = {}
        for i, slot in enumerate(loop.sums):
            (tiling,) = [step.tiling for step in loop.steps if slot in step.writes]
            channels, inner = (tiling.channels, tiling.unit // tiling.channels) if tiling.channels else (1, 1)
            ufunc = ", multiply" if self.region.folded[slot] is np.multiply else ""
            text = f"fold_columns(columns, {channels}, {inner}{ufunc})"
            if text not in folded:
                folded[text] = f"folded{len(folded)}"
                self._line(f"{folded[text]} = {text}")
            self._fold(slot, tiles, f"{folded[text]}[:, {i}]")

    # -- names ----------------------------------------------------------------------------------------------------

    def _argument(
        self,
        tiling: Tiling,
        read: Read,
        operand: Operand | tuple[Operand, ...],
        first: int,
        last: int,
        repeat: bool = False,
    ) -> str:
        """An input, or a tuple for a variadic one; a short operand is repeated if the kernel asks it."""
        operands: Sequence[Operand | tuple[Operand, ...]] = (operand,)
        pairs: Iterator[tuple[int | None, Operand]] = zip_ports((read,), operands)
        names = [self._input(tiling, slot, own, first, last, repeat) for slot, own in pairs]
        return f"({', '.join(names)},)" if isinstance(read, tuple) else names[0]

    def _input(self, tiling: Tiling, slot: int | None, operand: Operand, first: int, last: int, repeat: bool) -> str:
        if slot is None:
            return "None"
        repeat = repeat and tiling.is_short(operand)
        shape = tiling.shape(last - first)
        if operand.layout is not Layout.ALONG:
            return self._fixed(tiling, slot, operand, shape, repeat)
        short = self._along(tiling, slot, operand, first, last)
        if not repeat:
            return short
        return self._part((short, shape), f"broadcast({short}, {shape})")

    def _along(self, tiling: Tiling, slot: int, operand: Operand, first: int, last: int, bits: bool = False) -> str:
        """The part of a value that has elements of its own for each tile; of a 16-bit float its bits, if asked."""
        full = operand.each == tiling.unit
        shape = tiling.shape(last - first) if full else ((last - first) // tiling.unit, *operand.dims)
        unit, each = (1, 1) if full else (tiling.unit, operand.each)
        slot = self.form.scratch.in_output.get(slot, slot)
        bits = bits and self.region.dtypes[slot] in HALVES
        key, reshaped = (slot, bits, unit, each, first, last, shape), "" if len(shape) == 1 else f".reshape{shape}"
        if slot in self.form.scratch.buffers:
            return self._scratch(slot, BITS if bits else self.region.dtypes[slot], first, last, reshaped)
        array = self._given(
            f"{'b' if bits else 'x'}{slot}", f"run.flat[{slot}]{self._viewed(slot) if bits else ''}", slot
        )
        ends = [f"start + {n}" if n else "start" for n in (first, last)]
        if unit != 1:
            ends = [f"({end}) // {unit} * {each}" for end in ends]
        return self._part(key, f"{array}[{':'.join(ends)}]{reshaped}")

    def _viewed(self, slot: int) -> str:
        """What makes a 16-bit float's bits of a value, for compiled loops; nothing for other dtypes."""
        return ".view('u2')" if self.region.dtypes[slot] in HALVES else ""

    def _scratch(self, slot: int, dtype: DType, first: int, last: int, reshaped: str) -> str:
        """The part of a scratch buffer that holds a value of the tile."""
        buffer = self.form.scratch.buffers[slot]
        key = ("scratch", buffer, dtype, first, last, reshaped)
        if key in self.names:
            return self.names[key]
        name = self.names[key] = f"s{len(self.names)}"
        self.known[dtype.name] = dtype
        part = f"{first * dtype.itemsize}:{last * dtype.itemsize}"
        self.once.append(f"{name} = memory[{buffer}][{part}].view({dtype.name}){reshaped}")
        return name

    def _part(self, key: Hashable, text: str) -> str:
        """What is made anew for each tile."""
        if key not in self.names:
            self.names[key] = f"v{len(self.names)}"
            self._line(f"{self.names[key]} = {text}")
        return self.names[key]

    def _fixed(self, tiling: Tiling, slot: int, operand: Operand, shape: tuple[int, ...], repeat: bool = False) -> str:
        """An operand that is the same for all tiles, beside an output of this shape."""
        if operand.layout is Layout.WHOLE:
            return self._given("f", f"run.values[{slot}]", slot)
        if operand.layout is Layout.LIKE:
            return self._given("f", f"like(run.values[{slot}], {shape})", slot)
        flat = f"run.flat[{slot}]"
        side_by_side = tiling.repeats and prod(operand.dims) > 1
        text = f"rows({flat}, {shape[-1]})" if side_by_side else f"{flat}.reshape({operand.dims})"
        return self._given("f", f"broadcast({text}, {shape})" if repeat else text, slot)

    def _row(self, place: Place, row: int) -> str:
        """An operand, or numbers of channels, repeated along a row of a compiled loop."""
        i, port, which = place
        step = self.region.steps[i]
        if port is None:
            unit, channels = step.tiling.unit, step.tiling.channels
            return self._given("f", f"run.element_args[{i}].row({which}, {unit // channels}, {row // unit})")
        slot: Any = step.reads[port]  # not variadic
        return self._fixed(step.tiling, slot, step.tiling.operands[port], (row,)) + self._viewed(slot)

    def _scalar(self, place: Place) -> str:
        """A number that a compiled loop takes."""
        i, port, which = place
        if port is None:
            return self._given("f", f"run.element_args[{i}].numbers[{which}]")
        slot: Any = self.region.steps[i].reads[port]
        return self._given("f", f"run.flat[{slot}]{self._viewed(slot)}[0]", slot)

    def _given(self, name: str, text: str, slot: int | None = None) -> str:
        """What a run gives, the value of a slot perhaps; it has this name, or one that begins so."""
        if text not in self.names:
            own = self.names[text] = name if name[-1].isdigit() else f"{name}{len(self.names)}"
            self.given.append(f"{own} = {text}")
            if slot is not None:
                self.shown[own] = slot
        return self.names[text]


def _keep(out: Array, made: Array) -> None:
    """Have in ``out`` what a kernel made, which may have written it there."""
    if made is not out:
        out[...] = made


def _like(array: Array, shape: tuple[int, ...]) -> Array:
    """An array of this shape and of the other one's dtype."""
    return np.broadcast_to(array[(0,) * array.ndim], shape)


def _rows(flat: Array, width: int) -> Array:
    """Elements repeated along a row: whole units."""
    made = np.empty((width // flat.size, flat.size), flat.dtype)
    made[...] = flat
    return made.reshape(-1)
