"""The layout of a text around an edit: as if the whole had been put in it."""

from __future__ import annotations

import random

import pytest

from dataflow.graphfile.editing import relayout
from dataflow.graphfile.editing.relayout import laid_out, laid_out_again
from dataflow.graphfile.parse import parse

TEXT = """\
dataflow: 1
doc: >-
  Text of
  two lines.

params:
  bits: 8

inputs:
  x: float32[N, 4]  # rows

nodes:
  # the first
  a: {block: Relu, inputs: {features: x}}
  b:
    block: Const  # a number
    attrs: {value: 1.0}
    # about b

  # the second
  c: {block: Mul, inputs: [a, b]}  # half
  d: {block: Neg, inputs: [c]}

outputs:
  y: c
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("features: x", "features:   x"),
        ("[a, b]", f"[a, {'b' * 90}]"),
        ("  d: {block: Neg, inputs: [c]}\n", ""),
        ("  c: {block: Mul, inputs: [a, b]}  # half\n", ""),
        ("  a: {block: Relu, inputs: {features: x}}\n", ""),
        ("  # the first\n", "\n\n  # the first\n"),
        ("    # about b\n", "    # about b\n\n\n"),
        ("  y: c\n", "  y:   c\n  z: d\n"),
        ("  bits: 8\n", "  bits: 8\n  more: [1,2,   3]\n"),
        ("\nparams:\n  bits: 8\n", ""),
        ("name", "name"),
        ("[c]}\n", "[c]}\n  e:\n    block:  Neg\n"),
        ("float32[N, 4]  # rows", "{dtype:   float32, doc: a}  # rows"),
        ("Text of", "Text  of"),
    ],
)
def test_it_is_the_layout_of_the_whole(old: str, new: str) -> None:
    changed = parse(TEXT.replace(old, new), "g.yaml")
    assert laid_out(parse(TEXT, "g.yaml")) == TEXT
    assert laid_out_again(TEXT, changed) == laid_out(changed)


def test_of_random_lines_that_go_and_come() -> None:
    rng, checked = random.Random(1), 0
    lines = TEXT.splitlines(keepends=True)
    for _ in range(400):
        made = list(lines)
        for _ in range(rng.choice((1, 1, 2))):
            at = rng.randrange(5, len(made))
            what = rng.choice(("drop", "blank", "comment", "spaces"))
            if what == "drop":
                del made[at]
            elif what == "spaces":
                made[at] = made[at].replace(": ", ":   ", 1)
            else:
                made.insert(at, "\n" if what == "blank" else f"{' ' * rng.choice((0, 2, 4))}# more\n")
        document = parse("".join(made), "g.yaml")
        if not document.problems:
            assert laid_out_again(TEXT, document) == laid_out(document), document.text
            checked += 1
    assert checked > 300


def test_only_the_entries_around_an_edit_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def looked(document: relayout.Document) -> str | None:
        seen.append(document.text)
        return laid_out(document)

    monkeypatch.setattr(relayout, "laid_out", looked)
    changed = parse(TEXT.replace("[a, b]", "[a,   b]"), "g.yaml")
    assert laid_out_again(TEXT, changed) == TEXT
    assert len(seen) == 1 and seen[0].startswith("nodes:\n  b:\n") and "a: {" not in seen[0]
    shared = parse(TEXT.replace("[a, b]", "&k [a,   b]"), "g.yaml")
    laid_out_again(TEXT, shared)
    assert seen[1] == shared.text
