"""Changes of the tree in the text: exactly which characters change."""

from __future__ import annotations

import pytest

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.editing.changes import Change, Drop, Insert, Part, Put, Rekey
from dataflow.graphfile.editing.editor import TextEditor

HEAD = "dataflow:   1\n"  # not as fmt has it, so that fmt leaves the text alone


def edited(text: str, *changes: Change) -> str:
    editor = TextEditor("g.yaml", HEAD + text)
    editor.change(changes)
    return editor.text.removeprefix(HEAD)


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        # scalars
        ("a: 1  # c\n", Put(("a",), 2), "a: 2  # c\n"),
        ("a: 'x'\n", Put(("a",), "y"), "a: 'y'\n"),
        ("a:\nb: 1\n", Put(("a",), 2), "a: 2\nb: 1\n"),
        ("a:  # c\nb: 1\n", Put(("a",), 2), "a: 2  # c\nb: 1\n"),
        ("a: {b, c: 1}\n", Put(("a", "b"), 2), "a: {b: 2, c: 1}\n"),
        ("a: {b: , c: 1}\n", Put(("a", "b"), 2), "a: {b: 2, c: 1}\n"),
        ("a:\n- 1\n-\n", Put(("a", 1), 2), "a:\n- 1\n- 2\n"),
        ("a: &k 1\nb: 2\n", Put(("a",), 3), "a: &k 3\nb: 2\n"),
        ("? a\n: 1\n", Put(("a",), 2), "? a\n: 2\n"),
        # text of several lines
        ("a: |  # c\n  one\n  two\n\nb: 1\n", Put(("a",), "three"), "a: three\n\nb: 1\n"),
        ("a: one  # c\nb: 1\n", Put(("a",), "two\nlines\n"), "a: |  # c\n  two\n  lines\nb: 1\n"),
        ("a: one", Put(("a",), "two\nlines"), "a: |-\n  two\n  lines"),
        # mappings and lists in the place of others
        ("a:\n  b: 1  # c\n  d: 2\n", Put(("a",), 5), "a: 5\n"),
        ("x:\n  a:  # c\n    b: 1\n", Put(("x", "a"), 5), "x:\n  a: 5  # c\n"),
        ("x:\n  a: 5  # c\n", Put(("x", "a"), {"b": 1}), "x:\n  a: {b: 1}  # c\n"),
        ("x:\n  a:\n    [1,\n     2]\n", Put(("x", "a"), [3]), "x:\n  a: [3]\n"),
        ("x: [[1, 2],\n    [3, 4]]  # c\n", Put(("x",), [[1, 2], [3, 5]]), "x: [[1, 2],\n    [3, 5]]  # c\n"),
        # keys
        ("a: {b: 1}\n", Put(("a", "c"), "x y"), "a: {b: 1, c: x y}\n"),
        ("a:\n    b: 1   # c\n\nd: 1\n", Put(("a", "c"), 2), "a:\n    b: 1   # c\n    c: 2\n\nd: 1\n"),
        ("a:\n  b: 1", Put(("a", "c"), 2), "a:\n  b: 1\n  c: 2"),
        ("a:\r\n  b: 1\r\n", Put(("a", "c"), 2), "a:\r\n  b: 1\r\n  c: 2\r\n"),
        ("a:\n  b: |+\n    t\n\nd: 1\n", Put(("a", "c"), 2), "a:\n  b: |+\n    t\n\n  c: 2\nd: 1\n"),
        ("a:\n- b: 1\n", Put(("a", 0, "c"), 2), "a:\n- b: 1\n  c: 2\n"),
        ("a:\n- b: 1\n", Put(("a", 0, "c"), 2, before="b"), "a:\n- c: 2\n  b: 1\n"),
        ("a:\n- b: 1\n  c: 2\n", Drop(("a", 0, "b")), "a:\n- c: 2\n"),
        ("a:\n  # of b\n  b: 1\n  c: 2  # c\n    # of c\n", Drop(("a", "c")), "a:\n  # of b\n  b: 1\n"),
        ("a:\n  # of b\n  b: 1\n  c: 2\n", Drop(("a", "b")), "a:\n  # of b\n  c: 2\n"),
        ("a:\n  b: 1\n  c: 2", Drop(("a", "c")), "a:\n  b: 1"),
        ("a: {b: 1}\nc: 2\n", Drop(("a", "b")), "c: 2\n"),
        ("a: 1\n'b': 2\n", Rekey(("b",), "c"), "a: 1\n'c': 2\n"),
        ("a: {b: {c: 1}}\n", Rekey(("a", "b"), "d e"), "a: {d e: {c: 1}}\n"),
        # paragraphs
        ("a:\n  b: 1\n  # of c\n  c: 2\n", Part(("a", "c")), "a:\n  b: 1\n\n  # of c\n  c: 2\n"),
        ("a:\r\n  b: 1\r\n  c: 2\r\n", Part(("a", "c")), "a:\r\n  b: 1\r\n\r\n  c: 2\r\n"),
        ("a:\n  b: 1\n  \n  c: 2\n", Part(("a", "c")), "a:\n  b: 1\n  \n  c: 2\n"),
        ("a:\n  # of b\n  b: 1\n", Part(("a", "b")), "a:\n  # of b\n  b: 1\n"),
        ("a: {b: 1,\n    c: 2}\n", Part(("a", "c")), "a: {b: 1,\n    c: 2}\n"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n  d: 2\n", Part(("c", "b")), "a: &a {b: 1}\nc:\n  <<: *a\n  d: 2\n"),
        # items
        ("a: [1, 2]\n", Insert(("a", 1), 5), "a: [1, 5, 2]\n"),
        ("a:\n- 1  # c\n- 2\n", Insert(("a", 1), 5), "a:\n- 1  # c\n- 5\n- 2\n"),
        ("a:\n- 1  # c\n", Insert(("a", 1), [5]), "a:\n- 1  # c\n- [5]\n"),
        ("a:\n- - 1\n  - 2\n", Insert(("a", 0, 0), 5), "a:\n- - 5\n  - 1\n  - 2\n"),
        ("a:\n- - 1\n  - 2\n", Drop(("a", 0, 0)), "a:\n- - 2\n"),
        ("a:\n- 1\n# c\n- 2\n", Drop(("a", 0)), "a:\n# c\n- 2\n"),
        ("a:\n- 1\n", Drop(("a", 0)), "a: []\n"),
        ("a: []\n", Insert(("a", 0), 1), "a: [1]\n"),
        # sections
        ("outputs:\n  a: b\n", Put(("inputs", "x"), "float32"), "\ninputs:\n  x: float32\noutputs:\n  a: b\n"),
        ("outputs: {a: b}\n", Put(("doc",), "text"), "doc: text\noutputs: {a: b}\n"),
        ("nodes:  # c\n", Put(("nodes", "a"), {"block": "Relu"}), "nodes:  # c\n  a: {block: Relu}\n"),
        # aliases and merge keys
        ("x-k: &k {a: 1}\ny: *k\n", Put(("y", "a"), 2), "x-k: &k {a: 2}\ny: *k\n"),
        ("x-k: &k {a: 1}\ny: {<<: *k, b: 1}\n", Drop(("y", "a")), "x-k: &k {}\ny: {<<: *k, b: 1}\n"),
        ("x-k: &k {a: 1}\ny: *k\nz: *k\n", Put(("y", "a"), 2), "x-k: &k {a: 1}\ny: {<<: *k, a: 2}\nz: *k\n"),
        ("x-k: &k {a: 1}\ny: {a: 1}\n", Put(("x-k", "a"), 2), "x-k: &k {a: 2}\ny: {a: 1}\n"),
        ("x: &k {a: 1}\ny: *k\nz: *k\n", Put(("y", "b"), 2), "x: &k {a: 1}\ny: {<<: *k, b: 2}\nz: *k\n"),
        ("x: &k {a: 1}\ny: *k\n", Put(("y", "a"), 2), "x: &k {a: 1}\ny: {<<: *k, a: 2}\n"),
        ("x: &k [1, 2]\ny: *k\n", Put(("y", 1), 3), "x: &k [1, 2]\ny: [1, 3]\n"),
        ("x: &k [1, 2]\ny: *k\n", Insert(("y", 0), 3), "x: &k [1, 2]\ny: [3, 1, 2]\n"),
        ("x: &k {a: 1, b: 2}\ny: *k\n", Drop(("y", "a")), "x: &k {a: 1, b: 2}\ny: {b: 2}\n"),
        ("x: &k {a: 1}\ny: {<<: *k}\n", Put(("y", "a"), 2), "x: &k {a: 1}\ny: {<<: *k, a: 2}\n"),
        ("x: &k {a: {b: 1}}\ny: {<<: *k}\n", Put(("y", "a", "c"), 2),
         "x: &k {a: {b: 1}}\ny: {<<: *k, a: {b: 1, c: 2}}\n"),
        ("x: &k 1\ny: *k\n", Put(("y",), 2), "x: &k 1\ny: 2\n"),
    ],
)  # fmt: skip
def test_what_changes(text: str, change: Change, expected: str) -> None:
    assert edited(text, change) == expected


