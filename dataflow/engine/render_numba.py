"""Rendering for Numba: which steps of a region become one compiled loop, and the source of that loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import repeat
from typing import Any, NamedTuple, TypeVar

import numpy as np

from dataflow.core.dtypes import DType, compute
from dataflow.core.ports import flat
from dataflow.engine.elements import ALONE, FOLDS, element, parameters, widens
from dataflow.engine.half_floats import BITS, HALVES, conversions, half
from dataflow.engine.jit import DTYPES, OPTIONS, compile_source
from dataflow.engine.slots import zip_ports
from dataflow.engine.steps import TiledStep
from dataflow.engine.tiling import WIDE, Layout, Operand

T = TypeVar("T")


class Line(NamedTuple):
    """One step in a compiled loop: the source of its element function, its arguments, and where its results go.

    args : ``("a", i)`` is the element of array i, ``("p", i)`` that of row i, which is repeated, ``("s", i)`` scalar i,
        ``("t", i)`` the i-th value that the lines make.
    halves : for each argument the 16-bit float of which it has the bits; empty for others.
    dtypes : of the values that it makes: integers become wider on their way. None for one that is folded.
    outs : for each value the array it is written to, ``("o", i)``, or overwrites, ``("a", i)``, or the columns that it
        is folded into, ``("c", i)``; None for a value that only later lines read.
    folds : for each value how it is folded, ``+``; empty for one that is not.
    """

    source: str
    args: tuple[tuple[str, int], ...]
    halves: tuple[str, ...]
    dtypes: tuple[DType | None, ...]
    outs: tuple[tuple[str, int] | None, ...]
    folds: tuple[str, ...]


@cache
def fused(lines: tuple[Line, ...], dtypes: tuple[tuple[str, DType], ...]) -> Callable[..., None] | None:
    """A compiled function that runs the lines on each element; None where it cannot be compiled.

    Its arguments: how many elements, how many of them in a row and in a tile; where values are folded their columns,
    ``[tiles, folds, row]``; then arrays, results, rows and scalars. ``dtypes`` has the kind (``c``, ``a``, ``o``,
    ``p``, ``s``) and the dtype of each argument after the first three.
    """
    return compile_source(source(lines), dtypes, len(lines))


def source(lines: Sequence[Line]) -> str:
    """The module of a fused loop: the function of each element, then the loop over them."""
    sources = list(dict.fromkeys(line.source for line in lines))
    names = {source: f"element{i}" for i, source in enumerate(sources)}
    used = {each for line in lines for each in (*line.args, *line.outs) if each is not None and each[0] != "t"}
    columns = sorted(i for kind, i in used if kind == "c")
    arrays = sorted(each for each in used if each[0] != "c")
    given = ["columns"] * bool(columns)
    given += [f"{kind}{i}" + "_" * (kind != "s") for kind, i in arrays]  # in the order a, o, p, s
    halves = {name for line in lines for name in (*line.halves, *map(half, line.dtypes)) if name}
    functions = [f"@njit({OPTIONS})\n" + s.replace("def element(", f"def {names[s]}(") for s in sources]
    parts = [f"{kind}{i} = {kind}{i}_[r:r + m]" for kind, i in arrays if kind in "ao"]
    parts += [f"p{i} = p{i}_[:m]" for kind, i in arrays if kind == "p"]
    body = [*_values(lines, names), *_results(lines)]
    first, two_rows = "start", []
    if columns and all(out is None or out[0] == "c" for line in lines for out in line.outs):
        # what is only folded goes by two rows at a time: columns are read and written half as often
        first = "stop - (stop - start) % (2 * row)"
        both = [*_values(lines, names), *_values(lines, names, "n"), *_results(lines, "n")]
        two_rows = [
            f"        for r in range(start, {first}, 2 * row):",
            "            m = row",
            *(f"            {part}" for part in parts),
            *(f"            a{i}n = a{i}_[r + m:r + 2 * m]" for kind, i in arrays if kind == "a"),
            "            for j in range(m):",
            *(f"                {line}" for line in both),
        ]
    loop = [
        f"@njit({OPTIONS})",
        f"def fused(count, row, tile, {', '.join(given)}):",
        "    for start in range(0, count, tile):",
        "        stop = min(start + tile, count)",
        *(f"        c{i} = columns[start // tile, {i}]" for i in columns),
        *two_rows,
        f"        for r in range({first}, stop, row):",
        "            m = min(row, stop - r)",
        *(f"            {part}" for part in parts),
        "            for j in range(m):",
        *(f"                {line}" for line in body),
    ]
    imports = "from __future__ import annotations\n\nimport numpy as np\nfrom numba import njit"
    return "\n\n".join([imports, *conversions(halves), *functions, "\n".join(loop) + "\n"])


def _argument(place: tuple[str, int], narrow: str, next: str) -> str:
    kind, i = place
    value = f"{kind}{i}{next * (kind in 'at')}" + "[j]" * (kind in "ap")
    return f"from_{narrow}({value})" if narrow else value


def _values(lines: Sequence[Line], names: Mapping[str, str], next: str = "") -> Iterator[str]:
    """The statements that compute element j of a row; those of the next one have a letter behind their names."""
    made = 0
    for line in lines:
        args = ", ".join(map(_argument, line.args, line.halves, repeat(next)))
        own = [f"t{made + i}{next}" for i in range(len(line.outs))]
        yield f"{', '.join(own)} = {names[line.source]}({args})"
        for name, dtype in zip(own, line.dtypes, strict=True):
            if narrow := half(dtype):
                yield f"half_{name} = to_{narrow}({name})"
                yield f"{name} = from_{narrow}(half_{name})"
            elif dtype is not None:
                yield f"{name} = np.{dtype.name}{'_' * (dtype.kind == 'b')}({name})"
        made += len(own)


def _results(lines: Sequence[Line], next: str = "") -> Iterator[str]:
    """The statements that write the values where they go, or fold them, with those of the next row after them."""
    outs = (each for line in lines for each in zip(line.outs, line.folds, line.dtypes, strict=True))
    for i, (out, fold, dtype) in enumerate(outs):
        if out is None:
            continue
        place = f"{out[0]}{out[1]}[j]"
        value = f"half_t{i}" if half(dtype) else f"t{i}"
        yield f"{place} = {place} {fold} {value} {fold} {value}{next}" if next else f"{place} {fold}= {value}"


class Place(NamedTuple):
    """Where a number comes from: an input of a step, or its i-th element arg (``port`` is None)."""

    step: int
    port: int | None
    i: int = 0


@dataclass(frozen=True)
class Loop:
    """A compiled loop over a tile, for some steps of a region.

    first : the number of its first step in the region.
    steps : those that it runs.
    unit : elements over which rows and the columns of sums are repeated; 0 where there are none.
    arrays, results : slots that have an element for each element of the tile.
    sums : slots that are folded in columns.
    rows : the operands that are repeated.
    scalars : those that are one number.
    dtypes : of all slots.
    over : results that are written over an array.
    """

    first: int
    steps: tuple[TiledStep, ...]
    lines: tuple[Line, ...]
    unit: int
    arrays: tuple[int, ...]
    results: tuple[int, ...]
    sums: tuple[int, ...]
    rows: tuple[Place, ...]
    scalars: tuple[Place, ...]
    dtypes: Mapping[int, DType]
    over: frozenset[int] = frozenset()

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that are read from memory."""
        own = {slot for step in self.steps for slot in step.writes}
        return tuple(dict.fromkeys(slot for step in self.steps for slot in flat(step.reads) if slot not in own))

    @property
    def writes(self) -> tuple[int, ...]:
        """The slots that are written to memory."""
        return self.results

    def in_place(self, taken: Mapping[int, int]) -> Loop:
        """The loop that writes results over arrays: ``taken`` has the array for a result, both by slot.

        The compiler then knows that they share memory: a loop that had to expect it would not be vectorized.
        """
        over = {s: a for s, a in taken.items() if s in self.results and a in self.arrays}
        if not over:
            return self
        moved = {("o", self.results.index(s)): ("a", self.arrays.index(a)) for s, a in over.items()}
        lines = tuple(
            each._replace(outs=tuple(out and moved.get(out, out) for out in each.outs)) for each in self.lines
        )
        return replace(self, lines=lines, over=frozenset(over))

    @property
    def kinds(self) -> tuple[tuple[str, DType], ...]:
        """The kind and the dtype of each argument of the function after the first three."""
        made = [("c", np.dtype(np.float64))] * bool(self.sums)
        made += [("a", self.dtypes[slot]) for slot in self.arrays]
        made += [("o", self.dtypes[slot]) for slot in self.results if slot not in self.over]
        made += [("p", self._dtype(place)) for place in self.rows] + [("s", self._dtype(p)) for p in self.scalars]
        return tuple((kind, BITS if dtype in HALVES else dtype) for kind, dtype in made)

    def _dtype(self, place: Place) -> DType:
        step = self.steps[place.step - self.first]
        slot: Any = step.reads[place.port or 0]  # not variadic
        if place.port is not None:
            return self.dtypes[slot]
        given, made = compute(self.dtypes[slot]), compute(self.dtypes[step.writes[0]])
        return made if made.kind == "f" else given

    @cached_property
    def function(self) -> Callable[..., None] | None:
        """The compiled function; None where it cannot be compiled."""
        return fused(self.lines, self.kinds)


