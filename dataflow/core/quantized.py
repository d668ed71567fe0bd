"""What quantization asks of a block: which grid its outputs lie on, and what becomes of it among integers.

A quantizer says by `Block.grid` which values it rounds to. Every other block says by `Block.quantized_as` what part it
plays between quantizers; one that says nothing computes with real numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array

if TYPE_CHECKING:
    from dataflow.core.block import Block


@dataclass(frozen=True, eq=False)
class Grid:
    """The values ``(code - zero_point) * scale``, for whole codes from ``low`` to ``high``.

    ``scale`` (float64, exactly the step that the quantizer multiplies by) and ``zero_point`` (int64) are 0-d; or have
    an element for each channel along ``axis``; or, with ``group``, the shape of the values but for ``axis``, where
    each is that of ``group`` values in a row, the last one perhaps of fewer. A scale of 0.0 has 0.0 as its only
    value. Of ``signs`` the ends are the only codes: that of what is below 0.0, and that of all else.
    """

    scale: Array
    zero_point: Array
    low: int
    high: int
    axis: int | None = None
    group: int | None = None
    signs: bool = False

    @property
    def bits(self) -> int:
        """The width of the codes."""
        return 1 if self.signs else (self.high - self.low).bit_length()

    def spread(self, numbers: Array, shape: tuple[int, ...]) -> Array:
        """The numbers, one per scale, as they broadcast with values of this shape."""
        if self.axis is None:
            return numbers
        axis = self.axis % len(shape)
        if self.group is not None:
            return np.repeat(numbers, self.group, axis)[(slice(None),) * axis + (slice(shape[axis]),)]
        return numbers.reshape([-1 if i == axis else 1 for i in range(len(shape))])

    def codes(self, values: Array) -> Array:
        """The code (int64) nearest to each value, within ``low`` and ``high``; of NaN the zero point.

        Of values on the grid these are the codes that they stand for.
        """
        if self.signs:
            return np.where(values < 0, self.low, self.high)
        scale, zero_point = (self.spread(n, values.shape) for n in (self.scale, self.zero_point))
        with np.errstate(all="ignore"):
            steps = np.rint(values.astype(np.float64) / scale)
        steps = np.clip(np.where(np.isnan(steps), 0.0, steps), -(2.0**62), 2.0**62).astype(np.int64)
        found: Array = np.clip(steps + zero_point, self.low, self.high)
        return found

    def values(self, codes: Array, dtype: str = "float32") -> Array:
        """The values of codes, each the one product ``(code - zero_point) * scale`` in ``dtype``."""
        scale, zero_point = (self.spread(n, codes.shape) for n in (self.scale, self.zero_point))
        compute = dtypes.compute(dtypes.storage(dtype))
        product = (codes.astype(np.int64) - zero_point).astype(compute) * scale.astype(compute)
        made: Array = np.asarray(product).astype(dtypes.storage(dtype))
        return made


@dataclass(frozen=True)
class Role:
    """What part a block plays where integers are to take the place of real numbers; see the classes below."""


@dataclass(frozen=True)
class Quantizer(Role):
    """Rounds the values on port ``x`` to the grid that `Block.grid` gives."""

    x: str


@dataclass(frozen=True)
class Product(Role):
    """Sums of products of the values on port ``x`` with those on port ``weights``: a matrix product, a convolution.

    ``axis`` of the weights is that of the output channels, or of the input channels where it is ``depthwise``;
    ``summed`` is one along which products are added up; ``channels`` is the axis of the output that channels lie along.
    """

    x: str
    weights: str
    axis: int
    summed: int
    channels: int = -1
    depthwise: bool = False


@dataclass(frozen=True)
class Bias(Role):
    """Adds a number per channel, on port ``bias``, to the values on port ``x``; ``channels`` is their axis."""

    x: str
    bias: str
    channels: int = -1


@dataclass(frozen=True)
class Passes(Role):
    """Gives values of the ports as they are: moved, left out, the largest of several, with zeros around them.

    Whatever comes in by these ports must be on one grid, and the outputs are on the same.
    """

    ports: tuple[str, ...]


@dataclass(frozen=True)
class Clamp(Role):
    """Cuts the values on port ``x`` off below ``low`` and above ``high``."""

    x: str
    low: float = 0.0
    high: float = inf


@dataclass(frozen=True)
class Addition(Role):
    """Adds the values on the ports, each of which may be on a grid of its own."""

    ports: tuple[str, ...]


@dataclass(frozen=True)
class Averages(Role):
    """Means of values on port ``x``, all of one grid."""

    x: str


@dataclass(frozen=True)
class Scaled(Role):
    """Normalizes each channel of the values on port ``x`` with statistics that are known: ``x * a + b``.

    The ports name what they are computed from; ``epsilon`` is the attr that is added to the variance. The first output
    is the normalized value.
    """

    x: str
    scale: str
    offset: str
    mean: str
    variance: str
    epsilon: float
    channels: int = -1


class Quantizable:
    """What every block says for quantization; the values here are those of one that computes with real numbers."""

    quantized_as: ClassVar[Any] = None  # a `Role`, or a property that gives one

    @property
    def on_codes(self) -> Block | None:
        """The block that gives, from the same inputs, the codes of what a quantizer gives.

        Of a `Product` it is the one that multiplies codes: its inputs are those of the product, then the zero points of
        both. Of `Averages` it gives the sums. None where there is no such block.
        """
        return None

    def grid(self, *arrays: Any) -> Grid | None:
        """The grid that a quantizer rounds to, from the arrays on its ports in their order; None of other blocks.

        A block that gives codes of real values tells the grid that they count on. The values to quantize may be None
        where the grid does not follow from them.
        """
        return None

    def covering(self, low: Array, high: Array) -> dict[str, Array]:
        """What the ports of a quantizer must hold for its grid to cover values from ``low`` to ``high``, by port.

        The ends are numbers, or one for each channel, in float32; ``low`` is at most 0.0, ``high`` at least, and they
        differ. Empty where no port says it.
        """
        return {}

    monotone: ClassVar[bool] = False  # each output element rises or falls with each input, whatever the others are
    ulps: ClassVar[int] = 0  # by how many units in the last place a monotone kernel may leave this order

    def _no_rule(self, *ranges: object) -> None:
        """The `Range` of the output for those on the ports in their order, a list for several outputs; None: no rule.

        A variadic port has a tuple of ranges, an unwired one None. Ends must hold for what the kernel gives, rounding
        included, and for any values between those of the inputs.
        """

    bound: ClassVar[Callable[..., Any]] = _no_rule
