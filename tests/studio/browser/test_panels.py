"""Runs, trainings and quantization as a person has them from the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nets import shipped
from opened_page import Opened

import dataflow as flow

pytestmark = pytest.mark.slow

Open = Callable[..., Opened]


@pytest.fixture
def cnn(project: Path) -> str:
    (project / "cnn.yaml").write_text(shipped("digits/cnn_flat"), "utf-8")
    return "cnn.yaml"


def tab(opened: Opened, name: str) -> Any:
    """The side panel with a tab shown."""
    opened.page.get_by_role("tab", name=name, exact=True).click()
    return opened.page.get_by_role("tabpanel")


def figure(panel: Any, row: str, column: int) -> float:
    """A number of a table, by the name of its row."""
    cells = panel.get_by_role("row", name=row).get_by_role("cell")
    cells.nth(column).filter(has_text=re.compile(r"\d")).wait_for()
    return float(cells.nth(column).inner_text())


def test_a_training_is_watched_paused_changed_reloaded_and_stopped(open_page: Open, cnn: str, project: Path) -> None:
    opened = open_page(cnn)
    page = opened.page
    opened.card("conv1/conv").click()
    opened.keys("t")
    page.locator(".trend-box").wait_for()
    panel = tab(opened, "Train")
    panel.get_by_label("epochs", exact=True).fill("500")
    panel.get_by_role("button", name="Train", exact=True).click()
    panel.get_by_text(re.compile(r"^epoch [3-9]")).wait_for()
    first = figure(panel, "loss", 0)
    panel.get_by_role("button", name="Pause").click()
    panel.get_by_text(re.compile("^paused")).wait_for()
    panel.get_by_label("learning rate").fill("0.0005")
    opened.keys("Enter")
    page.reload()  # what was drawn is drawn again
    panel = tab(opened, "Train")
    panel.get_by_text(re.compile("^paused")).wait_for()
    assert page.locator(".curves .line").count() >= 5  # loss and accuracy of both splits, the rate, what is watched
    page.locator(".trend-box .line").wait_for()
    panel.get_by_role("button", name="Resume").click()
    panel.get_by_text(re.compile(r"^epoch (1[5-9]|[2-9]\d|\d\d\d)")).wait_for()
    assert figure(panel, "loss", 0) < first
    panel.get_by_role("button", name="Stop").click()
    panel.get_by_text(re.compile("^stopped")).wait_for()
    assert "0.0005" in (project / "cnn.checkpoints/history.csv").read_text("utf-8")


def test_values_are_looked_at_and_runs_changed_for_the_session(open_page: Open, cnn: str, project: Path) -> None:
    opened = open_page(cnn)
    page, before = opened.page, (project / cnn).read_bytes()
    opened.card("conv1/conv").click()
    opened.keys("Control+Enter")
    page.get_by_text(re.compile(r"run \d+ done")).wait_for()
    panel = tab(opened, "Values")
    panel.get_by_role("img", name=re.compile("^Histogram")).wait_for()
    panel.get_by_role("radio", name="Picture").click()
    panel.get_by_role("img", name=re.compile("^Heat map of 32 × 8 × 8")).focus()
    opened.keys("ArrowRight")
    panel.get_by_text(re.compile("≈ .* at row 0, column 1, tile 0")).wait_for()
    panel.get_by_role("radio", name="Table").click()
    panel.get_by_role("cell").first.wait_for()

    opened.card("conv2/y").click()
    opened.keys("b")
    banner = page.get_by_role("region", name="What this session does to runs")
    banner.get_by_text("Runs and trainings differ from the file: 1").click()
    banner.get_by_text("conv2/y").wait_for()
    panel = tab(opened, "Run")
    panel.get_by_text("1 bypassed").wait_for()
    opened.keys("Control+Enter")
    page.get_by_text(re.compile(r"kept from the last run")).wait_for()
    banner.get_by_role("button", name="Clear all").click()
    banner.wait_for(state="detached")
    assert (project / cnn).read_bytes() == before


def test_bits_are_moved_and_the_graph_is_quantized(open_page: Open, cnn: str, project: Path) -> None:
    opened = open_page(cnn)
    panel = tab(opened, "Train")
    panel.get_by_label("epochs", exact=True).fill("3")
    panel.get_by_role("button", name="Train", exact=True).click()
    panel.get_by_text(re.compile("^done")).wait_for()
    panel = tab(opened, "Quantize")
    panel.get_by_role("button", name="Measure").click()
    high = float(panel.get_by_role("row", name="SQNR").get_by_role("cell").nth(1).inner_text().split()[0])
    slider = panel.get_by_role("slider", name=re.compile("^weights"))
    for _ in range(5):
        slider.press("ArrowLeft")
    panel.get_by_role("status").filter(has_text="3 bits").wait_for()
    changed = panel.get_by_role("row", name="SQNR").get_by_role("cell").nth(1)
    changed.filter(has_not_text=f"{high:.1f}").wait_for()
    assert float(changed.inner_text().split()[0]) < high - 10
    panel.get_by_label("bits of weights").select_option("4")
    assert "--weights 4 --activations 8" in panel.locator(".command code").inner_text()
    panel.get_by_role("button", name="Quantize", exact=True).click()
    panel.get_by_role("button", name="Open cnn_w4a8.yaml").click()
    opened.card("picture_q").wait_for()
    made = flow.load(project / "cnn_w4a8.yaml")
    assert made.sections["quantization"]["weights"]["bits"] == 4
    opened.keys("Control+Enter")
    opened.page.get_by_text(re.compile(r"run \d+ done")).wait_for()
    opened.keys("q")
    opened.page.get_by_text(re.compile(r"^\d+\.\d dB$")).first.wait_for()


def test_the_gallery_opens_a_graph_that_is_copied_and_the_tour_comes_once(
    browser: object, serve: Callable[..., str], project: Path
) -> None:
    opened = Opened(browser, serve("."), tour=True)
    page = opened.page
    page.get_by_role("searchbox").fill("digits mlp")
    opened.keys("ArrowDown", "Enter")
    box = page.get_by_role("dialog")
    for title in ("Your file, drawn", "Add blocks", "Run it", "Look at values", "It stays your file"):
        box.get_by_role("heading", name=title).wait_for()
        opened.keys("ArrowRight")
    opened.keys("Escape")
    box.wait_for(state="detached")
    page.get_by_role("button", name="Copy to the project").click()
    page.get_by_text("saved", exact=True).wait_for()
    assert (project / "mlp.yaml").read_text("utf-8") == shipped("digits/mlp")
    with page.expect_download() as download:
        opened.keys("Control+k")
        page.get_by_role("dialog").locator("input").fill("as PNG")
        opened.keys("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    page.reload()
    opened.card("loss").wait_for()
    assert page.get_by_role("dialog").count() == 0
    errors = opened.errors
    opened.close()
    assert errors == []


def covered(page: Any, over: str, under: str) -> list[str]:
    """What lies under something else, by selectors of both: the texts of both."""
    found: list[str] = page.evaluate(
        """([over, under]) => {
            const all = (selector) => [...document.querySelectorAll(selector)];
            const boxes = (of) => all(of).map((each) => [each.getBoundingClientRect(), each.textContent]);
            const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
            const below = (a) => boxes(under).filter(([b]) => !apart(a, b));
            return boxes(over).flatMap(([a, one]) => below(a).map(([, other]) => `${one}: ${other}`));
        }""",
        [over, under],
    )
    return found


@pytest.mark.parametrize("graph", ["digits/cnn_flat", "digits/cnn", "quant/digits_fake_quant"])
def test_curves_beside_cards_cover_no_card_and_no_title(open_page: Open, project: Path, graph: str) -> None:
    (project / "graph.yaml").write_text(shipped(graph), "utf-8")
    opened = open_page("graph.yaml")
    cards = opened.page.locator(".react-flow__node:has(.card)")
    cards.first.wait_for()
    for i in range(0, cards.count(), 3):
        cards.nth(i).click(position={"x": 20, "y": 12})
        opened.keys("t")
        opened.page.wait_for_function("(n) => document.querySelectorAll('.trend-box').length === n", arg=i // 3 + 1)
    assert covered(opened.page, ".trend-box", ".react-flow__node, .frame h3") == []
    assert len(covered(opened.page, ".trend-box", ".trend-box")) == cards.count() // 3 + bool(cards.count() % 3)


def test_figures_of_cards_cover_no_port_and_no_name(open_page: Open, project: Path) -> None:
    (project / "graph.yaml").write_text(shipped("quant/digits_fake_quant"), "utf-8")
    opened = open_page("graph.yaml")
    opened.card("sqnr").wait_for()
    opened.keys("Control+Enter")
    opened.notice("run 1 done")
    opened.keys("q")
    opened.page.locator(".sqnr span").first.wait_for()
    small = opened.page.locator(".ground[data-small]")
    assert small.count() == 1
    under = ".pin-dot, .pin-row > *, .card .name, .pill .name, .frame h3"
    assert covered(opened.page, ".sqnr span", under) == []
    opened.keys("d")  # wires lead down: ports are at the upper and lower edges
    opened.page.wait_for_function("() => document.querySelectorAll('.sqnr span').length > 0")
    opened.page.wait_for_timeout(600)
    assert covered(opened.page, ".sqnr span", under) == []


def test_values_stay_with_a_node_that_is_renamed_and_with_a_graph_that_one_comes_back_to(
    open_page: Open, cnn: str, project: Path
) -> None:
    (project / "other.yaml").write_text(shipped("digits/mlp"), "utf-8")
    opened = open_page(cnn)
    page = opened.page
    opened.card("pool1").click(position={"x": 20, "y": 12})
    opened.keys("Control+Enter")
    opened.notice("run 1 done")
    drawn = opened.card("pool1").locator(".shown path").get_attribute("d")
    tab(opened, "Values").get_by_role("radio", name="Picture").click()
    picture = page.get_by_role("img", name=re.compile("^Heat map of 32 × 4 × 4"))
    picture.wait_for()
    opened.card("pool1").click(position={"x": 20, "y": 12})
    opened.keys("F2")
    page.wait_for_function("() => document.activeElement.tagName === 'INPUT'")
    page.keyboard.type("smaller")
    opened.keys("Enter")
    assert opened.card("smaller").locator(".shown:not(.old) path").get_attribute("d") == drawn
    picture.wait_for()
    for name in ("other.yaml", cnn):
        opened.keys("Control+p")
        page.keyboard.type(name)
        found = page.get_by_role("option", name=re.compile(name))
        found.filter(has_not_text="digits/").first.click(timeout=5000)  # not the graph that is shipped
        page.locator(".top .file").get_by_text(name).wait_for()
    assert opened.card("smaller").locator(".shown:not(.old) path").get_attribute("d") == drawn
    opened.card("smaller").click(position={"x": 20, "y": 12})
    picture.wait_for()
