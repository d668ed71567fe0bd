"""A graph with a quantizer is made from an empty canvas, as a person does it, and gives what the command line gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from canvas_hands import Canvas
from key_hands import chosen
from opened_page import Opened

pytestmark = pytest.mark.slow

MANY = 40  # more steps than it takes
EMPTY = "dataflow: 1\nname: quant\n"
MADE = """dataflow: 1
name: quant

nodes:
  given: {block: Const, attrs: {value: [0.1, -0.7, 0.33, 1.9]}}
  x: {block: Multiply, inputs: {x: given, y: 0.75}}
  largest: {block: ArgMax, inputs: {input: x, dimension: 0}}
  x_q:
    block: FakeQuantWithMinMaxVars
    inputs: {inputs: x, min: -1.0, max: 1.0}
    attrs: {num_bits: 4}
  error: {block: SquaredDifference, inputs: {x: x_q, y: x}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}

outputs:
  loss: loss
  x_q: x_q
"""


@pytest.fixture
def canvas(open_page: Callable[..., Opened], project: Path) -> Canvas:
    """An empty canvas, of a new file."""
    opened = open_page()
    opened.page.get_by_label("Name of a new graph").fill("quant")
    opened.page.get_by_role("button", name="New graph").click()
    opened.page.get_by_text("Nothing here yet").wait_for()
    assert (project / "quant.yaml").read_text("utf-8") == EMPTY
    return Canvas(opened)


def test_from_an_empty_canvas(canvas: Canvas, project: Path) -> None:
    opened, page = canvas.opened, canvas.page
    add(canvas, "constant", "given", (200, 200))
    fill(canvas, {"value": "[0.1, -0.7, 0.33, 1.9]"})
    add(canvas, "multiply", "x", (200, 500))
    canvas.wire(("given", "output"), ("x", "x"))
    opened.card("given").wait_for(state="detached")  # constants are drawn in the ports that read them
    fill(canvas, {"Input y": "0.75"})
    add(canvas, "argmax", "largest", (300, 600))
    canvas.wire(("x", "z"), ("largest", "input"))
    canvas.until("largest.input")
    fill(canvas, {"Input dimension": "0"})
    add(canvas, "fakequantwithminmaxvars", "x_q", (700, 150))
    canvas.wire(("largest", "output"), ("x_q", "inputs"))
    page.get_by_role("alert").get_by_text("must be bfloat16, float16, float32 or float64, got int64").wait_for()
    assert page.locator('.wire[data-wire="x_q.inputs"]').count() == 0
    opened.keys("Escape")
    canvas.wire(("x", "z"), ("x_q", "inputs"))
    canvas.until("x_q.inputs")
    opened.card("x_q").click()
    fill(canvas, {"Input min": "-1.0", "Input max": "1.0", "num_bits": "4"})
    add(canvas, "squared", "error", (850, 600))
    canvas.wire(("x_q", "outputs"), ("error", "x"))
    canvas.until("error.x")
    canvas.wire(("x", "z"), ("error", "y"))
    canvas.until("error.y")
    add(canvas, "mean", "loss", (850, 650))
    canvas.wire(("error", "z"), ("loss", "input"))
    canvas.until("loss.input")
    fill(canvas, {"Input axis": "[0]"})
    page.get_by_text("no problems").wait_for()
    page.get_by_role("button", name="Make loss an output of the graph").click()
    opened.card("x_q").click()
    page.get_by_role("button", name="Make x_q an output of the graph").click()
    page.get_by_role("button", name="Fit into the window").click()
    opened.card("output:x_q").wait_for()

    opened.keys("Control+Enter")
    page.get_by_role("tab", name="Values").click()
    found = outputs(project)
    opened.card("output:loss").locator(".shown b").get_by_text(short(found["loss"], 3)).wait_for()
    opened.card("loss").click()
    page.locator(".scalar").get_by_text(short(found["loss"], 7)).wait_for()
    opened.card("x_q").click()
    page.get_by_role("radio", name="Table").click()
    cells = page.get_by_role("region", name="Elements of x_q.outputs").locator("td")
    cells.first.wait_for()
    assert [np.float32(each) for each in cells.all_inner_texts()] == list(np.float32(found["x_q"]))

    opened.card("x_q").focus()
    opened.keys(*["Control+z"] * MANY)  # faster than the server answers
    page.get_by_role("button", name="Undo", exact=True).and_(page.locator(":disabled")).wait_for()
    page.locator(".mark.unsaved").wait_for(state="detached")
    assert (project / "quant.yaml").read_text("utf-8") == EMPTY
    opened.keys(*["Control+Shift+z"] * MANY)
    page.get_by_role("button", name="Redo", exact=True).and_(page.locator(":disabled")).wait_for()
    opened.save()
    assert (project / "quant.yaml").read_bytes() == MADE.encode()


def add(canvas: Canvas, block: str, name: str, place: tuple[int, int]) -> None:
    """Add a block by a double click on the empty canvas."""
    canvas.page.mouse.dblclick(*place)
    chosen(canvas.opened, block, name)


def fill(canvas: Canvas, fields: dict[str, str]) -> None:
    """Fill fields of the inspector."""
    for label, text in fields.items():
        field = canvas.page.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Enter")


def outputs(project: Path) -> dict[str, Any]:
    """What the command line gives for the graph as it was made."""
    (project / "made.yaml").write_text(MADE, "utf-8")
    command = [sys.executable, "-m", "dataflow", "run", "made.yaml", "--json"]
    found: dict[str, Any] = json.loads(subprocess.run(command, cwd=project, capture_output=True, check=True).stdout)
    return found


def short(value: float, digits: int) -> str:
    """A number of float32 in so many digits."""
    return f"{np.float32(value):.{digits}g}"
