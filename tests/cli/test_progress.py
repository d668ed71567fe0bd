"""The bar of work that takes a while: on a terminal alone."""

from __future__ import annotations

import io
import sys

import pytest

from dataflow.cli.progress import Progress


class Terminal(io.StringIO):
    """A text that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "live", "shown"), [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)]
)
def test_a_bar_is_drawn_on_a_terminal_alone(monkeypatch, stream, live, shown):
    err = stream()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("rows", live) as progress:
        for done in (1, 500, 1000):
            progress.tick(done, 1000)
    assert ("1000/1000" in err.getvalue()) == shown
    assert shown or not err.getvalue()
