"""What commands print: columns, values in a line, JSON, and nothing that acts on a terminal."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from dataflow.cli import output
from dataflow.core.errors import DataflowError


def test_lines_go_to_their_stream_without_what_acts(capsys):
    output.say("a\x1b[31m\tb\nc")
    output.say("error\x07", err=True)
    output.say()
    assert capsys.readouterr() == ("a\\x1b[31m\tb\nc\n\n", "error\\x07\n")


def test_commands_print_by_one_function():
    """Every other way onto the terminal would have to do what `say` does."""
    folder = Path(output.__file__).parent
    for path in folder.glob("*.py"):
        found = re.findall(r"click\.echo|click\.secho|\bprint\(|sys\.std\w+\.write|Console\(", path.read_text())
        assert not found or path.name == "output.py", path


def test_lines_that_cannot_be_told_are_no_failure(monkeypatch):
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        output.say("lost", err=True)
        output.say("lost", err=True)


def broken(monkeypatch, error):
    """Makes the standard output a stream that cannot be written."""
    reads, writes = os.pipe()
    os.close(reads)
    stream = os.fdopen(writes, "w")

    def fail(*args, **named):
        raise error

    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(output.click, "echo", fail)
    return stream


def test_a_reader_that_went_away(monkeypatch):
    with broken(monkeypatch, BrokenPipeError(32, "Broken pipe")), pytest.raises(output.Unread):
        output.say("lost")


def test_an_output_that_cannot_be_written(monkeypatch):
    told = pytest.raises(DataflowError, match=r"^standard output: cannot be written: no space left on device$")
    with broken(monkeypatch, OSError(28, "No space left on device")), told:
        output.say("lost")


# -- tables -----------------------------------------------------------------------------------------------------------


def test_numbers_are_aligned_to_the_right(capsys):
    output.table(("name", "n", "x"), [("a", 1, 0.5), ("long name", 100, 1234567.0)])
    assert capsys.readouterr().out.splitlines() == [
        "name         n            x",
        "a            1          0.5",
        "long name  100  1.23457e+06",
    ]


def test_text_is_aligned_to_the_left_and_lines_do_not_end_in_blanks(capsys):
    output.table(("a", "b"), [("x", ""), ("yyy", "z"), (1, "")])
    assert capsys.readouterr().out == "a    b\nx\nyyy  z\n1\n"


@pytest.mark.parametrize(
    "columns, lines",
    [
        ("24", ["a b        loss  -p rate", "long name   0.5  1", "c             2  0.1"]),
        ("23", ["long name", "  loss 0.5, -p rate 1", "c", "  loss 2, -p rate 0.1"]),
        ("20", ["long name", "  loss 0.5,", "  -p rate 1", "c", "  loss 2,", "  -p rate 0.1"]),
    ],
)
def test_rows_that_a_terminal_is_too_narrow_for_stand_alone(capsys, monkeypatch, columns, lines):
    """What belongs together, such as a parameter and its value, is on one line."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "dumb")
    given = ("a b", "loss", "-p rate"), [("long name", 0.5, "1"), ("c", 2, "0.1")]
    output.table_or_paragraphs(*given)
    assert capsys.readouterr().out.splitlines()[1] == "long name   0.5  1"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    output.table_or_paragraphs(*given)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == lines


@pytest.mark.parametrize("wanted", ["33", "0", "-4", "wide", ""])
@pytest.mark.parametrize("shown", [47, 0, OSError("no terminal"), None])
def test_the_width_is_the_one_that_shutil_tells(monkeypatch, wanted, shown):
    def size(number: int) -> os.terminal_size:
        if isinstance(shown, OSError):
            raise shown
        return os.terminal_size((shown, 24))

    monkeypatch.setenv("COLUMNS", wanted)
    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.setattr(sys, "__stdout__", None if shown is None else sys.__stderr__)
    assert output.columns() == shutil.get_terminal_size().columns


def test_a_table_without_rows_has_its_headers(capsys):
    output.table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


def test_on_a_terminal_no_text_is_markup(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    output.table(("[red]name[/]", "n"), [("[bold]x\x1b[31m\n", 1)])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["[red]name[/]       n", "[bold]x\\x1b[31m\\n  1"]


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, text",
    [
        (np.float32(1.5), "1.5"),
        (np.float32([1, 2.5]), "[1. , 2.5]"),
        (np.array([[1], [2]]), "[[1], [2]]"),
        (np.array([True, False]), "[ True, False]"),
        (np.zeros((0, 3)), "[]"),
        (np.arange(7), "min 0, mean 3, max 6"),
        (np.array([True] * 7 + [False]), "min 0, mean 0.875, max 1"),
        (np.array([1.0] * 7, ml_dtypes.bfloat16), "min 1, mean 1, max 1"),
        (np.array([np.nan] + [1.0] * 6), "min nan, mean nan, max nan"),
        (np.array([3e38] * 7, np.float32), "min 3e+38, mean 3e+38, max 3e+38"),
        (np.full(7, 1j), "7 values"),
    ],
)
def test_a_value_in_a_line(value, text):
    assert output.summary(np.asarray(value)) == text


def test_a_row_per_output(capsys):
    output.values({"y": np.float32([1, 2]), "n": np.int8(3)})
    assert capsys.readouterr().out.splitlines() == [
        "output  type        value",
        "y       float32[2]  [1., 2.]",
        "n       int8[]      3",
    ]


def test_as_json_is_one_line(capsys):
    output.as_json({"y": np.float32([0.1, np.nan, -np.inf]), 'a "b"': np.array([[True]]), "n": np.int8(3)})
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert np.float32(found["y"].pop(0)) == np.float32(0.1)
    assert found == {"y": [None, -np.inf], 'a "b"': [[True]], "n": 3}


def test_first_rows(capsys):
    output.rows({"a": np.arange(12), "b": np.arange(24).reshape(12, 2), "n": np.int8(3)}, most=2)
    assert capsys.readouterr().out.splitlines() == [
        "row  a  b",
        "  0  0  [0, 1]",
        "  1  1  [2, 3]",
        "and 10 more rows",
        "output  type    value",
        "n       int8[]  3",
    ]
    output.rows({"a": np.arange(11)})
    *_, last, more = capsys.readouterr().out.splitlines()
    assert (last.split(), more) == (["9", "9"], "and 1 more rows")
    output.rows({"n": np.int8(3)})
    assert capsys.readouterr().out.splitlines()[0].startswith("output")


def test_a_value_that_memory_is_too_short_for_is_named():
    class Large(np.ndarray):
        def tolist(self):
            raise MemoryError

        def min(self, *args, **named):
            raise MemoryError

    value = np.zeros(7, np.float32).view(Large)
    with pytest.raises(
        DataflowError,
        match=r"^output 'y': must have memory to show float32\[7\] \(28 bytes\), got MemoryError; write it",
    ):
        output.values({"y": value})


# -- progress ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_has_null_for_what_is_not_finite(value):
    told = {"a": [1.5, value, {"b": value}], "c": "NaN", "d": None, "e": 3}
    assert json.loads(output.json_text(told), parse_constant=pytest.fail) == {
        "a": [1.5, None, {"b": None}],
        "c": "NaN",
        "d": None,
        "e": 3,
    }
