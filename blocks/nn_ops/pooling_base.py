"""Pooling, whatever it makes of a window: the attrs of the window and the shapes of what is pooled."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

import numpy as np

from blocks.kernels.sliding_windows import Slides
from blocks.kernels.windows import split
from blocks.nn_ops.window_base import BORDER, PADDINGS, Windowed
from dataflow.core.block import Ints, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.numpy_state import in_short_runs
from dataflow.core.shapes import Shape, fits, show
from dataflow.core.workspace import Kernel


class Pooling(Windowed, abstract=True):
    """A window of ``ksize`` that moves by ``strides`` over the spatial dims of images or volumes."""

    ksize: Ints = attr("size of the window, a number per dim; that of batch and channel is 1")
    strides: Ints = attr("step of the window, a number per dim; that of batch and channel is 1")
    padding: str = attr(BORDER, choices=PADDINGS[:2])
    over_channels: ClassVar[bool] = False  # whether the window may lie on channels

    def check(self) -> None:
        """Raise BlockError where attrs do not go together."""
        window = self.spatial("ksize", self.over_channels)
        self.spatial("strides", self.over_channels)
        for size, border in zip(window, self.spatial_padding(), strict=True):
            if not isinstance(border, str) and max(border) >= size:
                raise self.error(f"attr 'explicit_paddings' must be below the size of the window, {size}, got {border}")

    def slides(self, port: str, shape: Shape) -> Slides:
        """The window along each spatial axis of the input at ``port``."""
        window, steps = (split(numbers, self.layout)[1] for numbers in (self.ksize, self.strides))
        sizes = split(shape or (), self.layout)[1]
        made = self.spans(port, sizes, window, steps, (1,) * len(sizes), self.spatial_padding())
        return tuple(enumerate(made, 2 if self.layout.startswith("NC") else 1))

    def pooled(self, port: str, shape: Shape) -> Shape:
        """The shape with one element per window; BlockError where the input at ``port`` may not have this shape."""
        self.require_rank(port, shape)
        if shape is None:
            return (None,) * len(self.layout)
        dims = list(shape)
        for axis, span in self.slides(port, shape):
            dims[axis] = span.out
        return tuple(dims)

    def bind_moving(self, move: Callable[[Array, Array], Array], made: TensorType) -> Kernel:
        """The kernel that moves the last input into an output of this type."""
        shape, dtype = made.sizes, storage(made.dtype)

        def kernel(*inputs: Array, out: Array | None = None) -> Array:
            return move(inputs[-1], np.empty(shape, dtype) if out is None else out)

        return in_short_runs(kernel, prod(shape))

    def require_rank(self, port: str, shape: Shape) -> None:
        """Raise BlockError unless the input at ``port`` has the dims of the layout."""
        if shape is not None and len(shape) != len(self.layout):
            raise self.error(f"input '{port}' must have the {len(self.layout)} dims {self.layout}, got {show(shape)}")

    def require(self, shape: Shape, **given: TensorType) -> None:
        """Raise BlockError that names the port unless the inputs given by port have this shape."""
        for port, type_ in given.items():
            if not fits(type_.shape, shape):
                raise self.error(f"input '{port}' must have shape {show(shape)}, got {show(type_.shape)}")
