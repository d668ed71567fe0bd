"""Quantize and dequantize: values rounded to whole multiples of a step, 0.0 among them, and kept as floats."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np

from blocks.quantization_ops import compiled
from blocks.quantization_ops.nudge import Layout, clip, contiguous, delivered, layouts
from blocks.quantization_ops.passing import width_of
from blocks.quantization_ops.quantize_and_dequantize_gradient import QuantizeAndDequantizeV4Grad, shape_of_slices
from blocks.quantization_ops.subnormal import TINY, flushed
from dataflow import dtypes
from dataflow.block import Block, In, Out, Shape, TensorType, attr
from dataflow.kinds import Opaque

TILE = 1 << 19  # elements that are taken through all operations before the next: they stay in the cache
Limits = tuple[int, int]
_SIGNED = {2: np.int16, 4: np.int32, 8: np.int64}


def _to_even(x: Any, low: Any, high: Any, scale: Any, half: Any, step: Any) -> Any:
    x = low if x < low else x
    x = high if x > high else x
    return np.rint(x * scale) * step


def _up(x: Any, low: Any, high: Any, scale: Any, half: Any, step: Any) -> Any:
    x = low if x < low else x
    x = high if x > high else x
    return np.floor(x * scale + half) * step


class QuantizeAndDequantize(Opaque):
    """Round to whole multiples of a step, ``rint(clip(input, low, high) * scale) * step``, range and width as attrs.

    All else is as for QuantizeAndDequantizeV2.

    >>> QuantizeAndDequantize(num_bits=3)([-3.0, 0.4, 1.6, 3.0])
    array([-3.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantize.
    """

    T = dtypes.floating
    input = In("T", "values to quantize, any shape")
    output = Out("T", "same shape as `input`")
    signed_input: bool = attr("simulate a signed integer, else an unsigned one", default=True)
    num_bits: int = attr("width of the simulated integer, at most 61 if it is signed", default=8, ge=1, le=62)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=False)
    input_min: float = attr("lower end of the range, a float32 number", default=0.0)
    input_max: float = attr("upper end of the range, a float32 number", default=0.0)
    reuses = ("input",)
    smooth = False

    def check(self) -> None:
        _limits(self, "attr", self.num_bits)
        if self.range_given:
            _check_range(self, "attr", np.float32(self.input_min), np.float32(self.input_max))

    def shape_of(self, input: TensorType) -> Shape:
        return input.shape

    @cached_property
    def _given(self) -> dict[Any, Steps]:
        low, high = np.float32(self.input_min), np.float32(self.input_max)
        limits = _limits(self, "attr", self.num_bits)
        return {t: steps(low.astype(t), high.astype(t), *limits) for t in map(dtypes.storage, self.T)}

    @property
    def streams(self) -> bool:
        return self.range_given

    element = staticmethod(_to_even)

    def numbers(self, dtype: Any, prepared: Any) -> tuple[Any, ...] | None:
        return self._given[dtype].numbers

    def kernel(self, input: Any, out: Any = None) -> Any:
        limits = _limits(self, "attr", self.num_bits)
        return _round_trip(input, self._given[input.dtype] if self.range_given else None, limits, -1, False, out)

    def grad(self, input: Any, output: Any, dy: Any) -> Any:
        return dy


class QuantizeAndDequantizeV2(Opaque):
    """Round to whole multiples of a step, ``round(clip(input, low, high) * scale) * step``.

    The range is made symmetric about 0.0: the end that needs the larger step keeps its place, the other one moves to
    where the simulated integer ends. A measured range clips nothing. Every operation is rounded to the dtype, and
    ``step`` is not quite ``1 / scale``. NaN stays NaN; in a measured range it makes its whole slice NaN, as infinity
    does. Where all of a measured range is 0.0, zeros keep their sign.

    >>> QuantizeAndDequantizeV2(num_bits=3, range_given=True)([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV2.
    """

    T = dtypes.floating
    input = In("T", "values to quantize, any shape")
    input_min = In("T", "lower end of the range: a scalar, or with `axis` one per slice")
    input_max = In("T", "upper end of the range, at least `input_min`")
    output = Out("T", "same shape as `input`")
    signed_input: bool = attr("simulate a signed integer, else an unsigned one", default=True)
    num_bits: int = attr("width of the simulated integer, at most 61 if it is signed", default=8, ge=1, le=62)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=False)
    round_mode: str = attr(
        "where ties go: to the even multiple, or up", default="HALF_TO_EVEN", choices=("HALF_TO_EVEN", "HALF_UP")
    )
    narrow_range: bool = attr("leave out the lowest level of a signed integer, for as many on each side", default=False)
    axis: int = attr("slices along this axis have a range each; -1: one range for all", default=-1, ge=-1)
    reuses = ("input",)
    smooth = False

    def check(self) -> None:
        _limits(self, "attr", self.num_bits)

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType) -> Shape:
        return shape_of_slices(self, self.axis, input, input_min, input_max)

    @property
    def streams(self) -> bool:
        return self.range_given

    def channel_axis(self, rank: int) -> int | None:
        return self.axis if self.axis >= 0 else None

    def prepare(self, input_min: Any, input_max: Any) -> Steps | None:
        if not self.range_given:
            return None
        _check_range(self, "input", input_min, input_max)
        return steps(input_min, input_max, *_limits(self, "attr", self.num_bits, self.narrow_range))

    @property
    def element(self) -> Any:
        return None if self.axis >= 0 else _up if self.round_mode == "HALF_UP" else _to_even

    @property
    def compiled(self) -> Any:
        return self._by_loops if self.axis >= 0 and self.round_mode == "HALF_TO_EVEN" else None

    def _by_loops(self, input: Any, given: Steps | None, out: Any = None) -> Any:
        return _round_rows(input, given, self.axis, out) if given and given.numbers else self.kernel(input, given, out)

    def numbers(self, dtype: Any, prepared: Steps | None) -> tuple[Any, ...] | None:
        return prepared and prepared.numbers

    def kernel(self, input: Any, given: Steps | None, out: Any = None) -> Any:
        limits = _limits(self, "attr", self.num_bits, self.narrow_range)
        return _round_trip(input, given, limits, self.axis, self.round_mode == "HALF_UP", out)

    def grad(self, input: Any, input_min: Any, input_max: Any, output: Any, dy: Any) -> Any:
        return dy


class QuantizeAndDequantizeV3(Opaque):
    """Round to whole multiples of a step, ``rint(clip(input, low, high) * scale) * step``, the width as an input.

    All else is as for QuantizeAndDequantizeV2, but that scalars are refused.

    >>> QuantizeAndDequantizeV3()([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0, 3)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV3.
    """

    T = dtypes.floating
    input = In("T", "values to quantize, rank 1 or more")
    input_min = In("T", "lower end of the range: a scalar, or with `axis` one per slice")
    input_max = In("T", "upper end of the range, at least `input_min`")
    num_bits = In("int32", "width of the simulated integer, at most 61 if it is signed, otherwise 62", shape=())
    output = Out("T", "same shape as `input`")
    signed_input: bool = attr("simulate a signed integer, else an unsigned one", default=True)
    range_given: bool = attr("take the range from `input_min` and `input_max`, else measure it", default=True)
    narrow_range: bool = attr("leave out the lowest level of a signed integer, for as many on each side", default=False)
    axis: int = attr("slices along this axis have a range each; -1: one range for all", default=-1, ge=-1)
    reuses = ("input",)
    smooth = False

    def shape_of(self, input: TensorType, input_min: TensorType, input_max: TensorType, num_bits: TensorType) -> Shape:
        if input.rank == 0:
            raise self.error("input 'input' must have rank 1 or more, got a scalar; QuantizeAndDequantizeV2 takes it")
        if num_bits.value is not None:
            _limits(self, "input", int(num_bits.value))
        return shape_of_slices(self, self.axis, input, input_min, input_max)

    @property
    def streams(self) -> bool:
        return self.range_given

    def channel_axis(self, rank: int) -> int | None:
        return self.axis if self.axis >= 0 else None

    def prepare(self, input_min: Any, input_max: Any, num_bits: Any) -> tuple[Limits, Steps | None]:
        limits = _limits(self, "input", int(num_bits), self.narrow_range)
        if not self.range_given:
            return limits, None
        _check_range(self, "input", input_min, input_max)
        return limits, steps(input_min, input_max, *limits)

    @property
    def element(self) -> Any:
        return None if self.axis >= 0 else _to_even

    def numbers(self, dtype: Any, prepared: tuple[Limits, Steps | None]) -> tuple[Any, ...] | None:
        return prepared[1] and prepared[1].numbers

    @property
    def compiled(self) -> Any:
        return self._by_loops if self.axis >= 0 else None

    def _by_loops(self, input: Any, given: tuple[Limits, Steps | None], out: Any = None) -> Any:
        steps = given[1]
        return _round_rows(input, steps, self.axis, out) if steps and steps.numbers else self.kernel(input, given, out)

    def kernel(self, input: Any, given: tuple[Limits, Steps | None], out: Any = None) -> Any:
        return _round_trip(input, given[1], given[0], self.axis, False, out)

    def grad(self, input: Any, input_min: Any, input_max: Any, num_bits: Any, output: Any, dy: Any) -> Any:
        return dy


class QuantizeAndDequantizeV4(QuantizeAndDequantizeV2):
    """Round to whole multiples of a step, ``round(clip(input, low, high) * scale) * step``.

    All else is as for QuantizeAndDequantizeV2, but for the gradient: it passes only where `input` lies in the range as
    it was given, even where the range is measured.

    >>> QuantizeAndDequantizeV4(num_bits=3, range_given=True)([-9.0, 0.4, 1.6, 9.0], -3.0, 3.0)
    array([-4.,  0.,  2.,  3.], dtype=float32)

    Source: tf.raw_ops.QuantizeAndDequantizeV4.
    """

    def grad(self, input: Any, input_min: Any, input_max: Any, output: Any, dy: Any) -> Any:
        return QuantizeAndDequantizeV4Grad(axis=self.axis)(dy, input, input_min, input_max)


def _limits(block: Any, where: str, num_bits: int, narrow_range: bool = False) -> Limits:
    """Lowest and highest value of the simulated integer."""
    most = 61 if block.signed_input else 62
    if not 1 <= num_bits <= most:
        kind = "signed" if block.signed_input else "unsigned"
        raise block.error(f"{where} 'num_bits' must be between 1 and {most} for a {kind} integer, got {num_bits}")
    if not block.signed_input:
        return 0, 2**num_bits - 1
    return -(2 ** (num_bits - 1)) + narrow_range, 2 ** (num_bits - 1) - 1


def _check_range(block: Block, where: str, low: Any, high: Any) -> None:
    if bad := [(float(a), float(b)) for a, b in zip(low.flat, high.flat, strict=True) if not a <= b]:
        raise block.error(
            f"Invalid range: {where} 'input_min' must be at most {where} 'input_max', got {bad[0][0]} and {bad[0][1]}"
        )


def _round_trip(x: Any, given: Steps | None, limits: Limits, axis: int, half_up: bool, out: Any) -> Any:
    """The values rounded, by the steps given or else by those of the range that they have."""
    result = out if out is not None and out.flags.c_contiguous else np.empty(x.shape, x.dtype)
    if x.size:
        made = steps(*extent(x, axis), *limits, clips=False) if given is None else given
        flat_x, flat_result = x.reshape(-1), result.reshape(-1)
        for part, layout in [(slice(None), None)] if axis < 0 else layouts(x.shape, axis):
            rows = (-1,) if layout is None else layout.shape
            _round_tiles(flat_x[part].reshape(rows), made.laid(layout), half_up, flat_result[part].reshape(rows))
    if out is None or result is out:
        return result
    np.copyto(out, result)
    return out


def _round_rows(x: Any, made: Steps, axis: int, out: Any) -> Any:
    """The values of slices rounded by compiled loops."""
    count, period = x.shape[axis], max(1, prod(x.shape[axis:]))
    layout = Layout(count, period // max(1, count), width_of(x.size, period) // period)
    laid = map(layout.spread, (made.low, made.high, made.scale, made.step))
    result = np.empty(x.shape, x.dtype) if contiguous(out) is None else out
    compiled.step_rows(x.reshape(-1), result.reshape(-1), *laid)
    return delivered(x, result, out)


def _round_tiles(x: Any, made: Steps, half_up: bool, out: Any) -> None:
    rows = max(1, TILE // x[0].size)
    # a third axis is that of neighbours in a slice, which have the same numbers; it may be long
    columns = max(256, TILE // x.shape[1]) if x.ndim == 3 else x.shape[-1]
    for top in range(0, len(x), rows):
        for left in range(0, x.shape[-1], columns):
            tile = (slice(top, top + rows), ..., slice(left, left + columns)) if x.ndim > 1 else slice(top, top + rows)
            made.round(x[tile], half_up, out[tile])


class Steps(NamedTuple):
    """Whole multiples of ``step`` between ``low`` and ``high``; 0-d arrays, or arrays with an element per slice.

    ``scale`` is the number of steps in 1.0, rounded by itself. ``clamp`` is None where values may lie outside.
    ``delicate`` is true where subnormal values could count for something, ``from_zero`` where ``low`` is +0.0 and
    ``clamp`` loses the sign of zeros.
    """

    scale: Any
    step: Any
    low: Any
    high: Any
    clamp: Any
    delicate: bool
    from_zero: bool

    @property
    def numbers(self) -> tuple[Any, ...] | None:
        """What an element takes where the formula is all there is to it, otherwise None."""
        if self.delicate or self.from_zero or self.clamp is not _clip or self.step.dtype not in TINY:
            return None
        return self.low[()], self.high[()], self.scale[()], self.step.dtype.type(0.5), self.step[()]

    def laid(self, layout: Layout | None) -> Steps:
        """The same, laid out to broadcast with values of this layout."""
        if layout is None:
            return self
        scale, step, low, high = map(layout.spread, self[:4])
        # the clip ufunc is slow where the ends change from value to value
        clamp = _clip_to_arrays if self.clamp is _clip and layout.repeat else self.clamp
        return Steps(scale, step, low, high, clamp, self.delicate, self.from_zero)

    def round(self, x: Any, half_up: bool, out: Any) -> None:
        """Write the values rounded; ``out`` may be ``x``."""
        if self.delicate:
            x = flushed(x)
        negative = _negative_zeros(x) if self.from_zero and not half_up else None
        if self.clamp is not None:
            x = self.clamp(x, self.low, self.high, out)
        np.multiply(x, self.scale, out)
        if half_up:
            np.add(out, out.dtype.type(0.5), out)
            np.floor(out, out)
        else:
            np.rint(out, out)
        np.multiply(out, self.step, out)
        if negative is not None:
            bits = out.view(_SIGNED[out.itemsize])
            np.bitwise_or(bits, negative * np.iinfo(bits.dtype).min, bits)


def steps(low: Any, high: Any, lowest: int, highest: int, clips: bool = True) -> Steps:
    """The steps of ranges from ``low`` to ``high`` for an integer between these limits, each operation in their dtype.

    >>> made = steps(np.float32(-1), np.float32(3), -4, 3)
    >>> print(made.step, made.low, made.high)
    1.0 -4.0 3.0
    """
    dtype = low.dtype
    wide = dtype if dtype in TINY else np.dtype(np.float32)
    # both ends at once: this is done in every run, where it takes longer than rounding a small array
    limits = np.array([lowest, highest], wide).reshape(2, *[1] * low.ndim)
    with np.errstate(all="ignore"):
        ends = flushed(np.array([low, high])).astype(wide, copy=False)
        most = np.nextafter(dtype.type(np.inf), dtype.type(0))
        scales = np.where(limits * ends > 0, flushed((limits / ends).astype(dtype, copy=False)), most)
        sizes = flushed((ends / limits).astype(dtype, copy=False))
        keeps_low = scales[0] < scales[1]
        scale, step = np.where(keeps_low, scales[0], scales[1]), np.where(keeps_low, sizes[0], sizes[1])
        moved = limits * step.astype(wide, copy=False)
        # the end that keeps its place is as it was, the other one where the integer ends
        stays = np.array([keeps_low, ~keeps_low])
        low, high = np.where(stays, ends, moved).astype(dtype, copy=False)
        delicate = dtype in TINY and bool((scale > dtype.type(0.25) / TINY[dtype]).any())
        from_zero = clips and lowest == 0 and bool(((low == 0) & (high > 0)).all())
        plain = clips and lowest != 0 and bool(((low < high) & (low != 0) & (high != 0)).all())
    low, high = np.asarray(low), np.asarray(high)
    clamp = None if not clips else _clip if plain or from_zero else _compare
    return Steps(scale, step, low, high, clamp, delicate, from_zero)


def extent(x: Any, axis: int) -> tuple[Any, Any]:
    """The lowest and the highest value, of all or of each slice along an axis; NaN where there is one."""
    others = tuple(a for a in range(x.ndim) if a != axis) if axis >= 0 else None
    low, high = (np.asarray(ufunc.reduce(x, axis=others)) for ufunc in (np.minimum, np.maximum))
    least = _least(x.dtype)
    if (zero := np.abs(high) < least).any():
        # which of 0.0 and -0.0 is the highest would depend on their order
        positive = np.maximum.reduce(x.view(_SIGNED[x.itemsize]), axis=others) >= 0
        high = np.where(zero, np.where(positive, x.dtype.type(0), x.dtype.type(-0.0)), high)
    return low, high


def _clip(x: Any, low: Any, high: Any, out: Any) -> Any:
    # the ufunc has no loop for bfloat16
    return clip(x, low, high, out) if x.dtype.kind == "f" else _clip_to_arrays(x, low, high, out)


def _clip_to_arrays(x: Any, low: Any, high: Any, out: Any) -> Any:
    np.maximum(x, low, out=out)
    return np.minimum(out, high, out=out)


def _compare(x: Any, low: Any, high: Any, out: Any) -> Any:
    # an end that is NaN is none, of two that are upside down ``low`` wins, a zero that meets a zero keeps its sign
    x = np.where(high < x, high, x)
    return np.where(x < low, low, x)


def _negative_zeros(x: Any) -> Any:
    """Where values are -0.0 or so little below it that they count as it; None where none is."""
    bits = x.view(_SIGNED[x.itemsize])
    limit = np.asarray(-_least(x.dtype)).view(bits.dtype)
    return bits < limit if np.minimum.reduce(bits, axis=None) < limit else None


def _least(dtype: Any) -> Any:
    """The smallest number above 0.0; subnormals of float32 and float64 count as 0.0."""
    return TINY[dtype] if dtype in TINY else np.nextafter(dtype.type(0), dtype.type(1))
