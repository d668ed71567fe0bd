"""The nudged range: ``min`` and ``max`` moved so that 0.0 is exactly one of the levels between them.

`nudge` gives its numbers for one pair or one pair per channel; `Ranges` keeps them in the form the kernels use.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blocks.kernels.channel_rows import Layout
from blocks.kernels.flush_subnormals import SUBNORMAL, TINY, flushed
from dataflow.core.block import Block, Shape, TensorType
from dataflow.core.shapes import agree

try:  # the ufunc: np.clip takes several times longer to call
    from numpy._core.umath import clip
except ImportError:  # NumPy 1
    from numpy.core.umath import clip


def clip_to_arrays(x: Any, low: Any, high: Any, out: Any) -> Any:
    """What ``clip`` does, which is slow where the ends are arrays."""
    return np.minimum(np.maximum(x, low, out=out), high, out=out)


class NudgedRange(NamedTuple):
    """The levels ``(q - zero_point) * scale``; scalars, or arrays with an element per channel.

    ``inv`` is the inverse step, rounded by itself; ``nmin`` and ``nmax`` are the lowest and the highest level; ``qz``
    is the level of 0.0, counted from ``nmin``; ``blank`` is true where both bounds are 0.0, so that it is the only one.
    """

    scale: Any
    inv: Any
    zero_point: Any
    nmin: Any
    nmax: Any
    qz: Any
    blank: Any


def nudge(min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, dtype: Any = np.float32) -> NudgedRange:
    """The nudged range of bounds with any number of dims, computed in ``dtype`` (float32 or float64).

    >>> levels = nudge(-0.1, 0.9, num_bits=2)
    >>> print(levels.scale, levels.zero_point, levels.nmin, levels.nmax)
    0.33333334 0.0 0.0 1.0
    """
    real = np.dtype(dtype).type
    qmin, qmax = real(narrow_range), real(2**num_bits - 1)
    with np.errstate(all="ignore"):
        # [()] makes 0-d arrays scalars, which are several times faster
        low, high = flushed(np.asarray(min, real)[()]), flushed(np.asarray(max, real)[()])
        span = flushed(high - low)
        scale, inv = flushed(span / (qmax - qmin)), flushed((qmax - qmin) / span)
        zero = clip(qmin - low / scale, qmin, qmax)
        floor = np.floor(zero)
        zero_point = np.fmax(floor + (zero - floor >= real(0.5)), real(0))  # NaN becomes 0
        nmin, nmax = (qmin - zero_point) * scale, (qmax - zero_point) * scale
        qz = np.floor(-nmin * inv + real(0.5))
    return NudgedRange(scale, inv, zero_point, nmin, nmax, qz, (low == 0) & (high == 0))


def per_channel_shape(block: Block, axis: int, inputs: TensorType, min: TensorType) -> Shape:
    """The shape of ``inputs``, once it is sure that ``min`` has an element for each channel along ``axis``."""
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
    """Refuse bounds that leave nothing between them once they are float32 and subnormals zero."""
    with np.errstate(all="ignore"):
        if not flushed(np.float32(min)) < flushed(np.float32(max)):
            raise block.error(f"attr 'min' must be below attr 'max', got {min} and {max}")


class Levels(NamedTuple):
    """What rounding to the levels takes: the numbers of a `NudgedRange`, laid out to broadcast with the values.

    ``offset`` is ``qz - 0.5`` where to subtract that at once makes no difference, otherwise None. ``top`` is the number
    of steps where to clip the steps of many channels from zero to there is the same as to clip the values, otherwise
    None. ``shifted`` is false where ``low`` and ``qz`` are all zero. ``delicate`` is true where a step is so small that
    subnormal values could count for something. ``blank`` is None where no channel is.
    """

    low: Any
    high: Any
    scale: Any
    inv: Any
    qz: Any
    offset: Any
    top: Any
    shifted: bool
    delicate: bool
    blank: Any

    @property
    def simple(self) -> Any:
        """True where the formula is all there is to it, None otherwise."""
        return True if not self.delicate and self.blank is None else None


class Bounds(NamedTuple):
    """What the gradient takes: the ends that values are compared with; ``blank`` is None where no channel is."""

    low: Any
    high: Any
    blank: Any


class Ranges:
    """The nudged range of one ``min`` and ``max``, worked out once for each dtype and layout that kernels ask for."""

    def __init__(self, min: Any, max: Any, num_bits: int, narrow_range: bool):
        # copies: the memory may be used again before a kernel asks
        self.args = (np.array(min), np.array(max), num_bits, narrow_range)
        self.made: dict[Any, Any] = {}

    def nudged(self, dtype: Any) -> NudgedRange:
        if dtype not in self.made:
            self.made[dtype] = nudge(*self.args, dtype)
        made: NudgedRange = self.made[dtype]
        return made

    def levels(self, dtype: Any, layout: Layout | None = None) -> Levels:
        """For rounding values of this dtype."""
        key = (dtype, layout, Levels)
        if key not in self.made:
            scale, inv, _, nmin, nmax, qz, blank = self.nudged(dtype)
            shifted = _any((nmin != 0) | (qz != 0))
            delicate = _any((scale != 0) & (abs(scale) < TINY[dtype] * dtype.type(2**17)))
            # a range that is upside down has its lower end as its only level
            numbers = (nmin, np.maximum(nmin, nmax), scale, inv, qz)
            # half a step, less one bit, minus one step would be rounded up to minus half a step
            offset = None if _any(qz == 1) else _laid(layout, (qz - dtype.type(0.5),))[0]
            top = None if delicate or layout is None else self._top(dtype)
            self.made[key] = Levels(*_laid(layout, numbers), offset, top, shifted, delicate, _some(layout, blank))
        made: Levels = self.made[key]
        return made

    def _top(self, dtype: Any) -> Any:
        """The number of steps of the ranges, if from there on all is rounded to their upper end; None if not.

        Subtracting, multiplying and rounding never put two values in another order. So clipping may come after them.
        """
        _, inv, _, nmin, nmax, qz, _ = self.nudged(dtype)
        _, _, num_bits, narrow_range = self.args
        top = dtype.type(2**num_bits - 1 - narrow_range)
        with np.errstate(all="ignore"):
            highest = (nmax - nmin) * inv
            same = np.floor(highest - qz + dtype.type(0.5)) == np.floor(top - qz + dtype.type(0.5))
            return top if (same & (inv > 0) & np.isfinite(inv) & np.isfinite(nmin) & (nmin <= nmax)).all() else None

    def bounds(self, dtype: Any, layout: Layout | None = None) -> Bounds:
        """For comparing values of this dtype."""
        key = (dtype, layout, Bounds)
        if key not in self.made:
            nudged = self.nudged(dtype)
            # subnormal values equal zero: an end that is zero lets all of them in
            low = nudged.nmin - SUBNORMAL[dtype] * (nudged.nmin == 0)
            high = nudged.nmax + SUBNORMAL[dtype] * (nudged.nmax == 0)
            self.made[key] = Bounds(*_laid(layout, (low, high)), _some(layout, nudged.blank))
        made: Bounds = self.made[key]
        return made


def _laid(layout: Layout | None, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    return numbers if layout is None else tuple(map(layout.spread, numbers))


def _some(layout: Layout | None, flags: Any) -> Any:
    return _laid(layout, (flags,))[0] if _any(flags) else None


def _any(flags: Any) -> bool:
    return bool(flags.any() if flags.ndim else flags)  # the methods of scalars are slow