def test_json_gets_json() -> None:
    text = '{\n  "dataflow": 1,\n  "nodes": {\n    "a": {\n      "block": "Relu"\n    }\n  }\n}\n'
    editor = TextEditor("g.yaml", text)
    editor.change([Put(("nodes", "a", "inputs"), {"features": "x"})])
    assert editor.text == text.replace('"Relu"\n', '"Relu",\n      "inputs": {"features": "x"}\n')
    editor.change([Put(("outputs", "y"), "a")])
    assert editor.text.endswith('  },\n  "outputs": {"y": "a"}\n}\n')


def test_a_new_node_stands_where_it_is_wanted_below_its_comment() -> None:
    text = "nodes:\n  a: {block: A}\n\n  # heading\n  b: {block: B}\n  c: {block: C}\n"
    node = {"block": "N"}
    above = edited(text, Put(("nodes", "n"), node, before="b", comment="first\nsecond"))
    assert above == text.replace("  b: {", "  # first\n  # second\n  n: {block: N}\n  b: {")
    below = edited(text, Put(("nodes", "n"), node, after="b"))
    assert below == text.replace("  c: {", "  n: {block: N}\n  c: {")
    last = edited(text, Put(("nodes", "n"), node))
    assert last == text + "  n: {block: N}\n"


