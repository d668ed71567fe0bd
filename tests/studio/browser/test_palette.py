"""The palette: what is found first, and blocks that are dragged out of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from canvas_hands import Canvas, Point
from key_hands import focused, named
from nets import CHAIN
from opened_page import Opened
from usual_queries import USUAL

pytestmark = pytest.mark.slow

BLOCKS = "".join(
    [
        ".palette-row",
        *(f":not(:has(.palette-category:text-is('{each}')))" for each in ("layers", "graph")),
        " .palette-name",
    ]
)


@pytest.fixture
def opened(show: Callable[..., Opened]) -> Opened:
    return show(CHAIN)


def test_what_is_meant_comes_first(opened: Opened) -> None:
    opened.card("low").focus()
    opened.keys("a")
    field = opened.page.get_by_role("combobox", name="Add a block")
    found = {}
    for query, expected in USUAL.items():
        field.fill(query)
        names = opened.page.locator(BLOCKS)
        names.first.wait_for()
        found[query] = names.all_text_contents()[: len(expected)]
    assert found == USUAL


def test_an_input_of_the_graph_is_found_before_blocks(opened: Opened, project: Path) -> None:
    opened.card("low").focus()
    opened.keys("a")
    opened.page.get_by_role("combobox", name="Add a block").fill("input")
    row = opened.page.get_by_role("option").first
    row.get_by_text("A value that is fed to the graph").wait_for()
    opened.keys("Enter")
    named(opened, "more")
    focused(opened, "more")
    opened.save()
    text = "  x: float32[N, 4]\n"
    assert (project / "net.yaml").read_text("utf-8") == CHAIN.replace(text, text + "  more: float32\n")


def test_what_the_graph_gives_is_the_selected_node_or_has_to_be_chosen(opened: Opened, project: Path) -> None:
    field = opened.page.get_by_role("combobox", name="Add a block")
    opened.card("low").wait_for()
    opened.keys("a")
    field.fill("output")
    opened.keys("Enter")
    opened.notice("Select the node whose value the graph gives")
    opened.keys("Escape")
    opened.card("low").click()
    opened.keys("a")
    field.fill("output")
    opened.keys("Enter")
    named(opened, "first")
    focused(opened, "output:first")
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == CHAIN + "  first: low\n"


def dragged(opened: Opened, block: str, to: Point) -> None:
    """Drag a block out of the palette to a place of the screen, without letting it go."""
    opened.page.get_by_role("button", name="Block").click()
    opened.page.get_by_role("combobox", name="Add a block").fill(block)
    row = opened.page.get_by_role("option").first
    row.wait_for()
    x, y = Canvas(opened).middle(row.locator(".palette-name"))
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + 20, y, steps=3)
    opened.page.get_by_role("dialog", name="Add a block").wait_for(state="detached")
    opened.page.mouse.move(*to, steps=4)


def test_a_block_is_dragged_onto_the_canvas(opened: Opened, project: Path) -> None:
    canvas = Canvas(opened)
    x, y = canvas.middle(opened.card("high"))
    dragged(opened, "softplus", (x, y + 150))
    opened.page.mouse.up()
    opened.page.locator(".naming input:focus").wait_for()
    canvas.still()
    left, top = canvas.middle(opened.card("softplus"))
    assert abs(left - x) < 3 and abs(top - y - 150) < 3
    named(opened, "soft")
    focused(opened, "soft")
    opened.save()
    text = "  high: {block: Tanh, inputs: {x: low}}\n"
    assert (project / "net.yaml").read_text("utf-8") == CHAIN.replace(text, text + "  soft: {block: Softplus}\n")


@pytest.mark.parametrize(
    ("port", "reads", "read"),
    [("high x", "low", "high: {block: Tanh, inputs: {x: soft}}"), ("output:high", "high", "high: soft")],
)
def test_a_block_is_dragged_into_a_wire(opened: Opened, project: Path, port: str, reads: str, read: str) -> None:
    canvas = Canvas(opened)
    x, y = canvas.middle(opened.page.locator(f'[data-port^="left {port}"]'))
    dragged(opened, "softplus", (x - 18, y))
    opened.page.locator(".wire.spliced").wait_for(state="attached")
    opened.page.mouse.up()
    named(opened, "soft")
    focused(opened, "soft")
    opened.save()
    text = (project / "net.yaml").read_text("utf-8")
    assert (
        read in text and f"soft: {{block: Softplus, inputs: {{features: {'low' if 'x' in port else 'high'}}}}}" in text
    )


def test_a_drag_is_given_up_by_escape_and_outside_of_the_canvas(opened: Opened) -> None:
    canvas = Canvas(opened)
    x, y = canvas.middle(opened.card("high"))
    dragged(opened, "softplus", (x, y + 150))
    opened.page.locator(".dragged-block").wait_for()
    opened.keys("Escape")
    opened.page.locator(".dragged-block").wait_for(state="detached")
    opened.page.mouse.up()
    dragged(opened, "softplus", canvas.middle(opened.page.locator(".side")))
    opened.page.mouse.up()
    opened.page.locator(".dragged-block").wait_for(state="detached")
    assert opened.page.locator(".react-flow__node").count() == 4
    assert opened.page.locator(".mark.unsaved").count() == 0
