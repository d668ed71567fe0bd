"""Reductions over axes to whether all or any of the values are true."""

from __future__ import annotations

import numpy as np

from dataflow.core.block import In, Out
from dataflow.core.kinds import Reduction


class LogicalReduction(Reduction, abstract=True):
    """A reduction of truth values."""

    input = In("bool", "values to fold")
    axis = In("I", "axes to fold, counted from the end if negative; an empty list folds none", static=True)
    output = Out("bool", "`input` without the folded axes")
    grad = None


class All(LogicalReduction):
    """Whether all values along axes are true, ``all(input)``.

    True where there is none.

    >>> All()([[True, False], [True, True]], 1)
    array([False,  True])

    Source: tf.math.reduce_all.
    """

    found_by = ("and", "every")
    ufunc = np.logical_and


class Any(LogicalReduction):
    """Whether any value along axes is true, ``any(input)``.

    False where there is none.

    >>> Any()([[True, False], [False, False]], 1)
    array([ True, False])

    Source: tf.math.reduce_any.
    """

    found_by = ("or", "some")
    ufunc = np.logical_or
