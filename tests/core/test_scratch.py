"""Scratch memory: lent from the front, given back from the back, kept for the next call, one arena per thread."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from dataflow.core import scratch
from dataflow.core.scratch import ALIGNMENT, CHUNK, KEPT, Scratch, one_array_bytes, reserve, scratch_bytes


@pytest.fixture(autouse=True)
def new_thread_memory() -> Iterator[None]:
    scratch._threads.__dict__.clear()
    yield
    scratch._threads.__dict__.clear()


def address(array: Any) -> int:
    return int(array.ctypes.data)


def held() -> int:
    """Bytes of chunks that this thread keeps."""
    return sum(chunk.size for chunk in scratch._threads.arena.chunks)


def test_the_next_borrower_gets_the_same_memory() -> None:
    with Scratch() as empty:
        outer = empty((1000,), np.float32)
        with Scratch() as inner:
            place = address(inner((10,), np.float64))
        assert address(empty((10,), np.float64)) == place
        assert address(outer) % ALIGNMENT == place % ALIGNMENT == 0
    with Scratch() as empty:
        large = empty((KEPT,), np.uint8)
        assert large.size == KEPT


def test_arrays_that_are_lent_at_the_same_time_do_not_overlap() -> None:
    with Scratch() as empty:
        lent = [empty((3, 5), np.float32), empty((), np.bool_), empty((7,), np.complex128), empty((CHUNK,), np.int8)]
        with Scratch() as inner:
            lent += [inner((2 * CHUNK,), np.uint8), inner((1,), np.int64)]
            for i, array in enumerate(lent):
                array[...] = i
            assert all((array == np.array(i, array.dtype)).all() for i, array in enumerate(lent))
        assert not any(np.shares_memory(a, b) for i, a in enumerate(lent) for b in lent[:i])
        assert all(address(array) % ALIGNMENT == 0 for array in lent)


@pytest.mark.parametrize("shape", [(0,), (3, 0), ()])
def test_empty_arrays_and_single_numbers_are_lent_too(shape: tuple[int, ...]) -> None:
    with Scratch() as empty:
        array = empty(shape, np.float64)
        assert (array.shape, array.dtype) == (shape, np.float64)


def test_memory_of_an_error_is_given_back() -> None:
    with pytest.raises(LookupError), Scratch() as empty:
        place = address(empty((10,), np.uint8))
        raise LookupError
    with Scratch() as empty:
        assert address(empty((10,), np.uint8)) == place


def test_chunks_become_one_that_is_large_enough_for_all() -> None:
    def borrow() -> list[int]:
        with Scratch() as empty:
            return [address(empty((CHUNK,), np.uint8)) for _ in range(4)]

    borrow()
    assert held() == 0  # four chunks are no use to the next call
    first = borrow()
    assert held() == 4 * CHUNK
    assert borrow() == first
    assert [place - first[0] for place in first] == [0, CHUNK, 2 * CHUNK, 3 * CHUNK]


def test_what_is_too_large_to_keep_is_not_kept() -> None:
    with Scratch() as empty:
        empty((KEPT + 1,), np.uint8)
    assert held() == 0
    with Scratch() as empty:
        empty((KEPT,), np.uint8)
    assert held() == KEPT


def test_a_chunk_that_is_too_small_is_replaced_not_added_to() -> None:
    with Scratch() as empty:
        empty((1,), np.uint8)
    assert held() == CHUNK
    with Scratch() as empty:
        empty((3 * CHUNK,), np.uint8)
    assert held() == 3 * CHUNK


def test_reserved_memory_is_one_chunk() -> None:
    reserve(5 * CHUNK)
    assert held() == 5 * CHUNK
    with Scratch() as empty:
        places = [address(empty((CHUNK,), np.uint8)) for _ in range(5)]
    assert np.diff(places).tolist() == [CHUNK] * 4
    assert held() == 5 * CHUNK


def test_many_different_arrays_are_not_all_remembered() -> None:
    for size in range(2 * scratch.MOST):
        with Scratch() as empty:
            assert empty((size,), np.uint8).size == size
    assert len(scratch._threads.arena.arrays) <= scratch.MOST


def test_each_thread_has_memory_of_its_own() -> None:
    def place() -> int:
        with Scratch() as empty:
            return address(empty((8,), np.uint8))

    here = place()
    with ThreadPoolExecutor(1) as other:
        there = other.submit(place).result()
    assert here == place() != there


# -- several arrays at once -------------------------------------------------------------------------------------------


def test_several_arrays_are_borrowed_as_one() -> None:
    with scratch.scratch(((2, 3), np.float64), ((5,), np.bool_), ((0, 2), np.int8), ((), np.float32)) as arrays:
        assert [(a.shape, a.dtype.name) for a in arrays] == [
            ((2, 3), "float64"),
            ((5,), "bool"),
            ((0, 2), "int8"),
            ((), "float32"),
        ]
        assert [address(a) % ALIGNMENT for a in arrays if a.size] == [0, 0, 0]
        assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
        inner = Scratch()
        with inner as empty:
            assert not any(np.shares_memory(empty((9,), np.uint8), a) for a in arrays)


def test_nothing_is_borrowed_for_empty_arrays() -> None:
    with scratch.scratch(((0,), np.float64), ((3, 0), np.int8)) as arrays:
        assert [a.size for a in arrays] == [0, 0]
    with scratch.scratch() as arrays:
        assert arrays == []
    assert not hasattr(scratch._threads, "arena")


@pytest.mark.parametrize(
    "wanted", [(), (((3, 0), np.int8),), (((7,), np.float64),), (((1000, 100), np.float32), ((3,), np.int8))]
)
def test_bytes_that_are_said_are_those_that_are_taken(wanted: Any) -> None:
    taken = []
    for _ in range(2):  # by the second time the layout is remembered, and the modules are there
        scratch._threads.arena = scratch._Arena()
        tracemalloc.start()
        try:
            with scratch.scratch(*wanted):
                taken.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    said = scratch_bytes(*wanted)
    assert said <= taken[1] <= said + 4096


@pytest.mark.parametrize(
    ("nbytes", "said"), [(0, 0), (1, CHUNK + ALIGNMENT), (CHUNK, CHUNK + ALIGNMENT), (10 * CHUNK, 10 * CHUNK + 64)]
)
def test_bytes_of_one_array(nbytes: int, said: int) -> None:
    assert one_array_bytes(nbytes) == said
