"""What blocks remember of their calls: numbers are entered each time, as at the first call."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core.block import Block
from dataflow.core.errors import BlockError


def found(block: Block, *args: object) -> tuple[str, object]:
    made = block(*args)
    return made.dtype.name, made.tolist()


def is_remembered(block: Block) -> bool:
    return bool(block.__dict__.get("_calls"))


def test_numbers_beside_arrays_are_those_of_each_call():
    block, x, wide = blocks["AddV2"](), np.float32([1, 2]), np.float64([1, 2])
    for _ in range(2):
        assert found(block, x, 2) == ("float32", [3.0, 4.0])
        assert found(block, x, 0.5) == ("float32", [1.5, 2.5])
        assert found(block, x, np.float32(4)) == ("float32", [5.0, 6.0])
        assert found(block, wide, 0.1) == ("float64", [1.1, 2.1])
        assert found(block, np.int64([1]), 3) == ("int64", [4])
        assert found(block, 1, 2) == ("int32", 3)
        assert found(block, 1, 2.5) == ("float32", 3.5)
    assert is_remembered(block)


@pytest.mark.parametrize("number", [1e39, 2**31, np.nan, np.inf, True])
def test_numbers_whose_size_may_decide_the_dtype_are_looked_at_each_time(number):
    block = blocks["AddV2"]()
    with np.errstate(over="ignore"):
        other = blocks["AddV2"]()
        assert found(block, 1, 1)[0] == "int32"
        for _ in range(2):
            try:
                made = found(other, 1, number)
            except BlockError as error:
                with pytest.raises(BlockError) as again:
                    block(1, number)
                assert str(again.value) == str(error)
            else:
                assert str(found(block, 1, number)) == str(made)
    assert not is_remembered(other)


def test_16_bit_floats_are_checked_for_numbers_that_they_cannot_hold_each_time():
    block, x = blocks["AddV2"](), np.float16([1])
    for _ in range(2):
        assert found(block, x, 2.0) == ("float16", [3.0])
        with pytest.raises(BlockError, match="float16"):
            block(x, 1e6)


def test_a_number_that_decides_a_shape_is_looked_at_each_time():
    block, x = blocks["Sum"](), np.float32([[1, 2], [3, 4]])
    assert [block(x, axis).tolist() for axis in (0, 1, 0, -1)] == [[4, 6], [3, 7], [4, 6], [3, 7]]


def test_optional_ports_that_are_left_open_stay_so():
    block = blocks["SparseCategoricalCrossentropy"](from_logits=True)
    labels, logits = np.int64([0, 1]), np.float32([[2, 0], [2, 0]])
    alone = [float(block(labels, logits)) for _ in range(2)]
    assert alone[0] == alone[1] != float(block(labels, logits, np.float32([1, 0])))
