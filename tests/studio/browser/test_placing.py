"""Where things stand on the page: the box for a name, and the picture that is taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from canvas_hands import Canvas
from opened_page import Opened
from places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def canvas(open_page: Callable[..., Opened], project: Path) -> Canvas:
    (project / "cnn.yaml").write_bytes((ROOT / "graphs/digits/cnn.yaml").read_bytes())
    return Canvas(open_page("cnn.yaml"))


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
        canvas.page.wait_for_timeout(400)
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
