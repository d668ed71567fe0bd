"""What follows from ranges is worked out again where one of them changes, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blocks.kernels.known_numbers import once_per_bits
from dataflow import blocks

CODES = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
RANGES = [
    (-1.0, 1.0, 0.0, 3.0),
    (-1.0, 1.0, 0.0, 3.0),
    (-1.0, 1.5, 0.0, 3.0),
    (-1.0, 1.0, -2.0, 3.0),
    (-1.0, 1.0, 0.0, 3.0),
]
CALLS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "QuantizedMul": ({}, [CODES, CODES[0]]),
    "QuantizedAdd": ({}, [CODES, CODES[0]]),
    "QuantizedBiasAdd": ({"out_type": "qint32"}, [CODES, CODES[0, 1]]),
    "QuantizedMatMul": ({}, [CODES[0], CODES[1].T]),
    "QuantizedConv2D": ({"strides": [1, 1, 1, 1], "padding": "SAME"}, [CODES[..., None], CODES[:2, :2, None, :2]]),
}


@pytest.mark.parametrize("name", CALLS)
def test_results_are_those_of_the_ranges_of_each_call(name: str) -> None:
    attrs, arrays = CALLS[name]
    block = blocks[name](**attrs)
    for ends in RANGES:
        made, wanted = block(*arrays, *np.float32(ends)), blocks[name](**attrs)(*arrays, *np.float32(ends))
        assert [each.tobytes() for each in made] == [each.tobytes() for each in wanted]


def test_a_bias_belongs_to_what_is_known() -> None:
    block, ends = blocks["QuantizedBiasAdd"](out_type="qint32"), np.float32(RANGES[0])
    first, second = (block(CODES, bias, *ends).output for bias in (CODES[0, 1], CODES[2, 3]))
    assert (first != second).all()


def test_only_other_bits_are_worked_out() -> None:
    asked = []

    def total(*numbers: Any) -> float:
        asked.append(numbers)
        if numbers[0] < 0:
            raise ValueError("below 0")
        return float(sum(numbers))

    known, one, two = once_per_bits(total), np.float32(1), np.float32(2)
    assert [known(one, two), known(one, two), known(two, two), known(one, two)] == [3, 3, 4, 3]
    assert len(asked) == 3
    for _ in range(2):
        with pytest.raises(ValueError, match="below 0"):
            known(-one, two)
    assert known(one, two) == 3 and len(asked) == 5  # what failed is tried again, and the last result stays
    known(np.float32(0.0))
    known(np.float32(-0.0))
    assert len(asked) == 7  # equal numbers of other bits
