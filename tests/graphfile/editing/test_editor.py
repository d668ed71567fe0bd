"""The text of a file in hand: what is accepted, undone, shown and saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dataflow.core.errors import DataflowError, GraphError, GraphFileError
from dataflow.graphfile.editing import editor as module
from dataflow.graphfile.editing.acceptance import Accepted, accepted
from dataflow.graphfile.editing.changes import Change, Drop, Put, Refusal, Rekey
from dataflow.graphfile.editing.editor import TextEditor
from dataflow.graphfile.editing.written import Writer

CLEAN = """\
dataflow: 1
nodes:
  a: {block: Const, attrs: {value: [1.0, 2.0]}}  # the first
  b: {block: Relu, inputs: {features: a}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "g.yaml"
    path.write_text(CLEAN)
    return path


def test_a_file_in_the_layout_of_fmt_stays_in_it(path: Path) -> None:
    editor = TextEditor(path)
    assert editor.in_layout
    editor.change([Put(("nodes", "b", "attrs"), {"value": "x" * 70})])
    assert editor.text.endswith(
        f"  b:\n    block: Relu\n    inputs: {{features: a}}\n    attrs: {{value: {'x' * 70}}}\n"
    )
    editor.undo()
    assert editor.text == CLEAN


def test_in_another_layout_other_lines_stay_as_they_are(path: Path) -> None:
    path.write_text(CLEAN.replace("a: {", "a:    {"))
    editor = TextEditor(path)
    assert not editor.in_layout
    editor.change([Put(("nodes", "b", "attrs"), {"value": "x" * 70})])
    assert editor.text.splitlines()[:3] == path.read_text().splitlines()[:3]
    assert len(editor.text.splitlines()[3]) > 100


def test_edits_are_undone_and_made_again_one_by_one(path: Path) -> None:
    editor = TextEditor(path)
    texts = [editor.text]
    for change in (Put(("name",), "g"), Rekey(("nodes", "b"), "c"), Drop(("nodes", "a", "attrs"))):
        editor.change([change])
        texts.append(editor.text)
    assert len(set(texts)) == 4
    assert [editor.undo() and editor.text for _ in range(3)] == texts[2::-1]
    assert not editor.undo()
    assert [editor.redo() and editor.text for _ in range(3)] == texts[1:]
    assert not editor.redo()
    editor.undo()
    editor.change([Put(("name",), "other")])
    assert not editor.redo()  # what came after is gone


def test_what_changes_nothing_is_no_edit(path: Path) -> None:
    editor = TextEditor(path)
    editor.change([Put(("nodes", "b", "block"), "Relu")])
    assert editor.text == CLEAN and not editor.undo() and editor.diff() == ""


def test_gathered_edits_are_written_in_one_pass_and_seen_meanwhile(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one, editor = TextEditor(path), TextEditor(path)
    passes: list[int] = []

    def counted(document: Any, root: Any, changes: Sequence[Change], in_layout: bool) -> Accepted:
        passes.append(len(changes))
        return accepted(document, root, changes, in_layout)

    edits = [[Put(("nodes", "a", "doc"), "one")], [Rekey(("nodes", "b"), "c"), Put(("name",), "g")], [Drop(("name",))]]
    for edit in edits:
        one_by_one.change(edit)
    one_by_one.change([Put(("nodes", "c", "doc"), "two")])
    monkeypatch.setattr(module, "accepted", counted)
    with editor.together("all"), editor.gathered():
        for edit in edits:
            editor.change(edit)
        assert "c" in editor.tree["nodes"] and "name" not in editor.tree and passes == []
        editor.tree["nodes"].clear()  # a copy
        assert "  c: {" in editor.text and passes == [4]  # to be looked at it is written
        editor.change([Put(("nodes", "c", "doc"), "two")])
    assert editor.text == one_by_one.text and passes == [4, 1] and editor.undo_title == "all"
    assert editor.undo() and editor.text == CLEAN


def test_gathered_edits_that_are_refused_are_told_and_given_up_together(path: Path) -> None:
    shared = CLEAN.replace("attrs: {value", "attrs: &v {value").replace("{features: a}", "{features: a}, attrs: *v")
    path.write_text(shared)
    editor = TextEditor(path)
    with pytest.raises(GraphFileError, match=r"'nodes\.b' has no 'doc'"), editor.together(), editor.gathered():
        editor.change([Put(("name",), "g")])
        editor.change([Drop(("nodes", "b", "doc"))])
    assert editor.text == shared and not editor.undo()
    used = "the anchor &v in it is used on line 5"
    with pytest.raises(GraphFileError, match=used), editor.together(), editor.gathered():
        editor.change([Put(("name",), "g")])
        editor.change([Drop(("nodes", "a"))])
        assert "a" not in editor.tree["nodes"]
    assert editor.text == shared and editor.tree["nodes"]["a"]["block"] == "Const" and not editor.undo()


def test_what_hinders_others_when_gathered_is_made_one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(document: Any, root: Any, changes: Sequence[Change], in_layout: bool) -> Accepted:
        if len(changes) > 1:
            raise Refusal((), "two are too many")
        return accepted(document, root, changes, in_layout)

    monkeypatch.setattr(module, "accepted", alone)
    editor = TextEditor(path)
    with editor.gathered():
        editor.change([Put(("name",), "g")])
        editor.change([Put(("nodes", "a", "doc"), "one")])
    assert (editor.tree["name"], editor.tree["nodes"]["a"]["doc"]) == ("g", "one")
    assert editor.undo() and editor.tree["name"] == "g"


def test_a_refusal_has_a_place_and_leaves_all_as_it_was(path: Path) -> None:
    editor = TextEditor(path)
    with pytest.raises(GraphFileError) as error:
        editor.change([Put(("name",), "g"), Drop(("nodes", "b", "attrs"))])
    (problem,) = error.value.problems
    assert (problem.path, problem.line, problem.column) == (str(path), 4, 3)
    assert problem.message == "'nodes.b' has no 'attrs'" and problem.hint == "it has block and inputs"
    assert editor.text == CLEAN and not editor.undo()


def test_text_that_says_another_thing_is_not_accepted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(self: Writer, start: int, end: int, text: str) -> None:
        original(self, start, end, text + "0")

    original = Writer._replace
    monkeypatch.setattr(Writer, "_replace", faulty)
    editor = TextEditor(path)
    with pytest.raises(GraphFileError, match="cannot be edited without changing something else"):
        editor.change([Put(("nodes", "a", "attrs", "value", 0), 3)])
    assert editor.text == CLEAN


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_the_mark_and_the_breaks_of_a_file_stay(path: Path, mark: str, eol: str) -> None:
    before = (mark + CLEAN.replace("\n", eol)).encode()
    path.write_bytes(before)
    editor = TextEditor(path)
    editor.change([Put(("nodes", "c"), {"block": "Relu", "inputs": {"features": "b"}})])
    editor.save()
    assert path.read_bytes() == before + f"  c: {{block: Relu, inputs: {{features: b}}}}{eol}".encode()
    editor.undo()
    editor.save()
    assert path.read_bytes() == before


def test_a_file_that_another_program_changed_is_not_overwritten(path: Path) -> None:
    editor = TextEditor(path)
    editor.change([Put(("name",), "g")])
    path.write_text(CLEAN + "\n")
    with pytest.raises(GraphError, match="must be as it was read, got a file that has changed"):
        editor.save()
    assert path.read_text() == CLEAN + "\n"
    path.write_text(CLEAN)
    editor.save()
    editor.change([Put(("name",), "h")])
    editor.save()  # which knows what it wrote itself
    assert "name: h" in path.read_text()


def test_a_text_is_not_written_over_a_file_that_came_or_changed_meanwhile(path: Path, tmp_path: Path) -> None:
    new = TextEditor(tmp_path / "new.yaml", CLEAN)
    new.save()
    assert (tmp_path / "new.yaml").read_text() == CLEAN
    other = TextEditor(tmp_path / "other.yaml", CLEAN)
    (tmp_path / "other.yaml").write_text("dataflow: 1\n")
    with pytest.raises(GraphError, match="got a file that has changed"):
        other.save()
    unsaved = TextEditor(path, CLEAN + "outputs: {b: b}\n")
    unsaved.save()
    assert path.read_text().endswith("outputs: {b: b}\n") and unsaved.diff() == ""


def test_the_diff_shows_all_edits_so_far(path: Path) -> None:
    editor = TextEditor(path, "dataflow: 1\nname: a")
    editor.change([Put(("name",), "b")])
    editor.change([Put(("doc",), "c")])
    assert editor.diff() == (
        f"--- {path}\n+++ {path}\n@@ -1,2 +1,3 @@\n dataflow: 1\n-name: a\n\\ No newline at end of file\n"
        "+name: b\n+doc: c\n\\ No newline at end of file\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not YAML"),
        ("a: 1\na: 2\n", "key 'a' must be written once"),
        ("- 1\n", "a graph file must be a mapping, got a list"),
        ("", "got an empty file"),
    ],
)
def test_what_is_no_graph_file_is_not_edited(path: Path, text: str, message: str) -> None:
    with pytest.raises(GraphFileError, match=message):
        TextEditor(path, text)


def test_files_that_are_not_there_or_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(GraphFileError, match="no such file"):
        TextEditor(tmp_path / "none.yaml")
    with pytest.raises(GraphFileError, match="the package has no file"):
        TextEditor("dataflow:none.yaml")
    editor = TextEditor("dataflow:digits/mlp.yaml")
    with pytest.raises(DataflowError, match="read-only"):
        editor.save()
