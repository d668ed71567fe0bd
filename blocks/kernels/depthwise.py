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

from blocks.kernels import depthwise_loops
from blocks.kernels.chunked import cut
from blocks.kernels.im2col import Bound, Geometry, positions
from blocks.kernels.windows import Span, has_padding, inside, slab_rows, taps, touched
from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.workspace import Workspace

# -- the convolution ------------------------------------------------------------------------------------------------


def bind_convolve(memory: Workspace, of: Geometry) -> Bound:
    """The products of each window of a channel with the filters of that channel, as ``(x, filter, out)``.

    The result is [batch, ...positions, outputs].
    """
    if depthwise_loops.pays(memory, of):
        return depthwise_loops.bind_convolve(memory, of)
    shape, filter, over, dtype, channels_last = of
    images = _Images(memory, of)
    made, exact = (*positions(over), prod(filter[-2:])), dtypes.compute(dtype)
    (result,) = memory.arrays(((images.count * prod(made) * (dtype != exact or not channels_last),), exact))
    weights = _weights(memory, filter, over, exact, made[-2])
    steps, holes = [s.stride for s in over], [s.dilation for s in over]
    parts = list(cut(shape[0], images.count)) if prod(made) else []

    def convolve(x: Array, filter: Array, out: Array) -> None:
        np.copyto(weights, filter.reshape(*filter.shape[:-2], 1, -1))
        for part in parts:
            target, source = out[part], images.padded(x[part])
            y = result[: target.size].reshape(target.shape) if result.size else target
            by_steps, by_holes = (
                [n * by for n, by in zip(source.strides[1:-1], own, strict=True)] for own in (steps, holes)
            )
            _multiply(source, by_steps, by_holes, weights, y)
            if y is not target:
                np.copyto(target, y, casting="unsafe")

    return convolve


def _images_at_once(of: Geometry) -> int:
    """How many images with their padding, and their channels repeated, to work on at a time."""
    image = prod(s.reach for s in of.over) * of.shape[-1] * of.filter[-1]
    return slab_rows(of.shape[0], image * int(dtypes.compute(of.dtype).itemsize))


class _Images:
    """Some images at a time with their padding, and each channel repeated for its outputs, in the dtype to compute in.

    count : how many images, at most.
    """

    def __init__(self, memory: Workspace, of: Geometry):
        exact, outputs, reach = dtypes.compute(of.dtype), of.filter[-1], [s.reach for s in of.over]
        image, self.count = prod(reach) * of.shape[-1] * outputs, _images_at_once(of)
        needed = outputs > 1 or of.dtype != exact or not of.channels_last or has_padding(of.over)
        self.buffer = memory.array(self.count * image * needed, exact)
        self.shape = (*reach, of.shape[-1], outputs)
        self.touched, self.inside = touched(of.over), inside(of.over)

    def padded(self, x: Array) -> Array:
        """So many images, [batch, ...spatial, channels]."""
        if not self.buffer.size:
            return np.ascontiguousarray(x)
        shape = (len(x), *self.shape)
        padded = self.buffer[: prod(shape)].reshape(shape)
        padded.fill(0)
        np.copyto(padded[self.inside], x[self.touched][..., None])
        return padded.reshape(*shape[:-2], -1)


def _weights(memory: Workspace, filter: tuple[int, ...], over: Sequence[Span], dtype: DType, width: int) -> Array:
    """Memory for the filter as [...kernel, column, channel]: for each column of a whole row where rows are joined."""
    shape = (*filter[:-2], width if over[-1].stride == 1 else 1, prod(filter[-2:]))
    return memory.array(prod(shape), dtype).reshape(shape)


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


def bind_by_input(memory: Workspace, of: Geometry) -> Bound:
    """The gradient of a convolution by its ``x``, which has this shape, as ``(filter, dy, out)``."""
    if depthwise_loops.pays(memory, of):
        return depthwise_loops.bind_by_input(memory, of)
    shape, filter, over, dtype, channels_last = of
    exact, multiplier, dims = dtypes.compute(dtype), filter[-1], list(map(_phases, over))
    around = (*(d.before + n + d.after for d, n in zip(dims, positions(over), strict=True)), shape[-1] * multiplier)
    within = (slice(None), *(slice(d.before, d.before + n) for d, n in zip(dims, positions(over), strict=True)))
    images = slab_rows(shape[0], prod(around) * int(exact.itemsize))
    needed = dtype != exact or not channels_last or any(d.before or d.after for d in dims)
    phase = prod(-(-n // s.stride) for n, s in zip(shape[1:-1], over, strict=True)) * shape[-1] * multiplier
    result = images * phase * (multiplier > 1 or dtype != exact or not channels_last)
    copy, buffer = memory.arrays(((images * prod(around) * needed,), exact), ((result,), exact))
    weights = _weights(memory, filter, over, exact, shape[-2])
    parts, phases = list(cut(shape[0], images)), list(product(*(d.phases for d in dims)))

    def by_input(filter: Array, dy: Array, out: Array) -> None:
        if not dy.size or not out.size:
            out.fill(0)
            return
        np.copyto(weights, filter.reshape(*filter.shape[:-2], 1, -1))
        for part in parts:
            source, x = dy[part], out[part]
            if copy.size:
                padded = copy[: len(source) * prod(around)].reshape(len(source), *around)
                padded.fill(0)
                np.copyto(padded[within], source)
                source = padded
            else:
                source = np.ascontiguousarray(source)
            for own in phases:
                _phase(source, own, weights, x[(slice(None), *(p.elements for p in own))], buffer, multiplier)

    return by_input


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


def bind_by_filter(memory: Workspace, of: Geometry) -> Bound:
    """The gradient of a convolution by its filter, which has this shape, as ``(x, dy, out)``."""
    shape, filter, over, dtype, channels_last = of
    exact, channels = dtypes.compute(dtype), prod(filter[-2:])
    if depthwise_loops.pays(memory, of):
        return depthwise_loops.bind_by_filter(memory, of, _images_at_once(of))
    images = _Images(memory, of)
    places = positions(over)
    made = images.count * prod(places) * channels
    copy, sums_of = memory.arrays(
        ((made * (dtype != exact or not channels_last),), exact), ((made // max(1, places[0]),), exact)
    )
    cuts = list(cut(shape[0], images.count))

    def by_filter(x: Array, dy: Array, out: Array) -> None:
        sums = np.zeros((*out.shape[:-2], channels))
        for some in cuts if dy.size else ():
            gradients, source = dy[some], images.padded(x[some])
            if copy.size:
                own = copy[: gradients.size].reshape(gradients.shape)
                np.copyto(own, gradients)
                gradients = own
            part = sums_of[: gradients.size // gradients.shape[1]].reshape(len(gradients), *gradients.shape[2:])
            dims = list(range(gradients.ndim))
            for index, tap in taps(source, over):
                # a dim at a time in float32: sums that are short enough to round
                np.einsum(tap, dims, gradients, dims, [0, *dims[2:]], out=part)
                sums[index] += np.add.reduce(part.reshape(-1, channels), 0, np.float64)
        np.copyto(out, sums.reshape(out.shape), casting="unsafe")

    return by_filter
