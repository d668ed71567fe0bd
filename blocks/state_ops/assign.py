"""Assignments: the values of variables from the end of the step on."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Update
from dataflow.core.shapes import Shape


class Assignment(Update, abstract=True):
    """Gives a variable its next value."""

    T: ClassVar[tuple[str, ...]] = dtypes.number
    ref = In("T", "the variable")
    assigns = {"ref": "output_ref"}
    grad = None


class Assign(Assignment):
    """Give a variable a value, ``ref = value``.

    >>> Assign()([1.0, 2.0], [3.0, 4.0])
    array([3., 4.], dtype=float32)

    Source: tf.raw_ops.Assign.
    """

    found_by = ("set a variable", "update")
    T = dtypes.every
    ref = Assignment.ref
    value = In("T", "what it becomes, of the shape that the variable has")
    output_ref = Out("T", "`value`")
    validate_shape: bool = attr("false lets a value of another shape come", default=True)

    def shape_of(self, ref: TensorType, value: TensorType) -> list[Shape]:
        return super().shape_of(ref, value) if self.validate_shape else [value.shape]

    def kernel(self, ref: Array, value: Array) -> Array:
        return value.copy()


class AssignAdd(Assignment):
    """Add to a variable, ``ref = ref + value``.

    >>> AssignAdd()([1.0, 2.0], [3.0, 4.0])
    array([4., 6.], dtype=float32)

    Source: tf.raw_ops.AssignAdd.
    """

    found_by = ("increment", "update")
    ref = Assignment.ref
    value = In("T", "what is added to it")
    output_ref = Out("T", "the sum")

    def kernel(self, ref: Array, value: Array, out: Array | None = None) -> Array:
        return np.add(ref, value, out)


class AssignSub(Assignment):
    """Subtract from a variable, ``ref = ref - value``.

    >>> AssignSub()([1.0, 2.0], [3.0, 5.0])
    array([-2., -3.], dtype=float32)

    Source: tf.raw_ops.AssignSub.
    """

    found_by = ("decrement", "update")
    ref = Assignment.ref
    value = In("T", "what is subtracted from it")
    output_ref = Out("T", "the difference")

    def kernel(self, ref: Array, value: Array, out: Array | None = None) -> Array:
        return np.subtract(ref, value, out)
