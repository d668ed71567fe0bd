"""Signatures: which ports and attrs a subclass has."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.attrs import attr
from dataflow.core.errors import BlockError
from dataflow.core.kinds import Opaque
from dataflow.core.ports import In, Literal, Out, Signature, flat, map_port

Many = In("float32", "values", many=True)
Many.name = "values"


class Scaled(Opaque, abstract=True):
    x = In("float32", "values")
    factor = In("float32", "what they are multiplied with")
    y = Out("float32", "same shape as `x`")
    bias: float = attr("added in the end", default=0.0)


class Windowed(Opaque, abstract=True):
    size: int = attr("elements of a window", default=1)


class Both(Windowed, Scaled, abstract=True):
    pass


def docs(ports):
    return {name: port.doc for name, port in ports.items()}


def test_ports_of_other_names_replace_the_inherited_ones():
    class Renamed(Scaled, abstract=True):
        features = In("float32", "values")

    assert list(Renamed.signature.inputs) == ["features"]
    assert list(Renamed.signature.outputs) == ["y"]


def test_a_port_of_an_inherited_name_takes_its_place_and_others_come_last():
    class Extended(Scaled, abstract=True):
        offset = In("float32", "added")
        x = In("float32", "images")

    expected = {"x": "images", "factor": "what they are multiplied with", "offset": "added"}
    assert docs(Extended.signature.inputs) == expected
    assert list(Extended.signature.inputs) == list(expected)
    assert docs(Scaled.signature.inputs)["x"] == "values"


def test_ports_that_are_all_named_again_have_the_new_order():
    class Reordered(Scaled, abstract=True):
        factor = In("float32", "first")
        between = In("float32", "second")
        x = In("float32", "third")

    assert list(Reordered.signature.inputs) == ["factor", "between", "x"]


def test_several_bases_give_the_first_ports_and_all_attrs():
    assert list(Both.signature.inputs) == ["x", "factor"]
    assert list(Both.signature.outputs) == ["y"]
    assert set(Both.signature.attrs) == {"size", "bias"}


def test_a_port_set_to_none_is_left_out():
    class Fixed(Scaled, abstract=True):
        factor = None

    assert list(Fixed.signature.inputs) == ["x"]
    assert list(Fixed.signature.outputs) == ["y"]


@pytest.mark.parametrize(
    "args, named, told",
    [
        ((1.0, 2.0, 3.0), {}, "Scaled: takes 2 inputs (x, factor), got 3 values"),
        ((1.0,), {"facto": 2.0}, "Scaled: no input 'facto'; did you mean 'factor'?"),
        ((1.0,), {"qqqqqq": 2.0}, "Scaled: no input 'qqqqqq'; it has x and factor"),
        ((1.0,), {"x": 2.0}, "Scaled: input 'x' is wired twice; give it once"),
        ((), {}, "Scaled: input 'x' and 'factor' must be wired, got nothing"),
        (
            (1.0, np.array(["two"])),
            {},
            "Scaled: input 'factor' must be numbers, got text (dtype <U3); convert it with .astype",
        ),
    ],
)
def test_arguments_that_find_no_port_are_told(args, named, told):
    with pytest.raises(BlockError) as refused:
        Scaled.signature.bind("Scaled", args, named)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    "given, told", [(1.0, "must be a list of values, got one"), ([], "must have at least one value")]
)
def test_a_port_of_many_values_takes_a_list(given, told):
    with pytest.raises(BlockError, match=f"Joined: input 'values' {told}"):
        Signature(inputs={"values": Many}).bind("Joined", (given,), {})


def test_literals_are_equal_by_what_they_say():
    assert Literal([1, 2]) == Literal([1, 2]) != Literal([1.0, 2.0])
    array = np.float32([1, 2])
    assert Literal(array) == Literal(array.copy()) != Literal(array.astype("float64"))
    assert len({Literal(array), Literal(array.copy())}) == 1
    assert str(Literal(list(range(40)))).endswith("...")


def test_operands_are_taken_one_by_one():
    assert flat([1, (2, None, 3), None, 0, ()]) == [1, 2, 3, 0]


def test_a_function_is_applied_to_what_is_on_a_port():
    assert map_port(str, 3) == "3"
    assert map_port(str, (3, 4)) == ("3", "4")
    assert map_port(str, ()) == ()
    assert map_port(str, None) is None
    assert map_port(str, 0) == "0"  # a slot like any other
