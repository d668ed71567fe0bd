"""Gradients of pooling over windows of unequal sizes."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from blocks.kernels import fractional_loops
from blocks.kernels.chunked import cut
from blocks.kernels.fractional_windows import areas, at_once, max_windows, own_windows, places, rises, shared_windows
from blocks.kernels.sliding_windows import lowest, shaped
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.kinds import Opaque
from dataflow.core.scratch import ArraySpec
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.workspace import Kernel, Workspace

OVERLAPPING = "whether a window takes in the first row and column of the next"
NUMBERS = ("float32", "float64", "int32", "int64")


class FractionalGradient(Opaque, abstract=True):
    """A gradient of pooling over windows that begin where two sequences say."""

    T = NUMBERS
    overlapping: bool = attr(OVERLAPPING, default=False)

    def require_sequences(self, rows: Array, columns: Array, shape: tuple[int, ...]) -> None:
        """Raise BlockError unless windows begin one after the other and end on the image of this shape."""
        for side, begins, size in (("row", rows, shape[1]), ("col", columns, shape[2])):
            if not rises(begins.tobytes(), size):
                raise self.error(
                    f"input '{side}_pooling_sequence' must rise from 0 or more to at most {size}, "
                    f"got {show(tuple(begins))}"
                )

    def require_shape(self, port: str, given: TensorType, image: Shape, rows: Shape, columns: Shape) -> None:
        """Raise BlockError unless the value at ``port`` has an element per window of the image."""
        batch, _, _, channels = (None,) * 4 if image is None else image
        lengths = (max(n[0] - 1, 0) if n and isinstance(n[0], int) else None for n in (rows, columns))
        wanted = (batch, *lengths, channels)
        if not fits(given.shape, wanted):
            raise self.error(f"input '{port}' must have shape {show(wanted)}, got {show(given.shape)}")


class FractionalAvgPoolGrad(FractionalGradient):
    """Gradient of FractionalAvgPool by its input, ``sum(out_backprop / count of the windows it is in)``.

    Added in float64, window after window, and rounded once; of integers the sum is rounded towards 0.

    >>> back = FractionalAvgPoolGrad()
    >>> back([1, 1, 3, 1], [[[[10.0], [20.0]]]], [0, 1], [0, 2, 3]).ravel()
    array([ 5.,  5., 20.], dtype=float32)

    Source: tf.raw_ops.FractionalAvgPoolGrad.
    """

    orig_input_tensor_shape = In("int64", "shape of the input of the FractionalAvgPool", shape=(4,), static=True)
    out_backprop = In("T", "gradient by its output")
    row_pooling_sequence = In("int64", "the rows it gave", shape=("rows",))
    col_pooling_sequence = In("int64", "the columns it gave", shape=("columns",))
    output = Out("T", "gradient by its input")

    def shape_of(
        self, orig_input_tensor_shape: TensorType, out_backprop: TensorType, rows: TensorType, columns: TensorType
    ) -> Shape:
        if orig_input_tensor_shape.value is None:
            return (None,) * 4
        shape = tuple(map(int, orig_input_tensor_shape.value))
        if min(shape) < 0:
            raise self.error(f"input 'orig_input_tensor_shape' must be sizes of at least 0, got {show(shape)}")
        self.require_shape("out_backprop", out_backprop, shape, rows.shape, columns.shape)
        return shape

    def bind(self, memory: Workspace, orig_input_tensor_shape: TensorType, *types: TensorType) -> Kernel:
        (made,) = self.infer(orig_input_tensor_shape, *types)
        dtype, (batch, height, width, channels) = storage(made.dtype), made.sizes
        if fractional_loops.pays(memory, made.sizes, dtype):
            return self.bind_loop(memory, made.sizes, types[0].sizes, dtype)
        quotients, values, between, *sums = memory.arrays(*self.arrays_for(made.sizes, types[0].sizes, dtype))
        at_a_time = at_once(made.sizes)

        def kernel(
            orig_input_tensor_shape: Array, out_backprop: Array, rows: Array, columns: Array, out: Array | None = None
        ) -> Array:
            self.require_sequences(rows, columns, made.sizes)
            number = areas(rows, columns, made.sizes, self.overlapping).astype(np.float64)
            dx = np.empty(made.sizes, dtype) if out is None else out
            down, along = [own_windows(rows, height)], [own_windows(columns, width)]
            if self.overlapping:  # the window before comes first: another order is rounded otherwise
                down.insert(0, shared_windows(rows, height))
                along.insert(0, shared_windows(columns, width))
            for part in cut(batch, at_a_time):
                dy, image = out_backprop[part], dx[part]
                per_pixel = np.divide(dy, number, shaped(quotients, dy.shape))
                padded = shaped(values, (len(dy), dy.shape[1] + 1, dy.shape[2] + 1, channels))
                np.add(per_pixel, 0, padded[:, :-1, :-1], casting="unsafe")  # no zero is negative
                padded[:, -1] = 0  # of the window that is not there
                padded[:, :, -1] = 0
                total, more = [shaped(buffer, image.shape) for buffer in sums] or [image, image]
                for i, rows_of in enumerate(down):
                    lines = padded.take(rows_of, 1, shaped(between, (len(dy), height, *padded.shape[2:])), "clip")
                    for j, columns_of in enumerate(along):
                        if i or j:
                            np.add(total, lines.take(columns_of, 2, more, "clip"), total)
                        else:
                            lines.take(columns_of, 2, total, "clip")
                if self.overlapping:
                    np.copyto(image, total, casting="unsafe")
            return dx

        return kernel

    def bind_loop(self, memory: Workspace, shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> Kernel:
        """The kernel that is a compiled loop."""
        quotients = memory.array(prod(made[1:]), np.float64).reshape(made[1], -1)

        def kernel(
            orig_input_tensor_shape: Array, out_backprop: Array, rows: Array, columns: Array, out: Array | None = None
        ) -> Array:
            self.require_sequences(rows, columns, shape)
            dx = np.empty(shape, dtype) if out is None else out
            tables = [
                *fractional_loops.of_windows(rows, columns, shape, self.overlapping),
                *fractional_loops.of_pixels(rows, columns, shape, self.overlapping),
            ]
            dy, flat = (array.reshape(len(array), -1) for array in (out_backprop, dx))
            fractional_loops.spread_means(dy, *tables, quotients, flat)
            return dx

        return kernel

    def arrays_for(self, shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> list[ArraySpec]:
        """Memory for gradients per pixel, these spread along columns and along rows, and for two images to add.

        Where each pixel is in one window it is rounded before it is spread.
        """
        f64, count, channels = np.dtype(np.float64), at_once(shape), shape[3]
        exact, wide = f64 if self.overlapping else dtype, made[2] + 1
        sizes = [(made[1] + 1) * wide * channels, shape[1] * wide * channels, *[prod(shape[1:])] * 2 * self.overlapping]
        return [((count * prod(made[1:]),), f64), *(((count * size,), exact) for size in sizes)]


class FractionalMaxPoolGrad(FractionalGradient):
    """Gradient of FractionalMaxPool by its input, ``sum(out_backprop of the windows whose largest element it is)``.

    The first of equals gets all of it.

    >>> back = FractionalMaxPoolGrad()
    >>> back([[[[1.0], [2.0], [3.0]]]], [[[[2.0], [3.0]]]], [[[[10.0], [20.0]]]], [0, 1], [0, 2, 3]).ravel()
    array([ 0., 10., 20.], dtype=float32)

    Source: tf.raw_ops.FractionalMaxPoolGrad.
    """

    orig_input = In("T", "input of the FractionalMaxPool", shape=("batch", "rows", "columns", "channels"))
    orig_output = In("T", "its output")
    out_backprop = In("T", "gradient by its output")
    row_pooling_sequence = In("int64", "the rows it gave", shape=("row_ends",))
    col_pooling_sequence = In("int64", "the columns it gave", shape=("column_ends",))
    output = Out("T", "gradient by its input")

    def shape_of(
        self,
        orig_input: TensorType,
        orig_output: TensorType,
        out_backprop: TensorType,
        rows: TensorType,
        columns: TensorType,
    ) -> Shape:
        for port, given in (("orig_output", orig_output), ("out_backprop", out_backprop)):
            self.require_shape(port, given, orig_input.shape, rows.shape, columns.shape)
        return (None,) * 4 if orig_input.shape is None else orig_input.shape

    def bind(self, memory: Workspace, orig_input: TensorType, orig_output: TensorType, *types: TensorType) -> Kernel:
        shape, made, dtype = orig_input.sizes, orig_output.sizes, storage(orig_input.dtype)
        if fractional_loops.pays(memory, shape, dtype):
            return self.bind_loop(memory, shape, dtype)
        largest, between, buffer, masks, numbers, indices = memory.arrays(*self.arrays_for(shape, made, dtype))
        windows = np.arange(prod(made[1:3])).reshape(*made[1:3], 1)
        channels, images = np.arange(shape[3]), np.arange(at_once(shape))[:, None, None, None]
        images *= prod(shape[1:])
        memory.kept += windows.nbytes + channels.nbytes + images.nbytes
        high, wide = (
            -(-size // max(count, 1)) + self.overlapping for size, count in zip(shape[1:3], made[1:3], strict=True)
        )
        memory.borrowed += 2 * 8 * windows.size * high * wide  # places of elements, while they are put together

        def kernel(
            orig_input: Array,
            orig_output: Array,
            out_backprop: Array,
            rows: Array,
            columns: Array,
            out: Array | None = None,
        ) -> Array:
            self.require_sequences(rows, columns, shape)
            dx = np.empty(shape, dtype) if out is None else out
            dx.fill(0)
            down, along = places(rows, shape[1], self.overlapping), places(columns, shape[2], self.overlapping)
            elements = list(product(range(len(down)), range(len(along))))
            # where in an image each element of each window lies, and for each window where its own are
            table = np.stack([(down[i][:, None] * shape[2] + along[j]).reshape(-1) * shape[3] for i, j in elements])
            for part in cut(shape[0], at_once(shape)):
                x, y, of_part = orig_input[part], orig_output[part], (len(orig_input[part]), *made[1:])
                top = max_windows(x, down, along, shaped(largest, of_part), between, buffer)
                equal, first = shaped(masks, of_part), shaped(numbers, of_part)
                if not np.equal(y, top, equal).all():
                    raise self.other_numbers()
                first.fill(0)  # a window without numbers gives to its first element
                for number, (i, j) in reversed(list(enumerate(elements))):
                    if j == len(along) - 1:
                        lines = x.take(down[i], 1, shaped(between, (*of_part[:2], *shape[2:])), "clip")
                    np.equal(y, lines.take(along[j], 2, top, "clip"), equal)
                    np.copyto(first, number, where=equal)
                index = np.multiply(first, windows.size, shaped(indices, of_part), dtype=np.int64)
                np.add(index, windows, index)
                table.reshape(-1).take(index, out=index, mode="clip")
                np.add(index, channels, index)
                np.add(index, images[: len(x)], index)
                np.add.at(dx[part].reshape(-1), index.reshape(-1), out_backprop[part].reshape(-1))
            return dx

        return kernel

    def other_numbers(self) -> Exception:
        """The error for an output that is not that of the input."""
        return self.error(
            "input 'orig_output' must be what FractionalMaxPool gives for 'orig_input' and these windows, "
            "got other numbers"
        )

    def bind_loop(self, memory: Workspace, shape: tuple[int, ...], dtype: DType) -> Kernel:
        """The kernel that is a compiled loop."""
        best, index = memory.array(shape[3] + 1, dtype), memory.array(shape[3] + 1, np.uint32)

        def kernel(
            orig_input: Array,
            orig_output: Array,
            out_backprop: Array,
            rows: Array,
            columns: Array,
            out: Array | None = None,
        ) -> Array:
            self.require_sequences(rows, columns, shape)
            down, along = fractional_loops.of_windows(rows, columns, shape, self.overlapping)
            best[-1], dx = lowest(dtype), np.empty(shape, dtype) if out is None else out
            dx.fill(0)
            x, y, dy, flat = (array.reshape(len(array), -1) for array in (orig_input, orig_output, out_backprop, dx))
            fractional_loops.add_to_equal(x, y, down, along, shape[2], best, index, dy, flat)
            if index[-1]:
                raise self.other_numbers()
            return dx

        return kernel

    @staticmethod
    def arrays_for(shape: tuple[int, ...], made: tuple[int, ...], dtype: DType) -> list[ArraySpec]:
        """Memory for the largest elements, two times for lines of windows, for masks, numbers and places."""
        count = at_once(shape)
        size, lines = count * prod(made[1:]), count * made[1] * prod(shape[2:])
        own: list[ArraySpec] = [((size,), dtype), ((lines,), dtype), ((lines,), dtype)]
        return [*own, ((size,), np.bool_), ((size,), np.uint32), ((size,), np.int64)]
