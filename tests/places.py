"""Where things are that tests read: the checkout, its graphs, and what was recorded."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
GRAPHS = ROOT / "graphs"
DOCS = ROOT / "docs"
GOLDEN = TESTS / "golden"
