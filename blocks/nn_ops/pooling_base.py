"""What sliding windows have in common over any number of dims and in any layout.

Arrays keep their layout; a window is a `Span` for each axis that it slides along. Padding is never made: an element of
the window is met only where it lies on the input. The 16-bit floats are computed in float32 and rounded once. The work
goes by bands, some images or some windows of one, so that what is made on the way stays in the cache.
"""

from __future__ import annotations

from typing import Any, ClassVar

from blocks.kernels.sliding_windows import Slides
from blocks.kernels.windows import PADDINGS, paddings, spans, spatial, split
from dataflow.core.block import Ints, TensorType, attr
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Shape, fits, show

BORDER = "what to do at the border: SAME has ceil(size / stride) windows, which may reach over it; VALID none that do"

CACHED = 1 << 19  # elements of the largest array to work on at a time


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
        return tuple(enumerate(made, 2 if self.layout.startswith("NC") else 1))

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