def calls(steps: Sequence[TiledStep], dtypes: Mapping[int, DType], outputs: Set[int]) -> tuple[TiledStep | Loop, ...]:
    """The steps in their order, those that have elements in loops; ``outputs`` are the slots that outlive the tiles."""
    runs: list[list[int]] = []
    unit: int | None = None  # None after a step that is in no loop
    for i, step in enumerate(steps):
        own = _unit(step, dtypes)
        if own is None or unit is None or (own and unit and own != unit):
            runs.append([i])
            unit = own
        else:
            runs[-1].append(i)
            unit = unit or own
    return tuple(_loop(steps, dtypes, outputs, run) or steps[run[0]] for run in runs)


def _unit(step: TiledStep, dtypes: Mapping[int, DType]) -> int | None:
    """Elements over which the step's rows and columns are repeated, 0 if it has none; None if it is in no loop."""
    block, tiling, inputs = step.block, step.tiling, _inputs(step)
    if not inputs or not set(step.reduces) <= {None, *FOLDS} or element(block, dtypes[step.writes[0]]) is None:
        return None
    summed = {slot for slot, ufunc in zip(step.writes, step.reduces, strict=True) if ufunc is not None}
    given = [dtypes[slot] for _, slot, _ in inputs]
    used = {*given, *(dtypes[slot] for slot in step.writes if slot not in summed)}
    if not used <= DTYPES | HALVES or (used & HALVES and not widens(block, given, dtypes[step.writes[0]])):
        return None
    if summed and any(compute(dtype).kind != "f" for dtype in given):
        return None
    if not block.precomputed_ports and block.element_args(compute(given[0]), None) is None:
        return None
    row = bool(summed) or (bool(tiling.channels) and bool(block.per_channel))
    for port, _, operand in inputs:
        read = step.reads[port]  # Numba does not iterate over no more values
        if isinstance(read, tuple) and (operand.layout is not Layout.ALONG or len(read) == 1):
            return None
        if operand.layout is Layout.ACROSS and operand.dims and tiling.repeats:
            row = True
        elif not (operand.layout is Layout.ACROSS and not operand.dims) and not (
            operand.layout is Layout.ALONG and operand.each == tiling.unit
        ):
            return None
    return (tiling.unit if tiling.unit <= WIDE else None) if row else 0


