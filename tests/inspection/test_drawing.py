"""A block drawn with letters."""

from __future__ import annotations

import dataflow as flow
from dataflow.core.attrs import attr
from dataflow.core.block import In, Out
from dataflow.inspection import describe
from dataflow.inspection.drawing import drawing


def test_a_block_is_drawn_with_letters() -> None:
    """Optional inputs have a dotted arrow; attrs that must be given have no default."""
    assert drawing(describe("EinsumGrad")).splitlines() == [
        "             ┌─ EinsumGrad ─┐",
        "dy     T  ──▶│ equation     │──▶ dx  T",
        "input  T  ──▶│ position = 0 │",
        "other  T  ╌╌▶│              │",
        "             └──────────────┘",
    ]
    assert drawing(describe("NoOp")).splitlines() == ["┌─ NoOp ─┐", "│        │", "└────────┘"]


def test_lists_shapes_and_several_outputs() -> None:
    class Parts(flow.Block, abstract=True):
        """Parts, ``x``."""

        T = ("float32",)
        values = In("T", "values", many=True)
        low = In("float32", "lower end", shape=(None, 2))
        first = Out("T", "first")
        rest = Out("int32", "rest", shape=(3,))
        more = Out("int32", "more")

    assert drawing(describe(Parts)).splitlines() == [
        "                            ┌─ Parts ─┐",
        "values …  T              ──▶│         │──▶ first  T",
        "low       float32[?, 2]  ──▶│         │──▶ rest   int32[3]",
        "                            │         │──▶ more   int32",
        "                            └─────────┘",
    ]


def test_a_box_is_as_wide_as_its_longest_attr() -> None:
    class Wide(flow.Block, abstract=True):
        """Nothing, ``x``."""

        x = In("float32", "values")
        a_long_name: str = attr("text", default="a long default too")
        b: int = attr("number")

    lines = drawing(describe(Wide)).splitlines()
    assert lines[1] == "x  float32  ──▶│ a_long_name = a long default too │"
    assert lines[2] == "               │ b                                │"
    assert {len(line) for line in lines} == {len(lines[1])}
