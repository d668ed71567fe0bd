"""What memory plans go by: which free buffer a value gets, how long values live, and who may work in place."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.registry import blocks
from dataflow.engine.buffers import FreeList, in_place_input, last_uses
from dataflow.engine.steps import Step, Storage

FLOAT = np.dtype(np.float32)


def test_the_smallest_buffer_that_is_large_enough_is_taken_else_the_largest_grows() -> None:
    free = FreeList()
    for size in (10, 30, 20):
        free.take(size)
    for buffer in (0, 1, 2):
        free.give_back(buffer)
    assert (free.take(15), free.take(40), free.sizes) == (2, 1, [10, 40, 20])
    assert (free.take(5), free.take(5), free.sizes) == (0, 3, [10, 40, 20, 5])


def test_a_view_is_a_use_of_what_it_shows() -> None:
    assert last_uses([[0], [5, 1], [2]], {5: 0}, [1]) == {0: 1, 1: 3, 2: 2}


def step(block: str, *reads: int) -> Step:
    return Step("n", blocks[block](), reads, (9,), Storage.OUT)


@pytest.mark.parametrize(
    ("block", "reads", "free", "taken"),
    [
        ("Relu", (0,), {0}, 0),
        ("Relu", (0,), set(), None),
        ("Softplus", (0,), {0}, None),  # its kernel reads after it has begun to write
        ("AddV2", (0, 1), {1}, 1),
        ("AddV2", (0, 0), {0}, 0),  # a ufunc reads each element before it writes there
        ("SelectV2", (0, 1, 1), {1}, None),  # read at another place too
    ],
)
def test_work_in_place(block: str, reads: tuple[int, ...], free: set[int], taken: int | None) -> None:
    assert in_place_input(step(block, *reads), FLOAT, free, {}) == taken


def test_not_where_a_view_of_the_same_memory_is_read() -> None:
    assert in_place_input(step("AddV2", 0, 1), FLOAT, {0}, {1: 0}) is None