def _inputs(step: TiledStep) -> list[tuple[int, int, Operand]]:
    """The inputs that an element is computed from: the positions of their ports, slots and operands."""
    ports = [port.name for port in step.block.signature.inputs.values()]
    if not step.block.streams:
        ports = ports[:1]  # it folds rows of its first input
    return [
        (i, slot, own)
        for i, (port, read, operand) in enumerate(zip(ports, step.reads, step.tiling.operands, strict=False))
        if port not in step.block.precomputed_ports
        for slot, own in zip_ports((read,), (operand,))
        if slot is not None
    ]


def _loop(
    steps: Sequence[TiledStep], dtypes: Mapping[int, DType], outputs: Set[int], run: Sequence[int]
) -> Loop | None:
    """The loop of the steps with these numbers; None where a kernel of NumPy's is as fast."""
    first = steps[run[0]]
    kernel = first.block.kernel_for(dtypes[first.writes[0]])
    slow = kernel in ALONE or any(dtypes[slot] in HALVES for slot in flat((*first.reads, *first.writes)))
    as_fast = len(run) == 1 and isinstance(kernel, np.ufunc) and not slow
    if as_fast or (unit := _unit(first, dtypes)) is None:
        return None
    arrays: list[int] = []
    results: list[int] = []
    sums: list[int] = []
    rows: list[Place] = []
    scalars: list[Place] = []
    made: dict[int, int] = {}  # the value of a slot, by its number among those that the lines make
    lines: list[Line] = []
    values = 0
    needed = {slot for i, step in enumerate(steps) if i not in run for slot in step.slots} | outputs
    for i in run:
        step = steps[i]
        unit = unit or _unit(step, dtypes) or 0
        made_in = dtypes[step.writes[0]]
        args: list[tuple[str, int]] = []
        halves: list[str] = []
        for port, slot, operand in _inputs(step):
            halves.append("" if slot in made else half(dtypes[slot]))
            if slot in made:
                args.append(("t", made[slot]))
            elif operand.layout is Layout.ALONG:
                args.append(("a", _index(arrays, slot)))
            elif operand.dims:
                args.append(("p", _index(rows, Place(i, port))))
            else:
                args.append(("s", _index(scalars, Place(i, port))))
        for which, name in enumerate(parameters(step.block, made_in)[len(args) :]):
            halves.append("")
            by_channel = bool(step.tiling.channels) and name in step.block.per_channel
            place = Place(i, None, which)
            args.append(("p", _index(rows, place)) if by_channel else ("s", _index(scalars, place)))
        outs: list[tuple[str, int] | None] = []
        folded = any(ufunc is not None and s in outputs for s, ufunc in zip(step.writes, step.reduces, strict=True))
        for slot, ufunc in zip(step.writes, step.reduces, strict=True):
            if ufunc is not None:
                outs.append(("c", _index(sums, slot)) if folded else None)
            else:
                made[slot] = values + len(outs)
                outs.append(("o", _index(results, slot)) if slot in needed else None)
        values += len(outs)
        kinds = [dtypes[s] if ufunc is None else None for s, ufunc in zip(step.writes, step.reduces, strict=True)]
        source = element(step.block, made_in) or ""
        folds = tuple("" if ufunc is None else FOLDS[ufunc] for ufunc in step.reduces)
        lines.append(Line(source, tuple(args), tuple(halves), tuple(kinds), tuple(outs), folds))
    own = tuple(steps[i] for i in run)
    slots = tuple(arrays), tuple(results), tuple(sums)
    return Loop(run[0], own, tuple(lines), unit, *slots, tuple(rows), tuple(scalars), dtypes)


def _index(items: list[T], item: T) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
