"""Groups of neighbours along an axis as rows of a matrix, and back."""

from __future__ import annotations

from typing import Any

from blocks.array_ops.reshape import Reshape, ReshapeLike
from blocks.array_ops.slicing import Pad
from blocks.array_ops.transpose import Transpose
from dataflow.core.wire import Wire


class Groups:
    """The groups of ``size`` neighbours along an axis of values like these, whose length there is known.

    The last group of a line is filled up with zeros.
    """

    def __init__(self, like: Wire, axis: int, size: int):
        shape = like.shape or ()
        self.size, self.length = size, int(shape[axis] or 0)
        self.turned = [*range(axis), *range(axis + 1, len(shape)), axis]
        self.paddings = [*[[0, 0]] * (len(shape) - 1), [0, -self.length % size]]
        self.like = self._filled(like)

    def rows(self, values: Wire) -> Wire:
        """A row per group."""
        made: Wire = Reshape()(self._filled(values), [-1, self.size])
        return made

    def values(self, rows: Wire) -> Wire:
        """Such rows as the values that they were."""
        made: Any = ReshapeLike()(rows, self.like)
        return self._back(made[..., : self.length] if self.length % self.size else made)

    def per_row(self, numbers: Wire) -> Wire:
        """A number for each row, of those that have the shape of the values with the groups along the axis."""
        made: Wire = Reshape()(self._turn(numbers), [-1])
        return made

    def per_group(self, numbers: Wire, like: Wire) -> Wire:
        """Numbers for the rows in the shape that they had, that of ``like``."""
        return self._back(ReshapeLike()(numbers, self._turn(like)))

    def _filled(self, values: Wire) -> Wire:
        turned = self._turn(values)
        made: Wire = Pad()(turned, self.paddings) if self.length % self.size else turned
        return made

    def _turn(self, values: Wire) -> Wire:
        """The values with the axis behind the others."""
        made: Wire = values if self.turned == sorted(self.turned) else Transpose()(values, self.turned)
        return made

    def _back(self, values: Wire) -> Wire:
        order = [self.turned.index(i) for i in range(len(self.turned))]
        made: Wire = values if order == sorted(order) else Transpose()(values, order)
        return made
