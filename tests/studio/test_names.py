"""Names followed through renames, there and back."""

from __future__ import annotations

import pytest

from dataflow.studio.names import after, before, renamed

RENAMES = [("a", "b"), ("b", "in/c"), ("x", "a")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a", "in/c"),
        ("a.y", "in/c.y"),
        ("a/inner.y[0, 1]", "in/c/inner.y[0, 1]"),
        ("x.output", "a.output"),
        ("ab.y", "ab.y"),
        ("in/a", "in/a"),
    ],
)
def test_ports_and_what_is_in_a_node_follow_it(old: str, new: str) -> None:
    assert after(old, RENAMES) == new
    assert before(new, RENAMES) == old


def test_two_that_change_their_names() -> None:
    swap = [("a", "t"), ("b", "a"), ("t", "b")]
    assert [after(name, swap) for name in ("a.y", "b.y")] == ["b.y", "a.y"]
    assert [before(name, swap) for name in ("b.y", "a.y")] == ["a.y", "b.y"]


def test_one_rename() -> None:
    assert [renamed(name, "a", "b") for name in ("a", "a.y", "a/c", "ab", "c.a")] == ["b", "b.y", "b/c", "ab", "c.a"]
