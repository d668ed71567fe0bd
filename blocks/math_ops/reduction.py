"""Reductions over axes to sums, means, products and extremes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.broadcast import BroadcastLike
from blocks.array_ops.fill import OnesLike
from blocks.array_ops.reshape import ExpandDims, ReshapeLike
from blocks.kernels.casting import cast_into
from blocks.kernels.static_shape import INDEX
from blocks.math_ops.cast import Cast
from blocks.math_ops.comparison import Equal
from blocks.math_ops.conjugate import conj
from blocks.math_ops.select import SelectV2
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.folding import bind_fold, fold_rows
from dataflow.core.kinds import Opaque, Reduction
from dataflow.core.quantized import Averages
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, axes_of, fits, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


def with_reduced_dims(block: Reduction | Mean, folded: Wire, input: Wire, axis: Wire) -> Wire:
    """A result of the reduction, or the gradient by it, with dims of size 1 to broadcast with the input."""
    if block.keep_dims:
        return folded
    if input.shape is None or axis.type.value is None:
        return ReshapeLike()(folded, type(block)(keep_dims=True)(input, axis))
    axes = block.axes(axis.type.value, len(input.shape))
    leading = sum(a == i for i, a in enumerate(axes))
    for position in axes[leading:]:
        folded = ExpandDims()(folded, position - leading)
    return folded


def reduced(block: Block, input: Range, axis: Range, counted: bool = True) -> Range | None:
    """The range of a reduction that rises with each element: that of the ends, all along the axes.

    ``counted``: the folded dims must be known, as the result depends on how many elements there are. It is rounded
    once, which keeps the order.
    """
    shape, axes = input.shape, axis.value
    if shape is None or axes is None:
        return None
    folded = axes_of(axes, len(shape))
    if any(shape[i] == 0 or (counted and not isinstance(shape[i], int)) for i in folded):
        return None
    sizes = [d if isinstance(d, int) else 1 for d in shape]
    ends = [np.broadcast_to(end, sizes) for end in (input.low, input.high)]
    if ends[0].dtype.kind in "iu" and counted and _may_wrap(input, prod(sizes[i] for i in folded)):
        return None
    low, high = (np.asarray(block.kernel(np.ascontiguousarray(end), axes)) for end in ends)
    return Range(low, high)


def _may_wrap(input: Range, count: int) -> bool:
    """Whether a sum of so many elements may leave the dtype."""
    info = np.iinfo(input.low.dtype)
    return int(input.low.min()) * count < info.min or int(input.high.max()) * count > info.max


def _mean_dtype(dtype: DType) -> DType:
    """The dtype in which the sum of a mean is kept."""
    return np.dtype(f"{dtype.kind}8") if dtype.kind in "iu" else dtypes.accumulate(dtype)


class Accumulation(Reduction, abstract=True):
    """A reduction that would round at every step: it is accumulated in a wider dtype and rounded once."""

    T = dtypes.number
    rounds_once = True

    def folds_in(self, dtype: DType) -> DType:
        return dtypes.accumulate(dtype)

    def bound(self, input: Range, axis: Range) -> Range | None:
        return reduced(self, input, axis) if self.ufunc is np.add else None


class Sum(Accumulation):
    """Sum over axes, ``sum(input)``.

    Floats are added in float64 and rounded once, integers wrap around; an empty sum is 0.

    >>> Sum()([[1.0, 2.0], [3.0, 4.0]], 0)
    array([4., 6.], dtype=float32)

    Source: tf.math.reduce_sum.
    """

    found_by = ("total", "reduce sum", "add up")
    ufunc = np.add

    @staticmethod
    def element(x: Array) -> Array:
        return x

    def grad(self, input: Wire, axis: Wire, output: Wire, dy: Wire) -> Wire:
        return BroadcastLike()(with_reduced_dims(self, dy, input, axis), input)


class Mean(Opaque):
    """Mean over axes, ``sum(input) / count``.

    Floats are added in float64 and rounded once; integers are added in 64 bits and the quotient is cut towards 0. An
    empty mean is NaN, and 0 for integers; of complex numbers TensorFlow makes it 0 too.

    >>> Mean()([[1.0, 2.0], [3.0, 6.0]], 1)
    array([1.5, 4.5], dtype=float32)

    Source: tf.math.reduce_mean.
    """

    found_by = ("average", "avg", "reduce mean")
    quantized_as = Averages("input")

    @property
    def on_codes(self) -> Block:
        return Sum(keep_dims=self.keep_dims)

    T, I = dtypes.number, INDEX
    input = In("T", "values to take the mean of")
    axis = In("I", "axes to fold, counted from the end if negative; an empty list folds none", static=True)
    output = Out("T", "`input` without the folded axes")
    keep_dims: bool = attr("keep the folded axes, with size 1", default=False)
    # not a Reduction: means of parts do not fold into the mean of the whole
    axes, shape_of, row_width = Reduction.axes, Reduction.shape_of, Reduction.row_width
    reduces, element = (np.add,), staticmethod(Sum.element)
    rounds_once = True

    def bind(self, memory: Workspace, input: TensorType, axis: TensorType) -> Kernel:
        given, axes = storage(input.dtype), self.axes(axis.value, len(input.sizes))
        (made,) = self.infer(input, axis)
        dtype, count = _mean_dtype(given), prod(input.sizes[axis] for axis in axes)
        compiled = given if memory.compiled else None
        fold = bind_fold(np.add, input.sizes, axes, dtype, self.keep_dims, compiled=compiled)
        memory.borrowed += prod(made.sizes) * dtype.itemsize * (3 if given.kind in "iu" else 2)

        def kernel(input: Array, axis: Array, out: Array | None = None) -> Array:
            (mean,) = self.finalize([fold(input)], count)
            return cast_into(mean, given, out)

        return kernel

    def bound(self, input: Range, axis: Range) -> Range | None:
        return reduced(self, input, axis, counted=False)

    def partials(self, rows: Array) -> Array:
        return fold_rows(np.add, rows, _mean_dtype(rows.dtype))

    def finalize(self, totals: Sequence[Any], rows: int) -> Sequence[Any]:
        total = totals[0]
        if total.dtype.kind not in "iu":
            return [total / rows]
        count = total.dtype.type(max(rows, 1))
        return [(total - np.fmod(total, count)) // count]

    def grad(self, input: Wire, axis: Wire, output: Wire, dy: Wire) -> Wire:
        return BroadcastLike(mean=True)(with_reduced_dims(self, dy, input, axis), input)


class Extreme(Reduction, abstract=True):
    """The largest or smallest element; those that are equal share the gradient evenly."""

    T = dtypes.real + dtypes.quantized
    of_none: ClassVar[float]  # what the extreme of no elements is

    def folds_in(self, dtype: DType) -> DType:
        # float32 holds the 16-bit types exactly, and NumPy is faster there
        return dtypes.compute(dtype)

    def empty(self, dtype: DType) -> float:
        return dtypes.limits(dtype.name)[self.of_none > 0] if dtype.kind in "iu" else self.of_none

    def bound(self, input: Range, axis: Range) -> Range | None:
        return reduced(self, input, axis, counted=False)

    def grad(self, input: Wire, axis: Wire, output: Wire, dy: Wire) -> Wire:
        chosen = Cast(DstT=dy.dtype)(Equal()(input, with_reduced_dims(self, output, input, axis)))
        return chosen / Sum(keep_dims=True)(chosen, axis) * with_reduced_dims(self, dy, input, axis)


class Max(Extreme):
    """Largest element over axes, ``max(input)``.

    NaN where any element is NaN; where there is none, -inf or the lowest integer.

    >>> Max()([[1.0, 2.0], [3.0, 0.0]], 0)
    array([3., 2.], dtype=float32)

    Source: tf.math.reduce_max.
    """

    found_by = ("amax", "largest", "reduce max")
    ufunc, of_none = np.maximum, -np.inf


class Min(Extreme):
    """Smallest element over axes, ``min(input)``.

    NaN where any element is NaN; where there is none, inf or the highest integer.

    >>> Min()([[1.0, 2.0], [3.0, 0.0]], 0)
    array([1., 0.], dtype=float32)

    Source: tf.math.reduce_min.
    """

    found_by = ("amin", "smallest", "reduce min")
    ufunc, of_none = np.minimum, np.inf


class Prod(Accumulation):
    """Product over axes, ``prod(input)``.

    Floats are multiplied in float64 and rounded once, integers wrap around; an empty product is 1.

    >>> Prod()([[1.0, 2.0], [3.0, 4.0]], 0)
    array([3., 8.], dtype=float32)

    Source: tf.math.reduce_prod.
    """

    found_by = ("product", "reduce prod")
    ufunc, element = np.multiply, staticmethod(Sum.element)

    def grad(self, input: Wire, axis: Wire, output: Wire, dy: Wire) -> Wire:
        return ProdGrad()(input, axis, dy)


class ProdGrad(Opaque):
    """Gradient of Prod, ``dx[i] = dy * prod(input[j] for j != i)``.

    Right also where elements are 0, as nothing is divided. Its own gradient by ``input`` divides by the elements, and
    is 0 where one is 0.

    >>> ProdGrad()([2.0, 0.0, 5.0], 0, 1.0)
    array([ 0., 10.,  0.], dtype=float32)

    Source: the gradient of tf.math.reduce_prod.
    """

    T, I = dtypes.number, INDEX
    input = In("T", "input of the Prod")
    axis = In("I", "axes that it folded", static=True)
    dy = In("T", "gradient by its output, with or without the folded axes")
    dx = Out("T", "gradient by `input`")
    axes = Reduction.axes

    def shape_of(self, input: TensorType, axis: TensorType, dy: TensorType) -> Shape:
        if input.shape is not None and axis.value is not None:
            axes = self.axes(axis.value, len(input.shape))
            with_dims = tuple(1 if i in axes else d for i, d in enumerate(input.shape))
            without = tuple(d for i, d in enumerate(input.shape) if i not in axes)
            if not fits(dy.shape, with_dims) and not fits(dy.shape, without):
                raise self.error(
                    f"input 'dy' must have shape {show(without)} or {show(with_dims)}, got {show(dy.shape)}"
                )
        return input.shape

    def bind(self, memory: Workspace, input: TensorType, axis: TensorType, dy: TensorType) -> Kernel:
        sizes, given = input.sizes, storage(input.dtype)
        axes, dtype = self.axes(axis.value, len(sizes)), dtypes.accumulate(given)
        first = len(sizes) - len(axes)
        last = tuple(range(first, len(sizes)))
        order = [*(i for i in range(len(sizes)) if i not in axes), *axes]
        moved = tuple(sizes[i] for i in order)
        rows = *moved[:first], prod(moved[first:])
        before, after = (memory.array(prod(sizes), dtype).reshape(rows) for _ in range(2))
        made = np.moveaxis(before.reshape(moved), last, axes)
        folded = [1 if i in axes else n for i, n in enumerate(sizes)]
        # axes that are not the last are put there by a copy, and NumPy casts all of it beforehand
        memory.borrowed += prod(sizes) * (given.itemsize * (order != sorted(order)) + dtype.itemsize * (dtype != given))

        def kernel(input: Array, axis: Array, dy: Array, out: Array | None = None) -> Array:
            x = input.transpose(order).reshape(rows)
            before.fill(1)
            after.fill(1)
            np.cumprod(x[..., :-1], -1, dtype, before[..., 1:])
            np.cumprod(x[..., :0:-1], -1, dtype, after[..., -2::-1])
            np.conjugate(np.multiply(before, after, before), before)
            np.multiply(made, dy.reshape(folded), made)
            return np.array(made, given) if out is None else cast_into(made, given, out)

        return kernel

    def grad(self, input: Wire, axis: Wire, dy: Wire, dx: Wire, ddx: Wire) -> tuple[Wire, None, Wire]:
        parts = dx * conj(ddx)
        others = (Sum(keep_dims=True)(parts, axis) - parts) / conj(input)
        ratio = ProdGrad()(input, axis, OnesLike()(dy))
        by_dy = ReshapeLike()(Sum(keep_dims=True)(ddx * conj(ratio), axis), dy)
        return SelectV2()(Equal()(input, 0), 0, others), None, by_dy
