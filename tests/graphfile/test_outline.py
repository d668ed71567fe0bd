"""The outline of a graph file: paragraphs, spellings, wires, and what is left where something is wrong."""

from __future__ import annotations

import pytest
from places import GRAPHS

from dataflow.core.errors import DataflowError
from dataflow.graphfile.load import read
from dataflow.graphfile.outline import Outline, outline

FILE = """\
dataflow: 1
name: g
params: {k: 0.50, which: x}
inputs:
  x: {dtype: float32, shape: [N, 4], doc: values}
  label: int64[N]

nodes:
  # First the
  # squares.
  square: {block: Square, inputs: {x: $which}, doc: of x}
  # no heading: nothing is between them
  half: {block: Multiply, inputs: [square, $k]}

  # Then ranges.
  range:
    block: MinMaxObserver
    inputs: {x: half}
    attrs: {axis: 0x1}

  joined: {block: ConcatV2, inputs: {values: [half, x], axis: 0x1}}
outputs:
  low: range.min
"""


def outlined(text: str = FILE, scope: str = "") -> Outline:
    return outline(read("g.yaml", text=text), scope)


def test_paragraphs_have_the_comments_above_them_as_titles() -> None:
    assert [(p.title, list(p.nodes), p.line) for p in outlined().paragraphs] == [
        ("First the squares", ["square", "half"], 9),
        ("Then ranges", ["range"], 15),
        ("", ["joined"], 21),
    ]


def test_values_are_spelled_as_they_are_written() -> None:
    nodes = outlined().nodes
    assert [(o.port, o.text, o.source, o.output, o.value_of) for o in nodes["half"].operands] == [
        ("x", "square", "square", "y", "square.y"),
        ("y", "$k", "", "", ""),
    ]
    assert [(o.port, o.text, o.source) for o in nodes["joined"].operands] == [
        ("values[0]", "half", "half"),
        ("values[1]", "x", "x"),
        ("axis", "0x1", ""),
    ]
    assert nodes["square"].operands[0].text == "$which"
    assert nodes["square"].operands[0].value_of == "x.output"
    assert [(s.name, s.text) for s in nodes["range"].settings] == [("axis", "0x1")]
    assert (nodes["square"].doc, nodes["square"].line) == ("of x", 11)


def test_inputs_and_outputs() -> None:
    found = outlined()
    assert [(e.block, e.doc, e.line, dict(e.outputs)) for e in found.inputs.values()] == [
        ("float32[N, 4]", "values", 5, {"output": "x.output"}),
        ("int64[N]", "", 6, {"output": "label.output"}),
    ]
    low = found.outputs["low"]
    assert (low.operands[0].text, low.operands[0].value_of, low.line) == ("range.min", "range.min", 23)


def test_a_graph_file_used_as_a_block_has_its_ports_and_its_own_outline() -> None:
    context = read(GRAPHS / "digits/cnn.yaml")
    conv1 = outline(context).nodes["conv1"]
    assert conv1.uses_file and dict(conv1.outputs) == {"y": "conv1/y.activations"}
    inner = outline(context, "conv1")
    assert (inner.name, list(inner.nodes)) == ("conv2d_batch_norm", ["filter", "conv", "norm", "y"])
    assert inner.inputs["x"].outputs == {"output": "picture.output"}
    assert [o.value_of for o in inner.nodes["conv"].operands] == ["picture.output", "conv1/filter.ref"]
    assert inner.nodes["y"].block == "Relu"  # of the parameter
    deeper = outline(context, "conv1/norm")
    assert deeper.nodes["y"].operands[0].value_of == "conv1/conv.output"
    with pytest.raises(DataflowError, match="scope 'pool1': must be a node whose block is a graph file"):
        outline(context, "pool1")


def test_a_wrong_node_and_what_depends_on_it_are_marked() -> None:
    text = FILE.replace("{x: half}", "{x: half}\n    range: [0, nothing]")
    found = outlined(text)
    assert [name for name, entry in found.nodes.items() if entry.wrong] == ["range"]
    assert found.outputs["low"].wrong
    assert dict(found.nodes["range"].outputs) == {"min": "", "max": ""}
    assert found.outputs["low"].operands[0].output == "min"


@pytest.mark.parametrize(
    "old, new, wrong",
    [
        ("block: Square", "block: Sqare", {"square", "half", "range", "joined"}),
        ("{block: Square, inputs: {x: $which}, doc: of x}", "[]", {"square", "half", "range", "joined"}),
        ("[square, $k]", "[joined, $k]", {"half", "joined", "range"}),
        ("label: int64[N]", "label: int65[N]", set()),
        ("x: {dtype: float32", "x: {dtype: nothing", {"square", "half", "range", "joined"}),
    ],
)
def test_what_cannot_be_read_is_outlined_all_the_same(old: str, new: str, wrong: set[str]) -> None:
    found = outlined(FILE.replace(old, new))
    assert list(found.nodes) == ["square", "half", "range", "joined"]
    assert {name for name, entry in found.nodes.items() if entry.wrong} == wrong


def test_a_file_that_cannot_be_read_has_an_empty_outline() -> None:
    assert outlined("- 1") == Outline() == outlined("{")


def test_aliases_and_merge_keys_are_followed() -> None:
    text = """\
dataflow: 1
x-shared: &shared {num_bits: 0x4}
inputs: {x: 'float32[N]'}
nodes:
  a: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: &wire x}, attrs: *shared}
  b: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: *wire}, attrs: {<<: *shared, narrow_range: true}}
"""
    nodes = outlined(text).nodes
    assert [[(s.name, s.text) for s in nodes[n].settings] for n in "ab"] == [
        [("num_bits", "0x4")],
        [("narrow_range", "true"), ("num_bits", "0x4")],
    ]
    assert [nodes[n].operands[0].text for n in "ab"] == ["x", "x"]