def test_several_scalars_are_written_together_and_others_one_after_another() -> None:
    text = "a: {b: 1, c: 2}\nd: [a, a]\n"
    changes = [Put(("d", 0), "x"), Put(("d", 1), "y"), Rekey(("a", "b"), "e"), Drop(("a", "e")), Insert(("d", 0), 5)]
    assert edited(text, *changes) == "a: {c: 2}\nd: [5, x, y]\n"


@pytest.mark.parametrize(
    ("text", "change", "message"),
    [
        ("x: &k {a: 1}\ny: *k\n", Drop(("x",)), "the anchor &k in it is used on line 3"),
        ("x: &k {a: 1}\ny: {<<: *k, b: 2}\n", Drop(("y", "a")), "'y.a' comes from a mapping that '<<' names"),
        ("? a\n: 1\nb: 2\n", Drop(("a",)), "'a' is written with '?'"),
        ("? a\n: 1\n", Put(("a",), "two\nlines"), "'a' is written with '?'"),
        (
            "x-k: &k {a: 1}\ny: *k\n",
            Put(("x-k", "a"), 2),
            "'x-k.a' is part of the anchor &k, which is used on line 3 too",
        ),
        ("x: &k 1\ny: *k\n", Put(("x",), 2), "'x' is part of the anchor &k, which is used on line 3 too"),
        ("x: &k\n  a: 1\ny: *k\n", Put(("x", "a"), 2), "'x.a' is part of the anchor &k"),
        ("a: {b: 1}\n", Put(("a", "c"), 1, comment="c"), "a comment cannot stand in braces"),
        ("a:\n  b: |\n    t", Put(("a", "c"), 1), "'a.c' cannot be edited without changing something else"),
    ],
)
def test_what_would_change_more_is_refused(text: str, change: Change, message: str) -> None:
    with pytest.raises(GraphFileError) as error:
        edited(text, change)
    assert error.value.problems[0].message == message if message.endswith("too") else message in str(error.value)
