"""Windows that move over the spatial dims of images and volumes: layout, padding, sizes, and views of what they see.

Shapes and attrs come in any layout (``NHWC``, ``NCDHW``); arrays are handled with the batch first and channels last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from dataflow.core.block import Block
from dataflow.core.shapes import Dim, show

FORMATS = ("NHWC", "NCHW")
FORMATS_3D = ("NDHWC", "NCDHW")
FORMAT = "which dim is the channel: the last (NHWC) or the second (NCHW)"
FORMAT_3D = "which dim is the channel: the last (NDHWC) or the second (NCDHW)"
PADDINGS = ("SAME", "VALID", "EXPLICIT")
PADDING = (
    "zeros around the input: SAME as many as give ceil(size / stride) outputs, the odd one behind; VALID none; "
    "EXPLICIT those of `explicit_paddings`"
)
PADDING_IMPLICIT = (
    "zeros around the input: SAME as many as give ceil(size / stride) outputs, the odd one behind; VALID none"
)
EXPLICIT = "with EXPLICIT padding the zeros before and behind each dim, two numbers per dim; otherwise empty"
STRIDES = "step of the window, a number per dim; that of batch and channel is 1"
SLAB = 3 << 20  # bytes to work on at a time: enough for BLAS, few enough for the cache

Padding = str | tuple[int, int]  # of one dim: SAME, VALID, or the zeros before and behind


class Span(NamedTuple):
    """A window on one spatial dim: how far it reaches and where it stops.

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
    def extent(self) -> int:
        """What the window covers, its holes included."""
        return (int(self.kernel or 0) - 1) * self.dilation + 1

    @property
    def reach(self) -> int:
        """Size of the padded input that windows touch."""
        return max((int(self.out or 0) - 1) * self.stride + self.extent, 0) if self.out else 0


# -- attrs ----------------------------------------------------------------------------------------------------------


def spatial(block: Block, name: str, data_format: str, channel: bool = False) -> tuple[int, ...]:
    """The numbers of a list attr (``strides``, ``ksize``) for the spatial dims.

    An error unless it has a positive number for each dim, 1 for the batch and, unless ``channel``, for the channel.
    """
    numbers = getattr(block, name)
    if len(numbers) != len(data_format):
        raise block.error(f"attr '{name}' must have a number per dim of {data_format}, got {list(numbers)}")
    batch, inner, channels = split(numbers, data_format)
    if batch != 1 or (channels != 1 and not channel):
        raise block.error(
            f"attr '{name}' must be 1 in the batch and channel dims of {data_format}, got {list(numbers)}"
        )
    if min(numbers) < 1:
        raise block.error(f"attr '{name}' must be positive, got {list(numbers)}")
    return inner


def paddings(block: Block, data_format: str) -> tuple[Padding, ...]:
    """The padding of each spatial dim, from the attrs ``padding`` and, where there is one, ``explicit_paddings``."""
    padding, explicit = block.padding, getattr(block, "explicit_paddings", ())  # type: ignore[attr-defined]
    rank = len(data_format)
    if padding != "EXPLICIT":
        if explicit:
            raise block.error(f"attr 'explicit_paddings' must be empty with padding {padding}, got {list(explicit)}")
        return (padding,) * (rank - 2)
    if len(explicit) != 2 * rank or min(explicit) < 0:
        raise block.error(
            f"attr 'explicit_paddings' must be two numbers of at least 0 per dim of {data_format}, got {list(explicit)}"
        )
    batch, inner, channels = split(list(zip(explicit[::2], explicit[1::2], strict=True)), data_format)
    if batch != (0, 0) or channels != (0, 0):
        raise block.error(
            f"attr 'explicit_paddings' must be 0 in the batch and channel dims of {data_format}, got {list(explicit)}"
        )
    return inner


# -- layout ---------------------------------------------------------------------------------------------------------


def split(shape: Sequence[Any], data_format: str) -> tuple[Any, tuple[Any, ...], Any]:
    """Batch, spatial dims and channels of a shape, or of anything else with an entry per dim."""
    if data_format.startswith("NC"):
        return shape[0], tuple(shape[2:]), shape[1]
    return shape[0], tuple(shape[1:-1]), shape[-1]


