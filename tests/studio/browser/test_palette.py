"""The palette: what is found first, and blocks that are dragged out of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from opened_page import Opened
from usual_queries import USUAL

pytestmark = pytest.mark.slow

NET = """dataflow: 1
name: net

inputs:
  x: float32[N, 4]

nodes:
  low: {block: Relu, inputs: {features: x}}
  high: {block: Tanh, inputs: {x: low}}

outputs:
  high: high
"""


@pytest.fixture
def opened(open_page: Callable[..., Opened], project: Path) -> Opened:
    (project / "net.yaml").write_text(NET, "utf-8")
    return open_page("net.yaml")


def test_what_is_meant_comes_first(opened: Opened) -> None:
    opened.card("low").focus()
    opened.keys("a")
    field = opened.page.get_by_role("combobox", name="Add a block")
    found = {}
    for query, expected in USUAL.items():
        field.fill(query)
        names = opened.page.locator(".palette-row:not(:has(.palette-category:text-is('layers'))) .palette-name")
        names.first.wait_for()
        found[query] = names.all_text_contents()[: len(expected)]
    assert found == USUAL
