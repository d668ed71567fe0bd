"""Sums, differences, products and quotients, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow import dtypes
from dataflow.block import In, Out
from dataflow.kinds import Binary, Elementwise, Unary


class Add(Binary):
    """Sum, ``x + y``.

    >>> Add()([1.0, 2.0], [10.0, 20.0])
    array([11., 22.], dtype=float32)

    Source: tf.raw_ops.Add.
    """

    ufunc = np.add

    def grad(self, x: Any, y: Any, z: Any, dy: Any) -> Any:
        return dy, dy


class AddV2(Add):
    """Sum, ``x + y``.

    >>> AddV2()([1.0, 2.0], 10.0)
    array([11., 12.], dtype=float32)

    Source: tf.raw_ops.AddV2.
    """


class Subtract(Binary):
    """Difference, ``x - y``.

    >>> Subtract()([1.0, 2.0], 0.5)
    array([0.5, 1.5], dtype=float32)

    Source: tf.math.subtract.
    """

    aliases = ("Sub",)
    ufunc = np.subtract

    def grad(self, x: Any, y: Any, z: Any, dy: Any) -> Any:
        return dy, -dy


class Multiply(Binary):
    """Product, ``x * y``.

    >>> Multiply()([1.0, 2.0], [3.0, 4.0])
    array([3., 8.], dtype=float32)

    Source: tf.math.multiply.
    """

    aliases = ("Mul",)
    ufunc = np.multiply

    def grad(self, x: Any, y: Any, z: Any, dy: Any) -> Any:
        return dy * y, dy * x


class Square(Unary):
    """Square, ``x * x``.

    >>> Square()([-3, 2])
    array([9, 4], dtype=int32)

    Source: tf.math.square.
    """

    T = dtypes.number
    ufunc = np.square

    def grad(self, x: Any, y: Any, dy: Any) -> Any:
        return dy * (2 * x)
