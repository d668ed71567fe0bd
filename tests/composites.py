"""Composite blocks that several tests use; none is registered."""

from __future__ import annotations

from typing import Any

from dataflow import blocks
from dataflow.core import dtypes
from dataflow.core.block import In, Out, attr
from dataflow.core.composite import Composite
from dataflow.core.wire import Wire


class Swish(Composite, abstract=True):
    """The value times its sigmoid, ``x * sigmoid(beta * x)``.

    >>> Swish()([0.0, 1.0])
    array([0.       , 0.7310586], dtype=float32)

    Source: the tests.
    """

    T = dtypes.floating
    x = In("T", "values, any shape")
    y = Out("T", "same shape as `x`")
    beta: float = attr("steepness", default=1.0)

    def body(self, x: Wire) -> Any:
        return x * blocks["Sigmoid"]()(x * self.beta)


class Moments(Composite, abstract=True):
    """Mean of swish over some axes, and what is left without it, ``mean(swish(x)), swish(x) - mean``.

    >>> Moments()([0.0, 1.0], 0)
    MomentsOutputs(mean=array(0.3655293, dtype=float32), rest=array([-0.3655293,  0.3655293], dtype=float32))

    Source: the tests.
    """

    T, I = dtypes.floating, ("int32", "int64")
    x = In("T", "values")
    axis = In("I", "axes", static=True)
    mean = Out("T", "the mean")
    rest = Out("T", "same shape as `x`")

    def body(self, x: Wire, axis: Wire) -> Any:
        swish = Swish()(x, name="swish")
        mean = blocks["Mean"]()(swish, axis)
        return mean, swish - blocks["Mean"](keep_dims=True)(swish, axis)


class Noise(Composite, abstract=True):
    """Two times dropout, ``dropout(dropout(x))``.

    >>> Noise()([0.0, 0.0])
    array([0., 0.], dtype=float32)

    Source: the tests.
    """

    T = dtypes.floating
    x = In("T", "values")
    y = Out("T", "same shape as `x`")
    pure = False
    smooth = False

    def body(self, x: Wire) -> Any:
        once = blocks["Dropout"]()(x, 0.25).output
        return blocks["Dropout"]()(once, 0.25).output


class Total(Composite, abstract=True):
    """Sum of values, and of one more if it is there, ``sum(values) + more``.

    >>> Total()([[1.0, 2.0], [3.0, 4.0]])
    array([4., 6.], dtype=float32)

    Source: the tests.
    """

    T = dtypes.floating
    values = In("T", "values of one shape", many=True)
    more = In("T", "one more", optional=True)
    y = Out("T", "same shape as each")

    def body(self, values: tuple[Wire, ...], more: Wire | None) -> Any:
        total = blocks["AddN"]()(list(values))
        return total if more is None else total + more


class Fade(Composite, abstract=True):
    """A variable on its way to zero, ``var *= keep``.

    >>> Fade()([1.0, 2.0], 0.5)
    array([0.5, 1. ], dtype=float32)

    Source: the tests.
    """

    T = dtypes.floating
    var = In("T", "the variable")
    keep = In("T", "part that is kept", shape=())
    out = Out("T", "its next value")
    assigns = {"var": "out"}
    pure = False
    grad = None

    def body(self, var: Wire, keep: Wire) -> Any:
        return blocks["AssignSub"]()(var, var * (1 - keep))


ALL = (Swish, Moments, Noise, Total, Fade)
