"""What tests of commands share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studio_pages import Page

TEXT = """dataflow: 1
name: line
inputs:
  x: float32[N, 2]
nodes:
  w: {block: Variable, inputs: [[2.0, 3.0]]}
  scaled: {block: Mul, inputs: [x, w]}
outputs:
  y: scaled
data:
  some: {path: rows.npz, inputs: {x: x}}
"""


@pytest.fixture(autouse=True)
def quickly_started(forked: None) -> None:
    """Workers are forked."""


@pytest.fixture
def line(folder: Path, page: Page) -> Page:
    """A page on which a graph with rows is open, a line through the origin."""
    np.savez(folder / "rows.npz", x=np.arange(20, dtype=np.float32).reshape(10, 2))
    (folder / "line.yaml").write_text(TEXT, "utf-8")
    page.ask("open", path="line.yaml")
    return page
