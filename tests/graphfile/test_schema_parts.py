"""The pieces of the schema take what the parser takes."""

from __future__ import annotations

import math

import jsonschema
import numpy as np
import pytest

from dataflow.core.attrs import Attr, attr
from dataflow.graphfile.schema import schema
from dataflow.graphfile.schema_parts import default, of_attr, or_param, record, ref, told


def takes(part, value):
    """Whether a value fits a part of the schema."""
    whole = {**part, "definitions": schema()["definitions"]}
    return jsonschema.Draft7Validator(whole).is_valid(value)


def named(kind: str, **limits) -> Attr:
    return attr("what it is", **limits).named("a", kind)


@pytest.mark.parametrize(
    "declared, right, wrong",
    [
        (named("int"), [0, -3], [1.5, "1", True, None]),
        (named("int", ge=2, le=16), [2, 16], [1, 17]),
        (named("float"), [1, 1.5], ["x", True]),
        (named("float", ge=0.0), [0, 2.5], [-0.1]),
        (named("bool"), [True, False], [0, "true"]),
        (named("str"), ["", "any"], [1]),
        (named("str", choices=("SAME", "VALID")), ["SAME"], ["same", 1]),
        (named("Dtype"), ["float32", "DT_HALF", "half"], ["float33", 1]),
        (named("Dtype", choices=("int8", "int16")), ["int8"], ["float32"]),
        (named("Ints"), [1, [1, -2], [], ["$p"]], [1.5, "a", ["a"]]),
        (named("Ints", ge=1), [[1]], [[0], 0]),
        (named("Shape"), [[], ["N", 3, None], 3, "N", [-1]], [[1.5], [-2], {}]),
        (named("Tensor"), [1, [[1.5, True]], {"path": "a.npz", "array": "w"}], [{"file": "a.npz"}, {"path": 1}]),
    ],
    ids=lambda value: value.kind if isinstance(value, Attr) else "",
)
def test_values_of_attrs(declared, right, wrong):
    part = of_attr(declared)
    assert [value for value in right if not takes(part, value)] == []
    assert [value for value in wrong if takes(part, value)] == []


def test_a_parameter_may_stand_in_place_of_a_value():
    part = or_param({"type": "integer"}, "how many")
    assert part["description"] == "how many"
    assert all(takes(part, value) for value in (3, "$p", "${p}", "${env:N,3}"))
    assert not any(takes(part, value) for value in ("p", 1.5, "$1"))


def test_a_description_does_not_hide_what_it_describes():
    part = told(ref("dtype"), "kind of numbers")
    assert part["description"] == "kind of numbers"
    assert takes(part, "int8") and not takes(part, "int9")


def test_records_have_no_other_keys():
    part = record({"a": {"type": "integer"}}, "a record")
    assert takes(part, {"a": 1}) and takes(part, {})
    assert not takes(part, {"b": 1}) and not takes(part, {"a": "x"}) and not takes(part, [])


@pytest.mark.parametrize(
    "value, wanted",
    [
        (3, {"default": 3}),
        (0.5, {"default": 0.5}),
        (None, {"default": None}),
        ((1, 2), {"default": [1, 2]}),
        (np.int8([1]), {"default": [1]}),
        (math.inf, {}),
        (math.nan, {}),
    ],
)
def test_defaults_are_those_that_json_can_hold(value, wanted):
    assert default(value) == wanted
