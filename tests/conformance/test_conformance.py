"""The checks find what they are there to find: blocks that are wrong in one way, and the check that says so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dataflow import Graph, blocks
from dataflow.conformance import ConformanceError, check, checks
from dataflow.conformance.equality import near, same
from dataflow.conformance.samples import documented, samples
from dataflow.core.block import MISSING_GRADIENT, In, Literal, Out, TensorType, attr
from dataflow.core.errors import BlockError
from dataflow.core.kinds import Reduction, Unary, View


def double(self, x, out=None):
    return np.multiply(x, x.dtype.type(2), out=out)


class Made(Unary, abstract=True):
    """Twice the value, ``2 * x``.

    >>> Made()([1.0, 2.5])
    array([2., 5.], dtype=float32)

    Source: the tests.
    """

    kernel = double

    def grad(self, x, y, dy):
        return dy * 2


def made(*bases, annotations=None, **members):
    """A block like the one above, but for the members given."""
    right = {"__doc__": Made.__doc__, "kernel": double, "grad": Made.grad, "__annotations__": annotations or {}}
    return type(Unary)("Made", bases or (Unary,), right | members, abstract=True)


def test_a_right_block_passes(monkeypatch):
    monkeypatch.setitem(blocks._blocks, "Made", Made)
    check(Made)


def test_all_failures_are_told_at_once():
    with pytest.raises(
        ConformanceError, match=r"(?s)summary: Made: .*source: Made: .*repeatable: Made: must not crash"
    ):
        check(made(__doc__=DOC.replace("``2 * x``", "").replace("Source", ""), kernel=lambda self, x, out=None: 1 / 0))


def test_checks_are_named_and_say_what_they_check():
    assert all(run.__doc__.strip().endswith(".") for run in checks().values())
    assert {"summary", "inferred", "gradient_matches"} <= checks().keys()


DOC = Made.__doc__
COUNT = itertools.count()


def spoils(self, x, out=None):
    x *= x.dtype.type(2)
    return x


def counts(self, x, out=None):
    out = double(self, x, out)
    x += x.dtype.type(1)
    return out


def reads_after_writing(self, x, out=None):
    out = np.multiply(x, x.dtype.type(3), out=out)
    return np.subtract(out, x, out=out)


def by_position(self, x, out=None):
    weights = np.arange(x.size, dtype=np.float32).reshape(x.shape).astype(x.dtype)
    return np.multiply(x, weights, out=out)


def by_strides(self, x, out=None):
    return double(self, np.lib.stride_tricks.as_strided(x, x.shape, np.empty(x.shape, x.dtype).strides), out)


def by_repetition(self, x, out=None):
    return double(self, x + x.dtype.type(1) if 0 in x.strides else x, out)


def float32_only(self, x):
    if x.dtype != "float32":
        raise self.error(f"input 'x' must be float32, got {x.dtype}")
    return [TensorType(x.dtype, x.shape)]


def accept(self, **attrs):
    self.__dict__["by"] = 2


def accept_types(self, operands, type_of):
    arrays = (np.asarray(o.value, np.float32) if isinstance(o, Literal) else o for o in operands)
    return [TensorType.of(array) for array in arrays]


def refuse(self, *args):
    raise BlockError("no")


class Turned(View, abstract=True):
    """The value, turned round if it shows the memory of another, ``x[::-1]``.

    >>> Turned()([1.0, 2.0]).shape
    (2,)

    Source: the tests.
    """

    T = ("float32",)
    x = In("T", "values")
    y = Out("T", "the same, or turned round")

    def shape_of(self, x):
        return x.shape

    def kernel(self, x):
        return x if x.base is None else x[::-1]


class Folded(Reduction, abstract=True):
    """Sum of squares, ``sum(input ** 2)``, which parts do not fold to.

    >>> Folded()([[1.0, 2.0], [3.0, 4.0]], 0)
    array([100., 400.], dtype=float32)

    Source: the tests.
    """

    ufunc = np.add

    def kernel(self, input, axis, out=None):
        total = super().kernel(input, axis)
        return np.multiply(total, total, out=out)


WRONG = [
    ("summary", made(__doc__=DOC.replace("``2 * x``", "2 * x")), "must have the formula"),
    ("summary", made(__doc__=DOC.replace("``.", "``")), "ends with a period"),
    ("summary", made(__doc__=None), "must have a docstring"),
    ("source", made(__doc__=DOC.replace("Source", "From")), "must have a line `Source"),
    ("example", made(__doc__=DOC.replace("5.]", "6.]")), "print what it says"),
    ("example", made(__doc__=DOC.replace(">>>", "...")), "must have an example"),
    ("example", made(__doc__="Nothing.\n\n    >>> Made()\n    Made()\n"), "must call the block on values"),
    ("ports", made(x=In("T"), y=Out("T", "result")), "'x' must have a line of text"),
    ("ports", made(T=("float31",)), "'x' must have a dtype"),
    ("methods", made(grad=lambda self, x, dy: dy * 2), "grad must take (x, y, dy)"),
    ("methods", made(reuses=("z",)), "reuses must name inputs, got 'z'"),
    ("methods", made(kernel=lambda self, x, y, out=None: x), "kernel must take (x, out)"),
    ("gradient_declared", made(grad=MISSING_GRADIENT), "must have a grad method"),
    ("accepted", made(infer=float32_only), "must accept Made()(bfloat16[2])"),
    ("inferred", made(kernel=lambda self, x, out=None: x * np.float64(2)), "must be float32, got float64"),
    ("inferred", made(kernel=lambda self, x, out=None: np.atleast_1d(double(self, x))), "must have shape [], got [1]"),
    ("unknown_dims", made(shape_of=lambda self, x: tuple(x.shape)), "inference must accept unknown rank"),
    ("unknown_dims", made(shape_of=lambda self, x: (7,) if x.shape == (None,) else x.shape), "or less, got float32[7]"),
    ("untouched", made(kernel=spoils), "must not write into its inputs"),
    ("untouched", made(kernel=lambda self, x, out=None: x), "must give new arrays"),
    ("repeatable", made(kernel=lambda self, x, out=None: np.full(x.shape, next(COUNT), x.dtype)), "a second run"),
    ("strided", made(kernel=by_strides), "must not depend on strides"),
    ("any_layout", made(kernel=by_strides), "must give the same for every second of inputs"),
    ("any_layout", made(kernel=counts), "must leave transposed inputs as they are"),
    ("into", made(kernel=lambda self, x, out=None: double(self, x)), "must return `out`"),
    ("into", made(kernel=lambda self, x, out=None: double(self, x) if out is None else out), "the same with `out`"),
    ("in_place", made(kernel=reads_after_writing, reuses=("x",)), "which `reuses` allows"),
    ("pieces", made(kernel=by_position), "must be the same in pieces along axis 0"),
    ("pieces", Folded, "must fold to the whole"),
    (
        "as_node",
        made(kernel=lambda self, x, out=None: double(self, x) if out is None else np.negative(x, out=out)),
        "in a graph",
    ),
    (
        "repeated_operands",
        made(kernel=lambda self, x, out=None: double(self, x + 1 if 0 in x.strides else x, out)),
        "repeated from",
    ),
    ("shown_in_order", Turned, "must show its elements in the order"),
    ("gradient_types", made(grad=lambda self, x, y, dy: blocks["Cast"](DstT="float32")(dy)), "the gradient by 'x_0'"),
    ("gradient_matches", made(grad=lambda self, x, y, dy: dy * 3), "must be the slope"),
    ("gradient_matches", made(grad=lambda self, x, y, dy: dy * (2 if x.type.known else 3)), "known only at run time"),
    ("bad_attr", made(annotations={"by": "int"}, by=attr("factor", default=2), __init__=accept), "attr 'by', got none"),
    ("bad_dtype", made(operand_types=accept_types), "bool must be an error that names input 'x', got none"),
    ("bad_shape", made(x=In("T", "x", shape=(2,)), y=Out("T", "y"), operand_types=accept_types), "names input 'x'"),
    ("missing_input", made(__call__=refuse), "must name 'x', got: no"),
]


@pytest.mark.parametrize(("name", "block", "text"), WRONG, ids=[f"{name}-{text}" for name, _, text in WRONG])
def test_a_wrong_block_does_not(name, block, text):
    with pytest.raises(ConformanceError) as caught:
        checks()[name](block)
    assert text in str(caught.value)


def test_a_file_that_loses_something_is_found(monkeypatch):
    monkeypatch.setattr("dataflow.conformance.graphs.load", lambda path: Graph())
    with pytest.raises(ConformanceError, match=r"Tanh: must be the same after a graph file, got another for Tanh\(\)"):
        checks()["as_file"](blocks["Tanh"])


def test_samples_come_from_the_example_and_vary():
    (said,) = documented(Made)
    assert said.arrays[0].tolist() == [1.0, 2.5]
    assert {a.dtype.name for s in samples(Made) for a in s.arrays} == {"bfloat16", "float16", "float32", "float64"}
    assert {a.shape for s in samples(Made) for a in s.arrays} >= {(), (0, 2), (2, 1, 3, 2), (1,), (0,)}
    assert any(np.isnan(a).any() for s in samples(Made) for a in s.arrays)


def test_refused_values_make_no_samples():
    class Positive(Made, abstract=True):
        """Twice a positive value, ``2 * x``.

        >>> Positive()([1.0, 2.5])
        array([2., 5.], dtype=float32)
        """

        def kernel(self, x, out=None):
            if not (x > 0).all():
                raise self.error("input 'x' must be positive")
            return double(self, x, out)

    assert samples(Positive)
    assert all((a > 0).all() for s in samples(Positive) for a in s.arrays)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ([0.0], [-0.0], False),
        ([np.nan], [-np.nan], True),
        ([1.0], [1], False),
        ([1.0], [[1.0]], False),
        ([1.0, np.nan], [1.0, 2.0], False),
        (np.zeros((0, 2)), np.zeros((0, 2)), True),
    ],
)
def test_same(a, b, equal):
    assert same(np.array(a), np.array(b)) is equal


def test_near():
    assert near(np.float32([1.0]), np.float32([1.0 + 1e-6]))
    assert not near(np.float32([1.0]), np.float32([1.01]))
    assert not near(np.float32([1.0]), np.float32([1.0, 1.0]))
    assert not near(np.int32([1]), np.int32([2]))
