"""The canvas under mouse and keyboard: wiring, refusing, mending, cutting, moving, walking, entering graphs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from canvas_hands import Canvas
from nets import shipped
from opened_page import Opened

from dataflow.inspection.sizes import BLOCK, NAME, PORT

pytestmark = pytest.mark.slow

SMALL = """\
dataflow: 1
name: small
inputs:
  x: {dtype: float32, shape: [N, 4]}
nodes:
  low: {block: Relu, inputs: {features: x}}
  high: {block: Tanh, inputs: {x: low}}
  best: {block: ArgMax, inputs: {input: high, dimension: 1}}
  alone: {block: Sigmoid, inputs: {x: x}}
  spare: {block: Softplus}
outputs:
  best: best
  alone: alone
"""


@pytest.fixture
def canvas(show: Callable[..., Opened]) -> Canvas:
    return Canvas(show(SMALL, "small.yaml"))


@pytest.fixture
def small(canvas: Canvas, project: Path) -> Path:
    """The file of the graph on the canvas."""
    return project / "small.yaml"


def changed_lines(path: Path) -> list[tuple[str, str]]:
    """The lines that differ from the file as it was."""
    lines = zip(SMALL.splitlines(), path.read_text().splitlines(), strict=True)
    return [(before.strip(), after.strip()) for before, after in lines if before != after]


def test_a_wire_is_drawn_with_the_mouse(canvas: Canvas, small: Path) -> None:
    canvas.wire(("alone", "y"), ("spare", "features"))
    canvas.until("spare.features")
    canvas.opened.save()
    assert changed_lines(small) == [("spare: {block: Softplus}", "spare: {block: Softplus, inputs: {features: alone}}")]


def test_a_wrong_dtype_is_refused_in_the_words_of_the_loader_and_mended_by_one_key(canvas: Canvas, small: Path) -> None:
    canvas.wire(("best", "output"), ("spare", "features"))
    told = canvas.page.get_by_role("alert")
    told.get_by_text("must be bfloat16, float16, float32 or float64, got int64").wait_for()
    assert small.read_text() == SMALL
    assert canvas.page.locator(".mark.unsaved").count() == 0
    told.get_by_role("button", name="Cast to float32").wait_for()
    canvas.opened.keys("1")
    canvas.until("spare.features")
    canvas.opened.save()
    assert "block: Cast, inputs: {x: best}" in small.read_text()


def test_a_cycle_is_refused_where_the_wire_ends(canvas: Canvas) -> None:
    canvas.wire(("high", "y"), ("low", "features"))
    told = canvas.page.get_by_role("alert")
    told.wait_for()
    assert "low" in told.inner_text()
    canvas.opened.keys("Escape")
    told.wait_for(state="detached")
    assert canvas.page.locator(".mark.unsaved").count() == 0


def test_a_taken_port_is_given_another_wire_by_one_key(canvas: Canvas, small: Path) -> None:
    canvas.wire(("alone", "y"), ("high", "x"))
    canvas.page.get_by_role("alert").get_by_text("high.x is taken by low").wait_for()
    canvas.opened.keys("1")
    canvas.opened.save()
    assert changed_lines(small) == [
        ("high: {block: Tanh, inputs: {x: low}}", "high: {block: Tanh, inputs: {x: alone}}")
    ]


def test_wires_are_cut_by_a_line_across_them(canvas: Canvas) -> None:
    x, y = canvas.middle(canvas.port("left", "high", "x"))
    canvas.page.keyboard.down("Control")
    canvas.drag((x - 18, y - 30), (x - 18, y + 30))
    canvas.page.keyboard.up("Control")
    canvas.until("high.x", there=False)
    canvas.opened.keys("Control+z")
    canvas.until("high.x")


def test_cards_stay_where_they_are_put_until_they_are_put_back(canvas: Canvas, small: Path) -> None:
    kept = small.with_name("small.layout.json")
    x, y = canvas.middle(canvas.opened.card("alone").locator(".name"))
    canvas.drag((x, y), (x + 60, y + 120))
    canvas.until_moved("alone", (x, y))
    canvas.opened.eventually(kept.exists)
    assert list(json.loads(kept.read_text())["cards"]) == ["alone"]
    canvas.opened.keys("Shift+L")
    canvas.until_at("alone", (x, y))
    canvas.opened.eventually(lambda: not kept.exists())
    assert small.read_text() == SMALL


def test_a_node_is_put_into_a_wire_and_pulled_out_again(canvas: Canvas) -> None:
    target, _ = canvas.port("left", "high", "x"), canvas.opened.card("spare").wait_for()
    x, y = canvas.middle(target)
    canvas.drag(canvas.middle(canvas.opened.card("spare").locator(".name")), (x - 18, y))
    canvas.until("spare.features")
    canvas.opened.keys("Shift+X")
    canvas.until("spare.features", there=False)
    canvas.until("high.x")


def test_a_node_is_put_into_the_wire_to_an_output(canvas: Canvas, small: Path) -> None:
    canvas.opened.card("spare").wait_for()
    x, y = canvas.middle(canvas.port("left", "output:alone", "value"))
    canvas.drag(canvas.middle(canvas.opened.card("spare").locator(".name")), (x - 18, y))
    canvas.until("spare.features")
    canvas.opened.save()
    assert changed_lines(small) == [
        ("spare: {block: Softplus}", "spare: {block: Softplus, inputs: {features: alone}}"),
        ("alone: alone", "alone: spare"),
    ]


def test_a_block_is_chosen_for_a_wire(canvas: Canvas, small: Path) -> None:
    x, y = canvas.middle(canvas.port("left", "high", "x"))
    canvas.page.mouse.dblclick(x - 18, y)
    field = canvas.page.get_by_role("combobox", name="Add a block")
    field.fill("softsign")
    canvas.page.get_by_role("option").first.wait_for()
    canvas.opened.keys("Enter")
    canvas.until("softsign.features")
    canvas.opened.keys("Escape")
    canvas.opened.save()
    assert "high: {block: Tanh, inputs: {x: softsign}}" in small.read_text()


def test_a_node_is_pulled_out_with_alt(canvas: Canvas, small: Path) -> None:
    x, y = canvas.middle(canvas.opened.card("high").locator(".name"))
    canvas.page.keyboard.down("Alt")
    canvas.drag((x, y), (x, y + 160))
    canvas.page.keyboard.up("Alt")
    canvas.until("high.x", there=False)
    canvas.opened.save()
    assert "best: {block: ArgMax, inputs: {input: low, dimension: 1}}" in small.read_text()


def test_all_by_the_keyboard(canvas: Canvas, small: Path) -> None:
    canvas.opened.card("x").focus()
    canvas.opened.keys("ArrowRight", "ArrowRight", "ArrowRight")
    assert canvas.focused() == "best"
    canvas.opened.keys("ArrowLeft", "p")
    assert canvas.focused() == "right high y"
    canvas.opened.keys("w", "ArrowDown")
    target = canvas.page.locator(".pin.over [data-port]").get_attribute("data-port")
    assert target == "left spare features"
    canvas.opened.keys("Enter")
    canvas.until("spare.features")
    canvas.opened.card("best").focus()
    canvas.opened.keys("Shift+Delete")
    canvas.opened.card("best").wait_for(state="detached")
    canvas.opened.save()
    assert "best: high" in small.read_text()
    assert "spare: {block: Softplus, inputs: {features: high}}" in small.read_text()


def test_a_graph_is_entered_and_left(show: Callable[..., Opened]) -> None:
    opened = show(shipped("digits/cnn"))
    opened.card("conv1").dblclick()
    opened.card("norm").dblclick()
    trail = opened.page.get_by_role("navigation", name="Opened graph").locator("li")
    trail.nth(2).wait_for()
    assert [each.strip() for each in trail.all_inner_texts()] == ["digits_cnn", "conv1", "norm"]
    opened.keys("Backspace")
    opened.card("norm").wait_for()
    trail.first.get_by_role("button").click()
    opened.card("pool2").wait_for()


def test_a_variable_gets_a_card_of_its_own_and_is_folded_again(show: Callable[..., Opened]) -> None:
    opened = show(shipped("digits/cnn_flat"))
    opened.page.get_by_role("button", name="variable logits/weights, a source of wires").click()
    opened.card("logits/weights").wait_for()
    opened.card("logits/weights").click(button="right")
    opened.page.get_by_role("menuitem", name="Fold into the cards that read it").click()
    opened.card("logits/weights").wait_for(state="detached")


def test_names_can_be_read_whole_also_beside_the_times_of_a_run(show: Callable[..., Opened]) -> None:
    canvas = Canvas(show(shipped("digits/cnn_flat")))
    canvas.opened.keys("Control+Enter")
    canvas.opened.notice("run 1 done")
    canvas.page.locator(".card .time.run").first.wait_for()
    cut = canvas.page.locator(".name, .card .block").evaluate_all(
        "(all) => all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"
    )
    assert cut == []


KEPT = """\
dataflow: 1
name: kept
inputs:
  x: float32[N, 4]
