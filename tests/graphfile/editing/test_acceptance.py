"""Changes that are accepted: the text says what the tree does, and stays in its layout."""

from __future__ import annotations

import pytest

from dataflow.graphfile.editing.acceptance import accepted, said, shared
from dataflow.graphfile.editing.changes import Change, Drop, Put, Refusal
from dataflow.graphfile.editing.history import made
from dataflow.graphfile.parse import parse
from dataflow.graphfile.spans import spans

SHARED = "dataflow:  1\na: &k\n  b: 1\nc: *k\nd: *k\n"


def test_refusals_name_the_anchor_that_stands_in_the_way() -> None:
    refused = shared(SHARED, spans(SHARED), [Put(("a", "b"), 2)])
    assert isinstance(refused, Refusal)
    assert refused.message == "'a.b' is part of the anchor &k, which is used on line 4 and 5 too"


def test_a_change_is_refused_where_the_text_would_say_another_thing() -> None:
    with pytest.raises(Refusal, match=r"'a\.b' is part of the anchor &k"):
        accepted(parse(SHARED, "g.yaml"), spans(SHARED), [Put(("a", "b"), 2)], in_layout=False)


def test_changes_stay_what_they_are_however_often_they_are_tried() -> None:
    text, changes = "dataflow:  1\na: [1]\n", list[Change]([Put(("a",), [1, 2, 3]), Drop(("a", 1))])
    for _ in range(2):
        found = accepted(parse(text, "g.yaml"), spans(text), changes, in_layout=False)
        assert made(text, found.batches) == "dataflow:  1\na: [1, 3]\n"
    assert changes == [Put(("a",), [1, 2, 3]), Drop(("a", 1))]


@pytest.mark.parametrize("in_layout", [True, False])
def test_what_was_in_layout_is_put_in_it_again(in_layout: bool) -> None:
    text = f"dataflow: 1\nnodes:\n  a: {{block: Relu, doc: {'w' * 60}}}\n"
    found = accepted(parse(text, "g.yaml"), spans(text), [Put(("nodes", "a", "attrs"), {"k": "v" * 30})], in_layout)
    after = made(text, found.batches)
    assert found.document.text == after and (len(found.batches) == 2) is in_layout
    assert ("\n    block: Relu\n" in after) is in_layout


def test_what_a_tree_says_does_not_depend_on_the_order_of_keys() -> None:
    assert said({"a": 1, "b": [{"d": 1, "c": 2}]}) == said({"b": [{"c": 2, "d": 1}], "a": 1})
    assert len({said(value) for value in (1, 1.0, True, "1", [1], None)}) == 6
    assert said(float("nan")) == said(float("nan"))
