"""Activations and their gradients: the ports, kernels that go by tiles, and what is made of blocks in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from blocks.kernels.chunked import tiled, tiled_bytes
from blocks.math_ops.cast import Cast
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.bounding import if_monotone
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Elementwise, Unary
from dataflow.core.wire import Wire


class Activation(Unary, abstract=True):
    """A function of one value, computed in float32 at least and rounded once.

    A subclass writes ``step``, which takes the inputs, the output to write to, and as many arrays to work in as
    ``buffers`` says.
    """

    features = In("T", "values, any shape")
    activations = Out("T", "same shape as `features`")
    reuses = ("features",)
    buffers: ClassVar[int] = 1
    step: ClassVar[Any]

    def kernel(self, features: Array, out: Array | None = None) -> Array:
        return tiled(self.step, self.buffers, out, features)

    def workspace(self, features: TensorType) -> int:
        return tiled_bytes(self.buffers, features, 1)


class ActivationGradient(Elementwise, abstract=True):
    """The gradient by the input of an activation; a subclass writes ``step`` as for an `Activation`."""

    T = dtypes.floating
    backprops = Out("T", "gradient by the input, same shape as `gradients`")
    broadcasts = False
    buffers: ClassVar[int] = 1
    step: ClassVar[Any]

    def kernel(self, *arrays: Array, out: Array | None = None) -> Array:
        return tiled(self.step, self.buffers, out, *arrays)

    def workspace(self, gradients: TensorType, other: TensorType) -> int:
        return tiled_bytes(self.buffers, gradients, 2)


class FromFeatures(ActivationGradient, abstract=True):
    """A gradient that is computed from the input of the activation."""

    gradients = In("T", "gradient by the output")
    features = In("T", "what the activation took, same shape as `gradients`")
    reuses = ("gradients", "features")


class FromOutputs(ActivationGradient, abstract=True):
    """A gradient that is computed from the output of the activation."""

    gradients = In("T", "gradient by the output")
    outputs = In("T", "what the activation gave, same shape as `gradients`")
    reuses = ("gradients", "outputs")


class OfBlocks(Composite, abstract=True):
    """Made of blocks in place of a kernel, before the base that has the ports; where that takes no more passes."""

    kernel: ClassVar[Callable[..., Any]] = Composite.kernel
    bound: ClassVar[Callable[..., Any]] = if_monotone
    shape_of: ClassVar[Callable[..., Any]] = Elementwise.shape_of


def rounded_once(formula: Callable[..., Wire], *wires: Wire) -> Wire:
    """What a formula makes of wires of one dtype: half floats go through it in float32, and are rounded at its end."""
    dtype = wires[0].dtype
    if dtypes.compute(dtypes.storage(dtype)) == dtypes.storage(dtype):
        return formula(*wires)
    rounded: Wire = Cast(DstT=dtype)(formula(*[Cast(DstT="float32")(wire) for wire in wires]))
    return rounded
