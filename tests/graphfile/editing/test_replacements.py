"""Replacements of characters and what undoes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.graphfile.editing.replacements import Replacement, between, changed_lines, inverse, offsets, replaced


@st.composite
def texts_and_replacements(draw: st.DrawFn) -> tuple[str, list[Replacement]]:
    text = draw(st.text("ab\n", max_size=30))
    marks = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    pairs = list(zip(marks[::2], marks[1::2], strict=False))
    made = [Replacement(start, end, draw(st.text("xy\n", max_size=4))) for start, end in pairs]
    return text, draw(st.permutations(made))


@given(texts_and_replacements())
def test_the_inverse_makes_the_text_again(case: tuple[str, list[Replacement]]) -> None:
    text, made = case
    changed = replaced(text, made)
    assert replaced(changed, inverse(text, made)) == text
    for each in made:
        assert each.text in changed


@given(st.text("ab\r\n", max_size=40), st.text("ab\r\n", max_size=40))
def test_the_lines_between_two_texts_lead_from_one_to_the_other(old: str, new: str) -> None:
    made = between(old, new)
    assert replaced(old, made) == new
    assert bool(made) == (old != new)
    assert all(each.start == 0 or old[each.start - 1] in "\r\n" for each in made)


def test_insertions_at_one_place_keep_their_order() -> None:
    assert replaced("ab", [Replacement(1, 1, "x"), Replacement(1, 1, "y"), Replacement(1, 2, "z")]) == "axyz"


def test_replacements_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="meet in one place"):
        replaced("abc", [Replacement(0, 2, ""), Replacement(1, 3, "")])


def test_changed_lines_are_counted() -> None:
    assert changed_lines("a\nb\nc\n", "a\nB\nc\n") == 1
    assert changed_lines("a\nb\n", "a\nx\ny\nb\n") == 2
    assert changed_lines("a\nb\nc\n", "a\nc") == 1
    assert changed_lines("a\n", "a\n") == 0
    assert offsets(["a\n", "bc"]) == [0, 2, 4]
