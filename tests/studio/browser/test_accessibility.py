"""Every state of the page in both themes: axe-core finds nothing serious in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from accessibility import AXE, findings
from nets import shipped
from opened_page import Opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not AXE.exists(), reason="needs the packages of the page: npm ci in dataflow/studio/web"),
]

OVER = {
    "Find in the project": ("Control+f",),
    "Commands": ("Control+k",),
    "Keys": ("?",),
    "Go to a file": ("Control+p",),
    "Add a block": ("a",),
}
TABS = ("inspector", "values", "session", "training", "quantization", "problems")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_serious_in_any_state(show: Callable[..., Opened], dark: bool) -> None:
    opened = show(shipped("quant/digits_fake_quant"), dark=dark)
    page = opened.page
    card = opened.card("image_q")
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = findings(page)

    card.wait_for()
    look("the graph")
    page.get_by_role("button", name="+ key of data.train", exact=True).click()
    page.get_by_role("combobox", name="New key of data.train").wait_for()
    look("a new key")
    card.click()
    for tab in TABS:
        page.locator(f"#tab-{tab}").click()
        look(tab)
    for title, keys in OVER.items():
        card.focus()
        opened.keys(*keys)
        page.get_by_role("dialog", name=title).wait_for()
        look(title)
        opened.keys("Escape")
    for title, name in (("New graph", "new graph"), ("Make a graph file of the selection", "make a graph file")):
        card.focus()
        opened.keys("Control+k")
        page.keyboard.type(name)
        opened.keys("Enter")
        page.get_by_role("dialog", name=title).wait_for()
        look(title)
        opened.keys("Escape")
    card.focus()
    opened.keys("F2")
    page.get_by_label("Name of image_q").wait_for()
    look("a name")
    opened.keys("Escape")
    card.focus()
    opened.keys("p", "e")
    page.get_by_role("dialog", name="Value of image_q.inputs").wait_for()
    opened.keys("ArrowDown")
    look("a value")
    opened.keys("Escape", "Escape")
    card.focus()
    opened.keys("y")
    page.get_by_role("textbox", name="Text of the graph file").wait_for()
    look("the text")
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_what_is_wrong_is_found(open_page: Callable[..., Opened]) -> None:
    opened = open_page()
    opened.page.evaluate("document.body.append(document.createElement('button'))")
    assert any("button-name" in each for each in findings(opened.page))
