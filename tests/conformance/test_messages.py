"""The checks of misuse find what is not refused, or refused by an error that does not say of what."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import Made, made, told

from dataflow import blocks
from dataflow.conformance import messages
from dataflow.core.block import In, Literal, Out, TensorType, attr
from dataflow.core.errors import BlockError
from dataflow.core.kinds import Binary

NAMES = ["bad_attr", "bad_dtype", "bad_shape", "missing_input"]
RIGHT = [Made, blocks["FakeQuantWithMinMaxVars"], blocks["Cast"], blocks["AddV2"], blocks["Concat"]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("block", RIGHT, ids=lambda block: block.__name__)
def test_a_right_block_passes(name, block):
    getattr(messages, name)(block)


def accept(self, **attrs):
    self.__dict__["by"] = 2


def fail(self, **attrs):
    if attrs:
        raise TypeError("no such value")
    self.__dict__["by"] = 2


def accept_types(self, operands, type_of):
    arrays = (np.asarray(o.value, np.float32) if isinstance(o, Literal) else o for o in operands)
    return [TensorType.of(array) for array in arrays]


def refuse(self, *args):
    raise BlockError("no")


class Loose(Binary, abstract=True):
    """The first value, ``x``, whatever the shape of the other.

    >>> Loose()([1.0, 2.0], [3.0, 4.0])
    array([1., 2.], dtype=float32)

    Source: the tests.
    """

    grad = None

    def shape_of(self, x, y):
        return x.shape

    def kernel(self, x, y):
        return x + 0


def by(**limits):
    return {"annotations": {"by": "int"}, "by": attr("factor", **limits)}


WRONG = [
    (
        "bad_attr",
        made(**by(default=2), __init__=accept),
        "by=<object object at",
        "must be an error that names attr 'by', got none",
    ),
    (
        "bad_attr",
        made(**by(default=2), __init__=fail),
        "must be a BlockError that names attr 'by'",
        "got TypeError: no such value",
    ),
    ("bad_attr", made(__init__=accept), "no_such=1 must be an error that names attr 'no_such'", "got none"),
    (
        "bad_dtype",
        made(operand_types=accept_types),
        "x of dtype bool must be an error that names input 'x', got none",
        "",
    ),
    (
        "bad_shape",
        made(x=In("T", "x", shape=(2,)), y=Out("T", "y"), operand_types=accept_types),
        "x of one more dim must be an error that names input 'x', got none",
        "",
    ),
    ("bad_shape", Loose, "shapes that do not broadcast must be an error that names 'y', got none", ""),
    ("missing_input", made(__call__=refuse), "the error for no x must name 'x', got: no", ""),
    ("missing_input", made(__call__=lambda self, *args: None), "no x must be an error that names 'x', got none", ""),
]


@pytest.mark.parametrize(("name", "block", "text", "more"), WRONG, ids=[f"{name}-{text}" for name, _, text, _ in WRONG])
def test_a_wrong_block_does_not(name, block, text, more):
    said = told(getattr(messages, name), block)
    assert text in said and more in said


def test_a_required_attr_must_be_asked_for():
    doc = Made.__doc__.replace("Made()(", "Made(by=2)(")
    messages.bad_attr(made(**by(), __doc__=doc))
    forgiving = made(**by(), __doc__=doc)

    def init(self, **attrs):
        type(self).__mro__[1].__init__(self, **({"by": 2} | attrs))

    forgiving.__init__ = init
    assert told(messages.bad_attr, forgiving) == "Made: no by must be an error that names attr 'by', got none"
