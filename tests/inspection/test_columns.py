"""Slots and segments of a layout."""

from __future__ import annotations

import pytest

from dataflow.inspection.columns import Box, Column, Segment, Slot


def test_a_slot_is_as_high_as_its_box() -> None:
    assert Slot(Box(10.0, 30.0), 0).height == 30.0
    assert Slot(None, 0).height == 0.0


@pytest.mark.parametrize(
    "left, right, weight", [(True, True, 1.0), (True, False, 2.0), (False, True, 2.0), (False, False, 16.0)]
)
def test_pieces_of_trunks_are_pulled_straight_most(left: bool, right: bool, weight: float) -> None:
    ends = [Slot(Box(1.0, 1.0) if boxed else None, 0) for boxed in (left, right)]
    assert Segment(ends[0], 0.0, ends[1], 0.0).weight == weight


def test_the_right_edge_of_a_column() -> None:
    assert Column(x=10.0, width=5.5).right == 15.5


def test_boxes_of_the_same_size_are_different_boxes() -> None:
    assert Box(1.0, 1.0) != Box(1.0, 1.0)
    assert len({Box(1.0, 1.0), Box(1.0, 1.0)}) == 2
