"""Graphs within graphs: what runs in them, made of a selection and unpacked; a file that others change meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from canvas_hands import Canvas
from nets import net, shipped
from opened_page import Opened

pytestmark = pytest.mark.slow

HALF = "half: {block: Multiply, inputs: {x: x, y: 0.5}}"
RELU = "relu: {block: Relu, inputs: {features: half}}"
NET = net(HALF, RELU, "out: {block: Tanh, inputs: {x: relu}}", output="out")
PAIR = f"  {HALF}\n  {RELU}\n"
USING = NET.replace(PAIR, "  halved: {block: ./halved.yaml, inputs: {x: x}}\n").replace("x: relu", "x: halved")
HALVED = f"""dataflow: 1
name: halved

inputs:
  x: {{dtype: float32, shape: [N, 4]}}

nodes:
{PAIR}
outputs:
  relu: relu
"""
UNPACKED = (
    NET.replace("half", "halved/half")
    .replace("relu:", "halved/relu:")
    .replace("x: relu", "x: halved/relu")
    .replace("nodes:\n", "nodes:\n  # halved: ./halved.yaml, written out\n")
    .replace("  out: {", "\n  out: {")
)


@pytest.fixture
def canvas(show: Callable[..., Opened]) -> Canvas:
    return Canvas(show(NET))


@pytest.fixture
def with_file(canvas: Canvas) -> Canvas:
    """The canvas after two nodes were made a graph file, halved.yaml; nothing is saved."""
    opened = canvas.opened
    opened.card("half").click()
    opened.card("relu").click(modifiers=["Control"])
    opened.keys("Control+g")
    opened.page.get_by_role("dialog", name="Make a graph file of the selection").wait_for()
    opened.page.keyboard.type("halved")
    opened.keys("Enter")
    opened.card("halved").wait_for()
    return canvas


def quarter(canvas: Canvas) -> None:
    """Give the second input of half another value, 0.25."""
    field = canvas.page.get_by_label("Input y", exact=True)
    field.fill("0.25")
    field.press("Enter")
    canvas.page.locator(".mark.unsaved").wait_for()


def test_values_within_a_graph(show: Callable[..., Opened], project: Path) -> None:
    opened = show(shipped("digits/cnn"), "cnn.yaml")
    page = opened.page
    Canvas(opened)
    page.get_by_role("tab", name="Run").click()
    page.get_by_label("rows at most").fill("5000")
    opened.keys("Enter", "Control+Enter")
    page.locator(".status").get_by_text("run 1 done").wait_for()
    opened.card("logits").dblclick()
    opened.card("product").click()
    page.get_by_role("tab", name="Values").click()
    facts = page.locator(".facts").first
    facts.wait_for()
    told = dict(zip(facts.locator("dt").all_inner_texts(), facts.locator("dd").all_inner_texts(), strict=True))
    command = ["run", "cnn.yaml", "--to", "logits/product", "-o", "inner.npz"]
    subprocess.run([sys.executable, "-m", "dataflow", *command], cwd=project, check=True)
    with np.load(project / "inner.npz") as found:
        (value,) = found.values()
    assert [float(told[name]) for name in ("min", "max")] == [float(f"{end:.3g}") for end in (value.min(), value.max())]


def test_a_selection_becomes_a_file_and_is_unpacked(with_file: Canvas, project: Path) -> None:
    opened = with_file.opened
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == USING
    assert (project / "halved.yaml").read_text("utf-8") == HALVED
    opened.card("halved").click()
    opened.keys("Control+Shift+G")
    opened.card("halved").wait_for(state="detached")
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == UNPACKED
    opened.keys("Control+z", "Control+z")
    opened.card("half").wait_for()
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == NET


def test_what_was_just_made_is_entered_and_edited_and_all_is_saved_or_nothing(with_file: Canvas, project: Path) -> None:
    opened, page = with_file.opened, with_file.page
    opened.card("halved").dblclick()
    opened.card("half").click()
    quarter(with_file)
    (project / "halved.yaml").write_text("dataflow: 1\n", "utf-8")
    opened.card("half").focus()
    opened.keys("Control+s")
    asked = page.get_by_role("dialog", name="halved.yaml was changed on the disk")
    asked.get_by_text("Nothing is saved yet").wait_for()
    assert (project / "net.yaml").read_text("utf-8") == NET
    asked.get_by_role("button", name="Save over it").click()
    page.get_by_text("saved", exact=True).wait_for()
    assert (project / "net.yaml").read_text("utf-8") == USING
    assert (project / "halved.yaml").read_text("utf-8") == HALVED.replace("0.5", "0.25")


def test_what_others_change_elsewhere_is_merged(canvas: Canvas, project: Path) -> None:
    opened, page = canvas.opened, canvas.page
    opened.card("half").click()
    opened.keys("y")
    quarter(canvas)
    (project / "net.yaml").write_text(NET.replace("Tanh, inputs: {x", "Sigmoid, inputs: {x"), "utf-8")
    page.get_by_role("alert").get_by_text("the changes are merged with yours").wait_for()
    both = NET.replace("Tanh", "Sigmoid").replace("0.5", "0.25")
    assert text(canvas) == both
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == both


def test_what_others_change_in_the_same_place_is_asked_about(canvas: Canvas, project: Path) -> None:
    opened, page = canvas.opened, canvas.page
    opened.card("half").click()
    opened.keys("y")
    quarter(canvas)
    theirs, ours = NET.replace("0.5", "0.75"), NET.replace("0.5", "0.25")
    (project / "net.yaml").write_text(theirs, "utf-8")
    asked = page.get_by_role("alert").filter(has_text="in places that you changed too")
    asked.wait_for()
    assert text(canvas) == ours
    opened.card("half").focus()
    opened.keys("Control+s")
    page.get_by_role("dialog", name="net.yaml was changed on the disk").get_by_role("button", name="Cancel").click()
    assert (project / "net.yaml").read_text("utf-8") == theirs
    asked.get_by_role("button", name="Take what is on the disk").click()
    asked.wait_for(state="detached")
    page.locator(".cm-line").get_by_text("0.75").wait_for()
    assert text(canvas) == theirs
    opened.card("half").focus()
    opened.keys("Control+z")
    page.locator(".cm-line").get_by_text("0.25").wait_for()
    assert text(canvas) == ours
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == ours


def text(canvas: Canvas) -> str:
    """What the pane beside the canvas has."""
    lines = canvas.page.get_by_role("textbox", name="Text of the graph file").locator(".cm-line")
    return "\n".join(lines.all_text_contents())
