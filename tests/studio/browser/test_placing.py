"""Where things stand on the page: what is added, what was there, the box for a name, and the exported picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from canvas_hands import Canvas
from nets import CHAIN, shipped
from opened_page import Opened

pytestmark = pytest.mark.slow


@pytest.fixture
def canvas(show: Callable[..., Opened]) -> Canvas:
    return Canvas(show(shipped("digits/cnn")))


def places(canvas: Canvas) -> dict[str, list[float]]:
    """Where the cards that are drawn stand on the screen."""
    found: dict[str, list[float]] = canvas.page.locator(".react-flow__node").evaluate_all(
        "(all) => Object.fromEntries(all.map((each) => {"
        " const { x, y } = each.getBoundingClientRect(); return [each.dataset.id, [Math.round(x), Math.round(y)]]; }))"
    )
    return found


def near(one: list[float], other: list[float]) -> bool:
    return abs(one[0] - other[0]) <= 2 and abs(one[1] - other[1]) <= 2


def test_the_box_for_a_name_stands_within_the_canvas_also_of_a_card_that_is_out_of_view(canvas: Canvas) -> None:
    room = canvas.page.locator(".ground").bounding_box()
    right = room["x"] + room["width"]
    last = canvas.opened.card("output:accuracy")
    last.click()
    x, _ = canvas.middle(last)
    for far in (right - x, 400):  # half of it beside the canvas, then all of it
        canvas.drag((60, room["y"] + room["height"] - 40), (60 + far, room["y"] + room["height"] - 40))
        canvas.opened.keys("F2")
        box = canvas.page.get_by_role("dialog", name="Name")
        box.wait_for()
        canvas.still()
        found, card = box.bounding_box(), last.bounding_box()
        assert room["x"] <= found["x"] and found["x"] + found["width"] <= right
        assert room["x"] <= card["x"] and card["x"] + card["width"] <= right
        canvas.opened.keys("Escape")


@pytest.mark.parametrize("form", ["SVG", "PNG"])
def test_a_picture_is_exported_in_the_theme_of_the_page(canvas: Canvas, form: str) -> None:
    """The system has the other one: the corner of the picture is dark, as its paper is."""
    for _ in range(2):
        canvas.page.get_by_role("button", name="Light, dark, or as the system").click()
    assert canvas.page.locator("html").get_attribute("data-theme") == "dark"
    canvas.opened.keys("Control+k")
    canvas.page.get_by_role("combobox", name="Commands").fill(f"Export the picture as {form}")
    canvas.page.get_by_role("option", name=f"Export the picture as {form}").wait_for()
    with canvas.page.expect_download() as download:
        canvas.opened.keys("Enter")
    made = Path(download.value.path()).read_bytes()
    kind = {"SVG": "image/svg+xml", "PNG": "image/png"}[form]
    lightness = canvas.page.evaluate(
        """async ([bytes, type]) => {
            const image = new Image();
            image.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }));
            await image.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.width, image.height];
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            return Math.max(...context.getImageData(20, 8, 1, 1).data.slice(0, 3));
        }""",
        [list(made), kind],
    )
    assert lightness < 60


def test_what_is_added_stands_where_it_was_asked_for_and_moves_nothing(show: Callable[..., Opened]) -> None:
    canvas = Canvas(show(CHAIN))
    zoom, before = canvas.page.locator(".percent").inner_text(), places(canvas)
    for x, y, block in ((330, 560, "Softsign"), (640, 620, "Elu")):
        canvas.page.mouse.dblclick(x, y)
        canvas.page.get_by_role("combobox", name="Add a block").fill(block)
        canvas.page.get_by_role("option").first.wait_for()
        canvas.opened.keys("Enter")
        canvas.page.get_by_role("dialog", name="Name").wait_for()
        canvas.opened.keys("Escape")
        box = canvas.opened.card(block.lower()).bounding_box()
        assert abs(box["x"] + box["width"] / 2 - x) < 3 and abs(box["y"] + box["height"] / 2 - y) < 3
    now = places(canvas)
    assert {name: now[name] for name in before} == before
    assert canvas.page.locator(".percent").inner_text() == zoom


def test_an_edit_keeps_what_is_in_view_in_its_place_and_shows_what_it_adds(canvas: Canvas) -> None:
    """An output of a node, while its row alone is looked at from near."""
    page = canvas.page
    canvas.opened.card("conv1").click()
    for _ in range(2):
        canvas.opened.keys("+")
        canvas.still()
    room = page.locator(".ground").bounding_box()
    zoom = page.locator(".percent").inner_text()
    page.get_by_role("button", name="Make conv1 an output of the graph").click()
    added = canvas.opened.card("output:conv1")
    added.wait_for()
    canvas.still()
    box = added.bounding_box()
    assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"]
    assert room["y"] <= box["y"] and box["y"] + box["height"] <= room["y"] + room["height"]
    assert page.locator(".percent").inner_text() == zoom
    shown = places(canvas)
    canvas.opened.keys("Control+z")
    added.wait_for(state="detached")
    canvas.still()
    now = places(canvas)
    rest = [name for name in now if name in shown and near(now[name], shown[name])]
    assert len(rest) >= len(now) / 2


def test_problems_are_told_where_the_mouse_rests_and_never_over_what_is_typed(show: Callable[..., Opened]) -> None:
    canvas = Canvas(show(CHAIN.replace("{x: low}", "{x: none}")))
    page, told = canvas.page, canvas.page.locator(".callout[role=note]")
    high = canvas.middle(canvas.opened.card("high"))
    page.mouse.move(*canvas.middle(canvas.port("right", "low", "activations")))
    page.mouse.down()  # a wire is on its way
    page.mouse.move(*high, steps=3)
    page.wait_for_timeout(700)
    assert told.count() == 0
    canvas.opened.keys("Escape")
    page.mouse.up()
    page.mouse.move(30, 700)
    page.mouse.move(*high)
    assert told.count() == 0
    told.get_by_text("no node or input named 'none'").wait_for()
    canvas.opened.card("high").focus()
    canvas.opened.keys("e")
    page.locator(".literal-popover").wait_for()
    told.wait_for(state="hidden")
    canvas.opened.keys("Escape")
    told.wait_for()
