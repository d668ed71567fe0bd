"""Values with their places, hints with a bound, and problems that come once."""

from __future__ import annotations

import pytest

from dataflow.core import errors
from dataflow.graphfile import tree
from dataflow.graphfile.tree import BROKEN, Document, Hints, Stop, Value


@pytest.mark.parametrize(
    "data, kind",
    [
        ({}, "a mapping"),
        ([], "a list"),
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (2.5, "2.5"),
        ("text", "'text'"),
        ("", "''"),
        ("x" * 70, f"'{'x' * 57}...'"),
    ],
)
def test_what_a_value_is_called(data, kind):
    assert Value(data, (1, 1)).kind == kind


def test_plain_values():
    inner = Value([Value(1, (2, 3)), Value(None, (2, 5))], (2, 2))
    assert Value({"a": inner, "b": Value("c", (3, 1))}, (1, 1)).plain() == {"a": [1, None], "b": "c"}


def messages(document):
    return [(p.line, p.column, p.message, p.hint, p.source) for p in document.problems.values()]


def test_a_problem_has_its_line_of_the_text():
    document = Document("g.yaml", "one\r\ntwo\x85three\n")
    assert document.report((2, 1), "wrong; write it right") is BROKEN
    document.report((3, 2), "wrong; so", "and so")
    document.report((9, 1), "after the end")
    assert messages(document) == [
        (2, 1, "wrong", "write it right", "two"),
        (3, 2, "wrong; so", "and so", "three"),
        (9, 1, "after the end", "", ""),
    ]


@pytest.mark.parametrize(
    "line, column, source",
    [("a\tb", 1, "a b"), ("x" * 160, 1, "x" * 160), ("x" * 161, 1, ""), ("x", 161, ""), ("a\x1b[1m", 1, "a [1m")],
)
def test_source_lines_that_are_shown(line, column, source):
    document = Document("g.yaml", line)
    document.report((1, column), "wrong")
    assert messages(document)[0][-1] == source


def test_messages_neither_act_on_a_terminal_nor_tell_a_secret(monkeypatch):
    monkeypatch.setattr(errors, "_CONCEALED", {"hunter2": "${env:TOKEN}"})
    document = Document("g.yaml", "a")
    document.report((1, 1), "no 'hunter2\n\x1b[31m'", "write hunter3, not hunter2")
    assert messages(document) == [
        (1, 1, "no '${env:TOKEN}\\n\\x1b[31m'", "write hunter3, not ${env:TOKEN}", "a"),
    ]


def test_a_problem_comes_once_whatever_uses_it():
    document = Document("g.yaml", "a")
    first, second = document.within("one/"), document.within("two/")
    for use, prefix in ((first, "one/"), (second, "two/"), (second, "two/")):
        use.report((1, 1), f"node '{prefix}y': wrong")
        use.report((1, 1), f"param '{prefix}': wrong here only")
    assert [message for _, _, message, *_ in messages(document)] == [
        "node 'one/y': wrong",
        "param 'one/': wrong here only",
    ]


def test_the_same_message_at_two_places_is_two_problems():
    document = Document("g.yaml", "a\nb")
    for place in ((1, 1), (2, 1), (1, 1)):
        document.report(place, "wrong")
    assert len(document.problems) == 2


def test_after_too_many_problems_nothing_more_is_looked_at(monkeypatch):
    monkeypatch.setattr(tree, "MAX_PROBLEMS", 3)
    document = Document("g.yaml", "a")
    document.report((1, 1), "one")
    document.report((1, 2), "two")
    with pytest.raises(Stop):
        document.report((1, 3), "three")
    assert [message for _, _, message, *_ in messages(document)] == [
        "one",
        "two",
        "three",
        "this is problem 3 of the file; what comes after it is not looked at",
    ]


def test_what_ends_the_reading_is_reported_and_returned():
    document = Document("g.yaml", "a")
    assert isinstance(document.fail((1, 1), "wrong", "so"), Stop)
    assert messages(document) == [(1, 1, "wrong", "so", "a")]


def test_dollars_are_looked_for_once():
    assert Document("g.yaml", "a: $b").has_dollars
    assert not Document("g.yaml", "a: b").has_dollars


@pytest.mark.parametrize(
    "name, found", [("Rellu", "Relu"), ("relu", "Relu"), ("Sigmoid", ""), ("x" * 61, ""), ("", "")]
)
def test_hints(name, found):
    hints = Hints()
    assert hints.closest(name, ("Relu", "Tanh")) == found
    assert hints.nearest(name, ("Relu", "Tanh")) == (f"did you mean '{found}'?" if found else "")


def test_hints_end_where_finding_them_has_cost_enough(monkeypatch):
    monkeypatch.setattr(tree, "_COMPARED", 4)
    hints, known = Hints(), ("Relu", "Tanh")
    assert [hints.closest("Rellu", known) for _ in range(4)] == ["Relu", "Relu", "Relu", ""]
