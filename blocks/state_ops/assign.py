"""Assignments: what a variable is from the end of the step on."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Update


class Assign(Update):
    """Give a variable a value, ``ref = value``.

    >>> Assign()([1.0, 2.0], [3.0, 4.0])
    array([3., 4.], dtype=float32)

    Source: tf.raw_ops.Assign.
    """

    T = dtypes.every
    ref = In("T", "the variable")
    value = In("T", "what it becomes, of the shape that the variable has")
    output_ref = Out("T", "`value`")
    validate_shape: bool = attr("false lets a value of another shape come", default=True)
    assigns = {"ref": "output_ref"}

    def shape_of(self, ref: TensorType, value: TensorType) -> Any:
        return super().shape_of(ref, value) if self.validate_shape else [value.shape]

    def kernel(self, ref: Array, value: Array) -> Any:
        return value.copy()

    grad = None


class AssignAdd(Update):
    """Add to a variable, ``ref = ref + value``.

    >>> AssignAdd()([1.0, 2.0], [3.0, 4.0])
    array([4., 6.], dtype=float32)

    Source: tf.raw_ops.AssignAdd.
    """

    T = dtypes.number
    ref = In("T", "the variable")
    value = In("T", "what is added to it")
    output_ref = Out("T", "the sum")
    assigns = {"ref": "output_ref"}

    def kernel(self, ref: Array, value: Array, out: Array | None = None) -> Any:
        return np.add(ref, value, out)

    grad = None


class AssignSub(Update):
    """Subtract from a variable, ``ref = ref - value``.

    >>> AssignSub()([1.0, 2.0], [3.0, 5.0])
    array([-2., -3.], dtype=float32)

    Source: tf.raw_ops.AssignSub.
    """

    T = dtypes.number
    ref = In("T", "the variable")
    value = In("T", "what is subtracted from it")
    output_ref = Out("T", "the difference")
    assigns = {"ref": "output_ref"}

    def kernel(self, ref: Array, value: Array, out: Array | None = None) -> Any:
        return np.subtract(ref, value, out)

    grad = None
