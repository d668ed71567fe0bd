"""Bodies of composite blocks: what blocks that are called on their wires leave in them."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core.body import Body, BodyWire
from dataflow.core.errors import BlockError
from dataflow.core.ports import Literal
from dataflow.core.random import Key
from dataflow.core.shapes import TensorType

FLOATS = TensorType("float32", ("N",))


def body(**types):
    """A body of these inputs, and its wires."""
    made = Body(types)
    return made, *made.inputs


def test_inputs_are_wires_tuples_of_wires_or_none():
    made, x, many, none = body(x=FLOATS, many=(FLOATS, FLOATS), none=None)
    assert (x.node, x.port, x.type) == ("", "x", FLOATS)
    assert [wire.port for wire in many] == ["many_0", "many_1"]
    assert none is None
    assert not made.nodes


def test_calls_and_operators_add_nodes_whose_names_are_new():
    made, x = body(x=FLOATS)
    y = blocks["Exp"]()(x) * 2.0
    blocks["Exp"]()(y, name="last")
    blocks["Exp"]()(y, name="last")
    assert list(made.nodes) == ["exp", "multiply", "last", "last_1"]
    exp, two = made.nodes["multiply"].operands
    assert (exp.node, exp.port) == ("exp", "y")
    assert two == Literal(np.array(2, np.float32))
    assert not two.value.flags.writeable


def test_several_outputs_are_a_named_tuple():
    _, x = body(x=FLOATS)
    output, mask = blocks["Dropout"]()(x, 0.5)
    assert (output.port, mask.port) == ("output", "mask")


def test_values_that_decide_shapes_are_known():
    _, x, sizes = body(x=TensorType("float32", (2, 3)), sizes=TensorType("int32", (2,), np.int32([2, 1])))
    turned = blocks["AddV2"]()(sizes, [1, 1])
    assert turned.type.value.tolist() == [3, 2]
    assert blocks["Reshape"]()(x, turned).shape == (3, 2)


def test_an_operand_that_does_not_fit_is_the_error_of_its_block():
    _, x = body(x=FLOATS)
    with pytest.raises(BlockError, match="AddV2: input 'y' must be float32 like 'x', got float64"):
        x + np.float64([1.0])


def test_what_no_output_needs_is_dropped():
    made, x = body(x=FLOATS)
    y = blocks["Abs"]()(x)
    blocks["Exp"]()(y)
    made.finish([blocks["AddN"]()([y, x])])
    assert list(made.nodes) == ["abs", "add_n"]


def test_a_run_hands_on_arrays():
    made, x, many = body(x=FLOATS, many=(FLOATS, FLOATS))
    made.finish([blocks["AddN"]()([x, *many]) * 2.0, x])
    arrays = [np.float32([i, 2 * i]) for i in (1, 2, 3)]
    total, same = made.run([arrays[0], tuple(arrays[1:])], Key())
    assert total.tolist() == [12.0, 24.0]
    assert same is arrays[0]


def test_random_numbers_are_drawn_by_the_key_of_the_node():
    made, x = body(x=FLOATS)
    made.finish([blocks["Dropout"]()(x, 0.5).mask])
    ones = np.ones(100, np.float32)
    found = [made.run([ones], Key(seed, node, step))[0].tolist() for seed, node, step in DRAWS]
    assert len({tuple(mask) for mask in found}) == len(DRAWS)
    drawn = blocks["Dropout"]().compute(
        [ones, np.float32(0.5)], made.nodes["dropout"].types, key=Key(0, "a/dropout", 0)
    )
    assert found[0] == drawn[1].tolist()


DRAWS = [(0, "a", 0), (1, "a", 0), (0, "b", 0), (0, "a", 1)]


def test_a_wire_of_another_body_is_refused():
    _, x = body(x=FLOATS)
    _, other = body(other=FLOATS)
    with pytest.raises(BlockError, match="wires must be its inputs or made of them, got BodyWire"):
        blocks["AddV2"]()(x, other)
    assert isinstance(other, BodyWire)
