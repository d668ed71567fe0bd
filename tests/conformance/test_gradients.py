"""The checks of gradients find a rule that is not the derivative, and one of the wrong type."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import Made, made, told

from dataflow import blocks
from dataflow.conformance import gradients
from dataflow.core.kinds import Binary


class Product(Binary, abstract=True):
    """The product, ``x * y``.

    >>> Product()([1.0, 2.0], [3.0, -1.0])
    array([ 3., -2.], dtype=float32)

    Source: the tests.
    """

    T = ("float32", "float64")
    ufunc = np.multiply

    def grad(self, x, y, z, dz):
        return dz * y, dz * x


@pytest.mark.parametrize("name", ["gradient_types", "gradient_matches"])
@pytest.mark.parametrize("block", [Made, Product, made(grad=None), blocks["Sum"]], ids=lambda block: block.__name__)
def test_a_right_block_passes(name, block):
    getattr(gradients, name)(block)


def narrow(self, x, y, dy):
    return blocks["Cast"](DstT="float32")(dy)


WRONG = [
    (
        "gradient_types",
        made(grad=narrow),
        "the gradient by 'x_0' of Made()(bfloat16[2]) must be bfloat16[2], got float32[2]",
    ),
    ("gradient_matches", made(grad=lambda self, x, y, dy: dy * 3), "must be the slope"),
    ("gradient_matches", made(grad=lambda self, x, y, dy: dy * (2 if x.type.known else 3)), "known only at run time"),
    (
        "gradient_matches",
        type(
            "Product",
            (Product,),
            {"__doc__": Product.__doc__, "grad": lambda self, x, y, z, dz: (dz * y, dz * y)},
            abstract=True,
        ),
        "must be the slope",
    ),
]


@pytest.mark.parametrize(("name", "block", "text"), WRONG, ids=[f"{name}-{text}" for name, _, text in WRONG])
def test_a_wrong_block_does_not(name, block, text):
    assert text in told(getattr(gradients, name), block)


def test_a_block_that_is_not_smooth_is_not_measured():
    wrong = made(grad=lambda self, x, y, dy: dy * 3, smooth=False)
    gradients.gradient_matches(wrong)
    gradients.gradient_types(wrong)
