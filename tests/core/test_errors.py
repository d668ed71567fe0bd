"""Errors: no text acts on a terminal, no secret is printed, and what was probably meant is offered."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from hostile_graph import ACTING, RAW
from hypothesis import given
from hypothesis import strategies as st

from dataflow.core import errors
from dataflow.core.errors import (
    BlockError,
    DataflowError,
    GraphError,
    GraphFileError,
    Problem,
    UnknownNameError,
    closest,
    conceal,
    concealed,
    cropped,
    listing,
    nearest,
    reason,
    visible,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\n\tlines", "two\n\tlines"),
        ("red: \x1b[31m", r"red: \x1b[31m"),
        ("bell\a\x00", r"bell\x07\x00"),
        ("back\rover", r"back\rover"),
        ("\x9b31m", r"\x9b31m"),  # the escape sequence as one character
        ("abc\u202edef", r"abc\u202edef"),  # from right to left
        ("ze\u200bro", r"ze\u200bro"),  # no width
        ("\ufeffbom", r"\ufeffbom"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("half \ud800", r"half \ud800"),  # of a surrogate pair
        ("می\u200cخواهم é 中", "می\u200cخواهم é 中"),  # joiners that scripts need
    ],
)
def test_characters_that_act_or_hide_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_line_breaks_may_be_written_out_too() -> None:
    assert visible("a\nb\tc", "") == r"a\nb\tc"
    assert str(DataflowError("red: \x1b[31m\n")) == "red: \\x1b[31m\n"


@pytest.mark.parametrize("kind", [DataflowError, BlockError, GraphError, UnknownNameError])
def test_messages_are_shown_so_wherever_they_are_printed(kind: type[DataflowError]) -> None:
    assert str(kind(f"no '{ACTING}'\nsecond line")) == f"no '{visible(ACTING)}'\nsecond line"


@given(st.text())
def test_what_is_visible_is_so_for_good(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert not RAW.search(visible(text))
    visible(text).encode()


def test_a_missing_name_is_told_without_quotes_around_the_message() -> None:
    assert str(UnknownNameError("no block 'Rellu'")) == "no block 'Rellu'"
    assert isinstance(UnknownNameError("x"), KeyError | ValueError)


# -- secrets ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(errors, "_CONCEALED", {})
    yield


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("the key is s3cr3t-key", "the key is ${env:KEY}"),
        ("as3cr3t-keyb s3cr3t-key", "a${env:KEY}b ${env:KEY}"),  # it tells wherever it is
        ("must be whole, got 1", "must be whole, got ${env:N}"),
        ("size=1, [1] and 1", "size=${env:N}, [${env:N}] and 1"),  # short ones only after a mark or "got"
        ("got 10", "got 10"),
        ("got 1.5", "got ${env:N}.5"),
        ("nothing", "nothing"),
    ],
)
def test_values_from_the_environment_are_printed_as_they_are_written(secrets: None, text: str, printed: str) -> None:
    conceal("s3cr3t-key", "${env:KEY}")
    conceal("1", "${env:N}")
    assert concealed(text) == printed
    assert str(DataflowError(text)) == printed


def test_the_longest_secret_goes_first_and_its_beginning_is_enough(secrets: None) -> None:
    conceal("abcdef", "${env:SHORT}")
    long = "abcdef" + "".join(map(str, range(100)))
    conceal(long, "${env:LONG}")
    assert concealed(f"{long}!") == "${env:LONG}!"
    assert concealed(f"'{long[:57]}...'") == "'${env:LONG}...'"  # a message that was cut
    assert concealed("abcdef.") == "${env:SHORT}."


def test_a_secret_of_signs_is_no_pattern(secrets: None) -> None:
    conceal(".*(.*)", "${env:P}")
    assert concealed("a.*(.*)b and others") == "a${env:P}b and others"


# -- mistakes in files ------------------------------------------------------------------------------------------------


def test_a_problem_shows_its_place_and_what_stands_there() -> None:
    bare = Problem("g.yaml", 3, 7, "no block 'Rellu'")
    assert str(bare) == "g.yaml:3:7: no block 'Rellu'"
    whole = Problem("g.yaml", 12, 4, "no block 'Rellu'", "did you mean 'Relu'?", "y: {block: Rellu}")
    assert str(whole).splitlines() == [
        "g.yaml:12:4: no block 'Rellu'; did you mean 'Relu'?",
        "   12 | y: {block: Rellu}",
        "           ^",
    ]
    _, second, third = str(whole).splitlines()
    assert third.index("^") - second.index("y:") == 3  # columns count from 1


def test_problems_are_in_the_order_of_the_file_and_survive_a_pickle() -> None:
    later, sooner = Problem("g.yaml", 9, 1, "b"), Problem("g.yaml", 2, 30, "a")
    error = GraphFileError([later, sooner])
    assert error.problems == [sooner, later]
    assert str(error) == "g.yaml:2:30: a\ng.yaml:9:1: b"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.problems) == (GraphFileError, error.problems)
    assert str(GraphFileError([Problem("g\x1b.yaml", 1, 1, "a")])) == r"g\x1b.yaml:1:1: a"


# -- words ------------------------------------------------------------------------------------------------------------


def test_what_was_probably_meant() -> None:
    known = ["Relu", "Relu6", "MatMul"]
    assert closest("rellu", known) == "Relu"
    assert closest("MATMUL", known) == "MatMul"
    assert closest("Conv2D", known) == ""
    assert closest("a", []) == ""
    assert closest("relu", ["Relu", "relu"]) == "Relu"  # of equal ones the first
    assert nearest("rellu", known) == "did you mean 'Relu'?"
    assert nearest("Conv2D", known) == ""


@pytest.mark.parametrize(
    ("names", "text"), [([], "nothing"), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_a_list_of_names(names: list[str], text: str) -> None:
    assert listing(names) == text


def test_a_long_list_is_cut() -> None:
    assert listing(map(str, range(51)), "and").endswith("48, 49 and 50")
    cut = listing(map(str, range(60)), "and")
    assert cut.endswith("48, 49 and 10 more")
    assert len(cut.split(", ")) == 50


def test_the_reason_of_the_system() -> None:
    assert reason(FileNotFoundError(2, "No such file or directory", "x")) == "no such file or directory"
    assert reason(ValueError("Embedded null byte")) == "embedded null byte"
    assert reason(ValueError()) == ""


def test_quoted_text_is_cut() -> None:
    assert cropped("a" * 60) == "a" * 60
    assert cropped("a" * 61) == "a" * 57 + "..."


@pytest.mark.parametrize(
    ("value", "told"),
    [("a.yaml", "the text 'a.yaml'"), (int, "the class int"), (None, "nothing"), (3, "an int"), ([], "a list")],
)
def test_what_came_is_told_by_its_kind(value: object, told: str) -> None:
    assert errors.kind_of(value) == told


def test_advice_is_for_who_reads_it() -> None:
    def advice() -> tuple[str, str, str]:
        every = errors.way_out("max_bytes", "--max-bytes", "fewer rows")
        return every, errors.way_out("max_bytes", "--max-bytes"), errors.way_out("`dataflow check`", page="")

    in_python = "max_bytes", "max_bytes", "`dataflow check`"
    assert advice() == in_python
    with errors.on_command_line():
        assert advice() == ("--max-bytes", "--max-bytes", "`dataflow check`")
        with errors.on_page():
            assert advice() == ("fewer rows", "--max-bytes", "")
    assert advice() == in_python
