"""Groups of steps that run tile by tile: joined where one reads what another writes, or both read the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any

import pytest

from dataflow.engine.fusion_groups import Group, fusion_groups, with_operands
from dataflow.engine.tiling import Layout, Operand, Tiling, tile_of

SIZE = 1 << 20
ALONG, WHOLE, ACROSS = Operand(Layout.ALONG, 1), Operand(Layout.WHOLE), Operand(Layout.ACROSS)
Steps = Mapping[str, tuple[tuple[Any, ...], int]]  # what each step reads, and the slot that it writes


def tiled(*operands: Operand, size: int = SIZE, unit: int = 1) -> Tiling:
    return Tiling(size, unit, (), (), False, operands)


def rows(unit: int, *operands: Operand, size: int = SIZE) -> Tiling:
    """A tiling whose operands lie along units of several elements, unless others are given."""
    return tiled(*(operands or (Operand(Layout.ALONG, unit),)), size=size, unit=unit)


def groups(
    steps: Steps,
    tilings: Mapping[str, Tiling],
    folded: Set[int] = frozenset(),
    origin: Mapping[int, int] = MappingProxyType({}),
    fuse: bool = True,
) -> list[Group]:
    names = list(steps)
    reads, writes = [reads for reads, _ in steps.values()], [(slot,) for _, slot in steps.values()]
    by_index = {names.index(name): tiling for name, tiling in tilings.items()}
    return fusion_groups(names, reads, writes, folded, by_index, origin, fuse)


def members(made: Sequence[Group]) -> list[list[int]]:
    return [group.steps for group in made]


def notes(made: Sequence[Group]) -> list[str]:
    return [note for group in made for note in group.notes]


CHAIN: Steps = {"a": ((0,), 1), "b": ((1,), 2), "c": ((2,), 3)}


def test_a_chain_is_one_group() -> None:
    (group,) = groups(CHAIN, dict.fromkeys("abc", tiled(ALONG)))
    assert (group.steps, group.size, group.unit, group.folds, group.notes) == ([0, 1, 2], SIZE, 1, 0, [])


def test_without_fusion_each_step_is_a_group() -> None:
    made = groups(CHAIN, dict.fromkeys("abc", tiled(ALONG)), fuse=False)
    assert members(made) == [[0], [1], [2]]
    assert [group.unit for group in made] == [1, 1, 1]


def test_a_step_that_does_not_go_by_tiles_is_alone() -> None:
    made = groups(CHAIN, {"a": tiled(ALONG), "c": tiled(ALONG)})
    assert members(made) == [[0], [1], [2]]
    assert [group.unit for group in made] == [1, 0, 1]


def test_steps_that_read_the_same_array_are_one_group() -> None:
    steps: Steps = {"a": ((0,), 1), "other": ((9,), 8), "b": ((0,), 2)}
    made = groups(steps, {"a": tiled(ALONG), "b": tiled(ALONG)})
    assert members(made) == [[0, 2], [1]]


def test_steps_that_have_nothing_in_common_stay_apart() -> None:
    made = groups({"a": ((0,), 1), "b": ((2,), 3)}, dict.fromkeys("ab", tiled(ALONG)))
    assert members(made) == [[0], [1]] and notes(made) == []


def test_a_value_that_is_needed_whole_is_waited_for() -> None:
    made = groups({"a": ((0,), 1), "b": ((1,), 2)}, {"a": tiled(ALONG), "b": tiled(WHOLE)})
    assert members(made) == [[0], [1]]
    assert made[1].before == made[1].barriers == {0}


def test_a_folded_value_is_known_after_the_last_tile() -> None:
    made = groups({"sum": ((0,), 1), "b": ((1,), 2)}, dict.fromkeys(("sum", "b"), tiled(ALONG)), folded={1})
    assert members(made) == [[0], [1]]
    assert made[0].folds == tile_of(1)


def test_a_group_does_not_wait_for_itself() -> None:
    """``c`` reads elements of ``a`` as they are made, but their sum only when all are there."""
    steps: Steps = {"a": ((0,), 1), "sum": ((1,), 2), "c": ((1, 2), 3)}
    made = groups(steps, {"a": tiled(ALONG), "sum": tiled(ALONG), "c": tiled(ALONG, ACROSS)}, folded={2})
    assert members(made) == [[0, 1], [2]]
    assert notes(made) == ["apart from sum: a value is needed whole"]


def test_a_step_between_that_does_not_go_by_tiles_keeps_them_apart() -> None:
    steps: Steps = {"a": ((0,), 1), "sorted": ((1,), 2), "c": ((1, 2), 3)}
    made = groups(steps, {"a": tiled(ALONG), "c": tiled(ALONG, ALONG)})
    assert members(made) == [[0], [1], [2]]
    assert notes(made) == ["apart from a: a step between the two does not go by tiles"]


@pytest.mark.parametrize(
    ("first", "second", "folded", "note"),
    [
        (tiled(ALONG), tiled(ALONG, size=2 * SIZE), (), f"{2 * SIZE} elements against {SIZE}"),
        (rows(3), rows(256), (), "rows of 256 elements against 3"),
        (tiled(ALONG), rows(3), {1}, "sums are made of other tiles"),
    ],
)
def test_why_steps_that_read_the_same_array_stay_apart_is_said(
    first: Tiling, second: Tiling, folded: Any, note: str
) -> None:
    made = groups({"a": ((0,), 1), "b": ((0,), 2)}, {"a": first, "b": second}, folded=set(folded))
    assert members(made) == [[0], [1]]
    assert notes(made) == [f"apart from a: {note}"]


def test_sums_over_the_tiles_of_all_are_made_together() -> None:
    (group,) = groups({"a": ((0,), 1), "b": ((0,), 2)}, {"a": rows(3), "b": tiled(ALONG)}, folded={1})
    assert (group.steps, group.folds) == ([0, 1], tile_of(3))


def test_rows_that_divide_each_other_go_together() -> None:
    elements, units = tiled(ALONG), rows(256, Operand(Layout.ALONG, 256), ACROSS)
    (group,) = groups({"a": ((0,), 1), "b": ((1, 5), 2)}, {"a": elements, "b": units})
    assert (group.steps, group.unit) == ([0, 1], 256)


def test_an_operand_with_fewer_elements_than_the_rows_is_not_streamed() -> None:
    column = rows(256, Operand(Layout.ALONG, 1))
    made = groups({"a": ((0,), 1), "b": ((1,), 2)}, {"a": tiled(ALONG, size=SIZE), "b": column})
    assert members(made) == [[0], [1]] and made[1].barriers == {0}


def test_views_on_all_elements_are_looked_through() -> None:
    steps: Steps = {"a": ((0,), 1), "reshape": ((1,), 2), "c": ((2,), 3)}
    tilings = {"a": tiled(ALONG), "c": tiled(ALONG)}
    assert members(groups(steps, tilings, origin={2: 1})) == [[0, 2], [1]]
    assert members(groups(steps, tilings)) == [[0], [1], [2]]
    reading = groups(
        {"view": ((0,), 1), "b": ((1,), 2), "c": ((0,), 3)}, {"b": tiled(ALONG), "c": tiled(ALONG)}, origin={1: 0}
    )
    assert members(reading) == [[0], [1, 2]]


def test_groups_come_in_an_order_in_which_they_can_run() -> None:
    """``late`` is joined to the first step, which then waits for what stood between them."""
    steps: Steps = {"a": ((0,), 1), "whole": ((9,), 5), "late": ((0, 5), 2), "after": ((2,), 7)}
    made = groups(steps, {"a": tiled(ALONG), "late": tiled(ALONG, WHOLE)})
    assert members(made) == [[1], [0, 2], [3]]


def test_slots_are_given_with_how_they_lie() -> None:
    tiling = tiled(ALONG, (ACROSS, WHOLE), ALONG)  # type: ignore[arg-type]
    assert list(with_operands((1, (2, 3), None), tiling)) == [(1, ALONG), (2, ACROSS), (3, WHOLE)]
    assert list(with_operands((1, (2, 3), None), None)) == [(1, None), (2, None), (3, None)]
