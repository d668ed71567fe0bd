"""Three texts, two of which were made from the third."""

from __future__ import annotations

import random

import pytest

from dataflow.studio.merge import merged

BASE = "a\nb\nc\nd\ne\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        (BASE, BASE, BASE),
        ("A\nb\nc\nd\ne\n", BASE, "A\nb\nc\nd\ne\n"),
        (BASE, "a\nb\nc\nd\nE\n", "a\nb\nc\nd\nE\n"),
        ("A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n"),
        ("a\nnew\nb\nc\nd\ne\n", "a\nb\nc\ne\n", "a\nnew\nb\nc\ne\n"),
        ("A\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n"),
        ("b\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n", "b\nc\nd\ne\nf\n"),
        ("A\nb\nc\nd\ne\n", "B\nb\nc\nd\ne\n", None),
        ("A\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\n", None),
        ("a\nx\nb\nc\nd\ne\n", "a\ny\nb\nc\nd\ne\n", None),
        ("", "a\nB\nc\nd\ne\n", None),
        ("a\nb\nc\nd\ne", "A\nb\nc\nd\ne\n", "A\nb\nc\nd\ne"),
    ],
)
def test_merged(ours: str, theirs: str, both: str | None) -> None:
    assert merged(BASE, ours, theirs) == both
    assert merged(BASE, theirs, ours) == both


def test_changes_far_from_each_other_are_all_there() -> None:
    chance = random.Random(0)
    for _ in range(100):
        base = [f"line {i}\n" for i in range(60)]
        ours, theirs = list(base), list(base)
        mine, other = chance.randrange(0, 25), chance.randrange(35, 60)
        ours[mine], theirs[other] = "mine\n", "theirs\n"
        both = merged("".join(base), "".join(ours), "".join(theirs))
        expected = list(base)
        expected[mine], expected[other] = "mine\n", "theirs\n"
        assert both == "".join(expected)
