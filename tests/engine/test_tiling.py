"""How arrays lie along tiles: by elements, by units that no tile divides, and the same for all tiles."""

from __future__ import annotations

import pytest

from dataflow import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.tiling import TILE, Layout, Operand, Tiling, tile_of, tiling

ROWS, COLUMNS = 4096, 256  # two tiles


def tiled(name, *shapes, outputs=([ROWS, COLUMNS],), **attrs):
    types = [TensorType("float32", tuple(shape)) for shape in shapes]
    return tiling(blocks[name](**attrs), types, [TensorType("float32", tuple(s)) for s in outputs], compiled=False)


def test_alike_operands_go_by_elements():
    made = tiled("AddV2", [ROWS, COLUMNS], [ROWS, COLUMNS])
    assert (made.size, made.unit) == (ROWS * COLUMNS, 1)
    assert made.operands == (Operand(Layout.ALONG, 1),) * 2
    assert made.parts(1000) == [(0, 1000)]
    assert made.shape(1000) == (1000,)


def test_a_row_is_a_unit_beside_an_operand_of_one_row():
    made = tiled("AddV2", [ROWS, COLUMNS], [COLUMNS])
    assert made.unit == COLUMNS
    assert made.operands == (Operand(Layout.ALONG, COLUMNS, (COLUMNS,)), Operand(Layout.ACROSS, 0, (COLUMNS,)))
    assert [made.is_short(operand) for operand in made.operands] == [False, True]
    assert [made.elements(operand) for operand in made.operands] == [ROWS * COLUMNS, COLUMNS]


def test_rows_are_put_side_by_side_and_the_rest_is_a_part_of_its_own():
    made = tiled("AddV2", [ROWS, COLUMNS], [COLUMNS])
    row = 8192  # elements of units side by side
    assert made.parts(2 * row + COLUMNS) == [(0, 2 * row), (2 * row, 2 * row + COLUMNS)]
    assert made.shape(2 * row) == (2, row)
    assert made.shape(COLUMNS) == (COLUMNS,)


def test_an_operand_of_one_column_has_an_element_per_unit():
    made = tiled("AddV2", [ROWS, COLUMNS], [ROWS, 1])
    assert made.operands[1] == Operand(Layout.ALONG, 1, (1,))
    assert made.is_short(made.operands[1])
    assert made.shape(3 * COLUMNS) == (3, COLUMNS)


def test_a_number_is_the_same_for_all_tiles():
    assert tiled("AddV2", [ROWS, COLUMNS], []).operands[1] == Operand(Layout.ACROSS)


def test_rows_of_a_sum_are_folded():
    types = [TensorType("float32", (ROWS, COLUMNS)), TensorType("float32", (COLUMNS,))]
    made = tiling(blocks["SumToLike"](), types, [types[1]], compiled=False)
    assert (made.size, made.unit) == (ROWS * COLUMNS, COLUMNS)
    assert made.operands == (Operand(Layout.ALONG, COLUMNS, (COLUMNS,)), Operand(Layout.WHOLE))


def test_what_does_not_go_by_tiles():
    assert tiled("AddV2", [10], [10], outputs=([10],)) is None  # too small
    assert tiled("MatMul", [2048, 2048], [2048, 2048], outputs=([2048, 2048],)) is None  # another kind
    wide = [2, 1 << 21]
    assert tiled("AddV2", wide, [1 << 21], outputs=(wide,)) == "2097152 elements belong together"


@pytest.mark.parametrize("unit", [1, 3, 256, 10_000])
def test_a_tile_is_whole_units(unit):
    assert tile_of(unit) % unit == 0
    assert tile_of(unit) <= TILE


def test_a_tiling_is_a_value():
    assert isinstance(tiled("Exp", [ROWS, COLUMNS]), Tiling)
    assert tiled("Exp", [ROWS, COLUMNS]) == tiled("Exp", [ROWS, COLUMNS])
