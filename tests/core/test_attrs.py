"""Attrs: what each type takes, and how it refuses the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dataflow.core.attrs import Attr, attr


def named(annotation: Any, **options: Any) -> Attr:
    """An attr as a class body makes it; annotations are text there."""
    made: Attr = attr("a setting", **options)
    return made.named("setting", annotation)


@pytest.mark.parametrize(
    "annotation, given, value",
    [
        (int, np.int8(3), 3),
        (float, 1, 1.0),
        (bool, np.True_, True),
        (str, "SAME", "SAME"),
        ("Dtype", np.float32, "float32"),
        ("Dtype", "bfloat16", "bfloat16"),
        ("Ints", 3, (3,)),
        ("Ints", np.array([1, 2]), (1, 2)),
        ("Shape", 4, (4,)),
        ("Shape", ["N", 4, None], ("N", 4, None)),
        ("Shape", None, None),
    ],
)
def test_values_have_one_form(annotation: Any, given: object, value: object) -> None:
    parsed = named(annotation).parse(given)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    "annotation, options, given, told",
    [
        (int, {}, 1.5, "must be a whole number, got 1.5"),
        (int, {}, 3.0, "must be a whole number, got 3.0"),
        (int, {}, True, "must be a whole number, got True"),
        (str, {}, 1, "must be text, got 1"),
        ("Dtype", {}, "float23", "must be a dtype, got 'float23'; did you mean 'float32'?"),
        (str, {"choices": ("SAME", "VALID")}, 3, "must be SAME or VALID, got 3"),
        (str, {"choices": ("SAME", "VALID")}, "SANE", "must be SAME or VALID, got 'SANE'; did you mean 'SAME'?"),
        (int, {"ge": 2, "le": 16}, 17, "must be between 2 and 16, got 17"),
        (int, {"ge": 2}, 1, "must be at least 2, got 1"),
        (float, {"le": 1.0}, 2, "must be at most 1.0, got 2.0"),
        ("Ints", {"ge": 1}, [2, 0], "must be at least 1, got [2, 0]"),
    ],
)
def test_others_are_refused(annotation: Any, options: Any, given: object, told: str) -> None:
    with pytest.raises(ValueError) as refused:
        named(annotation, **options).parse(given)
    assert str(refused.value) == told


def test_annotations_of_no_type_that_attrs_have_are_refused() -> None:
    with pytest.raises(TypeError, match=r"attr 'setting': its annotation must be one of .*, got complex"):
        named(complex)


def test_a_default_is_parsed_too() -> None:
    assert named("Ints | None", default=3).default == (3,)
