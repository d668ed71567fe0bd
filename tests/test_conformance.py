"""The checks find what they are there to find: blocks that are wrong in one way, and the check that says so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dataflow import blocks, dtypes
from dataflow.block import In, Out, Shape, attr
from dataflow.conformance import ConformanceError, check, checks
from dataflow.conformance.equality import near, same
from dataflow.conformance.samples import documented, samples
from dataflow.kinds import Binary, Elementwise, Opaque, Reduction, Unary

DOC = """Twice the value, ``2 * x``.

    >>> Made()([1.0, 2.5])
    array([2., 5.], dtype=float32)

    Source: the tests.
    """


def double(self, x, out=None):
    return np.multiply(x, x.dtype.type(2), out=out)


def made(*bases, annotations=None, **members):
    """A block that doubles, but for the members given; it is not registered."""
    right = {"__doc__": DOC, "kernel": double, "grad": lambda self, x, y, dy: dy * 2}
    body = right | members | {"__annotations__": annotations or {}}
    return type(Unary)("Made", bases or (Unary,), body, abstract=True)


def failures(block):
    """The checks that a block fails; a block that is not registered always fails to be found by its name."""
    found = {}
    for name, run in checks().items():
        try:
            run(block)
        except ConformanceError as error:
            found[name] = str(error)
    if "must be found as 'Made', got nothing" in found.get("methods", ""):
        del found["methods"]
    return found


def test_a_right_block_passes():
    assert failures(made()) == {}


COUNT = itertools.count()
COUNTED = {"grad": lambda self, x, y, dy: dy}


def forgets(self, x, out=None):
    return np.multiply(x, x.dtype.type(2))


def reads_after_writing(self, x, out=None):
    out = np.multiply(x, x.dtype.type(3), out=out)
    return np.subtract(out, x, out=out)


def by_position(self, x, out=None):
    weights = np.arange(x.size, dtype=x.dtype).reshape(x.shape) + x.dtype.type(2)
    return np.multiply(x, weights, out=out)


def spoils(self, x, out=None):
    x *= x.dtype.type(2)
    return x


def clips_and_breaks(self, x, out=None):
    return double(self, x, out)


def knows_all_sizes(self, x):
    return tuple(1 * size for size in x.shape)


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
    ("example", made(__doc__=DOC.replace("([1.0, 2.5])", "")), "print what it says"),
    ("example", made(__doc__=DOC.replace(">>>", "...")), "must have an example"),
    ("ports", made(x=In("T"), y=Out("T", "result")), "'x' must have a line of text"),
    ("ports", made(T=("float31",)), "'x' must have a dtype"),
    ("methods", made(grad=lambda self, x, dy: dy * 2), "grad must take (x, y, dy)"),
    ("methods", made(reuses=("z",)), "reuses must name inputs, got 'z'"),
    ("methods", made(aliases=("Add",)), "must be found"),
    ("gradient_declared", made(Opaque, x=In("T", "x"), y=Out("T", "y"), T=("float32",), grad=blocks["Const"].kernel), ""),
    ("accepted", made(infer=lambda self, x: [x] if x.dtype == "float32" else self.fail()), "must accept"),
    ("inferred", made(kernel=lambda self, x, out=None: x * np.float64(2)), "must be float16, got float64"),
    ("inferred", made(kernel=lambda self, x, out=None: np.atleast_1d(double(self, x))), "must have shape [], got [1]"),
    ("unknown_dims", made(shape_of=knows_all_sizes), "inference must accept unknown dims"),
    ("unknown_dims", made(shape_of=lambda self, x: (7,) if None in (x.shape or ()) else x.shape), "or less, got"),
    ("untouched", made(kernel=spoils), "must not write into its inputs"),
    ("untouched", made(kernel=lambda self, x, out=None: x), "must give new arrays"),
    ("repeatable", made(kernel=lambda self, x, out=None: np.full(x.shape, next(COUNT), x.dtype)), "a second run"),
    ("into", made(kernel=forgets), "must return `out`"),
    ("into", made(kernel=lambda self, x, out=None: double(self, x, out) if out is None else out), "the same with `out`"),
    ("in_place", made(kernel=reads_after_writing, reuses=("x",)), "which `reuses` allows"),
    ("pieces", made(kernel=by_position), "must be the same in pieces along axis 0"),
    ("pieces", Folded, "must fold to the whole"),
    ("gradient_types", made(grad=lambda self, x, y, dy: blocks["Cast"](DstT="float32")(dy)), "the gradient by 'x_0'"),
    ("gradient_matches", made(grad=lambda self, x, y, dy: dy * 3), "must be the slope"),
    ("gradient_matches", made(grad=lambda self, x, y, dy: dy * (2 if x.shape[0] else 3)), "known only at run time"),
    (
        "bad_attr",
        made(annotations={"by": "int"}, by=attr("factor", default=2), __init__=lambda self, **attrs: None),
        "must be an error that names attr 'by', got none",
    ),
    ("bad_dtype", made(typed=lambda self, operands, type_of: [type_of(o) for o in operands]), "names input 'x'"),
]


@pytest.mark.parametrize(("name", "block", "text"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_wrong_block_does_not(name, block, text):
    assert text in failures(block).get(name, "passed")
