"""Convolution of each channel for itself, over any number of spatial dims.

Arrays are [batch, ...spatial, channels], filters [...kernel, channels, outputs of a channel]. Every channel is repeated
for its outputs, so that products are of whole rows; `numpy.einsum` multiplies and adds them up in one pass, for which
ufuncs need two. The 16-bit floats are multiplied and added in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from blocks.kernels.im2col import positions
from blocks.kernels.windows import Span, at_once, has_padding, taps
from dataflow.core import dtypes
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes

# -- the convolution ------------------------------------------------------------------------------------------------


def convolve(x: Any, filter: Any, over: Sequence[Span], out: Any) -> None:
    """The products of each window of a channel with the filters of that channel, [batch, ...positions, outputs]."""
    direct, each = out.flags.c_contiguous, filter.shape[-1]
    many, kept = _kept(x.shape, over, each, x.dtype, direct)
    x = x if kept else np.ascontiguousarray(x)
    with scratch(*convolve_scratch(x.shape, filter.shape, over, x.dtype, direct)) as (grown, result, buffer):
        weights = _weights(filter, over[-1].stride == 1, out.shape[-2], buffer)
        grown.fill(0)
        for image in range(0, len(x) if out.size else 0, many):
            there = out[image : image + many]
            seen = _grown(x[image : image + many], over, each, grown) if kept else x[image : image + many]
            y = result[: there.size].reshape(there.shape) if result.size else there
            steps, holes = (
                [n * number for n, number in zip(seen.strides[1:-1], numbers, strict=True)]
                for numbers in zip(*((s.stride, s.dilation) for s in over), strict=True)
            )
            _multiply(seen, steps, holes, weights, y)
            if y is not there:
                np.copyto(there, y, casting="unsafe")


def convolve_bytes(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> int:
    """The memory that `convolve` works in."""
    return scratch_bytes(*convolve_scratch(shape, filter, over, dtype, direct))


def convolve_scratch(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> list[ArraySpec]:
    """The memory that `convolve` works in: for images with padding and repeated channels, for results, for weights."""
    exact, channels = dtypes.compute(dtype), prod(filter[-2:])
    many, kept = _kept(shape, over, filter[-1], dtype, direct)
    result = many * prod(positions(over)) * channels * (dtype != exact or not direct)
    width = positions(over)[-1] if over[-1].stride == 1 else 1
    return [((size,), exact) for size in (kept, result, prod(filter) * width)]


def _kept(shape: Any, over: Sequence[Span], each: int, dtype: Any, direct: bool) -> tuple[int, int]:
    """How many images to work on at once, and the elements of a copy with padding and repeated channels, if needed."""
    exact = dtypes.compute(dtype)
    image = prod(s.reach for s in over) * shape[-1] * each
    many = at_once(shape[0], image * int(exact.itemsize))
    return many, many * image * (each > 1 or dtype != exact or not direct or has_padding(over))


def _grown(x: Any, over: Sequence[Span], each: int, buffer: Any) -> Any:
    """The images with their padding, which must be in the buffer already, and their channels repeated."""
    shape = (len(x), *(s.reach for s in over), x.shape[-1])
    grown = buffer[: prod(shape) * each].reshape(*shape, each)
    kept = [slice(max(min(s.reach - s.before, n), 0)) for s, n in zip(over, x.shape[1:-1], strict=True)]
    inside = [slice(s.before, s.before + part.stop) for s, part in zip(over, kept, strict=True)]
    np.copyto(grown[(slice(None), *inside)], x[(slice(None), *kept, slice(None), None)])
    return grown.reshape(*shape[:-1], -1)


def _weights(filter: Any, joined: bool, width: int, buffer: Any) -> Any:
    """The filter as [...kernel, column, channel], where the columns are those of a whole row if they are joined."""
    kernel, channels = filter.shape[:-2], prod(filter.shape[-2:])
    weights = buffer.reshape(*kernel, width if joined else 1, channels)
    np.copyto(weights, filter.reshape(*kernel, 1, channels))
    return weights


def _multiply(seen: Any, steps: Sequence[int], holes: Sequence[int], weights: Any, out: Any) -> None:
    """``out[b, ...place, c] = sum(seen[b, place * steps + element * holes, c] * weights[element, c])``, by bytes."""
    kernel, (width, channels) = weights.shape[:-2], weights.shape[-2:]
    places, weights = out.shape[1:-1], weights.reshape(*kernel, width * channels)
    if width > 1 or places[-1] == 1:  # a row of columns and their channels is one dim
        places, steps, out = places[:-1], steps[:-1], out.reshape(*out.shape[:-2], width * channels)
    windows = np.lib.stride_tricks.as_strided(
        seen,
        (len(seen), *places, *kernel, weights.shape[-1]),
        (seen.strides[0], *steps, *holes, seen.strides[-1]),
        writeable=False,
    )
    batch, element = list(range(1 + len(places))), list(range(1 + len(places), 1 + len(places) + len(kernel)))
    last = 1 + len(places) + len(kernel)
    np.einsum(windows, [*batch, *element, last], weights, [*element, last], [*batch, last], out=out)


# -- its gradient by the input --------------------------------------------------------------------------------------


class Phase(NamedTuple):
    """Every so-manieth element of a dim: those that the same elements of a window meet, each at a place of its own."""

    elements: slice  # of the dim
    taps: slice  # of the window
    first: int  # place of the first tap for the first element
    hole: int  # from tap to tap


class Dim(NamedTuple):
    """How the gradient moves along a dim: the places before the first and behind the last one, and its phases."""

    before: int
    after: int
    phases: list[Phase]


def _dim(s: Span) -> Dim:
    size, kernel, out = int(s.size or 0), int(s.kernel or 0), int(s.out or 0)
    before = max(0, ((kernel - 1) * s.dilation - s.before) // s.stride)
    after = max(0, (size - 1 + s.before) // s.stride - (out - 1))
    phases = []
    for start in range(min(s.stride, size)):
        met = [i for i in range(kernel) if (start + s.before - i * s.dilation) % s.stride == 0]
        step = met[1] - met[0] if len(met) > 1 else 1
        first = (start + s.before - met[0] * s.dilation) // s.stride + before if met else 0
        found = slice(met[0], met[-1] + 1, step) if met else slice(0)
        phases.append(Phase(slice(start, size, s.stride), found, first, -step * s.dilation // s.stride))
    return Dim(before, after, phases)


def by_input(filter: Any, dy: Any, over: Sequence[Span], out: Any) -> None:
    """The gradient of `convolve` by its ``x``, in ``out``."""
    each, dims, direct = filter.shape[-1], list(map(_dim, over)), out.flags.c_contiguous
    shape = (*(d.before + s + d.after for d, s in zip(dims, positions(over), strict=True)), dy.shape[-1])
    inside = [slice(d.before, d.before + s) for d, s in zip(dims, positions(over), strict=True)]
    many, kept = _kept_back(out.shape, over, each, out.dtype, direct)
    dy = dy if kept else np.ascontiguousarray(dy)
    with scratch(*by_input_scratch(out.shape, filter.shape, over, out.dtype, direct)) as (
        buffer,
        result,
        weight_buffer,
    ):
        weights = _weights(filter, over[-1].stride == 1, out.shape[-2], weight_buffer)
        buffer.fill(0)
        if not dy.size:
            out.fill(0)
        for image in range(0, len(out) if dy.size and out.size else 0, many):
            seen, x = dy[image : image + many], out[image : image + many]
            if kept:
                grown = buffer[: len(seen) * prod(shape)].reshape(len(seen), *shape)
                np.copyto(grown[(slice(None), *inside)], seen)
                seen = grown
            for phases in product(*(d.phases for d in dims)):
                there = x[(slice(None), *(p.elements for p in phases))]
                _phase(seen, phases, weights, there, result, each)


def by_input_bytes(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> int:
    """The memory that `by_input` works in."""
    return scratch_bytes(*by_input_scratch(shape, filter, over, dtype, direct))


def by_input_scratch(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> list[ArraySpec]:
    """The memory that `by_input` works in: for gradients with places around them, for a phase, and for weights."""
    exact, each = dtypes.compute(dtype), filter[-1]
    many, kept = _kept_back(shape, over, each, dtype, direct)
    phase = prod(-(-n // s.stride) for n, s in zip(shape[1:-1], over, strict=True)) * shape[-1] * each
    result = many * phase * (each > 1 or dtype != exact or not direct)
    width = shape[-2] if over[-1].stride == 1 else 1
    return [((size,), exact) for size in (kept, result, prod(filter) * width)]


def _kept_back(shape: Any, over: Sequence[Span], each: int, dtype: Any, direct: bool) -> tuple[int, int]:
    """How many images to work on at once, and the elements of gradients with places around them, if needed."""
    exact, dims = dtypes.compute(dtype), list(map(_dim, over))
    image = prod(d.before + n + d.after for d, n in zip(dims, positions(over), strict=True)) * shape[-1] * each
    many = at_once(shape[0], image * int(exact.itemsize))
    return many, many * image * (dtype != exact or not direct or any(d.before or d.after for d in dims))


def _phase(seen: Any, phases: Sequence[Phase], weights: Any, out: Any, buffer: Any, each: int) -> None:
    """The gradient by the elements of a phase of each dim."""
    weights = weights[tuple(p.taps for p in phases)]
    if not weights.size or not out.size:
        out.fill(0)
        return
    y = buffer[: out.size * each].reshape(*out.shape[:-1], -1) if buffer.size else out
    holes = [n * p.hole for n, p in zip(seen.strides[1:-1], phases, strict=True)]
    start = seen[(slice(None), *(slice(p.first, None) for p in phases))]
    _multiply(start, seen.strides[1:-1], holes, weights, y)
    if y is not out:
        shares = y.reshape(*out.shape, each)
        total = shares[..., 0]
        for i in range(1, each):
            np.add(total, shares[..., i], total)
        np.copyto(out, total, casting="unsafe")


# -- its gradient by the filter -------------------------------------------------------------------------------------


def by_filter(x: Any, dy: Any, over: Sequence[Span], out: Any) -> None:
    """The gradient of `convolve` by its filter, in ``out``."""
    direct, each, channels = dy.flags.c_contiguous, out.shape[-1], prod(out.shape[-2:])
    many, kept = _kept(x.shape, over, each, x.dtype, direct)
    x = x if kept else np.ascontiguousarray(x)
    sums = np.zeros((*out.shape[:-2], channels))
    with scratch(*by_filter_scratch(x.shape, out.shape, over, x.dtype, direct)) as (grown, buffer, parts):
        grown.fill(0)
        for image in range(0, len(x) if dy.size else 0, many):
            gradients = dy[image : image + many]
            if buffer.size:
                np.copyto(buffer[: gradients.size].reshape(gradients.shape), gradients)
                gradients = buffer[: gradients.size].reshape(gradients.shape)
            seen = _grown(x[image : image + many], over, each, grown) if kept else x[image : image + many]
            part = parts[: gradients.size // gradients.shape[1]].reshape(len(gradients), *gradients.shape[2:])
            dims = list(range(gradients.ndim))
            for index, tap in taps(seen, over):
                # a dim at a time in float32: sums that are short enough to round
                np.einsum(tap, dims, gradients, dims, [0, *dims[2:]], out=part)
                sums[index] += np.add.reduce(part.reshape(-1, channels), 0, np.float64)
    np.copyto(out, sums.reshape(out.shape), casting="unsafe")


def by_filter_bytes(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> int:
    """The memory that `by_filter` works in."""
    return scratch_bytes(*by_filter_scratch(shape, filter, over, dtype, direct))


def by_filter_scratch(shape: Any, filter: Any, over: Sequence[Span], dtype: Any, direct: bool) -> list[ArraySpec]:
    """The memory that `by_filter` works in: for images as `convolve` has them, for gradients, and for their sums."""
    exact, places = dtypes.compute(dtype), positions(over)
    many, kept = _kept(shape, over, filter[-1], dtype, direct)
    gradients = many * prod(places) * prod(filter[-2:])
    sizes = (kept, gradients * (dtype != exact or not direct), gradients // max(1, places[0]))
    return [((size,), exact) for size in sizes]
