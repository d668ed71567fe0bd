"""A step of a region: which slots it reads, and what its kernel wants repeated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dataflow.core.block import Block
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.steps import Storage, TiledStep
from dataflow.engine.tiling import Tiling, tiling

ROWS, COLUMNS = 4096, 256


def op(block: Block, *shapes: Any, sources: Any = None, output: Any = (ROWS, COLUMNS)) -> TiledStep:
    """The block over inputs of these shapes, in slots that are numbered from 0; a list of shapes is a variadic port.

    ``sources`` are the shapes of the values behind views on them.
    """
    slots = iter(range(20))
    reads = tuple(
        tuple(next(slots) for _ in s) if isinstance(s, list) else None if s is None else next(slots) for s in shapes
    )
    types = [[_type(each) for each in s] if isinstance(s, list) else s and _type(s) for s in shapes]
    given = [tuple(t) if isinstance(t, list) else t for t in types]
    outputs = [_type(output) if ufunc is None else _type(()) for ufunc in block.reduces]
    behind = [_type(each) for each in sources] if sources else None
    made = tiling(block, given, outputs, False, behind)
    assert isinstance(made, Tiling)
    return TiledStep("n", block, reads, (9,), Storage.TILE, tiling=made)


def _type(shape: Any) -> TensorType:
    return TensorType("float32", tuple(shape) if isinstance(shape, tuple | list) else shape)


FULL, ROW, COLUMN, ONE = (ROWS, COLUMNS), (COLUMNS,), (ROWS, 1), (1, 1)


def test_slots_of_all_ports() -> None:
    assert op(blocks["AddV2"](), FULL, FULL).slots == {0, 1}
    assert op(blocks["AddN"](), [FULL, FULL, FULL]).slots == {0, 1, 2}


@pytest.mark.parametrize(
    ("block", "shapes", "beyond", "short"),
    [
        ("AddV2", (FULL, FULL), set(), []),
        ("AddV2", (FULL, ROW), {1}, []),  # a ufunc broadcasts by itself
        ("AddV2", (COLUMN, FULL), {0}, []),
        ("AddV2", (FULL, ONE), {1}, []),
        ("ClipByValue", (FULL, ROW, ONE), {1, 2}, []),
    ],
)
def test_operands_with_fewer_elements_than_the_output(block: str, shapes: Any, beyond: set[int], short: Any) -> None:
    made = op(blocks[block](), *shapes)
    assert made.beyond == beyond
    assert made.short == short


def test_a_kernel_whose_inputs_do_not_broadcast_wants_them_repeated() -> None:
    ports = list(blocks["FakeQuantWithMinMaxVars"].signature.inputs.values())
    quantized = op(blocks["FakeQuantWithMinMaxVars"](), FULL, (), ())
    assert [quantized.repeats(port) for port in ports] == [True, False, False]  # of declared shape, or the only one
    assert quantized.beyond == {1, 2}


@pytest.mark.parametrize(("source", "short"), [(ONE, [(1, True)]), (ROW, [(1, False)]), (FULL, [])])
def test_what_stands_behind_a_view_is_repeated_for_such_a_kernel(source: Any, short: Any) -> None:
    assert op(blocks["TanhGrad"](), FULL, FULL, sources=[FULL, source]).short == short


def test_inputs_that_are_precomputed() -> None:
    assert op(blocks["FakeQuantWithMinMaxVars"](), FULL, (), ()).precomputed_slots == [1, 2]
    assert op(blocks["AddV2"](), FULL, FULL).precomputed_slots == []


def test_which_outputs_are_folded() -> None:
    assert op(blocks["Exp"](), FULL).reduces == (None,)
    made = op(blocks["FakeQuantWithMinMaxVarsGradient"](), FULL, FULL, (), ())
    assert made.reduces == (None, np.add, np.add)
