"""Texts whose tree becomes another one, with all else as it was."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import places
import pytest

from dataflow.graphfile.format import formatted
from dataflow.graphfile.keeping.text import CannotRewrite, Target, rewritten
from dataflow.graphfile.parse import parse

HARD = sorted((places.TESTS / "graphfile" / "hard_files").glob("*.yaml"))
TEXT = """\
# what it is
dataflow: 1
nodes:
  # first
  a: {block: Relu, inputs: {x: x}}   # of a

  # second
  b:
    block: Add    # sums
    inputs: {x: a, y: 1}
"""


def tree(text):
    document = parse(text, "")
    assert not document.problems
    return document.root.plain()


def changed(text, change, **target):
    wanted = copy.deepcopy(tree(text))
    change(wanted)
    result = rewritten(text, Target(wanted, **target))
    assert tree(result) == wanted
    return result


def test_a_tree_that_is_the_same_leaves_the_text():
    assert changed(TEXT, lambda root: None) == TEXT


def test_a_value_changes_in_its_place():
    def change(root):
        root["nodes"]["b"]["inputs"]["y"] = 2

    assert changed(TEXT, change) == TEXT.replace("y: 1", "y: 2")


def test_new_keys_stand_before_those_that_follow_them():
    def change(root):
        root["nodes"] = {
            "n": {"block": "B"},
            "a": root["nodes"]["a"],
            "o": {"block": "C"},
            "p": {"block": "D"},
            "b": root["nodes"]["b"],
            "q": {"block": "E"},
        }

    comments = {("nodes", "o"): ["two", "lines"]}
    wanted = TEXT.replace("  # first\n", "  n: {block: B}\n  # first\n")
    wanted = wanted.replace("  b:", "  # two\n  # lines\n  o: {block: C}\n  p: {block: D}\n  b:")
    assert changed(TEXT, change, comments=comments) == wanted + "  q: {block: E}\n"


def test_keys_are_renamed_and_values_replaced_where_they_stand():
    def change(root):
        root["nodes"] = {"c" if key == "a" else key: value for key, value in root["nodes"].items()}
        root["nodes"]["c"] = {"block": "Sub"}

    comments = {("nodes", "c"): ["another"]}
    found = changed(TEXT, change, comments=comments, renamed={("nodes", "a"): "c"}, anew={("nodes", "c")})
    assert found == TEXT.replace("  a: {block: Relu, inputs: {x: x}}", "  # another\n  c: {block: Sub}")


ANCHORS = """\
dataflow: 1
x-all: &all {bits: 8, low: -1}
nodes:
  a: &a {block: A, attrs: *all}
  b: {block: B, attrs: {<<: *all, bits: 4}}
  c: *a
"""


def test_what_an_anchor_names_is_copied_where_it_was_repeated():
    def change(root):
        root["nodes"]["a"]["block"] = "Z"

    assert changed(ANCHORS, change) == ANCHORS.replace("block: A", "block: Z").replace(
        "c: *a", "c: {block: A, attrs: {bits: 8, low: -1}}"
    )


def test_an_anchor_goes_when_what_repeats_it_has_its_own():
    found = changed(ANCHORS, lambda root: root.pop("x-all"))
    assert "all" not in found and "attrs: {bits: 4, low: -1}" in found


def test_a_change_of_what_is_repeated_leaves_where_it_is_written():
    def change(root):
        root["nodes"]["c"] = {"block": "A", "attrs": {"bits": 8, "low": -2}}

    assert changed(ANCHORS, change).startswith(ANCHORS.partition("  c:")[0])


def test_a_file_in_standard_layout_stays_in_it():
    def change(root):
        root["nodes"]["b"]["inputs"] |= {f"port_{i}": f"a_wire_with_a_long_name_{i}" for i in range(9)}

    tidy = formatted(parse(TEXT, ""))
    found = changed(tidy, change)
    assert formatted(parse(found, "")) == found != tidy


def test_what_cannot_be_written_is_told():
    with pytest.raises(CannotRewrite):
        rewritten("dataflow: 1\n", Target({"dataflow": 1, "x": "\ud800"}))


def altered(rng, value, depth=0):
    """A tree that differs from another in a few places."""
    if isinstance(value, dict) and value:
        result = {}
        for key, each in value.items():
            if depth and rng.random() < 0.06:
                continue
            if depth and rng.random() < 0.06:
                result[f"new_{rng.randrange(99)}"] = rng.choice([1, "w", [1, 2], {"block": "B", "attrs": {"a": 1.5}}])
            result[key] = altered(rng, each, depth + 1)
        return result
    if isinstance(value, list) and value:
        return [altered(rng, each, depth + 1) for each in value] + ([1] if rng.random() < 0.05 else [])
    return rng.choice([0, "x", None, True, 1e-3]) if depth and rng.random() < 0.08 else value


@pytest.mark.parametrize("path", HARD, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(4))
def test_hard_texts_come_to_any_tree(path: Path, seed: int):
    text = path.read_bytes().decode().removeprefix("\ufeff")
    rng = random.Random(f"{path.stem}{seed}")
    wanted = altered(rng, tree(text))
    assert tree(rewritten(text, Target(wanted))) == wanted
