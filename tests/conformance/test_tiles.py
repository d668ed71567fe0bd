"""The checks of tiles find a block that goes by repetition, and a view that does not keep the order it claims."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import Made, double, made, told

from dataflow import blocks
from dataflow.conformance import tiles
from dataflow.core.block import In, Out
from dataflow.core.kinds import View

RIGHT = [Made, blocks["AddV2"], blocks["BiasAdd"], blocks["Reshape"], blocks["Transpose"], blocks["Sum"]]


@pytest.mark.parametrize("name", ["repeated_operands", "shown_in_order"])
@pytest.mark.parametrize("block", RIGHT, ids=lambda block: block.__name__)
def test_a_right_block_passes(name, block):
    getattr(tiles, name)(block)


def test_a_kernel_that_goes_by_repetition():
    def kernel(self, x, out=None):
        return double(self, x + 1 if 0 in x.strides else x, out)

    said = told(tiles.repeated_operands, made(kernel=kernel))
    assert said.startswith("Made: by tiles 'y' must be the same for operands repeated from {'x': (")


def test_a_kernel_that_goes_by_the_size_of_the_tile():
    def kernel(self, x, out=None):
        return double(self, x + 1 if x.size > tiles.TILE else x, out)

    assert "by tiles 'y' must be the same" in told(tiles.repeated_operands, made(kernel=kernel))


def test_a_kernel_that_goes_by_the_rows_of_the_tile():
    rows = tiles.TILE // tiles.COLUMNS

    def kernel(self, x, out=None):
        return double(self, x + 1 if x.ndim == 2 and len(x) > rows else x, out)

    assert f"to ({rows + 1}, {tiles.COLUMNS})" in told(tiles.repeated_operands, made(kernel=kernel))


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


def test_a_view_that_turns_its_elements_round():
    assert told(tiles.shown_in_order, Turned) == (
        "Turned: must show its elements in the order (2,), got another for Turned()(float32[2])"
    )


def test_what_is_no_view_has_no_order_to_keep():
    tiles.shown_in_order(made(kernel=lambda self, x, out=None: np.flip(x)))