nodes:
  w: {block: Variable, inputs: {initvalues: 2.0}}
  scaled: {block: Multiply, inputs: {x: x, y: w}}
  again: {block: Multiply, inputs: {x: scaled}}
  spare: {block: Softplus}
outputs:
  again: again
"""


def test_wires_are_drawn_from_the_chip_of_a_variable(show: Callable[..., Opened], project: Path) -> None:
    path, canvas = project / "kept.yaml", Canvas(show(KEPT, "kept.yaml"))
    chip = canvas.page.get_by_role("button", name="variable w, a source of wires")
    canvas.drag(canvas.middle(chip), canvas.middle(canvas.port("left", "again", "y")))
    chip.nth(1).wait_for()
    canvas.port("left", "scaled", "y").focus()
    canvas.opened.keys("ArrowRight")
    assert canvas.focused() == "chip scaled y"
    canvas.opened.keys("w", "ArrowRight")
    canvas.page.locator('.pin.over [data-port="left spare features"]').wait_for()
    canvas.opened.keys("Enter")
    chip.nth(2).wait_for()
    canvas.opened.save()
    assert "again: {block: Multiply, inputs: {x: scaled, y: w}}" in path.read_text()
    assert "spare: {block: Softplus, inputs: {features: w}}" in path.read_text()


def test_a_wire_is_pulled_off_with_the_variable_on_it(show: Callable[..., Opened], project: Path) -> None:
    path, canvas = project / "kept.yaml", Canvas(show(KEPT, "kept.yaml"))
    canvas.drag(canvas.middle(canvas.port("left", "scaled", "y")), canvas.middle(canvas.port("left", "again", "y")))
    canvas.opened.save()
    assert "scaled: {block: Multiply, inputs: {x: x}}" in path.read_text()
    assert "again: {block: Multiply, inputs: {x: scaled, y: w}}" in path.read_text()


def test_enter_on_a_chip_draws_it_as_a_card(show: Callable[..., Opened]) -> None:
    canvas = Canvas(show(KEPT))
    canvas.port("left", "scaled", "y").focus()
    canvas.opened.keys("ArrowRight", "Enter")
    canvas.page.locator('.react-flow__node[data-id="w"]:focus').wait_for()


@pytest.mark.parametrize("graph, least", [("digits/cnn", 60), ("digits/cnn_flat", 60), ("quant/digits_fake_quant", 50)])
def test_whole_graphs_can_be_read(show: Callable[..., Opened], graph: str, least: int) -> None:
    canvas = Canvas(show(shipped(graph)))
    assert int(canvas.page.locator(".percent").inner_text().split()[0]) >= least
    boxes = canvas.page.locator(".react-flow__node").evaluate_all(
        "(all) => all.map((each) => { const { x, y, right, bottom } = each.getBoundingClientRect();"
        " return [x, y, right, bottom]; })"
    )
    window = canvas.page.locator(".ground").bounding_box()
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= window["x"]
        assert right <= window["x"] + window["width"]
        assert top >= window["y"]
        assert bottom <= window["y"] + window["height"]
        for other in boxes[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    fonts = canvas.page.evaluate(
        "(of) => of.map((each) => parseFloat(getComputedStyle(document.querySelector(each)).fontSize))",
        [".card .name", ".card .block", ".pin .label"],
    )
    assert fonts == [NAME, BLOCK, PORT]  # by which room is reserved
    sizes = canvas.page.locator(".card .name").evaluate_all(
        "(all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize)"
        " * each.getBoundingClientRect().height / each.offsetHeight)"
    )
    assert min(sizes) >= 9
