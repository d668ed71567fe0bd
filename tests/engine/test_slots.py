"""Slots on ports: one, several on a variadic port, none where it is not wired."""

from __future__ import annotations

import pytest

from dataflow.engine.slots import zip_ports


def test_slots_are_given_with_what_stands_beside_them() -> None:
    assert list(zip_ports([5, (6, 7), None], ["a", ("b", "c"), "d"])) == [(5, "a"), (6, "b"), (7, "c"), (None, "d")]
    assert list(zip_ports([], [])) == []


@pytest.mark.parametrize(("reads", "beside"), [([1, 2], ["a"]), ([(1, 2)], [("a",)])])
def test_there_must_be_as_many_of_both(reads: list[int | tuple[int, ...] | None], beside: list[str]) -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(zip_ports(reads, beside))
