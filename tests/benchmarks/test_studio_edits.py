"""That what measures edits of the studio runs, and measures something."""

from __future__ import annotations

import pytest

from tests.benchmarks.studio_edits import measured

pytestmark = pytest.mark.slow


def test_it_runs() -> None:
    found = measured(40)
    assert list(found) == [
        *("open", "set an attr", "wire", "rename", "delete", "delete a third", "paste a fifth", "undo")
    ]
    assert all(milliseconds > 0 for milliseconds in found.values())
