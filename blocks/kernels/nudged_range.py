"""The nudged range: ``min`` and ``max`` moved so that 0.0 is exactly one of the levels between them.

`nudge` gives its numbers for one pair or one pair per channel; `Ranges` keeps them in the form that kernels use.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blocks.kernels.channel_rows import Layout
from blocks.kernels.clip import clip
from blocks.kernels.flush_subnormals import SUBNORMAL, TINY, Float, Floats, flush
from dataflow.core.block import Block, Shape, TensorType
from dataflow.core.dtypes import Array, DType
from dataflow.core.quantized import Grid
from dataflow.core.shapes import agree

Flags = Array | np.bool_


class NudgedRange(NamedTuple):
    """The levels ``(q - zero_point) * scale``; scalars, or arrays with an element per channel.

    ``inv`` is the inverse step, rounded by itself; ``nmin`` and ``nmax`` are the lowest and the highest level; ``qz``
    is the level of 0.0, counted from ``nmin``; ``empty`` is true where both bounds are 0.0.
    """

    scale: Floats
    inv: Floats
    zero_point: Floats
    nmin: Floats
    nmax: Floats
    qz: Floats
    empty: Flags


def nudge(
    min: Array | float, max: Array | float, num_bits: int = 8, narrow_range: bool = False, dtype: Any = np.float32
) -> NudgedRange:
    """The nudged range of bounds with any number of dims, computed in ``dtype`` (float32 or float64).

    >>> levels = nudge(-0.1, 0.9, num_bits=2)
    >>> print(levels.scale, levels.zero_point, levels.nmin, levels.nmax)
    0.33333334 0.0 0.0 1.0
    """
    real = np.dtype(dtype).type
    qmin, qmax = real(narrow_range), real(2**num_bits - 1)
    with np.errstate(all="ignore"):
        # [()] makes 0-d arrays scalars, which are several times faster
        low, high = flush(np.asarray(min, real)[()]), flush(np.asarray(max, real)[()])
        span = flush(high - low)
        scale, inv = flush(span / (qmax - qmin)), flush((qmax - qmin) / span)
        zero = clip(qmin - low / scale, qmin, qmax)
        floor = np.floor(zero)
        zero_point = np.fmax(floor + (zero - floor >= real(0.5)), real(0))  # NaN becomes 0
        nmin, nmax = (qmin - zero_point) * scale, (qmax - zero_point) * scale
        qz = np.floor(-nmin * inv + real(0.5))
    return NudgedRange(scale, inv, zero_point, nmin, nmax, qz, (low == 0) & (high == 0))


def per_channel_shape(block: Block, axis: int, inputs: TensorType, min: TensorType) -> Shape:
    """The shape of ``inputs``, provided that ``min`` has an element for each channel along ``axis``."""
    if inputs.shape is None:
        return None
    rank = len(inputs.shape)
    if not rank:
        raise block.error("input 'inputs' must have rank 1 or more, got a scalar")
    if not -rank <= axis < rank:
        raise block.error(f"attr 'axis' must lie in [{-rank}, {rank}) for 'inputs' of rank {rank}, got {axis}")
    if min.shape is not None and not agree(min.shape[0], inputs.shape[axis]):
        raise block.error(
            f"inputs 'min' and 'max' must have size {inputs.shape[axis]} like dim {axis % rank} of 'inputs', "
            f"got {min.shape[0]}"
        )
    return inputs.shape


def check_range(block: Block, min: float, max: float) -> None:
    """Refuse bounds that as float32 numbers, subnormals flushed, are not in order."""
    with np.errstate(all="ignore"):
        if not flush(np.float32(min)) < flush(np.float32(max)):
            raise block.error(f"attr 'min' must be below attr 'max', got {min} and {max}")


class Levels(NamedTuple):
    """What rounding to the levels takes: the numbers of a `NudgedRange`, spread to broadcast with the values.

    ``offset`` is ``qz - 0.5`` where to subtract that at once makes no difference, otherwise None. ``steps`` is the
    number of steps of a range where clipping to that, after the division, is the same as clipping before; otherwise
    None. ``shifted`` is false where ``low`` and ``qz`` are all zero. ``near_subnormal`` is true where a step is so
    small that subnormal values make a difference. ``empty`` is None where no range is.
    """

    low: Floats
    high: Floats
    scale: Floats
    inv: Floats
    qz: Floats
    offset: Floats | None
    steps: Float | None
    shifted: bool
    near_subnormal: bool
    empty: Flags | None

    @property
    def simple(self) -> bool:
        """Whether the formula is all there is to it."""
        return not self.near_subnormal and self.empty is None


class Bounds(NamedTuple):
    """What the gradient takes: the ends that values are compared with; ``empty`` is None where no range is."""

    low: Array
    high: Array
    empty: Array | None


def numbers(*given: Floats) -> tuple[Floats, ...]:
    """Arrays without dims as the scalars that elements take; those per channel as they are."""
    return tuple(np.asarray(each)[()] for each in given)


class Ranges:
    """The nudged range of one ``min`` and ``max``, worked out once for each dtype and layout that kernels ask for."""

    def __init__(self, min: Array | float, max: Array | float, num_bits: int, narrow_range: bool):
        # copies: the memory may be used again before a kernel asks
        self.args = (np.array(min), np.array(max), num_bits, narrow_range)
        self.cache: dict[Any, Any] = {}

    def nudged(self, dtype: DType) -> NudgedRange:
        """The range, computed in this dtype."""
        if dtype not in self.cache:
            self.cache[dtype] = nudge(*self.args, dtype)
        found: NudgedRange = self.cache[dtype]
        return found

    def levels(self, dtype: DType, layout: Layout | None = None) -> Levels:
        """For rounding values of this dtype."""
        key = (dtype, layout, Levels)
        if key not in self.cache:
            scale, inv, _, nmin, nmax, qz, empty = self.nudged(dtype)
            shifted = _any((nmin != 0) | (qz != 0))
            near_subnormal = _any((scale != 0) & (abs(scale) < TINY[dtype] * dtype.type(2**17)))
            # a range that is upside down has its lower end as its only level
            low, high, scale, inv, spread_qz = _spread(layout, nmin, np.maximum(nmin, nmax), scale, inv, qz)
            # half a step, less one bit, minus one step would be rounded up to minus half a step
            offset = None if _any(qz == 1) else _spread(layout, qz - dtype.type(0.5))[0]
            steps = None if near_subnormal or layout is None else self._steps(dtype)
            self.cache[key] = Levels(
                low,
                high,
                scale,
                inv,
                spread_qz,
                offset,
                steps,
                shifted,
                near_subnormal,
                _spread_flags(layout, empty),
            )
        found: Levels = self.cache[key]
        return found

    def grid(self, axis: int | None = None) -> Grid:
        """The grid of float32 values; codes count from 0, or from 1 for a narrow range."""
        scale, *_, empty = self.nudged(np.dtype(np.float32))
        num_bits, narrow = self.args[2:]
        scale = np.where(empty, 0.0, scale).astype(np.float64)
        return Grid(scale, self.zero_point(np.dtype(np.float32)), int(narrow), 2**num_bits - 1, axis)

    def zero_point(self, dtype: DType) -> Array:
        """The code of 0.0, by which codes of values of this dtype count from 0, or from 1 for a narrow range."""
        *_, qz, empty = self.nudged(dtype)
        with np.errstate(all="ignore"):
            found: Array = np.where(empty | ~np.isfinite(qz), 0, qz).astype(np.int64) + self.args[3]
        return found

    def _steps(self, dtype: DType) -> Float | None:
        """The number of steps of a range, if from there on all is rounded to its upper end; otherwise None.

        Subtracting, multiplying and rounding never put two values in another order, so clipping may come after them.
        """
        _, inv, _, nmin, nmax, qz, _ = self.nudged(dtype)
        _, _, num_bits, narrow_range = self.args
        steps: Float = dtype.type(2**num_bits - 1 - narrow_range)
        with np.errstate(all="ignore"):
            highest = (nmax - nmin) * inv
            same = np.floor(highest - qz + dtype.type(0.5)) == np.floor(steps - qz + dtype.type(0.5))
            fine = same & (inv > 0) & np.isfinite(inv) & np.isfinite(nmin) & (nmin <= nmax)
        return steps if fine.all() else None

    def bounds(self, dtype: DType, layout: Layout | None = None) -> Bounds:
        """For comparing values of this dtype."""
        key = (dtype, layout, Bounds)
        if key not in self.cache:
            nudged = self.nudged(dtype)
            # subnormal values equal zero: an end that is zero lets all of them in
            low = nudged.nmin - SUBNORMAL[dtype] * (nudged.nmin == 0)
            high = nudged.nmax + SUBNORMAL[dtype] * (nudged.nmax == 0)
            low, high = _spread(layout, low, high)
            self.cache[key] = Bounds(low, high, _spread_flags(layout, nudged.empty))
        found: Bounds = self.cache[key]
        return found


def _spread(layout: Layout | None, *numbers: Any) -> tuple[Any, ...]:
    """Numbers as ufuncs take them: arrays without dims in half the time of scalars."""
    return tuple(map(np.asarray if layout is None else layout.spread, numbers))


def _spread_flags(layout: Layout | None, flags: Flags) -> Array | None:
    return _spread(layout, flags)[0] if _any(flags) else None


def _any(flags: Flags) -> bool:
    return bool(flags.any() if flags.ndim else flags)  # the methods of scalars are slow
