"""A training followed in a page that is reloaded meanwhile; what changed runs again alone; what is cancelled ends."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from canvas_hands import Canvas
from nets import shipped
from opened_page import Opened

pytestmark = pytest.mark.slow

STEPS = 21  # of an epoch of the network for digits


@pytest.fixture
def cnn(show: Callable[..., Opened]) -> Canvas:
    """The network of digits, in a file of its own."""
    return Canvas(show(shipped("digits/cnn")))


def test_a_training(cnn: Canvas, project: Path) -> None:
    page = cnn.page
    press(page, "Train")
    until_step(page, 30)
    first, last = ends_of_loss(page)
    print(f"loss of step 1 {first}, of step {step(page)} {last}")
    assert last < 0.7 * first

    before = step(page)
    page.reload()
    cnn.ready()
    page.get_by_role("tab", name="Train").click()
    until_step(page, before + 5)
    assert loss(page).get_attribute("aria-valuemin") == "1"
    assert ends_of_loss(page)[0] == first
    page.get_by_text("running,").wait_for()

    press(page, "Pause")
    page.get_by_text("paused,").wait_for()
    paused = step(page)
    field = page.get_by_label("learning rate", exact=True)
    field.fill("0.0005")
    field.press("Enter")
    press(page, "Resume")
    until_step(page, paused + STEPS)  # so that the epoch of the change is closed
    assert field.input_value() == "5e-4"
    began = time.perf_counter()
    press(page, "Stop")
    page.get_by_text("stopped,").wait_for()
    print(f"stopped within {time.perf_counter() - began:.2f} s")
    with next(project.rglob("history.csv")).open(newline="") as file:
        (changed,) = [row["changed"] for row in csv.DictReader(file) if row["changed"]]
    assert re.fullmatch(r"step \d+: learning rate 0.0005", changed)


def test_only_what_changed_runs_again(cnn: Canvas) -> None:
    page = cnn.page
    cnn.opened.keys("Control+Enter")
    ended(page, "run 1 done")
    cnn.opened.card("loss").click()
    field = page.get_by_label("Input axis", exact=True)
    field.fill("[-1]")
    field.press("Enter")
    page.get_by_role("tab", name="Run").click()
    page.get_by_text("1 run", exact=True).wait_for()
    planned = fates(page)
    assert planned["run"] == ["loss"]
    assert len(planned["kept"]) > 30
    cnn.opened.keys("Control+Enter")
    ended(page, "run 2 done")
    page.get_by_role("radio", name="Last run").click()
    page.locator(".fates").get_by_text("input axis changed").wait_for(state="attached")
    assert fates(page) == planned


def test_a_run_is_cancelled(show: Callable[..., Opened], project: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(project / "rows.npz", x=rng.random((1000, 1500), np.float32), w=rng.random((1500, 1500), np.float32))
    wires = ["x", *(f"m{i}" for i in range(1, 80))]
    nodes = "\n".join(f"  m{i + 1}: {{block: MatMul, inputs: [{wire}, w]}}" for i, wire in enumerate(wires))
    opened = show(LONG.format(nodes=nodes, last=f"m{len(wires)}"))
    Canvas(opened)
    press(opened.page, "Run")
    opened.page.locator(".time.run").first.wait_for(state="attached")
    began = time.perf_counter()
    opened.keys("Control+.")
    ended(opened.page, "run 1 cancelled")
    print(f"cancelled within {time.perf_counter() - began:.2f} s")


LONG = """dataflow: 1
name: long
inputs:
  x: float32[N, 1500]
nodes:
  w: {{block: Variable, inputs: {{initvalues: {{path: rows.npz, array: w}}}}}}
{nodes}
outputs:
  last: {last}
data:
  rows: {{path: rows.npz, inputs: {{x: x}}}}
"""


def press(page: Any, button: str) -> None:
    """Press a button of the top bar."""
    page.locator("header.top").get_by_role("button", name=button, exact=True).click()


def ended(page: Any, words: str) -> None:
    """Wait until the line at the bottom says so of a run."""
    page.locator(".status").get_by_text(words).wait_for()


def fates(page: Any) -> dict[str, list[str]]:
    """The nodes by what becomes of them."""
    groups = page.locator(".fates details").all()
    return {
        group.locator("summary").get_attribute("class").removeprefix("fate-"): group.locator(
            "button"
        ).all_text_contents()
        for group in groups
    }


def step(page: Any) -> int:
    """The step that the training is at."""
    return int(page.locator(".state .pair .quiet").inner_text().split()[1].replace(",", ""))


def until_step(page: Any, wanted: int) -> None:
    """Wait until a training has done so many steps."""
    page.wait_for_function(
        "(wanted) => Number(document.querySelector('.state .pair .quiet')"
        "?.textContent.match(/step ([\\d,]+)/)[1].replace(',', '') ?? 0) >= wanted",
        arg=wanted,
    )


def loss(page: Any) -> Any:
    """The curve of the loss."""
    return page.get_by_role("slider", name="loss: the step that is read out", exact=True)


def ends_of_loss(page: Any) -> tuple[float, float]:
    """The first value of the curve of the loss, and the last."""
    values = []
    for key in ("Home", "End"):
        loss(page).press(key)
        values.append(float(loss(page).get_attribute("aria-valuetext").split("train ")[1].split(",")[0]))
    first, last = values
    return first, last
