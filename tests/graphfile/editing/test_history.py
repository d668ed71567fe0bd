"""Steps that are undone, made again and joined; texts that take the place of others."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.editing.history import History, Step, made
from dataflow.graphfile.editing.replacements import as_typed, between

TEXT = "dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: 1.0}}  # one\n"


def test_several_edits_are_one_step() -> None:
    file = flow.edit("g.yaml", TEXT)
    with file.together("two outputs"):
        file.output("y", "a")
        file.output("z", "a")
    assert (file.undo_title, file.redo_title) == ("two outputs", "")
    after = file.text
    assert file.undo() and file.text == TEXT and not file.undo()
    assert (file.undo_title, file.redo_title) == ("", "two outputs")
    assert file.redo() and file.text == after and not file.redo()


def test_all_of_several_edits_or_none() -> None:
    file = flow.edit("g.yaml", TEXT)
    file.set("name", "g")
    file.undo()
    with pytest.raises(GraphFileError, match="'outputs' has no 'z'; it has y"), file.together("both"):
        file.output("y", "a")
        with file.together():
            file.remove("outputs.z")
    assert file.text == TEXT and file.undo_title == "" and file.redo_title == "set name"
    with file.together("nothing"):
        pass
    assert file.redo()


def test_within_several_edits_only_these_are_undone() -> None:
    file = flow.edit("g.yaml", TEXT)
    file.set("name", "g")
    with file.together():
        file.set("doc", "d")
        assert file.undo() and not file.undo()
        file.output("y", "a")
    assert file.undo_title == "set outputs.y"
    file.undo()
    assert file.undo_title == "set name" and "name: g" in file.text


def test_a_text_takes_the_place_of_another_by_few_lines() -> None:
    file = flow.edit("g.yaml", TEXT)
    other = TEXT.replace("1.0", "2.0").replace("# one", "# two") + "# end\n"
    file.replace(other)
    assert file.text == other and file.undo_title == "change the text"
    file.undo()
    assert file.text == TEXT
    file.redo()
    file.set("a.value", 3.0)
    assert file.text == other.replace("2.0", "3.0")


def test_a_text_that_is_no_yaml_is_left_to_the_caller() -> None:
    file = flow.edit("g.yaml", TEXT)
    for text, message in (("a: [", "not YAML"), ("- 1\n", "must be a mapping"), ("", "empty file")):
        with pytest.raises(GraphFileError, match=message):
            file.replace(text)
    assert file.text == TEXT and not file.undo()


def test_the_layout_is_kept_as_the_text_that_was_put_in_has_it() -> None:
    file = flow.edit("g.yaml", TEXT)
    assert file.in_layout
    file.replace(TEXT.replace("{block", "{  block"))
    assert not file.in_layout
    file.undo()
    assert file.in_layout
    file.set("name", "g")
    file.undo()
    assert file.in_layout and file.text == TEXT


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_typed_gets_the_breaks_and_the_mark_of_the_file(mark: str, end: str) -> None:
    text = mark + TEXT.replace("\n", end)
    file = flow.edit("g.yaml", text)
    typed = TEXT.replace("1.0", "2.0") + "outputs: {y: a}\n"
    file.replace(typed, typed=True)
    assert file.text == mark + typed.replace("\n", end)
    file.undo()
    assert file.text == text


@given(st.text("ab\r\n", max_size=30), st.text("ab\n", max_size=30))
def test_typed_lines_keep_their_breaks(old: str, new: str) -> None:
    typed = as_typed(old, new)
    assert typed.replace("\r\n", "\n").replace("\r", "\n") == new
    assert as_typed(old, old.replace("\r\n", "\n").replace("\r", "\n")) == old


def test_steps_remember_what_undoes_them() -> None:
    history = History()
    texts = ["a\n", "a\nb\n", "c\nb\n"]
    for old, new in pairwise(texts):
        history.add(Step.of(f"to {new}", old, [between(old, new)]))
    history.join(0, "")
    (step,) = history.done
    assert (
        step.title == "to a\nb\n" and made(texts[0], step.done) == texts[2] and made(texts[2], step.undone) == texts[0]
    )
    assert history.back() is step and history.back() is None and history.forth() is step and history.forth() is None
