"""Windows of convolution and pooling: the texts and values of the attrs that describe them, and their checks."""

from __future__ import annotations

from collections.abc import Sequence

from blocks.kernels.windows import Padding, Span, span, split
from dataflow.core.kinds import Opaque
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
STRIDES = "step of the window, a number per dim; that of batch and channel is 1"
BORDER = "what to do at the border: SAME has ceil(size / stride) windows, which may reach over it; VALID none that do"
EXPLICIT = "with EXPLICIT padding the zeros before and behind each dim, two numbers per dim; otherwise empty"


class Windowed(Opaque, abstract=True):
    """A window that moves over the spatial dims of images or volumes."""

    padding: str

    @property
    def layout(self) -> str:
        """The dims of images and volumes by their letters."""
        return str(getattr(self, "data_format", "NHWC"))

    @property
    def channel(self) -> int:
        """The axis of the channels."""
        return self.layout.index("C")

    def spatial(self, name: str, channel: bool = False) -> tuple[int, ...]:
        """The numbers of a list attr (``strides``, ``ksize``) for the spatial dims.

        Raises BlockError unless it has a positive number for each dim, 1 for the batch and, unless ``channel``, for the
        channel.
        """
        numbers = getattr(self, name)
        if len(numbers) != len(self.layout):
            raise self.error(f"attr '{name}' must have a number per dim of {self.layout}, got {list(numbers)}")
        batch, inner, channels = split(numbers, self.layout)
        if batch != 1 or (channels != 1 and not channel):
            raise self.error(
                f"attr '{name}' must be 1 in the batch and channel dims of {self.layout}, got {list(numbers)}"
            )
        if min(numbers) < 1:
            raise self.error(f"attr '{name}' must be positive, got {list(numbers)}")
        return inner

    def spatial_padding(self) -> tuple[Padding, ...]:
        """The padding of each spatial dim, from the attrs ``padding`` and, where there is one, ``explicit_paddings``.

        Raises BlockError where these do not go together.
        """
        explicit: tuple[int, ...] = getattr(self, "explicit_paddings", ())
        rank, got = len(self.layout), list(explicit)
        if self.padding != "EXPLICIT":
            if explicit:
                raise self.error(f"attr 'explicit_paddings' must be empty with padding {self.padding}, got {got}")
            return (self.padding,) * (rank - 2)
        if len(explicit) != 2 * rank or min(explicit) < 0:
            raise self.error(
                f"attr 'explicit_paddings' must be two numbers of at least 0 per dim of {self.layout}, got {got}"
            )
        batch, inner, channels = split(list(zip(explicit[::2], explicit[1::2], strict=True)), self.layout)
        if batch != (0, 0) or channels != (0, 0):
            raise self.error(
                f"attr 'explicit_paddings' must be 0 in the batch and channel dims of {self.layout}, got {got}"
            )
        return inner

    def spans(
        self,
        port: str,
        sizes: Sequence[Dim],
        kernel: Sequence[Dim],
        strides: Sequence[int],
        dilations: Sequence[int],
        paddings: Sequence[Padding],
    ) -> tuple[Span, ...]:
        """The window on each spatial dim of the input at ``port``; BlockError where it does not fit."""
        made = tuple(map(span, sizes, kernel, strides, dilations, paddings))
        if any(isinstance(s.out, int) and s.out < 0 for s in made):
            windows = show(tuple(s.extent for s in made))
            raise self.error(
                f"input '{port}' must be at least as large as the window, {windows}, "
                f"got spatial dims {show(tuple(sizes))}"
            )
        return made
