"""The text of one element, what it takes, and when 16-bit floats may be given to it in float32."""

from __future__ import annotations

from dataflow import blocks
from dataflow.core.dtypes import storage
from dataflow.engine.elements import element, parameters, widens, written

HALF, BRAIN, SINGLE, DOUBLE = map(storage, ("float16", "bfloat16", "float32", "float64"))


def test_the_element_of_a_ufunc_and_of_a_block():
    assert element(blocks["Add"](), SINGLE) == "def element(x, y):\n    return x + y\n"
    assert element(blocks["Exp"](), SINGLE) is None
    assert "return zero if x < zero else x" in (element(blocks["Relu"](), SINGLE) or "")


def test_parameters_leave_out_those_that_are_variadic():
    assert parameters(blocks["Square"](), SINGLE) == ["x"]
    assert parameters(blocks["Relu"](), SINGLE) == ["x", "zero"]
    assert parameters(blocks["AddN"](), SINGLE) == ["total"]


def test_a_function_under_another_name():
    assert (written(storage, "held") or "").startswith("def held(name: str)")
    assert written(eval("lambda x: x")) is None


def test_who_may_take_16_bits_in_32():
    assert widens(blocks["Add"](), [HALF], HALF)
    assert widens(blocks["Cast"](DstT="float16"), [SINGLE], HALF)
    assert not widens(blocks["Cast"](DstT="float16"), [DOUBLE], HALF), "that would be rounded twice"
    assert widens(blocks["Sign"](), [HALF], HALF)
    assert not widens(blocks["Sign"](), [BRAIN], BRAIN), "the sign of -0.0 is -0.0 there"
    assert not widens(blocks["SquaredDifference"](), [HALF], HALF), "its kernel rounds after each operation"
