"""All checks together: their names, and what `check` says of a block."""

from __future__ import annotations

import pytest
from made_blocks import DOC, Made, made, told

from dataflow import blocks
from dataflow.conformance import ConformanceError, check, checks


def test_a_right_block_passes(monkeypatch):
    monkeypatch.setitem(blocks._blocks, "Made", Made)
    check(Made)


def crash(self, x, out=None):
    raise ZeroDivisionError("by design")


def test_all_failures_are_told_at_once_and_a_crash_hides_none():
    lines = told(check, made(__doc__=DOC.replace("``2 * x``", "").replace("Source", ""), kernel=crash)).splitlines()
    assert next(line for line in lines if line.startswith("summary: ")).startswith("summary: Made: its first line must")
    assert any(line.startswith("source: Made: ") for line in lines)
    assert "repeatable: Made: must not crash, got ZeroDivisionError: by design" in lines


def test_checks_are_named_and_say_what_they_check():
    found = checks()
    assert all(run.__doc__.strip().endswith(".") for run in found.values())
    assert {
        "summary",
        "inferred",
        "into",
        "any_layout",
        "as_file",
        "shown_in_order",
        "gradient_matches",
        "bad_attr",
    } <= {*found}
    assert not any(name.startswith("_") or name in ("same", "samples", "broken", "partial") for name in found)


def test_an_error_of_a_check_is_an_assertion_for_the_tests_of_plugins():
    assert issubclass(ConformanceError, AssertionError)
    with pytest.raises(AssertionError, match=r"^Made: must be found as 'Made', got nothing$"):
        checks()["methods"](Made)
