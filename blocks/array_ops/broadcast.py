"""Values broadcast to a shape, and sums over the dims along which they were."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.static_shape import INDEX, sizes
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.folding import bind_fold, fold_rows, leading
from dataflow.core.kinds import Opaque, Unary, View
from dataflow.core.shapes import Dim, Shape, agree, broadcast, fits, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class BroadcastTo(View):
    """The input repeated along new dims and dims of size 1, ``input`` broadcast to ``shape``.

    >>> BroadcastTo()([1, 2], [2, 2])
    array([[1, 2],
           [1, 2]], dtype=int32)

    Source: tf.broadcast_to.
    """

    found_by = ("expand", "repeat")
    T, I = dtypes.every, INDEX
    input = In("T", "values to repeat")
    shape = In("I", "shape of the output; dims of `input` equal its last ones or are 1", shape=("rank",), static=True)
    output = Out("T", "shape `shape`")

    def shape_of(self, input: TensorType, shape: TensorType) -> Shape:
        target = sizes(self, "shape", shape)
        if target is None or input.shape is None:
            return target
        rank = len(input.shape)
        pairs = zip(input.shape, target[len(target) - rank :], strict=False)
        if len(target) < rank or any(a != 1 and not agree(a, b) for a, b in pairs):
            raise self.error(f"input 'shape' must be one that {show(input.shape)} broadcasts to, got {show(target)}")
        return target

    def kernel(self, input: Array, shape: Array) -> Array:
        return np.broadcast_to(input, tuple(shape))

    def grad(self, input: Wire, shape: Wire, output: Wire, dy: Wire) -> Wire:
        return SumToLike()(dy, input)


class BroadcastLike(View):
    """Values repeated, ``input`` broadcast to the shape of ``like``; undoes SumToLike.

    >>> BroadcastLike()([1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]])
    array([[1., 2.],
           [1., 2.]], dtype=float32)

    Source: numpy.broadcast_to.
    """

    T = dtypes.floating + dtypes.complexes
    input = In("T", "values to repeat; they broadcast to the shape of `like`")
    like = In("T", "a value of the shape to broadcast to", like=True)
    output = Out("T", "same shape as `like`")
    mean: bool = attr("divide by the number of times each value is repeated", default=False)
    quantized_as = None

    def shape_of(self, input: TensorType, like: TensorType) -> Shape:
        if not _broadcasts(input.shape, like.shape):
            raise self.error(
                f"input 'input' must broadcast to {show(like.shape)}, the shape of 'like', got {show(input.shape)}"
            )
        return like.shape

    def kernel(self, input: Array, like: Array) -> Array:
        if input.shape == like.shape:
            return input
        if self.mean and input.size:
            input = _divide(input, like.size // input.size)
        return np.broadcast_to(input, like.shape)

    def decomposed(self, input: TensorType, like: TensorType) -> Sequence[Block]:
        if not self.mean or not input.known or not like.known or input.shape == like.shape or 0 in input.sizes:
            return ()
        return Share(count=math.prod(like.sizes) // math.prod(input.sizes)), BroadcastLike()

    def grad(self, input: Wire, like: Wire, output: Wire, dy: Wire) -> tuple[Wire, None]:
        return SumToLike(mean=self.mean)(dy, input), None


class SumToLike(View):
    """Sum over what broadcasting repeats, ``sum(input)`` to the shape of ``like``; undoes BroadcastLike.

    Added up in float64 and rounded once. Equal shapes give ``input`` itself.

    >>> SumToLike()([[1.0, 2.0], [3.0, 4.0]], [0.0, 0.0])
    array([4., 6.], dtype=float32)

    Source: the reverse of NumPy broadcasting.
    """

    found_by = ("undo a broadcast",)
    T = dtypes.floating + dtypes.complexes
    input = In("T", "values to sum")
    like = In("T", "a value of the shape to sum to, one that broadcasts to that of `input`", like=True)
    output = Out("T", "same shape as `like`")
    mean: bool = attr("divide by the number of values added", default=False)
    quantized_as = None

    def shape_of(self, input: TensorType, like: TensorType) -> Shape:
        if not _broadcasts(like.shape, input.shape):
            raise self.error(
                f"input 'like' must broadcast to {show(input.shape)}, the shape of 'input', got {show(like.shape)}"
            )
        return like.shape

    def bind(self, memory: Workspace, input: TensorType, like: TensorType) -> Kernel:
        if input.sizes == like.sizes:
            return lambda input, like, out=None: input if out is None else cast_into(input, out.dtype, out)
        axes, given, made = _repeated(input.sizes, like.sizes), dtypes.storage(input.dtype), like.sizes
        count, dtype = math.prod(input.sizes[axis] for axis in axes), dtypes.accumulate(given)
        fold = bind_fold(np.add, input.sizes, axes, dtype, compiled=given if memory.compiled else None)
        memory.borrowed += dtype.itemsize * (1 + self.mean) * math.prod(made)

        def kernel(input: Array, like: Array, out: Array | None = None) -> Array:
            (total,) = self.finalize([fold(input)], count)
            return cast_into(np.reshape(total, made), given, out)

        return kernel

    def copies(self, *types: TensorType) -> bool:
        input, like = types
        return input.known and like.known and input.shape != like.shape

    reduces, contiguous_inputs = (np.add,), True

    @staticmethod
    def element(x: Array) -> Array:
        return x

    def row_width(self, input: TensorType, like: TensorType) -> int | None:
        if not input.known or not like.known or input.shape == like.shape:
            return None
        return leading(input.sizes, _repeated(input.sizes, like.sizes))

    def partials(self, rows: Array) -> Array:
        return fold_rows(np.add, rows, dtypes.accumulate(rows.dtype))

    def finalize(self, totals: Sequence[Array], rows: int) -> list[Array]:
        return [np.divide(totals[0], rows) if self.mean else totals[0]]

    def grad(self, input: Wire, like: Wire, output: Wire, dy: Wire) -> tuple[Wire, None]:
        return BroadcastLike(mean=self.mean)(dy, input), None


class Share(Unary, abstract=True):
    """An equal share of a value, ``x / count``: what BroadcastLike repeats as a mean."""

    T = dtypes.floating + dtypes.complexes
    count: int = attr("number of shares")
    reuses = ("x",)

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        return cast_into(_divide(x, self.count), x.dtype, out)

    def workspace(self, x: TensorType) -> int:
        return 2 * dtypes.storage(x.dtype).itemsize * math.prod(x.sizes)


def _divide(x: Array, count: int) -> Array:
    """``x / count``; 16-bit floats, which cannot hold the count, are divided in float32."""
    return np.divide(x, count, dtype=dtypes.compute(x.dtype)).astype(x.dtype)


def _repeated(shape: tuple[Dim, ...], target: tuple[Dim, ...]) -> list[int]:
    """The axes of a shape along which broadcasting repeated a value of the target shape."""
    lead = len(shape) - len(target)
    return [*range(lead), *(lead + axis for axis, size in enumerate(target) if size == 1)]


def _broadcasts(shape: Shape, target: Shape) -> bool:
    """Whether values of the shape may broadcast to the target."""
    try:
        return fits(broadcast(shape, target), target)
    except ValueError:
        return False


class BroadcastGradientArgs(Opaque):
    """Axes to sum gradients over when two shapes were broadcast, ``r0 = [i for i in axes if s0[i] == 1]``.

    The shapes are lined up at their ends, and dims that one does not have count as 1. Equal shapes give no axes; apart
    from that a dim of size 1 in both is in both lists.

    >>> BroadcastGradientArgs()([2, 1], [3])
    BroadcastGradientArgsOutputs(r0=array([1], dtype=int32), r1=array([0], dtype=int32))

    Source: tf.raw_ops.BroadcastGradientArgs.
    """

    T = INDEX
    s0 = In("T", "first shape", shape=("m",), static=True)
    s1 = In("T", "second shape; broadcasts with `s0`", shape=("n",), static=True)
    r0 = Out("T", "axes along which the first value was repeated")
    r1 = Out("T", "axes along which the second value was repeated")
    grad = None

    def shape_of(self, s0: TensorType, s1: TensorType) -> list[Shape]:
        if s0.value is None or s1.value is None:
            return [(None,), (None,)]
        return [(len(axes),) for axes in self.axes(s0.value.tolist(), s1.value.tolist())]

    def axes(self, s0: list[int], s1: list[int]) -> tuple[list[int], list[int]]:
        """The two lists of axes."""
        try:
            rank = len(broadcast(tuple(s0), tuple(s1)) or ())
        except ValueError:
            raise self.error(f"inputs 's0' and 's1' must be shapes that broadcast, got {s0} and {s1}") from None
        if s0 == s1:
            return [], []
        first, second = ([1] * (rank - len(s)) + s for s in (s0, s1))
        return [i for i in range(rank) if first[i] == 1], [i for i in range(rank) if second[i] == 1]

    def kernel(self, s0: Array, s1: Array) -> tuple[Array, Array]:
        r0, r1 = self.axes(s0.tolist(), s1.tolist())
        return np.array(r0, s0.dtype), np.array(r1, s0.dtype)
