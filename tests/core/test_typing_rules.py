"""Types by ports: dtypes unify by type variable, sizes by names of dims, and literals follow what is beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dataflow.core.attrs import Dtype, attr
from dataflow.core.block import Block, In, Out
from dataflow.core.errors import BlockError
from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.core.shapes import Shape, TensorType
from dataflow.core.typing_rules import accepted_dtypes, infer, literal_array, operand_types
from dataflow.engine.run import run
from dataflow.graph.graph import Graph


class Lines(Block, abstract=True):
    """Ports of every kind."""

    T = ("float32", "int8", "qint8")
    x = In("T", "rows", shape=("N", 3))
    w = In("T", "weights", shape=("N",))
    size = In("int32", "a number", shape=(), optional=True)
    y = Out("T", "a row", shape=("N", 1))
    as_said = Out("kind", "what the attr says")
    flag = Out("bool", "one flag", shape=())
    kind: Dtype = attr("dtype of the second output", default="float64")

    def shape_of(self, x: TensorType, w: TensorType, size: TensorType | None) -> Any:
        return [None, x.shape, None]


class Joined(Block, abstract=True):
    """Takes a list, and a value of a type variable of its own."""

    T = ("float32", "int32", "int64")
    I = ("int64",)
    values = In("T", "values", many=True, shape=("K",))
    like = In("T", "one more", optional=True)
    at = In("I", "places", optional=True)
    y = Out("T", "joined")
    i = Out("I", "place")

    def shape_of(self, *types: Any) -> Any:
        return ("all",)


def of(dtype: str, *shape: Any) -> TensorType:
    return TensorType(dtype, shape)


def typed(block: Block, *operands: Any) -> list[Any]:
    """The types of operands that are types themselves or literals; of a tuple, those of each."""
    given = [tuple(map(_entered, o)) if isinstance(o, tuple) else _entered(o) for o in operands]
    return operand_types(block, given, lambda type_: type_)


def _entered(operand: Any) -> Any:
    return operand if operand is None or isinstance(operand, TensorType) else Literal(operand)


# -- dtypes -----------------------------------------------------------------------------------------------------------


def test_values_keep_their_types() -> None:
    x, w = of("float32", 4, 3), of("float32", 4)
    assert typed(Lines(), x, w, None) == [x, w, None]
    assert typed(Joined(), (w, w), w, of("int64")) == [(w, w), w, of("int64")]


def test_a_plain_array_is_taken_for_its_quantized_twin() -> None:
    class Quantized(Block, abstract=True):
        T = ("qint8", "quint8")
        x = In("T", "values")
        z = In("T", "more")
        y = Out("T", "values")

    assert typed(Quantized(), of("int8", 2), of("int8", 2)) == [of("qint8", 2)] * 2
    with pytest.raises(BlockError, match="input 'z' must be qint8 like 'x', got uint8; convert it with Cast"):
        typed(Quantized(), of("int8", 2), of("uint8", 2))


@pytest.mark.parametrize(
    ("operands", "told"),
    [
        (
            [of("float64", 4, 3), of("float32", 4), None],
            "Lines: input 'x' must be float32, int8 or qint8, got float64; convert it with Cast",
        ),
        (
            [of("int8", 4, 3), of("float32", 4), None],
            "Lines: input 'w' must be int8 like 'x', got float32; convert it with Cast",
        ),
        (
            [of("int8", 4, 3), of("int8", 4), of("int64")],
            "Lines: input 'size' must be int32, got int64; convert it with Cast",
        ),
    ],
)
def test_dtypes_that_do_not_fit_name_the_port(operands: list[Any], told: str) -> None:
    with pytest.raises(BlockError) as refused:
        typed(Lines(), *operands)
    assert str(refused.value) == told


def test_values_of_a_list_have_one_dtype() -> None:
    with pytest.raises(BlockError, match="input 'values' must be float32 like 'values', got int32"):
        typed(Joined(), (of("float32", 2), of("int32", 2)), None, None)


def test_the_dtypes_that_a_port_accepts() -> None:
    assert accepted_dtypes(Lines(), "T") == ("float32", "int8", "qint8")
    assert accepted_dtypes(Lines(), "bool") == ("bool",)
    assert accepted_dtypes(Lines(kind="half"), "kind") == ("float16",)


# -- literals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [True, False])
def test_a_literal_takes_the_dtype_beside_it(first: bool) -> None:
    x, w = ([[1, 2, 3]], of("int8", "N")) if first else (of("int8", "N", 3), [1])
    types = typed(Lines(), x, w, None)
    assert [type_ and type_.dtype for type_ in types] == ["int8", "int8", None]
    made = types[0 if first else 1].value
    assert (made.tolist(), made.dtype) == (x if first else w, np.int8)


@pytest.mark.parametrize(
    ("literals", "dtype"),
    [
        (([1], [2]), "int32"),
        (([1], [2.5]), "float32"),
        (([2.5], [1]), "float32"),
        (([1], [2**40]), "int64"),
        (([2**40], [1]), "int64"),
        ((np.int64([1]), [1]), "int64"),
    ],
)
def test_literals_alone_have_the_dtype_that_holds_all(literals: tuple[Any, Any], dtype: str) -> None:
    types = typed(Joined(), literals, None, None)[0]
    assert [type_.dtype for type_ in types] == [dtype] * 2
    assert [type_.value.dtype for type_ in types] == [np.dtype(dtype)] * 2


def test_a_literal_whose_dtype_is_not_accepted_has_one_that_is() -> None:
    class Doubles(Block, abstract=True):
        T = ("float64", "int8")
        x = In("T", "values")
        y = Out("T", "values")

    assert typed(Doubles(), [1, 2])[0].dtype == "float64"  # the first of those accepted
    assert typed(Lines(), [[1, 2, 3]], [0.5], 7)[0].dtype == "float32"
    assert typed(Joined(), (of("float32", 2),), None, 5)[2].dtype == "int64"


def test_literals_alone_get_one_dtype_in_either_order() -> None:
    for values in ([[1], [1.5]], [[1.5], [1]]):
        assert blocks["Add"]()(*values).tolist() == [2.5]
        assert blocks["AddN"]()(values).tolist() == [2.5]
        graph = Graph()
        graph.output("y", graph.add(blocks["Add"](), values))
        assert run(graph)["y"].tolist() == [2.5]
    assert blocks["Add"]()([1], [1e300]).dtype == blocks["Add"]()([1e300], [1]).dtype == np.float64


@pytest.mark.parametrize(
    ("operands", "told"),
    [
        (([1.5], True), "Equal: input 'y' must be float32, got True; write a number"),
        ((True, [1.5]), "Equal: input 'x' must be float32, got True; write a number"),
        ((np.int8([1]), 300), "Equal: input 'y' must be int8, got 300; it holds -128 to 127"),
        ((np.int8([1]), 0.5), "Equal: input 'y' must be int8, got 0.5; write a whole number"),
    ],
)
def test_a_literal_that_the_dtype_cannot_hold_is_told(operands: tuple[Any, Any], told: str) -> None:
    with pytest.raises(BlockError) as refused:
        blocks["Equal"]()(*operands)
    assert str(refused.value) == told


def test_arrays_of_two_dtypes_that_have_no_common_one_are_told_with_both_ports() -> None:
    with pytest.raises(BlockError) as refused:
        typed(Joined(), (np.int16([1]),), np.int8([1]), None)
    told = "Joined: inputs 'values' and 'like' must be of one dtype, got int16 and int8; convert one with Cast"
    assert str(refused.value) == told


def test_the_array_of_a_literal() -> None:
    assert literal_array(Lines(), "x", Literal([1, 2]), "int8").dtype == np.int8
    with pytest.raises(BlockError, match="Lines: input 'x' must be numbers in even rows, got"):
        literal_array(Lines(), "x", Literal([[1], [2, 3]]))


# -- shapes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operands", "told"),
    [
        ([of("int8", 4), of("int8", 4), None], "Lines: input 'x' must have rank 2, got int8[4]"),
        ([of("int8", 4, 2), of("int8", 4), None], "Lines: input 'x' must have size 3, got 2"),
        ([of("int8", 4, 3), of("int8", 5), None], "Lines: input 'w' must have size 4 like 'x', got 5"),
        ([of("int8", 4, 3), [1, 2], None], "Lines: input 'w' must have size 4 like 'x', got 2"),
    ],
)
def test_shapes_that_do_not_fit_name_the_port(operands: list[Any], told: str) -> None:
    with pytest.raises(BlockError) as refused:
        typed(Lines(), *operands)
    assert str(refused.value) == told


def test_sizes_of_one_name_agree_within_a_list() -> None:
    with pytest.raises(BlockError, match="input 'values' must have size 2 like 'values', got 3"):
        typed(Joined(), (of("int32", 2), of("int32", 3)), None, None)


@pytest.mark.parametrize("shape", [None, (None, 3), ("rows", 3), ("rows", None)])
def test_what_is_not_known_yet_fits(shape: Shape) -> None:
    x = TensorType("int8", shape)
    assert typed(Lines(), x, of("int8", 4), None)[0] is x


@pytest.mark.parametrize(
    ("shape", "row"), [((4, 3), (4, 1)), (("rows", 3), ("rows", 1)), ((None, 3), (None, 1)), (None, (4, 1))]
)
def test_outputs_have_the_sizes_that_the_names_have(shape: Shape, row: Shape) -> None:
    """Those of ``w`` hold where the shape of ``x`` is not known."""
    w = of("float32", *(shape[:1] if shape else (4,)))
    made = infer(Lines(), [TensorType("float32", shape), w, None])
    assert made == [TensorType("float32", row), TensorType("float64", shape), of("bool")]


def test_an_output_has_the_dtype_of_its_variable_or_the_first_of_it() -> None:
    made = infer(Joined(), [(of("int32", 2), of("int32", 2)), None, None])
    assert made == [of("int32", "all"), of("int64", "all")]
    assert infer(Lines(kind="int8"), [of("qint8", 4, 3), of("qint8", 4), None])[1].dtype == "int8"
