"""Variables that are drawn on the ports that read them: named, found wrong and mended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from canvas_hands import Canvas
from key_hands import added, focused, named
from nets import net
from opened_page import Opened

pytestmark = pytest.mark.slow

NET = net("product: {block: MatMul, inputs: {a: x}}", output="product")


@pytest.fixture
def opened(show: Callable[..., Opened]) -> Opened:
    return show(NET)


def test_a_new_variable_is_named_and_has_the_type_that_is_known_where_it_is_read(opened: Opened) -> None:
    page = opened.page
    x, y = Canvas(opened).middle(page.locator('[data-port="left product b"]'))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y + 150, steps=4)
    page.mouse.up()
    page.get_by_role("combobox", name="Add a block").fill("variable")
    page.get_by_role("option").first.wait_for()
    opened.keys("Enter")
    named(opened, "weights")
    focused(opened, "weights")
    shape = page.get_by_label("shape", exact=True)
    shape.wait_for()
    assert shape.input_value() == "[4, n]"  # how many outputs is for a person to say
    assert page.get_by_role("combobox", name="dtype", exact=True).input_value() == "float32"
    shape.fill("4, 10")
    opened.keys("Enter")
    page.get_by_text("float32[4, 10]").first.wait_for()


def test_a_new_variable_asks_for_what_is_not_known(opened: Opened) -> None:
    page = opened.page
    page.locator(".ground").focus()
    added(opened, "variable", "weights")
    required = page.locator("#side-body .attr-name.missing")
    required.first.wait_for()
    assert required.all_inner_texts() == ["shape", "dtype"]
    page.get_by_label("shape", exact=True).fill("4, 10")
    page.get_by_role("combobox", name="dtype", exact=True).fill("float32")
    opened.keys("Enter")
    required.first.wait_for(state="detached")


def test_what_is_wrong_with_a_variable_is_marked_and_leads_to_it(opened: Opened, project: Path) -> None:
    text = NET.replace("{a: x}}", "{a: x, b: w}}\n  w: {block: Variable, attrs: {dtype: float32}}")
    (project / "net.yaml").write_text(text, "utf-8")
    page = opened.page
    chip = page.get_by_role("button", name="variable w, a source of wires, has a problem")
    chip.wait_for()
    opened.card("product").focus()
    opened.keys("F8")
    focused(opened, "w")
    page.locator("#side-body [role=alert]").get_by_text("attr 'shape' must be given").wait_for()
