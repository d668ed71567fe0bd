"""From the gallery to a trained and quantized network with the keyboard alone: the mouse is never moved nor pressed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from canvas_hands import Canvas
from key_hands import added, command, focused, tabbed, typed
from nets import shipped
from opened_page import Opened

pytestmark = pytest.mark.slow

ADDED = """\
  expand_dims: {block: ExpandDims, inputs: {input: xent, axis: -1}}
  extra: {block: MatMul, inputs: {a: expand_dims, b: [[2.0]]}, attrs: {transpose_b: true}}
"""


def test_from_the_gallery_to_a_quantized_network(open_page: Callable[..., Opened], project: Path) -> None:
    opened = open_page()
    page, keyboard = opened.page, opened.page.keyboard
    page.get_by_label("Search for a graph").wait_for()
    keyboard.type("digits mlp")
    opened.keys("ArrowDown", "Enter")
    page.get_by_label("Name of the copy").wait_for()
    tabbed(opened, "Name of the copy")
    opened.keys("Control+a")
    keyboard.type("net.yaml")
    opened.keys("Enter")
    page.get_by_text("read only").wait_for(state="detached")
    canvas = Canvas(opened)
    page.evaluate("window.pointers = 0; window.addEventListener('pointermove', () => (window.pointers += 1), true)")

    found(opened, "hidden")
    added(opened, "matmul", "extra")
    opened.keys("p", "ArrowLeft", "ArrowDown")
    page.locator('[data-port="left extra b"]:focus').wait_for()
    typed(opened, "[[2.0]]")
    found(opened, "xent")
    opened.keys("p", "w")
    led(opened, "left extra a")
    opened.keys("Enter")
    told = page.get_by_role("alert")
    told.wait_for()
    told.get_by_role("button", name="Expand dims at -1").wait_for()
    opened.keys("1")
    canvas.until("extra.a")
    found(opened, "extra")
    opened.keys("Enter")
    page.locator("#side-body :focus").wait_for()
    tabbed(opened, "transpose_b")
    keyboard.type("t")
    page.get_by_text("no problems").wait_for()
    opened.save()
    text = shipped("digits/mlp")
    assert (project / "net.yaml").read_text("utf-8") == text.replace("  product2:", f"{ADDED}  product2:")
    led_back(opened)
    opened.keys("Control+z")
    page.get_by_text("not saved").wait_for()
    opened.keys("Control+Shift+z")
    page.locator(".mark.unsaved").wait_for(state="detached")

    opened.keys("Control+Enter")
    ended(opened, "run 1 done")
    found(opened, "hidden")
    command(opened, "show values")
    page.get_by_role("heading", name="hidden").wait_for()
    page.get_by_role("img", name="Histogram from 0 to").wait_for()
    focused(opened, "hidden")
    opened.keys("b", "Control+Enter")
    ended(opened, "run 2 done")
    banner = page.get_by_role("region", name="What this session does to runs")
    tabbed(opened, "Runs and trainings differ from the file: 1")
    opened.keys("Enter")
    banner.get_by_text("bypassed").wait_for()
    command(opened, "run as the file says again")
    banner.wait_for(state="detached")

    command(opened, "show train")
    tabbed(opened, "epochs")
    keyboard.type("5000")  # those of the file are done before one could stop them
    command(opened, "train")
    page.get_by_text(re.compile(r"step [1-9][\d,]* of")).wait_for()
    command(opened, "stop the training")
    page.get_by_text("stopped,").wait_for()
    command(opened, "show quantize")
    tabbed(opened, "Quantize")  # the tab
    opened.keys("Tab")
    tabbed(opened, "Quantize")
    opened.keys("Enter")
    page.locator(".job.done").wait_for()
    assert (project / "net_w8a8.yaml").exists()
    assert page.evaluate("window.pointers") == 0


def led_back(opened: Opened) -> None:
    """Go from part to part of the page until the canvas has the focus."""
    for _ in range(5):
        if opened.page.locator(".ground:focus").count() == 1:
            return
        opened.keys("F6")
    raise AssertionError("F6 does not lead to the canvas")


def ended(opened: Opened, words: str) -> None:
    """Wait until the line at the bottom says so of a run."""
    opened.page.locator(".status").get_by_text(words).wait_for()


def found(opened: Opened, name: str) -> None:
    """Go to a node by finding it."""
    opened.keys("Control+f")
    window = opened.page.get_by_role("dialog", name="Find in the project")
    window.wait_for()
    opened.page.keyboard.type(name)
    window.locator(".picker-row strong").get_by_text(name, exact=True).first.wait_for()
    opened.keys("Enter")
    focused(opened, name)


def led(opened: Opened, port: str) -> None:
    """Lead the loose wire to a port by the arrows."""
    for _ in range(40):
        opened.keys("ArrowDown")
        over = opened.page.locator(".pin.over [data-port]")
        if over.count() == 1 and over.get_attribute("data-port") == port:
            return
    raise AssertionError(f"no arrow leads to {port}")
