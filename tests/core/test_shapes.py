"""Shapes: axes, contraction rules, and what is told of those that do not fit."""

from __future__ import annotations

import pytest

from dataflow.core.shapes import ContractError, contract, show

MATMUL = "... m k, ... k n -> ... m n"


@pytest.mark.parametrize(
    "shapes, result",
    [
        ([(2, 3), (3, 4)], (2, 4)),
        ([(5, 2, 3), (3, 4)], (5, 2, 4)),
        ([("N", 3), (3, 4)], ("N", 4)),
        ([(2, None), (3, 4)], (2, 4)),
        ([None, (3, 4)], None),
    ],
)
def test_a_rule_gives_the_shape(shapes: list[tuple[int, ...]], result: object) -> None:
    assert contract(MATMUL, shapes) == result


@pytest.mark.parametrize(
    "rule, shapes, position, told",
    [
        (MATMUL, [(2, 3), (4, 5)], 1, "must have size 3 in dim 'k', got shape [4, 5]"),
        (MATMUL, [(3,), (3, 4)], 0, "must have rank at least 2, got shape [3]"),
        ("m k, k n -> m n", [(2, 3), (1, 3, 4)], 1, "must have rank 2, got shape [1, 3, 4]"),
    ],
)
def test_what_does_not_fit_a_rule_is_told(rule: str, shapes: list[tuple[int, ...]], position: int, told: str) -> None:
    with pytest.raises(ContractError) as refused:
        contract(rule, shapes)
    assert (refused.value.position, str(refused.value)) == (position, told)


def test_shapes_are_shown() -> None:
    assert [show(shape) for shape in (None, (), ("N", 64, None))] == ["[...]", "[]", "[N, 64, ?]"]
