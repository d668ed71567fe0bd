"""The cards of a scene, before they have places."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from places import GRAPHS

from dataflow.core.registry import blocks
from dataflow.graph.gradient import gradient
from dataflow.graphfile.graph_outline import outline_of
from dataflow.graphfile.load import load, read
from dataflow.graphfile.outline import outline
from dataflow.inspection.cards import Cards, ending, within
from dataflow.inspection.elements import Card, Chip
from dataflow.inspection.folding import folding

FILE = """\
dataflow: 1
params: {k: 0.5}
inputs: {x: {dtype: float32, shape: [4], doc: values}}
nodes:
  w: {block: Variable, inputs: {initvalues: [0.0, 0.0, 0.0, 0.0]}}
  half: {block: Multiply, inputs: [x, $k], doc: of x}
  moved: {block: Add, inputs: {x: half, y: w}}
  range: {block: MinMaxObserver, inputs: {x: moved}, attrs: {axis: $k, symmetric: true}}
  kept: {block: Assign, inputs: {ref: w, value: moved}}
outputs: {low: range.min, y: half}
"""


def cards(text: str = FILE, unfolded: Collection[str] = ()) -> dict[str, Card]:
    context = read("g.yaml", text=text)
    told = outline(context)
    return Cards(told, context.graph, folding(told, unfolded), unfolded).all()


def chips(card: Card) -> dict[str, Chip | None]:
    return {port.name: port.chip for port in card.lefts}


def test_there_is_a_card_for_each_input_node_and_output() -> None:
    found = cards(FILE.replace("axis: $k, ", ""))
    assert [(card.id, card.kind) for card in found.values()] == [
        ("x", "input"),
        ("half", "node"),
        ("moved", "node"),
        ("range", "node"),
        ("output:low", "output"),
        ("output:y", "output"),
    ]
    assert (found["x"].doc, found["half"].doc, found["half"].line) == ("values", "of x", 6)
    assert "x + y" in found["moved"].doc  # of the block
    assert not any(card.wrong for card in found.values())


def test_chips_tell_numbers_parameters_and_variables() -> None:
    found = cards()
    assert chips(found["half"]) == {"x": None, "y": Chip("$k", "param")}
    assert chips(found["moved"]) == {"x": None, "y": Chip("w", "variable")}
    assert chips(cards(FILE.replace("$k", "2.5"))["half"])["y"] == Chip("2.5", "literal")
    assert [(a.name, a.text, a.param) for a in found["range"].attrs] == [
        ("axis", "$k", True),
        ("symmetric", "true", False),
    ]


def test_a_value_that_must_be_written_is_asked_for() -> None:
    text = FILE.replace("outputs:", "  s: {block: Sum, inputs: {input: half}}\n  r: {block: Reshape}\noutputs:")
    found = cards(text)
    assert chips(found["s"]) == {"input": None, "axis": Chip("such as 0", "asked")}
    shape = chips(found["r"])["shape"]
    assert chips(found["r"])["tensor"] is None and shape is not None and shape.text.startswith("such as [")
    assert chips(cards(text.replace("{input: half}", "{input: half, axis: 0}"))["s"])["axis"] == Chip("0", "literal")
    assert chips(cards(text.replace("{input: half}", "[half, x]"))["s"])["axis"] is None


def test_updates_are_notes_and_what_is_folded_is_told() -> None:
    found = cards()["moved"]
    assert found.notes == ["updates w"]
    assert found.folded == ["kept", "w"]


def test_outputs_that_nothing_reads_are_hidden_but_the_first() -> None:
    text = FILE.replace("axis: $k, ", "")
    assert [port.name for port in cards(text)["range"].rights] == ["min"]
    assert [port.name for port in cards(text.replace("range.min", "range.max"))["range"].rights] == ["min", "max"]
    assert [port.name for port in cards(text, {"range"})["range"].rights] == ["min", "max"]


def test_types_and_families_are_those_of_the_graph() -> None:
    found = cards(FILE.replace("axis: $k, ", ""))
    assert [(p.name, p.type, p.family, p.value_of) for p in found["half"].rights] == [
        ("z", "float32[4]", "float", "half.z")
    ]
    assert found["output:low"].lefts[0].family == "float"


def test_a_graph_used_as_a_block_has_the_ports_of_its_file() -> None:
    context = read(GRAPHS / "digits/cnn.yaml")
    told = outline(context)
    conv1 = Cards(told, context.graph, folding(told)).all()["conv1"]
    assert (conv1.kind, conv1.block) == ("graph", "conv2d_batch_norm")
    assert [(port.name, port.wire) for port in conv1.lefts] == [("x", "picture")]
    assert [(port.name, port.value_of) for port in conv1.rights] == [("y", "conv1/y.activations")]


def test_what_lies_within_a_graph_file_is_told_by_name() -> None:
    graph = gradient(load(GRAPHS / "digits/cnn.yaml"), of="loss", wrt="conv1/filter")
    told = outline_of(graph)
    found = Cards(told, graph, folding(told)).all()
    norm = next(card for card in found.values() if card.block == "FusedBatchNormGradV3")
    assert norm.gradient
    assert chips(norm)["x"] == Chip("conv2/conv", "wire")
    assert chips(norm)["scale"] == Chip("conv2/norm/scale", "variable")


@pytest.mark.parametrize(
    ("file", "yes", "no"),
    [
        ("quant/digits_fake_quant", {"d_image", "d_logits", "difference", "d_error"}, {"logits_q", "error", "loss"}),
        ("xor/ce_manual", {"d_w1", "slope2", "not_hidden"}, {"ce", "not_y", "y"}),
        ("digits/cnn_flat", set(), {"xent", "loss"}),
    ],
)
def test_nodes_of_reverse_passes(file: str, yes: set[str], no: set[str]) -> None:
    context = read(GRAPHS / f"{file}.yaml")
    told = outline(context)
    found = Cards(told, context.graph, folding(told)).gradients
    assert yes <= found and not no & found


def test_blocks_that_only_let_gradients_pass_are_no_reverse_pass() -> None:
    text = "dataflow: 1\ninputs: {x: 'float32[3]'}\nnodes:\n  a: {block: StopGradient, inputs: [x]}\noutputs: {a: a}\n"
    assert "StopGradient" in blocks and not cards(text)["a"].gradient


def test_a_name_stands_whole_on_its_card_up_to_a_limit() -> None:
    whole, cut = "a" * 32, "scope/" + "a" * 30
    text = f"dataflow: 1\nnodes:\n  {whole}: {{block: Relu}}\n  {cut}: {{block: Relu}}\n"
    assert [card.name for card in cards(text).values()] == [whole, "…/" + "a" * 30]


def test_long_names_end_with_whole_parts() -> None:
    assert ending("conv1/norm/mean", 15) == "conv1/norm/mean"
    assert ending("conv1/norm/mean", 12) == "…/norm/mean"
    assert ending("conv1/normalized", 8) == "…malized"


def test_names_within_a_scope() -> None:
    assert within("conv1/norm/y", "conv1/norm/mean") == "mean"
    assert within("conv1/norm/y", "conv2/norm/mean") == "conv2/norm/mean"
