"""Kinds of block: the shapes that they give, and how far each lets its work be cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dataflow.core.block import Block, In, Out, attr
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError
from dataflow.core.folding import leading
from dataflow.core.kinds import (
    Binary,
    Contraction,
    Elementwise,
    Opaque,
    Rearrange,
    Reduction,
    Source,
    Unary,
    Update,
    View,
)
from dataflow.core.shapes import Shape, TensorType


class Positive(Unary, abstract=True):
    ufunc = np.positive


class Own(Unary, abstract=True):
    def kernel(self, x: Array, out: Array | None = None) -> Any:
        return np.positive(x, out=out)


class Greatest(Binary, abstract=True):
    ufunc = np.maximum


class Total(Reduction, abstract=True):
    ufunc = np.add


class Mixed(Elementwise, abstract=True):
    """Three values of one shape, and a number beside them."""

    broadcasts = False
    a = In("float32", "first")
    limit = In("float32", "a number", shape=())
    b = In("float32", "second")
    c = Out("float32", "both")


class Product(Contraction, abstract=True):
    rule = "... m k, ... k n -> ... m n"
    a = In("float32", "left")
    b = In("float32", "right")
    c = Out("float32", "product")


class Stepped(Update, abstract=True):
    var = In("float32", "the variable")
    rate = In("float32", "learning rate", shape=())
    delta = In("float32", "change")
    out = Out("float32", "next value")
    sent = Out("float32", "the change")


def types(*shapes: Shape) -> list[TensorType]:
    return [TensorType("float32", shape) for shape in shapes]


# -- elementwise ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "shape"),
    [
        ([(2, 1), (3,)], (2, 3)),
        ([(), ()], ()),
        ([("N", 3), (3,)], ("N", 3)),
        ([("N",), ("M",)], (None,)),
        ([(0, 3), (1, 3)], (0, 3)),
        ([None, (3,)], None),
    ],
)
def test_elementwise_blocks_give_the_broadcast_shape(shapes: list[Shape], shape: Shape) -> None:
    assert Greatest().shape_of(*types(*shapes)) == shape


def test_inputs_that_do_not_broadcast_are_named() -> None:
    with pytest.raises(BlockError) as refused:
        Greatest().shape_of(*types((2, 3), ("N", 4)))
    assert str(refused.value) == "Greatest: inputs 'x' and 'y' must broadcast, got [2, 3] and [N, 4]"


def test_where_nothing_broadcasts_all_inputs_without_a_declared_shape_have_one() -> None:
    (a, number, unknown) = types(("N", 3), (), (None, 3))
    assert Mixed().shape_of(a, number, a) == ("N", 3)
    assert Mixed().shape_of(unknown, number, a) in (("N", 3), (None, 3))
    with pytest.raises(BlockError) as refused:
        Mixed().shape_of(a, number, *types((4,)))
    assert str(refused.value) == "Mixed: input 'b' must have the shape of 'a', [N, 3], got [4]"


def test_a_block_of_one_ufunc_works_in_place_and_is_called_as_it() -> None:
    float32 = np.dtype(np.float32)
    assert (Positive.reuses, Own.reuses, Greatest.reuses) == (("x",), (), ("x", "y"))
    assert Positive().kernel_for(float32) is np.positive
    assert Greatest().kernel_for(float32) is np.maximum
    own = Own()
    assert own.kernel_for(float32) == own.kernel
    out = np.empty(2, np.float32)
    assert Positive().kernel(np.float32([1, -2]), out=out) is out and out.tolist() == [1, -2]
    assert Greatest().kernel(np.float32([1, 5]), np.float32(2), out=out) is out and out.tolist() == [2, 5]


def test_a_kernel_of_its_own_says_itself_what_it_may_overwrite() -> None:
    said = type("Said", (Own,), {"reuses": ("x",)}, abstract=True)
    assert said.reuses == ("x",)
    fixed = type("Fixed", (Greatest,), {"kernel": lambda self, x, y: x}, abstract=True)
    assert fixed.reuses == ()


# -- reductions -------------------------------------------------------------------------------------------------------


def axes(*numbers: int) -> TensorType:
    return TensorType.of(np.array(numbers, np.int32))


@pytest.mark.parametrize(
    ("shape", "axis", "kept", "folded"),
    [
        ((2, 3, 4), (0, -1), (1, 3, 1), (3,)),
        ((2, 3), (), (2, 3), (2, 3)),
        (("N", 3), (0,), (1, 3), (3,)),
        ((0, 3), (0,), (1, 3), (3,)),
        ((), (), (), ()),
    ],
)
def test_reductions_leave_out_the_folded_axes(shape: Shape, axis: Any, kept: Shape, folded: Shape) -> None:
    (given,) = types(shape)
    assert Total().shape_of(given, axes(*axis)) == folded
    assert Total(keep_dims=True).shape_of(given, axes(*axis)) == kept


def test_the_shape_of_a_reduction_is_open_while_axes_or_rank_are() -> None:
    (known, unknown) = types((2, 3), None)
    assert Total().shape_of(unknown, axes(0)) is None
    assert Total().shape_of(known, TensorType("int32", (1,))) is None


@pytest.mark.parametrize(
    ("axis", "told"),
    [
        ((2,), "Total: input 'axis' must lie in [-2, 2) for a value of rank 2, got 2"),
        ((0, -2), "Total: input 'axis' must name each axis once, got [0, -2]"),
    ],
)
def test_axes_that_are_not_there_are_told(axis: tuple[int, ...], told: str) -> None:
    with pytest.raises(BlockError) as refused:
        Total()(np.ones((2, 3), np.float32), np.int32(axis))
    assert str(refused.value) == told


def test_reductions_fold() -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert Total()(x, [0]).tolist() == [3, 5, 7]
    assert Total(keep_dims=True)(x, -1).tolist() == [[3], [12]]
    assert Total()(x, np.zeros(0, np.int32)).tolist() == x.tolist()
    assert Total().reduces == (np.add,)


@pytest.mark.parametrize(
    ("shape", "folded", "width"),
    [
        ((4, 3), (0,), 3),
        ((4, 3), (0, 1), 1),
        ((4, 3), (1,), None),  # rows would have to be cut
        ((1, 4, 3), (1,), 3),  # an axis of 1 is anywhere
        ((4, 1, 3), (0, 2), 1),
        ((4, 3, 2), (0, 2), None),
        ((4, 3), (), None),
        ((0, 3), (0,), None),
        ((1, 3), (0,), None),
    ],
)
def test_rows_can_be_folded_where_the_folded_axes_come_first(shape: Any, folded: Any, width: int | None) -> None:
    assert leading(shape, folded) == width
    assert Total().row_width(*types(shape), axes(*folded)) == width


def test_rows_of_unknown_shape_are_not_folded() -> None:
    (named, known) = types(("N", 3), (4, 3))
    assert Total().row_width(named, axes(0)) is None
    assert Total().row_width(known, TensorType("int32", (1,))) is None


def test_partials_have_the_dtype_of_the_rows() -> None:
    rows = np.full((3, 2), 100, np.int8)
    assert Total().partials(rows).tolist() == [44, 44]  # 300 in eight bits


# -- others -----------------------------------------------------------------------------------------------------------


def test_contractions_give_the_shape_of_their_rule() -> None:
    assert Product().shape_of(*types((5, 2, 3), (3, 4))) == (5, 2, 4)
    with pytest.raises(BlockError) as refused:
        Product().shape_of(*types((2, 3), (4, 5)))
    assert str(refused.value) == "Product: input 'b' must have size 3 in dim 'k', got shape [4, 5]"
    with pytest.raises(BlockError) as refused:
        Product().shape_of(*types((2, 2, 3), (5, 3, 4)))
    assert str(refused.value) == "Product: inputs 'a' and 'b': leading shapes [2] and [5] do not broadcast"


def test_updates_give_each_output_the_shape_of_the_variable() -> None:
    var, rate, delta = types((2, "N"), (), (2, 3))
    assert Stepped().shape_of(var, rate, delta) == [(2, 3)] * 2
    with pytest.raises(BlockError, match=r"input 'delta' must have the shape of 'var', \[2, N\], got \[\]"):
        Stepped().shape_of(var, rate, rate)
    assert not Stepped.pure


def test_what_a_kind_says_of_its_blocks() -> None:
    assert [kind for kind in (Elementwise, Reduction, Contraction, View, Opaque) if kind().streams] == [Elementwise]
    assert [kind for kind in (Elementwise, Reduction, Contraction, View, Opaque) if kind.contiguous_inputs] == [
        Reduction,
        Contraction,
        Opaque,
    ]
    assert Contraction.uses_cores and not Opaque.uses_cores
    assert not View().copies(*types((2, 3)))
    assert all(issubclass(kind, Block) for kind in (Source, Rearrange, Update))


def test_attrs_of_a_kind_are_those_of_its_blocks() -> None:
    class Rounded(Total, abstract=True):
        digits: int = attr("digits that stay", default=0)

    assert list(Rounded.signature.attrs) == ["keep_dims", "digits"]
    assert list(Rounded.signature.inputs) == ["input", "axis"]
    assert Rounded(digits=1, keep_dims=True).attrs() == {"digits": 1, "keep_dims": True}
