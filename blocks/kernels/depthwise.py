"""Depthwise convolution, each channel by itself, over any number of spatial dims, and its gradients.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels, outputs of a channel]. Every channel is repeated
for its outputs, so that products are of whole rows; `numpy.einsum` multiplies and adds them up in one pass, for which
ufuncs need two. The 16-bit floats are multiplied and added in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from blocks.kernels.im2col import positions
from blocks.kernels.windows import Span, has_padding, slab_rows, taps
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes

# -- the convolution ------------------------------------------------------------------------------------------------


def convolve(x: Array, filter: Array, over: Sequence[Span], out: Array) -> None:
    """The products of each window of a channel with the filters of that channel, [batch, ...positions, outputs]."""
    channels_last, multiplier = out.flags.c_contiguous, filter.shape[-1]
    images, copied = _convolve_slab(x.shape, over, multiplier, x.dtype, channels_last)
    x = x if copied else np.ascontiguousarray(x)
    with scratch(*convolve_scratch(x.shape, filter.shape, over, x.dtype, channels_last)) as (padded, result, buffer):
        weights = _weights(filter, over[-1].stride == 1, out.shape[-2], buffer)
        padded.fill(0)
        for image in range(0, len(x) if out.size else 0, images):
            target = out[image : image + images]
            source = (
                _padded(x[image : image + images], over, multiplier, padded) if copied else x[image : image + images]
            )
            y = result[: target.size].reshape(target.shape) if result.size else target
            steps, holes = (
                [n * number for n, number in zip(source.strides[1:-1], numbers, strict=True)]
                for numbers in zip(*((s.stride, s.dilation) for s in over), strict=True)
            )
            _multiply(source, steps, holes, weights, y)
            if y is not target:
                np.copyto(target, y, casting="unsafe")


def convolve_bytes(
    shape: tuple[int, ...], filter: tuple[int, ...], over: Sequence[Span], dtype: DType, channels_last: bool
) -> int:
    """The memory that `convolve` works in."""
    return scratch_bytes(*convolve_scratch(shape, filter, over, dtype, channels_last))


def convolve_scratch(
    shape: tuple[int, ...], filter: tuple[int, ...], over: Sequence[Span], dtype: DType, channels_last: bool
) -> list[ArraySpec]:
    """Memory for images with padding and repeated channels, for results, and for weights."""
    exact, channels = dtypes.compute(dtype), prod(filter[-2:])
    images, copied = _convolve_slab(shape, over, filter[-1], dtype, channels_last)
    result = images * prod(positions(over)) * channels * (dtype != exact or not channels_last)
    width = positions(over)[-1] if over[-1].stride == 1 else 1
    return [((size,), exact) for size in (copied, result, prod(filter) * width)]


def _convolve_slab(
    shape: tuple[int, ...], over: Sequence[Span], multiplier: int, dtype: DType, channels_last: bool
) -> tuple[int, int]:
    """How many images to work on at once, and the elements of a copy with padding and repeated channels, if needed."""
    exact = dtypes.compute(dtype)
    image = prod(s.reach for s in over) * shape[-1] * multiplier
    images = slab_rows(shape[0], image * int(exact.itemsize))
    return images, images * image * (multiplier > 1 or dtype != exact or not channels_last or has_padding(over))


def _padded(x: Array, over: Sequence[Span], multiplier: int, buffer: Array) -> Array:
    """The images with their padding, for which the buffer must hold zeros already, and their channels repeated."""
    shape = (len(x), *(s.reach for s in over), x.shape[-1])
    padded = buffer[: prod(shape) * multiplier].reshape(*shape, multiplier)
    copied = [slice(max(min(s.reach - s.before, n), 0)) for s, n in zip(over, x.shape[1:-1], strict=True)]
    inside = [slice(s.before, s.before + part.stop) for s, part in zip(over, copied, strict=True)]
    np.copyto(padded[(slice(None), *inside)], x[(slice(None), *copied, slice(None), None)])
    return padded.reshape(*shape[:-1], -1)


def _weights(filter: Array, joined: bool, width: int, buffer: Array) -> Array:
    """The filter as [...kernel, column, channel], repeated for the columns of a whole row if they are joined."""
    kernel, channels = filter.shape[:-2], prod(filter.shape[-2:])
    weights = buffer.reshape(*kernel, width if joined else 1, channels)
    np.copyto(weights, filter.reshape(*kernel, 1, channels))
    return weights


def _multiply(source: Array, steps: Sequence[int], holes: Sequence[int], weights: Array, out: Array) -> None:
    """``out[b, ...place, c] = sum(x[b, place * steps + element * holes, c] * weights[element, c])``, by bytes."""
    kernel, (width, channels) = weights.shape[:-2], weights.shape[-2:]
    places, weights = out.shape[1:-1], weights.reshape(*kernel, width * channels)
    if width > 1 or places[-1] == 1:  # a row of columns and their channels are one dim
        places, steps, out = places[:-1], steps[:-1], out.reshape(*out.shape[:-2], width * channels)
    windows = np.lib.stride_tricks.as_strided(
        source,
        (len(source), *places, *kernel, weights.shape[-1]),
        (source.strides[0], *steps, *holes, source.strides[-1]),
        writeable=False,
    )
    batch, element = list(range(1 + len(places))), list(range(1 + len(places), 1 + len(places) + len(kernel)))
    last = 1 + len(places) + len(kernel)
    np.einsum(windows, [*batch, *element, last], weights, [*element, last], [*batch, last], out=out)


# -- its gradient by the input --------------------------------------------------------------------------------------


class Phase(NamedTuple):
    """Every n-th element of a dim, by the stride: those that the same elements of a window meet."""

    elements: slice  # of the dim
    taps: slice  # of the window
    first: int  # place of the first tap for the first element
    hole: int  # places from tap to tap


class Phases(NamedTuple):
    """How the gradient moves along a dim: places to add before the first and behind the last one, and the phases."""

    before: int
    after: int
    phases: list[Phase]


def _phases(s: Span) -> Phases:
    size, kernel, out = s.known
    before = max(0, ((kernel - 1) * s.dilation - s.before) // s.stride)
    after = max(0, (size - 1 + s.before) // s.stride - (out - 1))
    phases = []
    for start in range(min(s.stride, size)):
        taps = [i for i in range(kernel) if (start + s.before - i * s.dilation) % s.stride == 0]
        step = taps[1] - taps[0] if len(taps) > 1 else 1
        first = (start + s.before - taps[0] * s.dilation) // s.stride + before if taps else 0
        along = slice(taps[0], taps[-1] + 1, step) if taps else slice(0)
        phases.append(Phase(slice(start, size, s.stride), along, first, -step * s.dilation // s.stride))
    return Phases(before, after, phases)


def by_input(filter: Array, dy: Array, over: Sequence[Span], out: Array) -> None:
    """The gradient of `convolve` by its ``x``, in ``out``."""
    multiplier, dims, channels_last = filter.shape[-1], list(map(_phases, over)), out.flags.c_contiguous
    shape = (*(d.before + s + d.after for d, s in zip(dims, positions(over), strict=True)), dy.shape[-1])
    inside = [slice(d.before, d.before + s) for d, s in zip(dims, positions(over), strict=True)]
    images, copied = _by_input_slab(out.shape, over, multiplier, out.dtype, channels_last)
    dy = dy if copied else np.ascontiguousarray(dy)
    with scratch(*by_input_scratch(out.shape, filter.shape, over, out.dtype, channels_last)) as (
        buffer,
        result,
        weight_buffer,
    ):
        weights = _weights(filter, over[-1].stride == 1, out.shape[-2], weight_buffer)
        buffer.fill(0)
        if not dy.size:
            out.fill(0)
        for image in range(0, len(out) if dy.size and out.size else 0, images):
            source, x = dy[image : image + images], out[image : image + images]
            if copied:
                padded = buffer[: len(source) * prod(shape)].reshape(len(source), *shape)
                np.copyto(padded[(slice(None), *inside)], source)
                source = padded
            for phases in product(*(d.phases for d in dims)):
                target = x[(slice(None), *(p.elements for p in phases))]
                _phase(source, phases, weights, target, result, multiplier)


def by_input_bytes(
    shape: tuple[int, ...], filter: tuple[int, ...], over: Sequence[Span], dtype: DType, channels_last: bool
) -> int:
    """The memory that `by_input` works in."""
    return scratch_bytes(*by_input_scratch(shape, filter, over, dtype, channels_last))


def by_input_scratch(
    shape: tuple[int, ...], filter: tuple[int, ...], over: Sequence[Span], dtype: DType, channels_last: bool
) -> list[ArraySpec]:
    """Memory for gradients with places around them, for a phase, and for weights."""
    exact, multiplier = dtypes.compute(dtype), filter[-1]
    images, copied = _by_input_slab(shape, over, multiplier, dtype, channels_last)
    phase = prod(-(-n // s.stride) for n, s in zip(shape[1:-1], over, strict=True)) * shape[-1] * multiplier
    result = images * phase * (multiplier > 1 or dtype != exact or not channels_last)
    width = shape[-2] if over[-1].stride == 1 else 1
    return [((size,), exact) for size in (copied, result, prod(filter) * width)]


def _by_input_slab(
    shape: tuple[int, ...], over: Sequence[Span], multiplier: int, dtype: DType, channels_last: bool
) -> tuple[int, int]:
    """How many images to work on at once, and the elements of gradients with places around them, if needed."""
    exact, dims = dtypes.compute(dtype), list(map(_phases, over))
    image = prod(d.before + n + d.after for d, n in zip(dims, positions(over), strict=True)) * shape[-1] * multiplier
    images = slab_rows(shape[0], image * int(exact.itemsize))
    return images, images * image * (dtype != exact or not channels_last or any(d.before or d.after for d in dims))


def _phase(source: Array, phases: Sequence[Phase], weights: Array, out: Array, buffer: Array, multiplier: int) -> None:
    """The gradient by the elements of a phase of each dim."""
    weights = weights[tuple(p.taps for p in phases)]
    if not weights.size or not out.size:
        out.fill(0)
        return
    y = buffer[: out.size * multiplier].reshape(*out.shape[:-1], -1) if buffer.size else out
    holes = [n * p.hole for n, p in zip(source.strides[1:-1], phases, strict=True)]
    start = source[(slice(None), *(slice(p.first, None) for p in phases))]
    _multiply(start, source.strides[1:-1], holes, weights, y)
    if y is not out:
        by_output = y.reshape(*out.shape, multiplier)
        total = by_output[..., 0]
        for i in range(1, multiplier):
            np.add(total, by_output[..., i], total)
        np.copyto(out, total, casting="unsafe")


# -- its gradient by the filter -------------------------------------------------------------------------------------


def by_filter(x: Array, dy: Array, over: Sequence[Span], out: Array) -> None:
    """The gradient of `convolve` by its filter, in ``out``."""
    channels_last, multiplier, channels = dy.flags.c_contiguous, out.shape[-1], prod(out.shape[-2:])
    images, copied = _convolve_slab(x.shape, over, multiplier, x.dtype, channels_last)
    x = x if copied else np.ascontiguousarray(x)
    sums = np.zeros((*out.shape[:-2], channels))
    with scratch(*by_filter_scratch(x.shape, out.shape, over, x.dtype, channels_last)) as (padded, buffer, parts):
        padded.fill(0)
        for image in range(0, len(x) if dy.size else 0, images):
            gradients = dy[image : image + images]
            if buffer.size:
                np.copyto(buffer[: gradients.size].reshape(gradients.shape), gradients)
                gradients = buffer[: gradients.size].reshape(gradients.shape)
            source = (
                _padded(x[image : image + images], over, multiplier, padded) if copied else x[image : image + images]
            )
            part = parts[: gradients.size // gradients.shape[1]].reshape(len(gradients), *gradients.shape[2:])
            dims = list(range(gradients.ndim))
            for index, tap in taps(source, over):
                # a dim at a time in float32: sums that are short enough to round
                np.einsum(tap, dims, gradients, dims, [0, *dims[2:]], out=part)
                sums[index] += np.add.reduce(part.reshape(-1, channels), 0, np.float64)
    np.copyto(out, sums.reshape(out.shape), casting="unsafe")


def by_filter_bytes(
    shape: tuple[int, ...], filter: tuple[int, ...], over: Sequence[Span], dtype: DType, channels_last: bool
) -> int:
    """The memory that `by_filter` works in."""
    return scratch_bytes(*by_filter_scratch(shape, filter, over, dtype, channels_last))


def by_filter_scratch(
    shape: tuple[int, ...], filter: tuple[int, ...], over: Sequence[Span], dtype: DType, channels_last: bool
) -> list[ArraySpec]:
    """Memory for images as `convolve` has them, for gradients, and for their sums."""
    exact, places = dtypes.compute(dtype), positions(over)
    images, copied = _convolve_slab(shape, over, filter[-1], dtype, channels_last)
    gradients = images * prod(places) * prod(filter[-2:])
    sizes = (copied, gradients * (dtype != exact or not channels_last), gradients // max(1, places[0]))
    return [((size,), exact) for size in sizes]
