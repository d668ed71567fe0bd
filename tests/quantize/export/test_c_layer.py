"""What C code is written with: loops, and the places of elements."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.quantize.export.c_layer import loops, place, strides


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_places_follow_strides(order: tuple[int, ...]) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    turned = array.transpose(order)
    steps = strides(array.shape)
    text = place(turned.shape, [steps[axis] for axis in order], 5).replace("/", "//")
    assert [eval(text, {"i": i}) - 5 for i in range(24)] == turned.ravel().tolist()


def test_loops_lie_within_each_other() -> None:
    assert loops({"a": 2, "b": 3}, ["x;"]) == [
        "for (int32_t a = 0; a < 2; a++) {",
        "    for (int32_t b = 0; b < 3; b++) {",
        "        x;",
        "    }",
        "}",
    ]
