"""How the ranges of a block's outputs follow from those of its inputs; the rules of whole kinds of blocks.

A block writes ``bound``, from the range on each input port to that of its output, or to a list of ranges; None where it
has no rule, so that nothing is known but the dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.ports import flat, map_port
from dataflow.core.quantized import Addition, Bias, Clamp, Passes, Quantizer, Role
from dataflow.core.ranges import DECLARED, DERIVED, Accumulator, Given, Range, Units, limits
from dataflow.core.shapes import TensorType

if TYPE_CHECKING:
    from dataflow.core.block import Block

_MOST_CORNERS = 64
_CLOSE = 1e-6  # relative: steps are computed in float32 and in float64


def bounded(block: Block, ranges: Sequence[Given], types: Sequence[TensorType]) -> list[Range]:
    """The ranges of the outputs, which are of these types, for ranges on the inputs in port order.

    What follows from known values is computed.
    """
    given = flat(ranges)
    ordered = not any(t.dtype in dtypes.complexes for t in types) and all(r.low.dtype.kind != "c" for r in given)
    made: Any = None
    with np.errstate(all="ignore"):
        if (
            block.pure
            and not block.feedable
            and all(r.value is not None for r in given)
            and all(t.known for t in types)
        ):
            made = [Range.of(value) for value in block.compute([_values(r) for r in ranges], types)]
        elif ordered and all(r.low.size and 0 not in (r.shape or ()) for r in given):
            made = block.bound(*ranges)
        if made is None:
            made = [Range.of_type(type_) for type_ in types]
        found = made if isinstance(made, list) else [made]
        if len(found) != len(types):  # parts along a dim whose size is not known
            found = [Range.of_type(type_) for type_ in types]
        fitted = [_own(r, given).fitted(type_) for r, type_ in zip(found, types, strict=True)]
        if isinstance(block.quantized_as, Quantizer):
            fitted[0] = _on_its_grid(block, block.quantized_as, ranges, fitted[0])
    return fitted


def _own(made: Range, given: Sequence[Range]) -> Range:
    """A range without what is true of the inputs alone."""
    inherited = made.accumulator is not None and any(made.accumulator is r.accumulator for r in given)
    origin = DERIVED if made.origin == DECLARED else made.origin
    return replace(made, accumulator=None if inherited else made.accumulator, origin=origin)


def _on_its_grid(block: Block, role: Quantizer, ranges: Sequence[Given], made: Range) -> Range:
    """The range of what a quantizer gives, with its codes, if the grid is known."""
    grid = block.grid(*map(_values, ranges)) if _others_known(block, role, ranges) else None
    return made if grid is None else made.on(grid)


def _others_known(block: Block, role: Quantizer, ranges: Sequence[Given]) -> bool:
    """Whether all inputs of a quantizer are known but the one that it rounds."""
    named = zip(block.signature.inputs, ranges, strict=True)
    return all(port == role.x or _values(r) is not None for port, r in named if r is not None)


def _values(ranges: Given) -> Any:
    return map_port(attrgetter("value"), ranges)


# -- elementwise ----------------------------------------------------------------------------------------------------


def saturating(block: Block, *ranges: Given) -> Range | None:
    """Ends for a block that is monotone in its first input, where all others are known, and wraps nothing around."""
    if any(_values(r) is None for r in ranges[1:] if r is not None):
        return None
    return monotone(block, ranges, wraps=False)


def monotone(block: Block, ranges: Sequence[Given], rising: bool = False, wraps: bool = True) -> Range | None:
    """Ends for a block that is monotone in each input, whatever the others are: the kernel's own, at all corners.

    A quantizer need be so in what it rounds alone: it has ends where its other inputs are known. ``rising``: it rises
    with every input, so that two corners are enough. None for integers that might wrap around, unless ``wraps`` is
    false.
    """
    role = block.quantized_as
    if isinstance(role, Quantizer) and not _others_known(block, role, ranges):
        return None
    flat_ranges = flat(_with_channels(block, ranges))
    picks: list[Sequence[bool]] = [(False,) if r.low is r.high else (False, True) for r in flat_ranges]
    corners: Any = [(False,) * len(picks), (True,) * len(picks)] if rising else [*_up_to(product(*picks))]
    if not corners:
        return None
    found = []
    for corner in corners:
        ends = iter(r.high if high else r.low for r, high in zip(flat_ranges, corner, strict=True))
        arrays = [tuple(next(ends) for _ in r) if isinstance(r, tuple) else r and next(ends) for r in ranges]
        made = _evaluated(block, arrays, wraps)
        if made is None:
            return None
        found.append(made)
    low, high = reduce(np.minimum, found), reduce(np.maximum, found)
    if block.ulps:
        low, high = _widened(block, low, high)
    return Range(low, high, units=_units(role, block, ranges), accumulator=_with_bias(role, block, ranges))


def if_monotone(block: Block, *ranges: Given) -> Range | None:
    """Ends for a block that says that it is `monotone`; None for others."""
    return monotone(block, ranges) if block.monotone else None


def _widened(block: Block, low: Array, high: Array) -> tuple[Array, Array]:
    """Ends further apart by the ulps of a block of one input, within what that gives for any input."""
    codomain = [_evaluated(block, [end]) for end in limits(dtypes.name_of(low.dtype))]
    low, high = low - block.ulps * abs(np.spacing(low)), high + block.ulps * abs(np.spacing(high))
    least, most = codomain
    if least is None or most is None or not least < most:  # falls, or is not defined everywhere
        return low, high
    return np.maximum(low, least), np.minimum(high, most)


def _up_to(corners: Iterator[tuple[bool, ...]]) -> list[tuple[bool, ...]]:
    found = []
    for corner in corners:
        found.append(corner)
        if len(found) > _MOST_CORNERS:
            return []
    return found


def _with_channels(block: Block, ranges: Sequence[Given]) -> list[Any]:
    """The ranges with an end for each channel, where an input has a number for each."""
    ports = block.signature.inputs.values()
    vectors = any(p.shape for p in ports)

    def spread(range: Range) -> Range:
        if range.value is not None or not range.low.ndim:
            return range
        axis = block.channel_axis(range.low.ndim)
        axis = range.low.ndim - 1 if axis is None and vectors else axis
        size = range.shape[axis] if axis is not None and 0 <= axis < range.low.ndim and range.shape else None
        if not isinstance(size, int) or axis is None or range.low.shape[axis] == size:
            return range
        low, high = (
            np.broadcast_to(end, (*end.shape[:axis], size, *end.shape[axis + 1 :])) for end in (range.low, range.high)
        )
        return replace(range, low=low, high=high)

    def whole(range: Range) -> Range:
        known = range.shape is not None and all(isinstance(n, int) for n in range.shape)
        if not known or range.low.shape == range.shape:
            return range
        shape: Any = range.shape
        return replace(range, low=np.broadcast_to(range.low, shape), high=np.broadcast_to(range.high, shape))

    return [map_port(whole if p.shape else spread, r) for p, r in zip(ports, ranges, strict=True)]


def _evaluated(block: Block, arrays: list[Any], wraps: bool = True) -> Array | None:
    """The first output of the kernel; None for integers that might wrap around, or where that cannot be told."""
    outputs = block.output_types(block.operand_types(arrays, TensorType.of))
    if not wraps or outputs[0].dtype not in (*dtypes.integer, *dtypes.quantized):
        return np.asarray(block.compute(arrays, outputs)[0])
    try:
        made = np.asarray(block.kernel(*block.kernel_args([map_port(_python, a) for a in arrays])))
    except (AttributeError, TypeError):  # a kernel that does more than a ufunc
        return None
    return as_integers(made, outputs[0].dtype)


def _python(array: Array) -> Array:
    """Numbers that do not wrap around."""
    return array.astype(object) if array.dtype.kind in "iu" else array


def as_integers(whole: Array, dtype: str) -> Array | None:
    """Whole numbers in a dtype; None where one of them has no place in it, so that it would wrap around."""
    low, high = dtypes.limits(dtype)
    fits = not whole.size or (low <= whole.min() and whole.max() <= high)
    return whole.astype(dtypes.storage(dtype)) if fits else None


# -- whole numbers --------------------------------------------------------------------------------------------------


def _units(role: Role | None, block: Block, ranges: Sequence[Given]) -> Units | None:
    """The whole numbers of what a block with this role gives."""
    named: dict[str, Any] = dict(zip(block.signature.inputs, ranges, strict=True))
    if isinstance(role, Clamp):
        return clamped(named[role.x], role)
    if isinstance(role, Addition):
        return _added([r.units for port in role.ports for r in flat([named[port]])])
    if isinstance(role, Bias):
        x, bias = named[role.x], named[role.bias]
        if x.units is not None and bias.units is not None:
            return _added([x.units, _along(bias.units, role, x.low.ndim)])
    return None


def _with_bias(role: Role | None, block: Block, ranges: Sequence[Given]) -> Accumulator | None:
    """The accumulator of a product whose bias is added in it, a whole number of the same step."""
    if not isinstance(role, Bias):
        return None
    named: dict[str, Any] = dict(zip(block.signature.inputs, ranges, strict=True))
    found, given = named[role.x].accumulator, named[role.bias].whole
    if found is None or given is None:
        return None
    bias = _along(given, role, named[role.x].low.ndim)
    if not same_step(found.step, bias.step):
        return None
    low, high = np.minimum(bias.low, 0), np.maximum(bias.high, 0)
    return Accumulator(
        found.step, found.low + low, found.high + high, found.least + low, found.most + high, found.terms + 1
    )


def _along(units: Units, role: Bias, rank: int) -> Units:
    """The whole numbers of a bias along the channels."""
    axis = role.channels % rank
    shape = [-1 if i == axis else 1 for i in range(rank)]
    return units.map(lambda n: n.reshape(shape))


def _added(units: Sequence[Units | None]) -> Units | None:
    """The whole numbers of a sum of values with one step."""
    first, *others = units
    for other in others:
        if first is None or other is None or not same_step(first.step, other.step):
            return None
        first = Units(first.step, *(a + b for a, b in zip(first[1:], other[1:], strict=True)))
    return first


def same_step(one: Array, other: Array) -> bool:
    """Whether two steps are equal but for their rounding."""
    return bool(np.all(abs(one - other) <= _CLOSE * abs(one)))


def clamped(x: Range, role: Clamp) -> Units | None:
    """The whole numbers of a value that is cut off, if its ends are whole numbers of the step."""
    if x.units is None:
        return None
    step, low, high, *by_width = x.units
    for end, least in ((role.low, np.maximum), (role.high, np.minimum)):
        inside = x.low >= end if least is np.maximum else x.high <= end
        if not np.isfinite(end) or bool(np.all(inside)):
            continue
        with np.errstate(all="ignore"):
            count = np.asarray(end) / step
        if not bool(np.all(abs(count - np.rint(count)) <= _CLOSE * abs(count))):
            return None
        cut = np.rint(count).astype(np.int64)
        low, high = least(low, cut), least(high, cut)
    return Units(step, low, high, *by_width)


# -- moved elements -------------------------------------------------------------------------------------------------


def moved(block: Block, *ranges: Given) -> list[Range] | None:
    """Ends for a block that moves elements: the kernel's own, for values that are the ends all along unknown dims.

    Where that cannot be computed, each output has the outermost ends of all that come in, and 0.
    """
    role = block.quantized_as
    ports = role.ports if isinstance(role, Passes) else ()
    moving = [port in ports for port in block.signature.inputs]
    given = flat([r for r, moves in zip(ranges, moving, strict=True) if moves])
    if not given:
        return None
    units = [r.units for r in given]
    try:
        low, high = (_run(block, ranges, moving, end) for end in (attrgetter("low"), attrgetter("high")))
        made = [Range(*ends) for ends in zip(low, high, strict=True)]
        if _one_grid(units):
            parts = [_run(block, ranges, moving, attrgetter(f"units.{part}")) for part in Units._fields]
            made = [Range(r.low, r.high, units=_units_moved(*u)) for r, *u in zip(made, *parts, strict=True)]
    except Exception:  # a size that the ends do not have, say: kernels have their own errors
        return _anywhere(block, given)
    return made


def _one_grid(units: Sequence[Units | None]) -> bool:
    """Whether values that are put side by side are whole numbers of one step; a single one may have several."""
    first, *others = units
    return first is not None and all(
        u is not None and u.step.size == first.step.size == 1 and same_step(u.step.reshape(()), first.step.reshape(()))
        for u in others
    )


def _units_moved(step: Array, *whole: Array) -> Units:
    """The whole numbers of moved values; around them there may be zeros, which have no step."""
    some = step[step != 0]
    return Units(np.where(step == 0, some[0], step) if some.size else step, *whole)


def _run(block: Block, ranges: Sequence[Given], moving: Sequence[bool], end: Callable[[Range], Array]) -> list[Array]:
    """The outputs for one end of the ranges that move and the values on the other ports."""
    arrays: list[Any] = []
    for given, moves in zip(ranges, moving, strict=True):
        if not moves:
            arrays.append(_values(given))
        else:
            arrays.append(map_port(lambda r: _spread(end(r), r), given))
    if any(a is None and r is not None for a, r in zip(arrays, ranges, strict=True)):
        raise ValueError
    results = block.kernel(*block.kernel_args(arrays))
    made = [np.asarray(r) for r in (results if isinstance(results, tuple | list) else [results])]
    if not all(r.size for r in made):
        raise ValueError("beyond the one element of a dim whose size is not known")
    return made


def _spread(end: Array, of: Range) -> Array:
    """An end in the shape of the value, whose unknown dims are taken to be 1."""
    if of.shape is None:
        raise ValueError
    return np.broadcast_to(end, [d if isinstance(d, int) else 1 for d in of.shape])


def _anywhere(block: Block, given: Sequence[Range]) -> list[Range]:
    """Ranges for outputs whose elements are any of those given, or 0."""
    zero = given[0].low.dtype.type(0)
    low, high = min(r.low.min() for r in given), max(r.high.max() for r in given)
    low, high = np.asarray(min(low, zero)), np.asarray(max(high, zero))
    return [Range(low, high)] * len(block.signature.outputs)
