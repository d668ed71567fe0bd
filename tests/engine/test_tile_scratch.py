"""Scratch of a tile: values that are not alive at the same time share it, the last one's memory may be an output's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dataflow.core.dtypes import DType
from dataflow.core.registry import blocks
from dataflow.engine.steps import Step, Storage
from dataflow.engine.tile_scratch import Call, TileScratch, tile_scratch

F4, F8, B1 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.bool_)


def step(block: str, reads: tuple[int, ...], write: int) -> Step:
    return Step(f"n{write}", blocks[block](), reads, (write,), Storage.TILE)


def scratch_of(*steps: Call, outputs: set[int], folded: set[int] | None = None, **dtypes: DType) -> TileScratch:
    """Scratch of steps over slots of float32, unless other dtypes are given as ``s3=...``."""
    slots = {slot for each in steps for slot in (*each.reads, *each.writes)}
    storage = {slot: dtypes.get(f"s{slot}", F4) for slot in slots}
    return tile_scratch(steps, storage, outputs, folded or set())


def test_a_chain_works_in_the_memory_of_its_output() -> None:
    made = scratch_of(step("Abs", (0,), 1), step("Exp", (1,), 2), step("Neg", (2,), 3), outputs={3})
    assert made == TileScratch({}, [], {1: 3, 2: 3})


def test_what_is_alive_beside_the_output_has_a_buffer_of_its_own() -> None:
    made = scratch_of(step("Abs", (0,), 1), step("Exp", (0,), 2), step("AddV2", (1, 2), 3), outputs={3})
    assert made == TileScratch({2: 0}, [4], {1: 3})


def test_a_buffer_is_used_again_by_values_of_its_width() -> None:
    made = scratch_of(
        step("Softplus", (0,), 1),
        step("Softplus", (1,), 2),  # not in place: its kernel reads after it has begun to write
        step("Softplus", (2,), 3),
        step("Softplus", (3,), 4),
        outputs={4},
    )
    assert len(made.widths) == 1 and made.widths == [4]
    assert {*made.buffers, *made.in_output} == {1, 2, 3}
    assert set(made.in_output.values()) <= {4}


def test_values_of_another_dtype_are_not_in_the_output() -> None:
    made = scratch_of(step("Less", (0, 5), 1), step("SelectV2", (1, 0, 5), 2), outputs={2}, s1=B1)
    assert made == TileScratch({1: 0}, [1], {})


def test_a_buffer_that_is_free_grows_for_a_wider_value() -> None:
    steps = [step("Softplus", (0,), 1), step("Softplus", (1,), 2), step("Softplus", (2,), 3), step("Sum", (3,), 4)]
    made = scratch_of(*steps, outputs={4}, folded={4}, s3=F8)
    assert made.buffers == {1: 0, 2: 1, 3: 0}
    assert made.widths == [8, 4]


def test_a_value_of_another_dtype_is_not_in_the_output_that_takes_its_buffer_later() -> None:
    steps = [step("Softplus", (0,), 1), step("Softplus", (1,), 2), step("Softplus", (2,), 3)]
    assert scratch_of(*steps, outputs={3}) == TileScratch({2: 0}, [4], {1: 3})
    assert scratch_of(*steps, outputs={3}, s3=F8) == TileScratch({1: 0, 2: 1}, [8, 4], {})


def test_outputs_that_nobody_reads_keep_their_memory() -> None:
    steps = [step("Softplus", (0,), 1), step("Softplus", (0,), 2)]
    assert scratch_of(*steps, outputs={1, 2}) == TileScratch({}, [], {})


def test_folded_values_and_outputs_need_none() -> None:
    made = scratch_of(step("Abs", (0,), 1), step("Sum", (1,), 2), outputs={1, 2}, folded={2})
    assert made == TileScratch({}, [], {})
    made = scratch_of(step("Abs", (0,), 1), step("Sum", (1,), 2), outputs={2}, folded={2})
    assert made == TileScratch({1: 0}, [4], {})


def test_a_value_that_nobody_reads_gives_its_buffer_back() -> None:
    made = scratch_of(
        step("Softplus", (0,), 1), step("Softplus", (0,), 2), step("Sum", (2,), 3), outputs={3}, folded={3}
    )
    assert made == TileScratch({1: 0, 2: 0}, [4], {})


class Loop(NamedTuple):
    reads: tuple[int, ...]
    writes: tuple[int, ...]


def test_a_compiled_loop_writes_into_memory_that_it_does_not_read() -> None:
    made = scratch_of(step("Abs", (0,), 1), Loop((1,), (2,)), step("Sum", (2,), 3), outputs={3}, folded={3})
    assert made == TileScratch({1: 0, 2: 1}, [4, 4], {})
    made = scratch_of(Loop((0,), (1,)), Loop((1,), (2,)), Loop((2,), (3,)), outputs={3})
    assert made == TileScratch({2: 0}, [4], {1: 3})


def test_an_output_that_is_read_again_keeps_its_memory() -> None:
    made = scratch_of(step("Abs", (0,), 1), step("Neg", (1,), 2), outputs={1, 2})
    assert made == TileScratch({}, [], {})
