"""What gets no card of its own."""

from __future__ import annotations

from collections.abc import Collection

from places import GRAPHS

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.inspection.folding import MOST_READERS, Folding, Update, folding

HEAD = "dataflow: 1\ninputs: {x: 'float32[3]'}\nnodes:\n  w: {block: Variable, inputs: {initvalues: [0.0, 1.0, 2.0]}}\n"


def folded(nodes: str, outputs: str = "{}", unfolded: Collection[str] = ()) -> Folding:
    return folding(outline(read("g.yaml", text=f"{HEAD}{nodes}outputs: {outputs}\n")), unfolded)


def readers(count: int) -> str:
    return "".join(f"  y{i}: {{block: Add, inputs: [x, w]}}\n" for i in range(count))


def test_variables_that_few_ports_read_are_drawn_on_these() -> None:
    found = folded(readers(MOST_READERS))
    assert found.chips == {"w": "variable"} and found.folded == {"w"}
    assert found.into["y0"] == ["w"]
    assert folded(readers(MOST_READERS + 1)).chips == {}
    assert folded(readers(0)).chips == {}  # nothing would show it


def test_an_output_is_a_reader() -> None:
    assert folded(readers(MOST_READERS), "{v: w}").chips == {}
    found = folded(readers(1), "{v: w}")
    assert found.chips == {"w": "variable"} and found.into["output:v"] == ["w"]


def test_constants_too() -> None:
    found = folded("  k: {block: Const, attrs: {value: 2.0}}\n  y: {block: Add, inputs: [x, k]}\n")
    assert found.chips == {"k": "constant"}


def test_what_is_unfolded_keeps_its_card() -> None:
    assert folded(readers(1), unfolded={"w"}).folded == set()


def test_an_assign_that_nothing_reads_is_a_note_on_what_it_keeps() -> None:
    nodes = "  y: {block: Add, inputs: [x, w]}\n  keep: {block: Assign, inputs: {ref: w, value: y}}\n"
    found = folded(nodes)
    assert found.updates == {"y": [Update("Assign", "w", "y")]}
    assert found.folded == {"keep", "w"} and found.into["y"] == ["keep", "w", "w"]
    assert folded(nodes, "{next: keep}").updates == {}
    assert folded(nodes, unfolded={"keep"}).updates == {}


def test_an_assign_of_an_input_or_a_variable_has_a_card() -> None:
    assert folded("  keep: {block: Assign, inputs: {ref: w, value: x}}\n").updates == {}
    assert folded("  keep: {block: Assign, inputs: {ref: w, value: w}}\n").updates == {}


def test_an_optimizer_is_a_note_on_the_gradient_that_it_applies() -> None:
    nodes = "  g: {block: Square, inputs: [x]}\n  next: {block: ApplyGradientDescent, inputs: [w, 0.1, g]}\n"
    assert folded(nodes).updates == {"g": [Update("ApplyGradientDescent", "w", "g")]}


def test_a_node_that_is_wrong_is_folded_as_if_it_were_right() -> None:
    context = read(GRAPHS / "digits/cnn_flat.yaml")
    text = (GRAPHS / "digits/cnn_flat.yaml").read_text("utf-8")
    wrong = read(GRAPHS / "digits/cnn_flat.yaml", text=text.replace("padding: SAME", "padding: 3"))
    assert wrong.problems() and folding(outline(wrong)).folded == folding(outline(context)).folded


def test_outputs_that_something_reads_are_known() -> None:
    found = folded("  r: {block: MinMaxObserver, inputs: [x]}\n  y: {block: Add, inputs: [r.max, w]}\n")
    assert ("r", "max") in found.read and ("r", "min") not in found.read
