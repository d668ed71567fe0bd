"""Quantizing from the page: ranges, what bits cost, a quantized graph that is opened and run, a report and a sweep."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from canvas_hands import Canvas
from nets import shipped
from opened_page import Opened

pytestmark = pytest.mark.slow

SQNR = ".bits-found tr:first-child td.best"


@pytest.fixture
def page(open_page: Callable[..., Opened], project: Path) -> Any:
    """The page of the network of digits, trained for an epoch, with the panel of quantization."""
    (project / "cnn.yaml").write_text(shipped("digits/cnn"), "utf-8")
    subprocess.run([sys.executable, "-m", "dataflow", "train", "cnn.yaml", "--epochs", "1"], cwd=project, check=True)
    opened = open_page("cnn.yaml")
    Canvas(opened)
    opened.page.get_by_role("tab", name="Quantize").click()
    return opened.page


def test_what_bits_cost(page: Any) -> None:
    press(page, "Measure")
    page.locator(SQNR).wait_for()
    weights = page.get_by_role("slider", name="weights")
    found = [sqnr(page)]
    for bits in (7, 5, 3):
        began = time.perf_counter()
        weights.fill(str(bits))
        page.wait_for_function(
            "([at, before]) => document.querySelector(at)?.innerText !== before", arg=[SQNR, found[-1]]
        )
        found.append(sqnr(page))
        print(f"{bits} bits of weights: {found[-1]}, after {time.perf_counter() - began:.2f} s")
    figures = [float(each.removesuffix(" dB")) for each in found]
    assert figures == sorted(figures, reverse=True)


def test_from_ranges_to_values_on_wires(page: Any, project: Path) -> None:
    press(page, "Calibrate")
    done(page, 1)
    press(page, "Quantize")
    job = done(page, 2)
    assert re.search(
        r"accuracy 0\.\d+ in float, 0\.\d+ quantized; SQNR \d+\.\d dB \(360 rows of test\)", job.inner_text()
    )
    assert (project / "cnn_w8a8.yaml").exists()
    job.get_by_role("button", name="Open cnn_w8a8.yaml").click()
    page.locator(".top .file").get_by_text("cnn_w8a8.yaml").wait_for()
    page.locator('.react-flow__node[data-id="picture_q"]').wait_for()
    page.keyboard.press("Control+Enter")
    page.locator(".status").get_by_text("run 1 done").wait_for()
    assert "8b" in page.locator('[data-id="picture_q"] .quality').text_content()
    press(page, "Report")
    job = done(page, 3)
    with page.context.expect_page() as opening:
        job.get_by_role("link", name="Open the report").click()
    report = opening.value
    report.get_by_role("heading", name="digits_cnn").wait_for()
    assert report.locator("svg").count() > 3
    assert report.evaluate("() => getComputedStyle(document.body).margin") == "0px"  # its own style is let in
    report.close()
    press(page, "Sweep")
    job = done(page, 4)
    assert job.locator("tbody th").all_inner_texts() == ["conv1/conv", "conv2/conv", "logits/product"]
    assert tables_that_are_cut(page) == []

    page.locator('.react-flow__node[data-id="pool1_q"]').click()
    page.get_by_role("tab", name="Values").click()
    facts = page.get_by_role("heading", name="Quantization").locator("+ .facts")
    facts.wait_for()
    told = dict(zip(facts.locator("dt").all_inner_texts(), facts.locator("dd").all_inner_texts(), strict=True))
    print(told)
    assert told["bits"] == "8"
    assert float(told["SQNR accumulated"].removesuffix(" dB")) > 20
    assert 0 <= float(told["clipped"].removeprefix("< ").removesuffix(" %")) < 1
    assert float(told["scale"]) > 0


def test_a_sweep_that_is_cancelled_keeps_what_it_has(page: Any) -> None:
    page.get_by_role("textbox", name="widths", exact=True).fill("1..16")
    press(page, "Sweep")
    page.locator(".job.running tbody tr").first.wait_for()
    press(page, "Cancel")
    job = page.locator(".job.cancelled")
    job.wait_for()
    found = re.search(r"cancelled after (\d+) of 48 measurements", job.inner_text())
    assert found is not None
    cells = [cell for cell in job.locator('td[class^="grade-"]').all_inner_texts() if cell]
    assert len(cells) == int(found[1]) < 48
    page.reload()
    page.get_by_role("tab", name="Quantize").click()
    job.wait_for()
    assert [cell for cell in job.locator('td[class^="grade-"]').all_inner_texts() if cell] == cells


def tables_that_are_cut(page: Any) -> list[str]:
    """The tables of the panel of which not all columns are in sight."""
    cut: list[str] = page.locator("#side-body .table-scroll").evaluate_all(
        "(all) => all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.ariaLabel)"
    )
    return cut


def sqnr(page: Any) -> str:
    """The signal-to-noise ratio that the panel tells."""
    return page.locator(SQNR).inner_text()


def press(page: Any, button: str) -> None:
    """Press a button."""
    page.get_by_role("button", name=button, exact=True).click()


def done(page: Any, number: int) -> Any:
    """The newest job, once it is done, as one of so many."""
    page.wait_for_function("(number) => document.querySelectorAll('.job.done').length === number", arg=number)
    return page.locator(".job").first