def join(batch: Any, inner: Iterable[Any], channels: Any, data_format: str) -> tuple[Any, ...]:
    """A shape from its parts; undoes `split`."""
    return (batch, channels, *inner) if data_format.startswith("NC") else (batch, *inner, channels)


def channels_last(x: Any, data_format: str) -> Any:
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


def spans(
    block: Block,
    port: str,
    sizes: Sequence[Dim],
    kernel: Sequence[Dim],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[Padding],
) -> tuple[Span, ...]:
    """The window on each spatial dim of the input at ``port``; an error where it does not fit."""
    made = tuple(map(span, sizes, kernel, strides, dilations, pads))
    if any(isinstance(s.out, int) and s.out < 0 for s in made):
        windows = show(tuple(s.extent for s in made))
        raise block.error(
            f"input '{port}' must be at least as large as the window, {windows}, got spatial dims {show(tuple(sizes))}"
        )
    return made


# -- what windows see -----------------------------------------------------------------------------------------------


def has_padding(over: Sequence[Span]) -> bool:
    """Whether windows reach over the border."""
    return any(s.before or s.after for s in over)


def padded(x: Any, over: Sequence[Span], buffer: Any) -> Any:
    """The array [batch, ..., channels] from the first to the last element that a window touches.

    Without padding this is a view. Otherwise it is in the buffer, of one dim, which has zeros wherever an earlier call
    for as many or more images did not put any of these.
    """
    if not has_padding(over):
        return x[(slice(None), *(slice(s.reach) for s in over))]
    shape = (x.shape[0], *(s.reach for s in over), x.shape[-1])
    result = buffer[: prod(shape)].reshape(shape)
    inside = [slice(s.before, s.before + n) for s, n in zip(over, x.shape[1:-1], strict=True)]
    kept = [slice(max(s.reach - s.before, 0)) for s in over]
    np.copyto(result[(slice(None), *inside)], x[(slice(None), *kept)])
    return result


def unpadded(grown: Any, over: Sequence[Span], out: Any) -> None:
    """The array without its padding, written to ``out``: 0 where no window came. Undoes `padded`."""
    wanted = out.shape[1:-1]
    found = grown[(slice(None), *(slice(s.before, s.before + n) for s, n in zip(over, wanted, strict=True)))]
    if found.shape[1:-1] != wanted:
        out.fill(0)
    np.copyto(out[(slice(None), *map(slice, found.shape[1:-1]))], found, casting="unsafe")


def patches(x: Any, over: Sequence[Span]) -> Any:
    """A view of a padded array as its windows, [batch, ...positions, ...kernel, channels]; not to be written to."""
    inner = x.strides[1:-1]
    shape = (x.shape[0], *(s.out for s in over), *(s.kernel for s in over), x.shape[-1])
    steps = [n * s.stride for n, s in zip(inner, over, strict=True)]
    holes = [n * s.dilation for n, s in zip(inner, over, strict=True)]
    return np.lib.stride_tricks.as_strided(x, shape, (x.strides[0], *steps, *holes, x.strides[-1]), writeable=False)


def taps(x: Any, over: Sequence[Span]) -> Iterator[tuple[tuple[int, ...], Any]]:
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


def at_once(count: int, each: int) -> int:
    """How many of so many rows of so many bytes each to work on at once: about `SLAB` bytes, but at least one row."""
    return max(1, min(count, SLAB // max(each, 1)))


def seen(over: Span, offset: int) -> tuple[slice, slice]:
    """Where one element of the window, ``offset`` along this dim, lies on the input and not on its padding.

    The positions of the window for which it does, and the elements of the input on which it then lies.
    """
    size, out, shift = int(over.size or 0), int(over.out or 0), offset * over.dilation - over.before
    first = max(0, -(shift // over.stride))
    last = max(first, min(out, (size - 1 - shift) // over.stride + 1))
    start = first * over.stride + shift
    return slice(first, last), slice(start, start + (last - first) * over.stride, over.stride)
