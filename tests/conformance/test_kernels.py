"""The checks of kernels find those that cannot be run as the planner runs them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from made_blocks import Made, double, made, told

from dataflow import blocks
from dataflow.conformance import kernels
from dataflow.core.block import In, Out
from dataflow.core.kinds import Elementwise, Reduction

COUNT = itertools.count()


class Folded(Reduction, abstract=True):
    """Sum, ``sum(input)``.

    >>> Folded()([[1.0, 2.0], [3.0, 4.0]], 0)
    array([4., 6.], dtype=float32)

    Source: the tests.
    """

    ufunc = np.add


class Squared(Folded, abstract=True):
    """Square of a sum, ``sum(input) ** 2``, which parts do not fold to.

    >>> Squared()([[1.0, 2.0], [3.0, 4.0]], 0)
    array([16., 36.], dtype=float32)

    Source: the tests.
    """

    def kernel(self, input, axis, out=None):
        total = super().kernel(input, axis)
        return np.multiply(total, total, out=out)


class Miscounted(Folded, abstract=True):
    """Sum, ``sum(input)``, whose partial values are of all rows but the first.

    >>> Miscounted()([[1.0, 2.0], [3.0, 4.0]], 0)
    array([4., 6.], dtype=float32)

    Source: the tests.
    """

    def partials(self, rows):
        return super().partials(rows[1:])


class Totalled(Elementwise, abstract=True):
    """Twice the value and its sum, ``2 * x``.

    >>> Totalled()([1.0, 2.5])
    TotalledOutputs(y=array([2., 5.], dtype=float32), total=array(7., dtype=float32))

    Source: the tests.
    """

    T = ("float32",)
    x = In("T", "values")
    y = Out("T", "twice the values")
    total = Out("T", "their sum", shape=(), reduce=np.add)

    def shape_of(self, x):
        return [x.shape, ()]

    def kernel(self, x):
        return double(self, x), np.sum(double(self, x), dtype=np.float64)


class Averaged(Totalled, abstract=True):
    __doc__ = Totalled.__doc__.replace("Totalled", "Averaged").replace("7.", "3.5")

    def kernel(self, x):
        return double(self, x), np.mean(double(self, x), dtype=np.float64) if x.size else np.float64(0)


RIGHT = [Made, made(reuses=("x",)), Folded, Totalled, blocks["AddV2"], blocks["Reshape"], blocks["MinMaxObserver"]]


@pytest.mark.parametrize("name", ["untouched", "repeatable", "strided", "into", "in_place", "pieces"])
@pytest.mark.parametrize("block", RIGHT, ids=[f"{i}-{block.__name__}" for i, block in enumerate(RIGHT)])
def test_a_right_block_passes(name, block):
    getattr(kernels, name)(block)


def spoils(self, x, out=None):
    x *= x.dtype.type(2)
    return x


def reads_after_writing(self, x, out=None):
    out = np.asarray(np.multiply(x, x.dtype.type(3), out=out))
    return np.subtract(out, x, out=out)


def by_position(self, x, out=None):
    weights = np.arange(x.size, dtype=np.float32).reshape(x.shape).astype(x.dtype)
    return np.multiply(x, weights, out=out)


def by_strides(self, x, out=None):
    return double(self, np.lib.stride_tricks.as_strided(x, x.shape, np.empty(x.shape, x.dtype).strides), out)


def reads_buffer(self, x, out=None):
    return double(self, x) if out is None else np.add(out, double(self, x), out=out)


WRONG = [
    ("untouched", made(kernel=spoils), "must not write into its inputs, got that for Made()(float32[2])"),
    ("untouched", made(kernel=lambda self, x, out=None: x), "must give new arrays, got (a part of) an input"),
    ("untouched", made(kernel=lambda self, x, out=None: x[..., :1] if x.ndim else x * 1), "must give new arrays"),
    ("repeatable", made(kernel=lambda self, x, out=None: np.full(x.shape, next(COUNT), x.dtype)), "a second run"),
    ("strided", made(kernel=by_strides), "must not depend on strides"),
    ("into", made(kernel=lambda self, x, out=None: double(self, x)), "must return `out`, got another array"),
    ("into", made(kernel=lambda self, x, out=None: double(self, x) if out is None else out), "the same with `out`"),
    ("into", made(kernel=reads_buffer), "the same with `out`, got something else for Made()(float32[2])"),
    ("in_place", made(kernel=reads_after_writing, reuses=("x",)), "the array of input 'x', which `reuses` allows"),
    ("pieces", made(kernel=by_position), "'y' must be the same in pieces along axis 0"),
    ("pieces", Squared, "its parts must fold to the whole along axis 0"),
    ("pieces", Miscounted, "parts of rows must fold to the whole"),
    ("pieces", Averaged, "'total' must be the same in pieces along axis 0"),
]


@pytest.mark.parametrize(("name", "block", "text"), WRONG, ids=[f"{name}-{text}" for name, _, text in WRONG])
def test_a_wrong_block_does_not(name, block, text):
    assert text in told(getattr(kernels, name), block)


def test_only_what_reuses_names_may_be_written_over():
    kernels.in_place(made(kernel=reads_after_writing, reuses=()))


def test_what_is_random_need_not_repeat():
    kernels.repeatable(made(kernel=lambda self, x, out=None: np.full(x.shape, next(COUNT), x.dtype), pure=False))
