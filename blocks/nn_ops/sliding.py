"""What sliding windows have in common over any number of dims and in any layout: fold them, find in them, spread back.

Arrays keep their layout; a window is a `Span` for each axis that it slides along. Padding is never made: an element of
the window is met only where it lies on the input. The 16-bit floats are computed in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.math_ops.reduction import rounded
from blocks.nn_ops.windows import PADDINGS, paddings, seen, spans, spatial, split
from dataflow import dtypes
from dataflow.block import Ints, TensorType, attr
from dataflow.kinds import Opaque
from dataflow.shapes import Shape, fits, show

BORDER = "what to do at the border: SAME has ceil(size / stride) windows, which may reach over it; VALID none that do"

CACHED = 1 << 18  # elements of the largest array to work on at a time

Slides = Sequence[tuple[int, Any]]  # an axis and the `Span` of the window along it


class Pooling(Opaque, abstract=True):
    """A window of ``ksize`` that moves by ``strides`` over the spatial dims of images or volumes."""

    ksize: Ints = attr("size of the window, a number per dim; that of batch and channel is 1")
    strides: Ints = attr("step of the window, a number per dim; that of batch and channel is 1")
    padding: str = attr(BORDER, choices=PADDINGS[:2])
    over_channels: ClassVar[bool] = False  # whether the window may lie on channels

    @property
    def layout(self) -> str:
        """The dims by their letters."""
        return str(getattr(self, "data_format", "NHWC"))

    def check(self) -> None:
        window = spatial(self, "ksize", self.layout, self.over_channels)
        spatial(self, "strides", self.layout, self.over_channels)
        for size, border in zip(window, paddings(self, self.layout), strict=True):
            if not isinstance(border, str) and max(border) >= size:
                raise self.error(f"attr 'explicit_paddings' must be below the size of the window, {size}, got {border}")

    def slides(self, port: str, shape: Any) -> Slides:
        """The window along each spatial axis of the input at ``port``."""
        window, steps, sizes = (split(dims, self.layout)[1] for dims in (self.ksize, self.strides, shape))
        made = spans(self, port, sizes, window, steps, (1,) * len(sizes), paddings(self, self.layout))
        return list(enumerate(made, 2 if self.layout.startswith("NC") else 1))

    def pooled(self, port: str, shape: Shape) -> Shape:
        """The shape with one element per window; an error where the input at ``port`` may not have this shape."""
        self.require_rank(port, shape)
        if shape is None:
            return (None,) * len(self.layout)
        dims = list(shape)
        for axis, span in self.slides(port, shape):
            dims[axis] = span.out
        return tuple(dims)

    def require_rank(self, port: str, shape: Shape) -> None:
        """An error unless the input at ``port`` has the dims of the layout."""
        if shape is not None and len(shape) != len(self.layout):
            raise self.error(f"input '{port}' must have the {len(self.layout)} dims {self.layout}, got {show(shape)}")

    def require(self, shape: Shape, **given: TensorType) -> None:
        """An error that names the port unless the inputs given by port have this shape."""
        for port, type_ in given.items():
            if not fits(type_.shape, shape):
                raise self.error(f"input '{port}' must have shape {show(shape)}, got {show(type_.shape)}")


def widened(x: Any) -> Any:
    """The array in the dtype to compute in."""
    return x.astype(dtypes.compute_dtype(x.dtype.name), copy=False) if is_float(x.dtype) else x


def is_float(dtype: Any) -> bool:
    """Whether the dtype is a float, bfloat16 included."""
    return dtype.name in dtypes.floating


def lowest(dtype: Any) -> Any:
    """The lowest finite number of a dtype."""
    if is_float(dtype):
        return np.nextafter(dtype.type(-np.inf), dtype.type(0))
    return np.iinfo(dtype).min


def finished(y: Any, dtype: Any, out: Any) -> Any:
    """A result in its final dtype, in ``out`` where that is given."""
    return y if y is out else rounded(y, dtype, out)


def room(dtype: Any, out: Any) -> Any:
    """``out`` where results of this dtype can be computed right in it."""
    return out if out is not None and out.dtype == dtype else None


def by_images(step: Callable[..., Any], shape: tuple[int, ...], dtype: Any, out: Any, *arrays: Any) -> Any:
    """What ``step`` makes of some images at a time, so that all it makes on the way stays in the cache."""
    if out is None:
        out = np.empty(shape, dtype)
    many = max(1, CACHED * len(out) // max(1, *(a.size for a in arrays)))
    for start in range(0, len(out), many):
        out[start : start + many] = step(*(a[start : start + many] for a in arrays))
    return out


def fold(ufunc: np.ufunc, start: Any, x: Any, slides: Slides, out: Any = None) -> Any:
    """The elements of each window folded by a ufunc, along one axis after the other; ``start`` where there are none."""
    active = [(axis, span) for axis, span in slides if span.kernel != 1 or span.stride != 1]
    for axis, span in active[:-1]:
        x = _fold_along(axis, ufunc, start, x, span, None)
    if active:
        axis, span = active[-1]
        return _fold_along(axis, ufunc, start, x, span, out)
    if out is None:
        return x.copy()
    out[...] = x
    return out


def _fold_along(axis: int, ufunc: np.ufunc, start: Any, x: Any, span: Any, out: Any) -> Any:
    if out is None:
        out = np.empty((*x.shape[:axis], span.out, *x.shape[axis + 1 :]), x.dtype)
    before = (slice(None),) * axis
    met = [seen(span, offset) for offset in range(span.kernel)]
    everywhere = [m for m in met if m[0] == slice(0, span.out)]
    if len(everywhere) > 1:
        (_, first), (_, second) = everywhere[:2]
        ufunc(x[(*before, first)], x[(*before, second)], out=out)
        met = [m for m in met if m not in everywhere[:2]]
    else:
        out.fill(start)
    for positions, elements in met:
        view = out[(*before, positions)]
        ufunc(view, x[(*before, elements)], out=view)
    return out


def _zeros(shape: tuple[int, ...], dtype: Any, out: Any) -> Any:
    if out is None:
        return np.zeros(shape, dtype)
    out.fill(0)
    return out


def spread(dy: Any, shape: tuple[int, ...], slides: Slides, out: Any = None) -> Any:
    """A value per window added to every element of it, in an array of this shape."""
    for axis, span in reversed(slides):
        into = out if (axis, span) == slides[0] else None
        result = _zeros((*dy.shape[:axis], shape[axis], *dy.shape[axis + 1 :]), dy.dtype, into)
        before = (slice(None),) * axis
        for offset in range(span.kernel):
            positions, elements = seen(span, offset)
            _add(result[(*before, elements)], dy[(*before, positions)], (span,))
        dy = result
    return dy


def counts(rank: int, slides: Slides) -> Any:
    """How many elements each window has on the input: a number, or an array that broadcasts."""
    total: Any = 1
    for axis, span in slides:
        starts = np.arange(span.out) * span.stride - span.before
        along = np.minimum(starts + span.kernel, span.size) - np.maximum(starts, 0)
        if along.size and (along == along[0]).all():
            total = total * int(along[0])
        else:
            total = total * along.reshape([-1 if a == axis else 1 for a in range(rank)])
    return total


def overlaps(rank: int, slides: Slides) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
    """For each element of the window: its index, the positions where it lies on the input, and what it lies on."""
    for index in product(*(range(span.kernel) for _, span in slides)):
        positions, elements = [slice(None)] * rank, [slice(None)] * rank
        for (axis, span), offset in zip(slides, index, strict=True):
            positions[axis], elements[axis] = seen(span, offset)
        yield index, tuple(positions), tuple(elements)


def count(slides: Slides) -> int:
    """How many elements the window has."""
    return prod(span.kernel for _, span in slides)


def first(shape: tuple[int, ...], tries: int, failed: Iterable[tuple[Any, Any]]) -> Any:
    """For each position the number of the first try that does not fail there, or ``tries``.

    ``failed`` gives for each try some positions and whether it fails there; its arrays are written to.
    """
    dtype = np.min_scalar_type(tries)
    found = np.full(shape, tries, dtype)
    for number, (positions, fails) in enumerate(failed):
        # arithmetic on small integers, since NumPy is slow with masks
        late = fails.view(np.uint8).astype(dtype, copy=False)
        late *= dtype.type(tries - number)
        late += dtype.type(number)
        view = found[positions]
        np.minimum(view, late, out=view)
    return found


def first_equal(x: Any, y: Any, slides: Slides) -> Any:
    """For each window of ``x`` the number of its first element equal to ``y`` there, or how many it has."""
    return first(y.shape, count(slides), ((o, x[i] != y[o]) for _, o, i in overlaps(x.ndim, slides)))


def corner_numbers(rank: int, slides: Slides) -> Any:
    """For each window the number of its first element that lies on the input, as an array that broadcasts."""
    number: Any = 0
    for axis, span in slides:
        starts = np.arange(span.out) * span.stride - span.before
        outside = -(np.minimum(starts, 0) // span.dilation)
        number = number * span.kernel + outside.reshape([-1 if a == axis else 1 for a in range(rank)])
    return number


def largest(x: Any, slides: Slides) -> tuple[Any, Any]:
    """The largest element of each window and its number: the first of equals.

    NaN is passed over unless it is the first element of its window: nothing is larger than that.
    """
    top = fold(np.fmax, lowest(x.dtype) if not is_float(x.dtype) else -np.inf, x, slides)
    found = first_equal(x, top, slides)
    if x.size and is_float(x.dtype) and np.isnan(np.maximum.reduce(x, None)):
        number = corner_numbers(x.ndim, slides)
        unordered = np.isnan(gathered(x, np.broadcast_to(number, top.shape), slides))
        top[unordered] = np.nan
        found = np.where(unordered, number, found).astype(found.dtype)
    return top, found


def kept(values: Any, where: Any) -> Any:
    """The values where the mask is true, 0 elsewhere, whatever stands there."""
    bits = np.dtype(f"u{values.dtype.itemsize}")
    return np.multiply(values.view(bits), where.astype(bits)).view(values.dtype)


def scattered(dy: Any, found: Any, shape: tuple[int, ...], slides: Slides) -> Any:
    """A value per window added to the element with the number that was found there."""
    dx = np.zeros(shape, dy.dtype)
    # backwards, so that each element gets its values in the order of the windows
    for number, (_, positions, elements) in reversed(list(enumerate(overlaps(len(shape), slides)))):
        part = kept(dy[positions], found[positions] == number)
        _add(dx[elements], part, [span for _, span in slides])
    return dx


def matched(dy: Any, x: Any, y: Any, slides: Slides) -> Any:
    """A value per window added to each element that equals ``y`` there."""
    dx = np.zeros(x.shape, dy.dtype)
    for _, positions, elements in reversed(list(overlaps(x.ndim, slides))):
        _add(dx[elements], kept(dy[positions], x[elements] == y[positions]), [span for _, span in slides])
    return dx


def gathered(x: Any, found: Any, slides: Slides) -> Any:
    """For each window the element with the number that was found there, 0 where none was."""
    y = np.zeros(found.shape, x.dtype)
    for number, (_, positions, elements) in enumerate(overlaps(x.ndim, slides)):
        y[positions] += kept(x[elements], found[positions] == number)
    return y


def _add(view: Any, part: Any, spans: Iterable[Any]) -> None:
    """Add to a view of zeros and of what other elements of the window have put there."""
    if all(span.stride >= span.extent for span in spans):
        view[...] = part  # no other window reaches there
    else:
        np.add(view, part, out=view)
