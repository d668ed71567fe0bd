"""Names in an order in which each comes after those it needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.graphfile.order import topological_order


@pytest.mark.parametrize(
    "needs, names, cycles",
    [
        ({}, "", []),
        ({"a": "", "b": ""}, "ab", []),
        ({"c": "b", "b": "a", "a": ""}, "abc", []),
        ({"d": "bc", "b": "a", "c": "a", "a": ""}, "abcd", []),
        ({"a": "a"}, "a", ["a"]),
        ({"b": "a", "a": "b"}, "ab", ["ba"]),
        ({"x": "c", "c": "b", "b": "a", "a": "c"}, "abcx", ["cab"]),
        ({"a": "ab", "b": "ba"}, "ba", ["a", "ab", "b"]),
    ],
)
def test_each_comes_after_those_it_needs(needs, names, cycles):
    found, loops = topological_order(needs)
    assert "".join(found) == names
    assert sorted("".join(loop) for loop in loops) == cycles


@given(st.integers(1, 40), st.randoms())
def test_without_cycles_the_order_is_right_and_complete(count, rng):
    names = [f"n{i}" for i in range(count)]
    needs = {name: rng.sample(names[:i], rng.randrange(min(i, 4) + 1)) for i, name in enumerate(names)}
    shuffled = {name: needs[name] for name in rng.sample(names, count)}
    found, cycles = topological_order(shuffled)
    assert cycles == [] and sorted(found) == sorted(names)
    assert all(found.index(source) < found.index(name) for name in names for source in needs[name])


def test_chains_may_be_long():
    count = 100_000
    found, cycles = topological_order({f"n{i}": [f"n{i + 1}"] if i + 1 < count else [] for i in range(count)})
    assert (found[0], found[-1], cycles) == (f"n{count - 1}", "n0", [])
