"""What shows itself in a notebook, with and without something that draws."""

from __future__ import annotations

import pytest

from dataflow.core import display
from dataflow.core.display import Renderer, Shown


class Value(Shown):
    def __str__(self) -> str:
        return "a value"


def test_a_value_is_text_unless_something_draws_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_renderer", lambda: lambda value: {})
    assert Value()._repr_mimebundle_() == {"text/plain": "a value"}


def test_what_draws_is_loaded_when_the_first_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_renderer", None)
    loaded = []

    def load() -> Renderer:
        loaded.append(True)
        return lambda value: {"text/html": f"<b>{value}</b>"}

    display.register(load)
    assert not loaded
    shown = Value()._repr_mimebundle_(include=None, exclude=None)
    assert shown == {"text/plain": "a value", "text/html": "<b>a value</b>"}
