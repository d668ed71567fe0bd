"""A graph made from nothing, and another changed, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from key_hands import added, chosen, command, focused, named, typed
from nets import net, shipped
from opened_page import Opened

pytestmark = pytest.mark.slow

MADE = net(
    "half: {block: Multiply, inputs: {x: x, y: 0.5}}", "relu: {block: Relu, inputs: {features: half}}", output="relu"
)


def test_a_graph_from_nothing(open_page: Callable[..., Opened], project: Path) -> None:
    opened = open_page()
    page = opened.page
    page.locator(".empty").wait_for()
    command(opened, "new graph")
    page.get_by_label("File").first.wait_for()
    opened.keys("Control+a")
    page.keyboard.type("net")
    opened.keys("Enter")
    page.get_by_role("button", name="+ input").focus()
    opened.keys("Enter")
    page.keyboard.type("x")
    opened.keys("Tab")
    page.keyboard.type("float32[N, 4]")
    opened.keys("Enter")
    opened.card("x").wait_for()
    page.locator(".ground").focus()
    added(opened, "multiply", "half")
    typed(opened, "x")
    focused(opened, "half")
    typed(opened, "0.5")
    focused(opened, "half")
    added(opened, "relu", "relu")
    typed(opened, "half")
    focused(opened, "relu")
    page.get_by_role("button", name="Make relu an output of the graph").focus()
    opened.keys("Enter")
    page.locator(".insp-output .card-link").wait_for()
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == MADE


def test_undo_gives_the_file_back(show: Callable[..., Opened], project: Path) -> None:
    text = shipped("xor/mse_auto")
    opened = show(text)
    page = opened.page
    opened.card("hidden").focus()
    opened.keys("F2")
    named(opened, "inner")
    focused(opened, "inner")
    opened.keys("Control+c", "Control+v")
    opened.card("inner_2").wait_for()
    focused(opened, "inner_2")
    opened.keys("Control+x")
    opened.card("inner_2").wait_for(state="detached")
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == text.replace("hidden", "inner")
    page.locator(".ground").focus()
    opened.keys("Control+z")
    opened.card("inner_2").wait_for()
    opened.keys("Control+z")
    opened.card("inner_2").wait_for(state="detached")
    opened.keys("Control+z")
    opened.card("hidden").wait_for()
    opened.save()
    assert (project / "net.yaml").read_text("utf-8") == text


def test_keys_of_what_cannot_be_done_say_what_to_select(show: Callable[..., Opened]) -> None:
    opened = show(MADE)
    opened.card("half").wait_for()
    opened.keys("Control+d")
    opened.notice("Duplicate: select the nodes to duplicate")
    opened.keys("Control+g")
    opened.notice("Make a graph file of the selection: select the nodes to make a file of")
    opened.keys("Alt+ArrowLeft")
    opened.notice("Move what is selected to the left: select the cards to move")
    opened.card("half").focus()
    opened.keys("Control+Shift+g")
    opened.notice("Unpack the graph file: select nodes that are graph files")
    opened.keys("Control+d")
    opened.card("half_2").wait_for()


FLAGS = net(
    "most: {block: ArgMax, inputs: {input: x, dimension: 1}}",
    "soft: {block: Softplus}",
    "tanh: {block: Tanh, inputs: {x: x}}",
)


def test_a_wire_that_does_not_fit_is_mended(show: Callable[..., Opened], project: Path) -> None:
    opened = show(FLAGS)
    page = opened.page
    opened.card("most").focus()
    opened.keys("w", "Shift+ArrowRight")
    page.locator('.pin.unfit.over [data-port="left soft features"]').wait_for()
    opened.keys("Enter")
    told = page.locator(".unseen[role=status]", has_text="Refused: ")
    told.filter(has_text=". 1: Cast to float32. 2: ").wait_for(state="attached")
    opened.keys("1")
    opened.card("cast").wait_for()
    opened.save()
    assert "soft: {block: Softplus, inputs: {features: cast}}" in (project / "net.yaml").read_text("utf-8")


def test_a_typed_wire_that_does_not_fit_is_mended(show: Callable[..., Opened], project: Path) -> None:
    opened = show(FLAGS)
    opened.card("soft").focus()
    typed(opened, "most")
    alert = opened.page.get_by_role("alert")
    alert.get_by_text("must be bfloat16, float16, float32 or float64, got int64").wait_for()
    alert.get_by_role("button", name="Cast to float32").wait_for()
    focused(opened, "soft")
    opened.keys("1")
    opened.card("cast").wait_for()
    opened.card("tanh").focus()
    typed(opened, "most")
    alert.get_by_role("button", name="Cast to float32, in the place of x").wait_for()
    opened.keys("Escape")
    alert.wait_for(state="detached")
    opened.save()
    text = (project / "net.yaml").read_text("utf-8")
    assert "soft: {block: Softplus, inputs: {features: cast}}" in text
    assert "tanh: {block: Tanh, inputs: {x: x}}" in text


def test_what_sections_lack_is_added_in_the_inspector(show: Callable[..., Opened], project: Path) -> None:
    opened = show(shipped("digits/mlp"))
    page = opened.page

    def add(more: str, *typed: str) -> None:
        page.get_by_role("button", name=f"+ {more}", exact=True).focus()
        opened.keys("Enter")
        label = ""
        for text in typed:
            page.locator(f".insp-more input:focus:not([aria-label='{label}'])").wait_for()
            label = page.evaluate("document.activeElement.getAttribute('aria-label')")
            page.keyboard.type(text)
            opened.keys("Enter")
        page.locator(f".insp-add:focus[aria-label='+ {more}']").wait_for()  # for one more

    add("split of data", "more", "like", "train")
    add("key of data.more", "rows", "[0, 100]")
    add("item of train.metrics", "loss")
    add("key of train", "early_stopping", "patience", "3")
    add("key of train.early_stopping", "metric", "loss")
    page.get_by_label("train.early_stopping.metric", exact=True).focus()
    opened.keys("ArrowDown")
    page.get_by_role("option", name="accuracy").first.wait_for()
    opened.keys("Escape")
    opened.save()
    text = (project / "net.yaml").read_text("utf-8")
    assert "  more: {like: train, rows: [0, 100]}\n" in text
    assert "early_stopping: {patience: 3, metric: loss}\n" in text
    assert "metrics: [accuracy, loss]\n" in text


def test_what_is_typed_in_the_text_is_drawn_and_what_is_drawn_is_written(
    show: Callable[..., Opened], project: Path
) -> None:
    opened = show(MADE)
    page = opened.page
    opened.card("half").focus()
    opened.keys("y")
    text = page.get_by_role("textbox", name="Text of the graph file")
    text.wait_for()
    text.focus()
    opened.keys("Control+Home", *["ArrowDown"] * 8, "End", "Enter")
    page.keyboard.type("neg: {block: Neg, inputs: {x: relu}")
    opened.card("neg").wait_for()
    opened.keys("Escape", "Escape", "f")
    opened.card("half").focus()
    opened.keys("F2")
    named(opened, "scaled")
    focused(opened, "scaled")
    opened.save()
    changed = MADE.replace("half", "scaled").replace(
        "features: scaled}}\n", "features: scaled}}\n  neg: {block: Neg, inputs: {x: relu}}\n"
    )
    assert (project / "net.yaml").read_text("utf-8") == changed
    assert "\n".join(text.locator(".cm-line").all_text_contents()) == changed


@pytest.fixture
def ports(show: Callable[..., Opened]) -> Opened:
    return show(net("low: {block: Relu, inputs: {features: x}}", "high: {block: Multiply}"))


def at(opened: Opened, card: str, *arrows: str) -> None:
    """Put the keyboard on a port of a card."""
    opened.card(card).focus()
    opened.keys("p", *arrows)
    opened.page.locator("[data-port]:focus").wait_for()


def text_of(opened: Opened, project: Path) -> str:
    opened.save()
    return (project / "net.yaml").read_text("utf-8")


def test_enter_on_an_input_writes_its_value(ports: Opened, project: Path) -> None:
    at(ports, "high", "ArrowLeft", "ArrowDown")
    ports.keys("Enter")
    ports.page.get_by_role("combobox", name="Value or wire of high.y").wait_for()
    ports.page.keyboard.type("0.5")
    ports.keys("Enter")
    ports.page.locator(".literal-popover").wait_for(state="detached")
    assert "high: {block: Multiply, inputs: {y: 0.5}}" in text_of(ports, project)


@pytest.mark.parametrize("keys", [["a"], ["w", "a"]])
def test_blocks_for_a_port_that_has_the_focus_or_for_a_wire_in_hand_fit_and_are_wired(
    ports: Opened, project: Path, keys: list[str]
) -> None:
    at(ports, "low")
    ports.keys(*keys)
    ports.page.get_by_placeholder("Blocks that take low.activations").wait_for()
    ports.page.keyboard.type("logicalnot")
    ports.page.get_by_text("No block that fits has that").wait_for()
    ports.keys("Control+a")
    chosen(ports, "softplus", "soft")
    assert "soft: {block: Softplus, inputs: {features: low}}" in text_of(ports, project)


def test_inputs_and_outputs_of_the_graph_are_chosen_for_ports_like_blocks(ports: Opened, project: Path) -> None:
    at(ports, "high", "ArrowLeft")
    ports.keys("a")
    chosen(ports, "input", "more")
    at(ports, "low")
    ports.keys("a")
    chosen(ports, "output", "output:least")
    text = text_of(ports, project)
    assert "more: float32\n" in text and "high: {block: Multiply, inputs: {x: more}}" in text
    assert "  least: low\n" in text


def test_a_value_that_must_be_written_is_asked_for_at_its_port(ports: Opened, project: Path) -> None:
    at(ports, "low")
    ports.keys("a")
    chosen(ports, "mean", "mean")
    ports.page.locator(".feed-asked").click()
    field = ports.page.get_by_role("combobox", name="Value or wire of mean.axis")
    assert field.get_attribute("placeholder") == "such as 1"
    ports.keys("ArrowDown", "ArrowDown", "Enter")
    ports.page.locator(".literal-popover").wait_for(state="detached")
    assert "mean: {block: Mean, inputs: {input: low, axis: 1}}" in text_of(ports, project)


def test_blocks_for_an_input_that_is_wired_are_put_into_the_wire(ports: Opened, project: Path) -> None:
    at(ports, "low", "ArrowLeft")
    ports.keys("a")
    chosen(ports, "softplus", "soft")
    text = text_of(ports, project)
    assert "soft: {block: Softplus, inputs: {features: x}}" in text
    assert "low: {block: Relu, inputs: {features: soft}}" in text


def test_escape_in_the_palette_gives_the_focus_back(ports: Opened) -> None:
    for card, keys, where in (("high", [], '[data-id="high"]'), ("low", ["p"], '[data-port="right low activations"]')):
        ports.card(card).focus()
        ports.keys(*keys, "a")
        ports.page.get_by_role("dialog", name="Add a block").wait_for()
        ports.keys("Escape")
        ports.page.locator(f"{where}:focus").wait_for()


def test_enter_ends_a_wire_at_the_one_port_that_is_lit_and_else_says_what_to_do(ports: Opened, project: Path) -> None:
    ports.card("low").focus()
    ports.keys("w", "Enter")
    ports.notice("Arrows lead the wire to a port that is lit")
    ports.keys("Escape")
    at(ports, "high", "ArrowLeft")
    ports.page.keyboard.press("e")
    ports.page.locator(".literal-popover").wait_for()
    ports.page.keyboard.type("low")
    ports.keys("Enter")
    ports.page.locator('.wire[data-wire="high.x"]').wait_for(state="attached")
    ports.card("low").focus()
    ports.keys("w", "Enter")
    ports.page.locator('.wire[data-wire="high.y"]').wait_for(state="attached")
    assert "high: {block: Multiply, inputs: {x: low, y: low}}" in text_of(ports, project)
