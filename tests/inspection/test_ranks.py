"""Which cards share a row, and in which column each stands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dataflow.inspection.ranks import APART, components, cut, ranks

Edges = list[tuple[str, str]]


def chain(text: str) -> Edges:
    """The wires of ``a-b-c x-b``."""
    found: Edges = []
    for part in text.split():
        names = part.split("-")
        found += pairwise(names)
    return found


def test_what_follows_stands_further_right() -> None:
    assert ranks("abc", chain("a-b-c")) == {"a": 0, "b": 1, "c": 2}
    assert ranks("abcd", chain("a-b-d a-c c-d")) == {"a": 0, "b": 1, "c": 1, "d": 2}


def test_what_needs_nothing_stands_beside_what_reads_it() -> None:
    assert ranks("abcxd", chain("a-b-c-d x-d")) == {"a": 0, "b": 1, "c": 2, "d": 3, "x": 2}
    assert ranks("abcxyd", chain("a-b-c-d x-y-d")) == {"a": 0, "b": 1, "c": 2, "d": 3, "x": 1, "y": 2}


def test_what_many_read_stands_as_far_right_as_they_allow() -> None:
    found = ranks("abpcq", chain("a-b-c a-p p-q c-q"))
    assert found == {"a": 0, "b": 1, "p": 1, "c": 2, "q": 3}  # one wire comes and one leaves: p stays by a
    assert ranks("abcdpxy", chain("a-b-c-d a-p p-x p-y d-x d-y"))["p"] == 3


def test_cards_that_wires_connect() -> None:
    assert components("abcdef", chain("a-c d-f")) == [["a", "c"], ["b"], ["d", "f"], ["e"]]
    assert components("", []) == []


def lengths(names: Sequence[str], length: float = 100.0) -> dict[str, float]:
    return dict.fromkeys(names, length)


def test_a_row_that_is_short_enough_is_not_cut() -> None:
    assert cut("abc", chain("a-b-c"), lengths("abc"), 3 * 100 + 2 * APART) == [["a", "b", "c"]]


def test_rows_are_cut_evenly() -> None:
    names = "abcdef"
    found = cut(names, chain("a-b-c-d-e-f"), lengths(names), 5 * 100 + 4 * APART)
    assert found == [["a", "b", "c"], ["d", "e", "f"]]


def test_rows_are_cut_where_few_wires_are() -> None:
    names = "abcpqrdefg"
    edges = chain("a-b-c c-p-d c-q-d c-r-d d-e-f-g c-d")
    assert cut(names, edges, lengths(names), 5 * 100 + 4 * APART) == [[*"abcpqrd"], [*"efg"]]


def test_a_card_longer_than_a_row_has_its_own() -> None:
    assert cut("ab", chain("a-b"), {"a": 900.0, "b": 10.0}, 500.0) == [["a"], ["b"]]


@given(st.data())
def test_every_card_is_in_one_row_and_wires_lead_on(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 25))
    names = [f"n{i}" for i in range(count)]
    edges = [(names[data.draw(st.integers(0, i - 1))], names[i]) for i in range(1, count)]
    more = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=12))
    edges += [(names[a], names[b]) for a, b in more if a < b]
    sizes = {name: data.draw(st.sampled_from([60.0, 150.0, 400.0])) for name in names}
    rank = ranks(names, edges)
    assert all(rank[a] < rank[b] for a, b in edges)
    rows = cut(names, edges, sizes, 700.0)
    assert sorted(name for row in rows for name in row) == sorted(names)
    home = {name: i for i, row in enumerate(rows) for name in row}
    assert all(home[a] <= home[b] for a, b in edges)


def test_what_stands_beside_its_reader_is_not_cut_off_from_it() -> None:
    """``v`` and ``w`` would be in the last column of the first row, and their reader in the next."""
    names = "abcvwdef"
    found = cut(names, chain("a-b-c-d-e-f v-w-d"), lengths(names), 3 * 100 + 2 * APART)
    assert found == [["a", "b", "c"], ["v", "w", "d", "e", "f"]]
