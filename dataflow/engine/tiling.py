"""How the arrays of a block lie along tiles: runs of its output's elements, in the order of memory.

A tile begins and ends at a multiple of the tiling's ``unit``, so that each array has a run of its own beside it, or is
the same for all tiles. Nothing else is asked of a tile: values of several shapes may be computed by the same tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from math import prod
from typing import Any, NamedTuple

from dataflow.core.shapes import TensorType, element_count

TILE = 1 << 19  # elements; what a few arrays of them take stays in the cache
LONGEST = 1 << 20  # elements of a unit beyond which tiles would not stay there
COMPILED = 1 << 12  # elements from which compiled kernels are used
ROW = 8192  # elements over which a short operand is repeated, so that loops along it are long

WHOLE = "whole"  # handed over as it is
LIKE = "like"  # only its dtype and shape are looked at
ALONG = "along"  # a run of its elements for each tile
ACROSS = "across"  # the same elements beside every unit


class Operand(NamedTuple):
    """How one input lies along the tiles.

    each : elements per unit, where it lies along.
    dims : its shape in a unit, with 1 where it is broadcast.
    """

    how: str
    each: int = 0
    dims: tuple[int, ...] = ()


class Tiling(NamedTuple):
    """How a block's arrays lie along the tiles of its output.

    size : elements of the output.
    unit : elements that no tile divides.
    lead, dims : the shape of ``n`` units is ``(*lead, n, *dims)``.
    repeats : whether units may be put side by side, with the operands that lie across them repeated.
    operands : one for each input; in place of a variadic one, a tuple of them.
    """

    size: int
    unit: int
    lead: tuple[int, ...]
    dims: tuple[int, ...]
    repeats: bool
    operands: tuple[Any, ...]

    @property
    def tile(self) -> int:
        """Elements of a tile of this block alone."""
        return tile_of(self.unit)

    def elements(self, operand: Operand) -> int:
        """Elements that an operand has in all."""
        return self.size // self.unit * operand.each if operand.how == ALONG else prod(operand.dims)

    def is_short(self, operand: Operand) -> bool:
        """Whether an operand has fewer elements beside a tile than the output."""
        return operand.how == ACROSS or (operand.how == ALONG and operand.each != self.unit)

    def pieces(self, count: int) -> list[tuple[int, int]]:
        """The parts in which so many elements are seen: whole rows, and what is left over."""
        row = row_of(self.unit)
        return (
            [p for p in ((0, count - count % row), (count - count % row, count)) if p[0] < p[1]]
            if self.repeats
            else [(0, count)]
        )

    def shape(self, count: int) -> tuple[int, ...]:
        """The shape of a part of so many elements of the output."""
        if self.repeats:
            row = row_of(self.unit)
            return (count // row, row) if count % row == 0 else (count,)
        return (*self.lead, count // self.unit, *self.dims)


def row_of(unit: int) -> int:
    """Elements of a row of units side by side."""
    return unit * max(1, ROW // unit) if unit > 1 else 1


def tile_of(unit: int) -> int:
    """Elements of a tile: whole rows, but for the last one."""
    return max(1, TILE // row_of(unit)) * row_of(unit)


@contextmanager
def shortened(tile: int, row: int) -> Iterator[None]:
    """Tiles of so many elements and rows of so many, for checks that are to have many of them; of this process."""
    global TILE, ROW
    usual = TILE, ROW
    TILE, ROW = tile, row
    try:
        yield
    finally:
        TILE, ROW = usual


def tiling(
    block: Any, types: Sequence[Any], outputs: Sequence[Any], compiled: bool, shown: Sequence[Any] | None = None
) -> Tiling | str | None:
    """How a block goes by tiles for inputs and outputs of these types.

    ``shown`` has for inputs that repeat elements the types before that, as far as those lie in their order.

    Why it does not where one might expect it to; None where that is no question, or would not pay.
    """
    if (width := block.row_width(*types)) is not None:
        shape, made = types[0].shape, None
    elif block.streams:
        shapes = {t.shape for t, ufunc in zip(outputs, block.reduces, strict=True) if ufunc is None}
        shape = shapes.pop() if len(shapes) == 1 else None
    else:
        return None
    if shape is None or prod(shape) <= fewest(compiled):
        return None
    made = (
        _along_outputs(block, types, shown or types, shape)
        if width is None
        else _by_rows(prod(shape), width, len(types))
    )
    if isinstance(made, str):
        return made
    if made.unit > LONGEST:
        return f"{made.unit} elements belong together"
    return made if made.size > (COMPILED if compiled else made.tile) else None


def fewest(compiled: bool) -> int:
    """Elements up to which nothing goes by tiles."""
    return COMPILED if compiled else tile_of(1) // 2


def _by_rows(size: int, width: int, inputs: int) -> Tiling:
    """The first input as rows of which all are folded; the others are not looked at again."""
    dims = (width,) if width > 1 else ()
    rest = (Operand(WHOLE),) * (inputs - 1)
    return Tiling(size, max(1, width), (), dims, False, (Operand(ALONG, max(1, width), dims), *rest))


def _along_outputs(block: Any, types: Sequence[Any], shown: Sequence[Any], shape: tuple[int, ...]) -> Tiling | str:
    ports = block.signature.inputs.values()
    if any(block.reduces):  # what is folded is cut by the block's own shapes, whatever lies behind the views on them
        shown = [_alike(own, given) for own, given in zip(types, shown, strict=True)]
    types = shown
    shapes = [LIKE if port.like else own for port, own in zip(ports, block.broadcast_shapes(*types), strict=True)]
    axis = block.channel_axis(len(shape))
    if not all(_broadcasts(own, shape) for own in _shapes(shapes)):
        return "its operands do not broadcast to its output"
    if axis is None:
        made = _by_runs(shape, shapes)
        # what is folded comes from one call for each tile, also where that ends within a row
        return made._replace(repeats=False) if any(block.reduces) else made
    if axis == 0:
        return "the first axis is that of channels"
    if any(own != shape and prod(own) != 1 for own in _shapes(shapes)):
        return "operands of several shapes beside channels"
    return _by_channel(shape, shapes, axis)


def _alike(type_: Any, shown: Any) -> Any:
    """The type of what is shown if it is one number, which lies beside all tiles alike; else that of the input."""
    return shown if isinstance(shown, TensorType) and element_count(shown.shape) == 1 else type_


def _by_runs(shape: tuple[int, ...], shapes: Sequence[Any]) -> Tiling:
    """Tiles may divide the first axis; neighbours along which the same operands are broadcast count as one."""
    present = {own: [d != 1 for d in (1,) * (len(shape) - len(own)) + own] for own in _shapes(shapes)}
    axes = [axis for axis, length in enumerate(shape) if length != 1]
    runs = [list(run) for _, run in groupby(axes, lambda axis: [there[axis] for there in present.values()])]
    lengths = [prod(shape[axis] for axis in run) for run in runs]

    def operand(own: tuple[int, ...]) -> Operand:
        if prod(own) == 1:
            return Operand(ACROSS)
        first, *rest = (present[own][run[0]] for run in runs)
        dims = tuple(length if there else 1 for length, there in zip(lengths[1:], rest, strict=True))
        return Operand(ALONG, prod(dims), dims) if first else Operand(ACROSS, 0, dims)

    operands = tuple(_mapped(operand, own) for own in shapes)
    dims = tuple(lengths[1:])
    level = all(o.how != ALONG or o.dims == dims for o in _operands(operands))
    return Tiling(prod(shape), prod(dims), (), dims, len(dims) == 1 and level, operands)


def _by_channel(shape: tuple[int, ...], shapes: Sequence[Any], axis: int) -> Tiling:
    """Tiles leave the axis of channels and those after it whole."""
    dims = shape[axis:]
    along = Operand(ALONG, prod(dims), dims)
    operands = tuple(_mapped(lambda own: along if own == shape else Operand(ACROSS), own) for own in shapes)
    return Tiling(prod(shape), prod(dims), (1,) * (axis - 1), dims, False, operands)


def _broadcasts(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(own) <= len(shape) and all(d in (1, w) for d, w in zip(own[::-1], shape[::-1], strict=False))


def _mapped(operand: Callable[[tuple[int, ...]], Operand], own: Any) -> Any:
    """The operand, or the operands of a variadic input; None is an input that is handed over whole."""
    if isinstance(own, list):
        return tuple(map(operand, own))
    return Operand(WHOLE) if own is None else Operand(LIKE) if own == LIKE else operand(own)


def _shapes(values: Sequence[Any]) -> Iterator[tuple[int, ...]]:
    for own in values:
        yield from own if isinstance(own, list) else () if own is None or own == LIKE else (own,)


def _operands(values: Sequence[Any]) -> Iterator[Operand]:
    for own in values:
        yield from (own,) if isinstance(own, Operand) else own
