"""How the arrays of a block lie along tiles, which are ranges of its output's elements in the order of memory.

A tile begins and ends at a multiple of the tiling's ``unit``, so that each array has a range of its own beside it, or
is the same for all tiles. Nothing else is required: values of several shapes may be computed by the same tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import groupby
from math import prod
from typing import Any, NamedTuple

from dataflow.core.block import Block
from dataflow.core.shapes import TensorType, element_count
from dataflow.core.typing_rules import OperandType

TILE = 1 << 19  # elements; a few arrays of this size stay in the cache
LONGEST = 1 << 20  # elements of a unit beyond which tiles would not stay in the cache
COMPILED = 1 << 12  # elements from which compiled kernels are used
WIDE = 1 << 16  # elements of a unit, beyond which rows of compiled loops would leave the cache
ROW = 8192  # elements over which a short operand is repeated, so that loops along it are long


class Layout(Enum):
    """How an input lies beside the tiles of the output."""

    WHOLE = "whole"  # the kernel gets the whole array
    LIKE = "like"  # only its dtype and shape are used
    ALONG = "along"  # each tile has a range of its elements
    ACROSS = "across"  # the same elements stand beside every unit


Sizes = tuple[int, ...]
PortShape = Sizes | list[Sizes] | Layout | None  # by which an input broadcasts; None where it is needed whole


class Operand(NamedTuple):
    """How one input lies along the tiles.

    each : elements per unit, where it lies along the tiles.
    dims : its shape in a unit, with 1 where it is broadcast.
    """

    layout: Layout
    each: int = 0
    dims: Sizes = ()


class Tiling(NamedTuple):
    """How a block's arrays lie along the tiles of its output.

    size : elements of the output.
    unit : elements that no tile divides.
    lead, dims : the shape of ``n`` units is ``(*lead, n, *dims)``.
    repeats : whether units may lie side by side in a row, with the operands that lie across them repeated.
    operands : an `Operand` for each input, a tuple of them for a variadic one.
    channels : how many channels each unit is divided into, for which values are folded apart; 0 for none.
    """

    size: int
    unit: int
    lead: Sizes
    dims: Sizes
    repeats: bool
    operands: tuple[Any, ...]
    channels: int = 0

    @property
    def tile(self) -> int:
        """Elements of a tile of this block alone."""
        return tile_of(self.unit)

    def elements(self, operand: Operand) -> int:
        """How many elements an operand has in all."""
        return self.size // self.unit * operand.each if operand.layout is Layout.ALONG else prod(operand.dims)

    def is_short(self, operand: Operand) -> bool:
        """Whether an operand has fewer elements beside a tile than the output."""
        return operand.layout is Layout.ACROSS or (operand.layout is Layout.ALONG and operand.each != self.unit)

    def parts(self, count: int) -> list[tuple[int, int]]:
        """First and last bound of the parts that a kernel takes of a tile: whole rows, and what is left over."""
        if not self.repeats:
            return [(0, count)]
        whole = count - count % row_of(self.unit)
        return [part for part in ((0, whole), (whole, count)) if part[0] < part[1]]

    def shape(self, count: int) -> Sizes:
        """The shape of a part of ``count`` elements of the output."""
        if self.repeats:
            row = row_of(self.unit)
            return (count // row, row) if count % row == 0 else (count,)
        return (*self.lead, count // self.unit, *self.dims)


def row_of(unit: int) -> int:
    """Elements of a row: units side by side."""
    return unit * max(1, ROW // unit) if unit > 1 else 1


def grain_of(unit: int) -> int:
    """Elements of which parts that need not be whole tiles have a multiple."""
    return row_of(unit) if unit > 1 else ROW


def tile_of(unit: int) -> int:
    """Elements of every tile but the last one: whole rows."""
    return max(1, TILE // row_of(unit)) * row_of(unit)


@contextmanager
def shortened(tile: int, row: int) -> Iterator[None]:
    """A ``with`` block in which tiles and rows have this many elements, so that small arrays have many of them.

    This holds for the whole process; it is meant for checks.
    """
    global TILE, ROW
    before = TILE, ROW
    TILE, ROW = tile, row
    try:
        yield
    finally:
        TILE, ROW = before


def tiling(
    block: Block,
    types: Sequence[OperandType],
    outputs: Sequence[TensorType],
    compiled: bool,
    sources: Sequence[OperandType] | None = None,
) -> Tiling | str | None:
    """How a block goes by tiles for inputs and outputs of these types, whose shapes are known.

    ``sources`` has the types of the values behind views whose elements these show in their order, maybe repeated.

    Gives a text where the block cannot go by tiles though its kind does, which says why; None where its kind does not,
    or where tiles would not pay.
    """
    shape: Any
    if (width := block.row_width(*types)) is not None:
        first: Any = types[0]
        shape = first.shape
    elif block.streams:
        shapes = {t.shape for t, ufunc in zip(outputs, block.reduces, strict=True) if ufunc is None}
        shape = shapes.pop() if len(shapes) == 1 else None
    else:
        return None
    if shape is None or prod(shape) <= fewest(compiled):
        return None
    made = (
        _along_outputs(block, types, sources or types, shape)
        if width is None
        else _by_rows(prod(shape), width, len(types))
    )
    if isinstance(made, str):
        return made
    if made.unit > LONGEST:
        return f"{made.unit} elements belong together"
    return made if made.size > (COMPILED if compiled else made.tile) else None


def fewest(compiled: bool) -> int:
    """Elements up to which no array goes by tiles."""
    return COMPILED if compiled else tile_of(1) // 2


def _by_rows(size: int, width: int, inputs: int) -> Tiling:
    """The first input as rows, all of which are folded; the other inputs are handed over whole."""
    dims = (width,) if width > 1 else ()
    rest = (Operand(Layout.WHOLE),) * (inputs - 1)
    return Tiling(size, max(1, width), (), dims, False, (Operand(Layout.ALONG, max(1, width), dims), *rest), width)


def _along_outputs(
    block: Block, types: Sequence[OperandType], sources: Sequence[OperandType], shape: Sizes
) -> Tiling | str:
    ports = block.signature.inputs.values()
    if any(block.reduces):  # partials are cut by the block's own shapes, whatever lies behind the views on them
        sources = [_source_of_one(own, source) for own, source in zip(types, sources, strict=True)]
    broadcast = block.broadcast_shapes(*sources)
    shapes: list[PortShape] = [Layout.LIKE if port.like else own for port, own in zip(ports, broadcast, strict=True)]
    axis = block.channel_axis(len(shape))
    if not all(_broadcasts(own, shape) for own in _shapes(shapes)):
        return "its operands do not broadcast to its output"
    if axis is None:
        made = _by_runs(shape, shapes)
        # partials come from one call for each tile, even one that ends within a row
        return made._replace(repeats=False) if any(block.reduces) else made
    if axis == 0:
        return "the first axis is that of channels"
    if any(own != shape and prod(own) != 1 for own in _shapes(shapes)):
        return "operands of several shapes beside channels"
    return _by_channel(shape, shapes, axis)


def _source_of_one(type_: OperandType, source: OperandType) -> OperandType:
    """The type of the source if that is one number, which is the same for all tiles; else the type of the input."""
    return source if isinstance(source, TensorType) and element_count(source.shape) == 1 else type_


def _by_runs(shape: Sizes, shapes: Sequence[PortShape]) -> Tiling:
    """Tiles may divide the first axis; neighbouring axes along which the same operands broadcast count as one."""
    present = {own: [d != 1 for d in (1,) * (len(shape) - len(own)) + own] for own in _shapes(shapes)}
    axes = [axis for axis, length in enumerate(shape) if length != 1]
    runs = [list(run) for _, run in groupby(axes, lambda axis: [there[axis] for there in present.values()])]
    lengths = [prod(shape[axis] for axis in run) for run in runs]

    def operand(own: Sizes) -> Operand:
        if prod(own) == 1:
            return Operand(Layout.ACROSS)
        first, *rest = (present[own][run[0]] for run in runs)
        dims = tuple(length if there else 1 for length, there in zip(lengths[1:], rest, strict=True))
        return Operand(Layout.ALONG, prod(dims), dims) if first else Operand(Layout.ACROSS, 0, dims)

    operands = tuple(_mapped(operand, own) for own in shapes)
    dims = tuple(lengths[1:])
    level = all(o.layout is not Layout.ALONG or o.dims == dims for o in _operands(operands))
    return Tiling(prod(shape), prod(dims), (), dims, len(dims) == 1 and level, operands)


def _by_channel(shape: Sizes, shapes: Sequence[PortShape], axis: int) -> Tiling:
    """Tiles do not divide the axis of channels and those after it."""
    dims = shape[axis:]
    along = Operand(Layout.ALONG, prod(dims), dims)
    operands = tuple(_mapped(lambda own: along if own == shape else Operand(Layout.ACROSS), own) for own in shapes)
    return Tiling(prod(shape), prod(dims), (1,) * (axis - 1), dims, False, operands, dims[0])


def _broadcasts(own: Sizes, shape: Sizes) -> bool:
    return len(own) <= len(shape) and all(d in (1, w) for d, w in zip(own[::-1], shape[::-1], strict=False))


def _mapped(operand: Callable[[Sizes], Operand], own: PortShape) -> Operand | tuple[Operand, ...]:
    """The operand of an input of this shape, or those of a variadic input."""
    if isinstance(own, list):
        return tuple(map(operand, own))
    if isinstance(own, tuple):
        return operand(own)
    return Operand(Layout.LIKE if own is Layout.LIKE else Layout.WHOLE)


def _shapes(values: Sequence[PortShape]) -> Iterator[Sizes]:
    """The shapes of the inputs that broadcast, variadic ones opened."""
    for own in values:
        if isinstance(own, list):
            yield from own
        elif isinstance(own, tuple):
            yield own


def _operands(values: Sequence[Operand | tuple[Operand, ...]]) -> Iterator[Operand]:
    for own in values:
        yield from (own,) if isinstance(own, Operand) else own
