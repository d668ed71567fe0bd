"""Loss scaling: gradients are kept within the range of half floats on their way."""

from __future__ import annotations

from typing import Any

from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.composite import Composite
from dataflow.core.wire import Wire


class ScaleGradient(Composite):
    """The value itself, ``x``; its gradient is multiplied by a scale on the way back.

    Two of them keep small gradients from vanishing between float16 blocks: one at the loss that multiplies by a power
    of two, one at each float32 variable, before it is cast, that divides by it.

    >>> ScaleGradient()([1.0, 2.0], 1024.0)
    array([1., 2.], dtype=float32)

    Source: Micikevicius et al., Mixed Precision Training.
    """

    found_by = ("loss scaling", "gradient reversal")
    T = dtypes.floating
    x = In("T", "any value")
    scale = In("T", "what the gradient by `x` is multiplied with", shape=())
    y = Out("T", "the same value")
    smooth = False

    def body(self, x: Wire, scale: Wire) -> Any:
        return x

    def grad(self, x: Wire, scale: Wire, y: Wire, dy: Wire) -> tuple[Any, None]:
        return dy * scale, None
