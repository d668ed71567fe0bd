"""A mapping with declared keys: what plain data makes of it, and what the schema and saving take from it."""

from __future__ import annotations

import pytest
from graphfile.records import Range

from dataflow.core.attrs import Dtype, attr
from dataflow.graphfile.record import Record
from dataflow.graphfile.value_kinds import FilePath


class Bits(Record):
    """Bits of the values on an input."""

    short = "dtype"
    dtype: Dtype = attr("dtype after quantization")
    axis: int | None = attr("axis of the channels", default=None)


class Base(Record):
    """Rows of a table."""

    rows: int = attr("rows", default=3, ge=1)


class More(Base):
    """Rows of a table, and how they are ordered."""

    order: str | None = attr("name of a column", default=None)

    def check(self):
        if self.order == "rows" and self.rows == 1:
            raise ValueError("has one row, which has no order")


def test_keys_of_the_class_above_are_kept():
    assert list(More.keys) == ["rows", "order"]
    assert list(Base.keys) == ["rows"]
    assert (More(rows=4).rows, More(rows=4).order) == (4, None)


def test_a_record_is_itself_and_plain_data_becomes_one():
    made = More(order="x")
    assert More.parse(made) is made
    assert More.parse({"order": "x"}).order == "x"
    assert More.parse({"rows": None}).rows == 3


@pytest.mark.parametrize(
    "value, message",
    [
        (3, "must be a mapping, got 3"),
        ("rows", "must be a mapping, got 'rows'"),
        ({"row": 1}, "has no key 'row'; did you mean 'rows'?"),
        ({"colour": 1}, "has no key 'colour'; it has rows, order"),
        ({"rows": 0}, "'rows' must be a whole number from 1, got 0"),
        ({"rows": 1, "order": "rows"}, "has one row, which has no order"),
    ],
)
def test_what_a_record_refuses(value, message):
    with pytest.raises(ValueError) as caught:
        More.parse(value)
    assert str(caught.value) == message


def test_what_a_short_form_refuses_is_told_of_its_key():
    assert Bits.parse("half").dtype == "float16"
    with pytest.raises(ValueError, match=r"^'dtype' must be a dtype, got 'halv'"):
        Bits.parse("halv")
    with pytest.raises(ValueError, match=r"^must be a mapping, got 3$"):
        Bits.parse(3)


def test_what_the_schema_says_of_a_record():
    assert More.schema() == {
        "description": "Rows of a table, and how they are ordered.",
        "type": "object",
        "properties": {
            "rows": {
                "description": "rows",
                "anyOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/definitions/param"}],
                "default": 3,
            },
            "order": {
                "description": "name of a column",
                "anyOf": [{"type": "string"}, {"$ref": "#/definitions/param"}],
            },
        },
        "additionalProperties": False,
    }
    assert Range.schema()["required"] == ["low", "high"]
    assert Bits.schema()["anyOf"][0] == {"$ref": "#/definitions/dtype"}


class Part(Record):
    """A file."""

    file: FilePath | None = attr("file", default=None)
    note: str = attr("text", default="")


class Whole(Record):
    """Files."""

    parts: dict[str, Part] = attr("parts", default={})
    own: FilePath | None = attr("file", default=None)


def test_paths_of_files_are_changed_wherever_they_stand():
    plain = {"parts": {"a": {"file": "x", "note": "x"}}, "own": "y", "unknown": "z"}
    assert Whole.with_paths(plain, str.upper) == {
        "parts": {"a": {"file": "X", "note": "x"}}, "own": "Y", "unknown": "z",
    }  # fmt: skip
    assert Whole.with_paths("wrong", str.upper) == "wrong"
    assert Whole.with_paths({"parts": "wrong"}, str.upper) == {"parts": "wrong"}
