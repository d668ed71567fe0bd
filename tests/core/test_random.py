"""Keys of random numbers: seed, node and step alone decide what is drawn, chunk by chunk."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from dataflow.core import random
from dataflow.core.dtypes import Array
from dataflow.core.random import CHUNK, Key


def first(key: Key, *more: int, chunk: int = 0) -> bytes:
    return bytes(key.generator(*more, chunk=chunk).bytes(16))


def test_each_part_of_a_key_gives_other_numbers() -> None:
    keys = [Key(), Key(seed=1), Key(node="a"), Key(node="b"), Key(step=1), Key(step=2**63 - 1)]
    drawn = [first(key) for key in keys] + [first(Key(), 1), first(Key(), 0, 1), first(Key(), chunk=1)]
    assert len(set(drawn)) == len(drawn)
    assert drawn == [first(key) for key in keys] + drawn[len(keys) :]


def test_parts_of_a_key_do_not_run_into_each_other() -> None:
    assert first(Key(1, "1")) != first(Key(11, ""))
    assert first(Key(0, "a"), 1, 2) != first(Key(0, "a"), 12)
    assert first(Key(0, "a1")) != first(Key(0, "a"), 1)
    assert Key(1, "a", 2) == Key(1, "a", 2) != Key(1, "a", 3)


def test_the_numbers_are_those_of_every_release() -> None:
    """What a seed gives must not change: whoever trained with it could not repeat that."""
    drawn = Key(7, "dropout", 3).generator(1, 2).bit_generator.random_raw(3)
    assert drawn.tolist() == [18195088568089385193, 4528203169577038916, 5780767730009506596]


def uniform(generator: np.random.Generator, part: Array) -> None:
    generator.random(out=part, dtype=np.float32)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (5,), (2, 3), (CHUNK,), (CHUNK + 1,), (3, CHUNK - 7)])
def test_numbers_follow_each_other_whatever_the_shape(shape: tuple[int, ...]) -> None:
    values = np.full(shape, 2, np.float32)
    assert Key(1).fill(values, uniform) is values
    assert (values < 1).all()
    again = Key(1).fill(np.empty(prod(shape), np.float32), uniform)
    assert np.array_equal(values.reshape(-1), again)


def test_each_chunk_has_a_generator_of_its_own() -> None:
    whole = Key(1, "a", 2).fill(np.empty(2 * CHUNK + 5, np.float32), uniform, 9)
    for chunk, count in ((0, CHUNK), (1, CHUNK), (2, 5)):
        part = Key(1, "a", 2).generator(9, chunk=chunk).random(count, np.float32)
        assert np.array_equal(whole[chunk * CHUNK :][:count], part)


def test_no_more_than_a_chunk_is_drawn_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "CHUNK", 10)
    counts = []

    def sample(generator: np.random.Generator, part: Array) -> None:
        counts.append(part.size)
        part[...] = len(counts)

    drawn = Key().fill(np.empty((5, 5), np.int64), sample)
    assert counts == [10, 10, 5]
    assert drawn.reshape(-1).tolist() == [1] * 10 + [2] * 10 + [3] * 5
