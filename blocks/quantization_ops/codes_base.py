"""What blocks share that convert codes with a scale and a zero point, of all values or of each channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from dataflow.core import dtypes
from dataflow.core.block import Dtype, Shape, TensorType, attr
from dataflow.core.bounding import saturating
from dataflow.core.kinds import Elementwise
from dataflow.core.shapes import agree, show


class ByChannel(Elementwise, abstract=True):
    """The first input with numbers on the others, each one for all, or one per channel along `axis`."""

    axis: int | None = attr(
        "the axis of channels, counted from the end if negative; none: one scale for all", default=None
    )
    grad = None

    def shape_of(self, given: TensorType, *numbers: TensorType) -> Shape:
        port, *names = self.signature.inputs
        rank, axis = given.rank, self.axis
        if rank is not None and axis is not None and not -rank <= axis < rank:
            limits = f"lie in [{-rank}, {rank})" if rank else "not be given"
            raise self.error(f"attr 'axis' must {limits} for '{port}' of rank {rank}, got {axis}")
        for name, each in zip(names, numbers, strict=True):
            if not each.shape:  # unknown, or one number
                continue
            if axis is None or len(each.shape) > 1:
                wanted = "one number" if axis is None else "one number, or one per channel"
                hint = "; give the attr 'axis'" if axis is None and len(each.shape) == 1 else ""
                raise self.error(f"input '{name}' must be {wanted}, got shape {show(each.shape)}{hint}")
            if given.shape is not None and not agree(each.shape[0], given.shape[axis]):
                size = given.shape[axis]
                raise self.error(
                    f"input '{name}' must have size {size} like dim {axis} of '{port}', got {each.shape[0]}"
                )
        return given.shape

    def channel_axis(self, rank: int) -> int | None:
        return None if self.axis is None else self.axis % rank

    bound: ClassVar[Callable[..., Any]] = saturating


class ToCodes(ByChannel, abstract=True):
    """Codes of a dtype, between two limits."""

    out_type: Dtype = attr("dtype of the codes", choices=dtypes.codes)
    low: int | None = attr("lowest code; none: that of the dtype", default=None)
    high: int | None = attr("highest code; none: that of the dtype", default=None)

    def check(self) -> None:
        low, high = self.limits
        lowest, highest = dtypes.limits(self.out_type)
        if not lowest <= low <= high <= highest:
            raise self.error(
                f"attrs 'low' and 'high' must lie between {lowest} and {highest} for {self.out_type}, in this order, "
                f"got {low} and {high}"
            )

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest code."""
        low, high = dtypes.limits(self.out_type)
        return low if self.low is None else self.low, high if self.high is None else self.high
