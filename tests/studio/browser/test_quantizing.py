"""Quantizing from the page: ranges, what bits cost, a quantized graph that is opened and run, a report and a sweep."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from canvas_hands import Canvas
from opened_page import Opened
from places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def page(open_page: Callable[..., Opened], project: Path) -> Any:
    """The page of a small network, trained as its file has it, with the panel of quantization."""
    (project / "mlp.yaml").write_bytes((ROOT / "graphs/digits/mlp.yaml").read_bytes())
    opened = open_page("mlp.yaml")
    Canvas(opened)
    opened.page.get_by_role("tab", name="Quantize").click()
    return opened.page


def test_what_bits_cost(page: Any) -> None:
    figures = page.locator(".bits-found td.best")
    page.get_by_role("button", name="Measure").click()
    figures.first.wait_for()
    slider = page.get_by_role("slider", name="weights")
    found = [figures.all_inner_texts()]
    for _ in range(3):
        began = time.perf_counter()
        slider.press("ArrowLeft")
        page.wait_for_function(
            "(before) => document.querySelector('.bits-found td.best').innerText !== before", arg=found[-1][0]
        )
        found.append(figures.all_inner_texts())
        print(f"{8 - _ - 1} bits of weights: {found[-1]} after {time.perf_counter() - began:.2f} s")
    assert page.get_by_text("5 bits").count() == 1
    sqnr = [float(each[0].removesuffix(" dB")) for each in found]
    assert sqnr == sorted(sqnr, reverse=True)


def test_a_graph_is_quantized_and_run(page: Any, project: Path) -> None:
    press(page, "Calibrate")
    done(page, 1)
    press(page, "Quantize")
    job = done(page, 2)
    print(job.inner_text())
    job.get_by_role("button", name="Open").click()
    page.wait_for_timeout(1000)
    press(page, "Run")
    page.locator(".status").get_by_text("run 1 done").wait_for()
    page.wait_for_timeout(1000)


def press(page: Any, button: str) -> None:
    """Press a button."""
    page.get_by_role("button", name=button, exact=True).click()


def done(page: Any, number: int) -> Any:
    """The newest job, once it is done, as one of so many."""
    page.wait_for_function("(number) => document.querySelectorAll('.job.done').length === number", arg=number)
    return page.locator(".job").first
