"""Constants and graph inputs, and blocks that pass a value on."""

from __future__ import annotations

from dataflow.core import conversion, dtypes
from dataflow.core.block import Dtype, In, Out, Shape, Tensor, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, Source, View
from dataflow.core.shapes import fits, show
from dataflow.core.wire import Wire


class Const(Source):
    """A value that never changes, ``value``.

    >>> Const(value=[1, 2, 3])()
    array([1, 2, 3], dtype=int32)

    Source: tf.constant.
    """

    found_by = ("constant", "literal")
    aliases = ("Const_ex",)
    output = Out("dtype", "the value")
    value: Tensor = attr("a number, a list of numbers or an array")
    dtype: Dtype | None = attr(
        "element type; by default that of `value`, float32 or int32 for plain numbers", default=None
    )

    def __init__(self, /, **attrs: object):
        dtype = attrs.get("dtype")
        dtype = dtypes.canonical(dtype) if isinstance(dtype, str) else None
        if dtype is not None and not isinstance(attrs.get("value"), str | None):
            try:
                attrs["value"] = conversion.literal(attrs["value"], dtype)
            except conversion.ConversionError as error:
                raise self.error(f"attr 'value' {error}") from None
        super().__init__(**attrs)

    def check(self) -> None:
        self.__dict__["dtype"] = self.dtype or dtypes.name_of(self.value.dtype)

    def infer(self, *types: TensorType) -> list[TensorType]:
        return [TensorType(str(self.dtype), self.value.shape, self.value)]

    def kernel(self) -> Array:
        return self.value

    grad = None


class Placeholder(Source):
    """A graph input, ``x``: its value is given at each run.

    >>> Placeholder(dtype="float32", shape=["N", 4])
    Placeholder(dtype='float32', shape=['N', 4])

    Source: tf.compat.v1.placeholder.
    """

    found_by = ("input", "feed")
    T = dtypes.every
    output = Out("dtype", "the value that was fed")
    dtype: Dtype = attr("element type")
    shape: Shape | None = attr("sizes and names of dims; left out, any shape may come", default=None)
    feedable = True
    pure = False

    def shape_of(self) -> Shape:
        return self.shape

    def kernel(self) -> Array:
        raise self.error("a value must be fed, got none")

    grad = None


class PlaceholderWithDefault(View):
    """A graph input that need not be fed, ``x if fed else input``.

    >>> PlaceholderWithDefault(shape=[2])([1.0, 2.0])
    array([1., 2.], dtype=float32)

    Source: tf.compat.v1.placeholder_with_default.
    """

    T = dtypes.every
    input = In("T", "the value to take when none is fed")
    output = Out("T", "the value that was fed, or `input`")
    shape: Shape = attr("sizes and names of dims that both values must fit")
    feedable = True
    pure = False

    def shape_of(self, input: TensorType) -> Shape:
        if not fits(input.shape, self.shape):
            raise self.error(f"input 'input' must have shape {show(self.shape)}, got {show(input.shape)}")
        return self.shape

    def kernel(self, input: Array) -> Array:
        return input

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        return dy


class PassThrough(View, abstract=True):
    """The value itself."""

    T = dtypes.every
    input = In("T", "any value")
    output = Out("T", "the same value")

    def shape_of(self, input: TensorType) -> Shape:
        return input.shape

    def kernel(self, input: Array) -> Array:
        return input


class Identity(PassThrough):
    """The value itself, ``input``.

    >>> Identity()([1.0, 2.0])
    array([1., 2.], dtype=float32)

    Source: tf.identity.
    """

    found_by = ("pass", "copy")

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        return dy


class StopGradient(PassThrough):
    """The value itself, ``input``, which the reverse pass takes for a constant.

    >>> StopGradient()([1.0, 2.0])
    array([1., 2.], dtype=float32)

    Source: tf.stop_gradient.
    """

    found_by = ("detach", "freeze")
    grad = None


class NoOp(Opaque):
    """Nothing, ``()``: a node without ports.

    >>> NoOp()()

    Source: tf.no_op.
    """

    def shape_of(self) -> list[Shape]:
        return []

    def kernel(self) -> tuple[()]:
        return ()

    grad = None
