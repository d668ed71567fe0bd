"""Windows that move over the spatial dims of images and volumes: layout, padding, sizes, and views of their elements.

Shapes come in any layout (``NHWC``, ``NCDHW``); arrays are handled with the batch first and channels last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple, TypeVar

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.shapes import Dim

SLAB = 3 << 20  # bytes to work on at a time: enough for BLAS, few enough for the cache

T = TypeVar("T")

Padding = str | tuple[int, int]  # of one dim: SAME, VALID, or the zeros before and behind


class Span(NamedTuple):
    """A window on one spatial dim: its size, its padding and its positions.

    ``size`` of the input, ``kernel`` of the window; ``before`` and ``after`` are the padding, 0 where a size is not
    known yet; ``out`` counts the positions, and is a dim like the others: it may be unknown or a name.
    """

    size: Dim
    kernel: Dim
    stride: int
    dilation: int
    before: int
    after: int
    out: Dim

    @property
    def known(self) -> tuple[int, int, int]:
        """The size, the kernel and the number of positions as integers, 0 where they are not known."""
        return int(self.size or 0), int(self.kernel or 0), int(self.out or 0)

    @property
    def extent(self) -> int:
        """How many elements the window covers, its holes included."""
        return (int(self.kernel or 0) - 1) * self.dilation + 1

    @property
    def reach(self) -> int:
        """Size of the padded input that windows touch."""
        return max((int(self.out or 0) - 1) * self.stride + self.extent, 0) if self.out else 0


# -- layout ---------------------------------------------------------------------------------------------------------


def split(shape: Sequence[T], data_format: str) -> tuple[T, tuple[T, ...], T]:
    """Batch, spatial dims and channels of a shape, or of anything else with an entry per dim."""
    if data_format.startswith("NC"):
        return shape[0], tuple(shape[2:]), shape[1]
    return shape[0], tuple(shape[1:-1]), shape[-1]


def join(batch: T, inner: Iterable[T], channels: T, data_format: str) -> tuple[T, ...]:
    """A shape from its parts; undoes `split`."""
    return (batch, channels, *inner) if data_format.startswith("NC") else (batch, *inner, channels)


def channels_last(x: Array, data_format: str) -> Array:
    """A view of the array with its channels last."""
    return np.moveaxis(x, 1, -1) if data_format.startswith("NC") else x


# -- sizes ----------------------------------------------------------------------------------------------------------


def span(size: Dim, kernel: Dim, stride: int, dilation: int, padding: Padding) -> Span:
    """A window on a dim of this size; ``out`` is negative where the window is much too large to fit."""
    if padding == "SAME":
        out = size if stride == 1 else -(-size // stride) if isinstance(size, int) else None
        if not isinstance(size, int) or not isinstance(kernel, int) or not isinstance(out, int):
            return Span(size, kernel, stride, dilation, 0, 0, out)
        zeros = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
        return Span(size, kernel, stride, dilation, zeros // 2, zeros - zeros // 2, out)
    before, after = (0, 0) if isinstance(padding, str) else padding
    if not isinstance(size, int) or not isinstance(kernel, int):
        # a window of one element moves over all of them, also over a dim that has only a name
        same = kernel == 1 and stride == 1 and before == after == 0
        return Span(size, kernel, stride, dilation, before, after, size if same else None)
    places = size + before + after - (kernel - 1) * dilation - 1 + stride
    # divided towards 0, as in the reference: a window a little too large has no position, a larger one is an error
    return Span(
        size, kernel, stride, dilation, before, after, places // stride if places >= 0 else -(-places // stride)
    )


# -- elements of windows --------------------------------------------------------------------------------------------


def has_padding(over: Sequence[Span]) -> bool:
    """Whether windows reach over the border."""
    return any(s.before or s.after for s in over)


def reached(over: Sequence[Span]) -> tuple[slice, ...]:
    """An index to what windows touch of an array [batch, ..., channels] that has its padding, or needs none."""
    return (slice(None), *(slice(s.reach) for s in over))


def touched(over: Sequence[Span]) -> tuple[slice, ...]:
    """An index to what windows touch of an array [batch, ..., channels] without its padding."""
    return (slice(None), *(slice(max(s.reach - s.before, 0)) for s in over))


def inside(over: Sequence[Span]) -> tuple[slice, ...]:
    """An index to where that lies in the array with its padding."""
    return (slice(None), *(slice(s.before, s.before + s.known[0]) for s in over))


def crop(padded: Array, over: Sequence[Span], out: Array) -> None:
    """Write the array without its padding to ``out``, 0 where no window came; undoes `pad`."""
    wanted = out.shape[1:-1]
    inner = padded[(slice(None), *(slice(s.before, s.before + n) for s, n in zip(over, wanted, strict=True)))]
    if inner.shape[1:-1] != wanted:
        out.fill(0)
    np.copyto(out[(slice(None), *map(slice, inner.shape[1:-1]))], inner, casting="unsafe")


def patches(x: Array, over: Sequence[Span]) -> Array:
    """A view of a padded array as its windows, [batch, ...positions, ...kernel, channels]; not to be written to."""
    inner = x.strides[1:-1]
    shape = (x.shape[0], *(int(s.out or 0) for s in over), *(int(s.kernel or 0) for s in over), x.shape[-1])
    steps = [n * s.stride for n, s in zip(inner, over, strict=True)]
    holes = [n * s.dilation for n, s in zip(inner, over, strict=True)]
    return np.lib.stride_tricks.as_strided(x, shape, (x.strides[0], *steps, *holes, x.strides[-1]), writeable=False)


def taps(x: Array, over: Sequence[Span]) -> Iterator[tuple[tuple[int, ...], Array]]:
    """For each element of the window its index, and the view of a padded array on which it falls as the window moves.

    Views are [batch, ...positions, channels], and writing to them writes to the array.
    """
    for index in product(*(range(int(s.kernel or 0)) for s in over)):
        starts = [i * s.dilation for i, s in zip(index, over, strict=True)]
        along = [
            slice(first, first + (int(s.out) - 1) * s.stride + 1 if s.out else first, s.stride)
            for first, s in zip(starts, over, strict=True)
        ]
        yield index, x[(slice(None), *along)]


def slab_rows(count: int, row_bytes: int) -> int:
    """How many of ``count`` rows to work on at once: about `SLAB` bytes, but at least one row."""
    return max(1, min(count, SLAB // max(row_bytes, 1)))


def valid_slices(over: Span, offset: int) -> tuple[slice, slice]:
    """Where the element of the window at ``offset`` along this dim lies on the input and not on its padding.

    The positions of the window for which it does, and the elements of the input on which it then lies.
    """
    (size, _, out), shift = over.known, offset * over.dilation - over.before
    first = max(0, -(shift // over.stride))
    last = max(first, min(out, (size - 1 - shift) // over.stride + 1))
    start = first * over.stride + shift
    return slice(first, last), slice(start, start + (last - first) * over.stride, over.stride)
