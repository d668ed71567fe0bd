"""Comparisons, and logic on truth values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import BlockError
from dataflow.core.kinds import Binary, Unary
from dataflow.core.shapes import Shape


class Equality(Binary, abstract=True):
    """Compares values that need not have an order."""

    T = dtypes.every
    z = Out("bool", "the broadcast shape of `x` and `y`")
    incompatible_shape_error: bool = attr(
        "refuse shapes that do not broadcast; else they differ as a whole", default=True
    )
    grad = None

    def shape_of(self, x: TensorType, y: TensorType) -> Shape:
        try:
            return super().shape_of(x, y)
        except BlockError:
            if self.incompatible_shape_error:
                raise
            return ()

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        try:
            return self.ufunc(x, y, out)
        except ValueError:
            if self.incompatible_shape_error:
                raise
            return self.ufunc(False, True, out)

    def kernel_for(self, dtype: DType) -> Callable[..., Any]:
        return self.ufunc if self.incompatible_shape_error else self.kernel


class Equal(Equality):
    """Whether values are equal, ``x == y``.

    NaN equals nothing.

    >>> Equal()([1, 2, 3], 2)
    array([False,  True, False])

    Source: tf.math.equal.
    """

    found_by = ("compare", "==", "same")
    ufunc = np.equal


class NotEqual(Equality):
    """Whether values differ, ``x != y``.

    NaN differs from everything.

    >>> NotEqual()([1, 2, 3], 2)
    array([ True, False,  True])

    Source: tf.math.not_equal.
    """

    found_by = ("compare", "!=", "different")
    ufunc = np.not_equal


class Ordering(Binary, abstract=True):
    """Compares values by their order; with NaN every such comparison is false."""

    T = dtypes.real
    z = Out("bool", "the broadcast shape of `x` and `y`")
    grad = None


class Less(Ordering):
    """Whether one value is below the other, ``x < y``.

    >>> Less()([1, 2, 3], 2)
    array([ True, False, False])

    Source: tf.math.less.
    """

    found_by = ("compare", "<", "smaller")
    ufunc = np.less


class LessEqual(Ordering):
    """Whether one value is at most the other, ``x <= y``.

    >>> LessEqual()([1, 2, 3], 2)
    array([ True,  True, False])

    Source: tf.math.less_equal.
    """

    found_by = ("compare", "<=")
    ufunc = np.less_equal


class Greater(Ordering):
    """Whether one value is above the other, ``x > y``.

    >>> Greater()([1, 2, 3], 2)
    array([False, False,  True])

    Source: tf.math.greater.
    """

    found_by = ("compare", ">", "larger")
    ufunc = np.greater


class GreaterEqual(Ordering):
    """Whether one value is at least the other, ``x >= y``.

    >>> GreaterEqual()([1, 2, 3], 2)
    array([False,  True,  True])

    Source: tf.math.greater_equal.
    """

    found_by = ("compare", ">=")
    ufunc = np.greater_equal


class Logical(Binary, abstract=True):
    """Combines two truth values."""

    x = In("bool", "left operand")
    y = In("bool", "right operand; broadcasts with `x`")
    z = Out("bool", "the broadcast shape of `x` and `y`")
    grad = None


class LogicalAnd(Logical):
    """Whether both are true, ``x and y``.

    >>> LogicalAnd()([True, True, False], [True, False, False])
    array([ True, False, False])

    Source: tf.math.logical_and.
    """

    found_by = ("and", "&")
    ufunc = np.logical_and


class LogicalOr(Logical):
    """Whether any of the two is true, ``x or y``.

    >>> LogicalOr()([True, True, False], [True, False, False])
    array([ True,  True, False])

    Source: tf.math.logical_or.
    """

    found_by = ("or", "|")
    ufunc = np.logical_or


class LogicalNot(Unary):
    """The opposite, ``not x``.

    >>> LogicalNot()([True, False])
    array([False,  True])

    Source: tf.math.logical_not.
    """

    found_by = ("not", "~")
    x = In("bool", "values, any shape")
    y = Out("bool", "same shape as `x`")
    ufunc = np.logical_not
    grad = None
