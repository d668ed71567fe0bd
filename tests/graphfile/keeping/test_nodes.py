"""The nodes of a file that follow a graph: where new ones stand, and how the others are spelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import random_rewrites

import dataflow as flow
from dataflow.core.ports import Literal
from dataflow.graph.node import Link
from dataflow.graph.rebuild import Rebuild

TEXT = """\
params:
  bits: 4
  which: Relu
inputs: {x: "float32[1, 2]"}
nodes:
  # the first half
  a: {block: $which, inputs: [x]}
  a_q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: a}, attrs: {num_bits: $bits, min: -1}}

  # the second half
  w: {block: Variable, inputs: {initvalues: [1.0, 2]}}
  b:
    block: Multiply   # by weights
    inputs: {x: a_q, y: w}   # both
    doc: scaled
  c: {block: AddN, inputs: {inputs: [b, a_q, [[1.0, 1.5]]]}}
outputs: {y: c}
"""


def saved(graph, path="graph.yaml", **options):
    flow.save(graph, path, **options)
    assert flow.load(path) == graph
    return Path(path).read_text().removeprefix("dataflow: 1\n")


def with_nodes(graph, change):
    """The graph with each node changed, by a function that gives the nodes in its place."""
    return random_rewrites.rebuilt(graph, [made for node in graph.nodes.values() for made in change(node)])


@pytest.fixture
def graph(read):
    return read(TEXT)


def insert(graph, reader, port, name, **attrs):
    """A quantizer on the wire to a port."""
    new = Rebuild(graph)
    for node in graph.nodes.values():
        inputs = {}
        if node.name == reader:
            block = flow.blocks["FakeQuantWithMinMaxArgs"](**attrs)
            inputs[port] = new.add(block, [new.operand(node, port)], name=name)
        new.copy(node, inputs=inputs)
    return new.finish()


def test_a_graph_that_did_not_change_is_its_file(graph):
    assert saved(graph) == TEXT


def test_a_node_on_a_wire_stands_before_its_reader_below_its_comment(graph):
    made = insert(graph, "b", "y", "w_q", num_bits=4)
    made.layout = made.layout.commented(["w_q"], "quantizers of b").spelled(
        ("nodes", "w_q", "attrs", "num_bits"), "$bits"
    )
    added = "  w_q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: w}, attrs: {num_bits: $bits}}\n"
    wanted = TEXT.replace("  b:\n", f"  # quantizers of b\n{added}  b:\n").replace("y: w}   # both", "y: w_q}   # both")
    assert saved(made) == wanted


def test_nodes_under_one_comment_stand_together_before_the_first_reader_of_each(graph):
    made = insert(insert(graph, "b", "x", "x_q"), "b", "y", "y_q")
    made = insert(made, "y_q", "inputs", "y_qq")
    made.layout = made.layout.commented(["x_q", "y_qq", "y_q"], "quantizers of b")
    text = saved(made)
    assert text.count("# quantizers of b") == 1
    lines = [line.split(":")[0].strip() for line in text.splitlines()]
    at = lines.index("# quantizers of b")
    assert lines[at + 1 : at + 5] == ["x_q", "y_qq", "y_q", "b"]


def test_what_nothing_reads_stands_at_the_end(graph):
    made = graph.copy()
    flow.blocks["MinMaxObserver"]()(made.ref("b"), name="seen")
    made.output("low", "seen")
    assert saved(made) == TEXT.replace(
        "outputs: {y: c}", "  seen: {block: MinMaxObserver, inputs: {x: b}}\noutputs: {y: c, low: seen}"
    )


def test_values_that_did_not_change_stay_as_they_were_spelled(graph):
    def change(node):
        block = node.block
        if node.name == "a_q":
            block = type(block)(num_bits=block.num_bits, min=-2.0, max=3.0)
        return [replace(node, block=block)]

    assert saved(with_nodes(graph, change)) == TEXT.replace("min: -1}", "min: -2.0, max: 3.0}")


def test_a_value_that_did_change_is_no_parameter_any_more(graph):
    def change(node):
        return [replace(node, block=type(node.block)(num_bits=2, min=-1.0)) if node.name == "a_q" else node]

    assert saved(with_nodes(graph, change)) == TEXT.replace("$bits", "2").replace("  bits: 4\n", "")


def test_another_block_in_the_place_of_one_takes_what_fits_it(graph):
    def change(node):
        if node.name == "b":
            node = replace(node, block=flow.blocks["AddV2"]())
        return [node]

    assert saved(with_nodes(graph, change)) == TEXT.replace("block: Multiply ", "block: AddV2 ")


def test_numbers_and_lists_change_in_their_places(graph):
    def change(node):
        if node.name == "w":
            node = replace(node, inputs={"initvalues": Literal(np.float32([1, 3]))})
        if node.name == "c":
            first, second, _ = node.inputs["inputs"]
            node = replace(node, inputs={"inputs": (first, second, Literal(np.float32([[1.0, 2.5]])))})
        return [node]

    text = TEXT.replace("[1.0, 2]", "[1.0, 3.0]").replace("1.5]]", "2.5]]")
    assert saved(with_nodes(graph, change)) == text


def test_arrays_go_beside_the_file(graph):
    values = np.float32([3, 4])

    def change(node):
        return [replace(node, inputs={"initvalues": Literal(values)}) if node.name == "w" else node]

    text = saved(with_nodes(graph, change), inline=1)
    assert text == TEXT.replace("[1.0, 2]", "{path: graph.npz, array: w.initvalues}")
    np.testing.assert_array_equal(np.load("graph.npz")["w.initvalues"], values)


def test_numbers_that_would_be_read_in_another_dtype_are_an_array(graph):
    def change(node):
        if node.name == "w":
            node = replace(node, inputs={"initvalues": Literal(np.float64([1, 2]))})
        if node.name in ("b", "c"):
            return []
        return [node]

    made = with_nodes(graph, change)
    made.outputs = {"y": Link("w", "ref")}
    assert "{path: graph.npz, array: w.initvalues}" in saved(made)


def test_nodes_that_are_gone_take_their_comments(graph):
    def change(node):
        return [] if node.name in ("w", "b", "c") else [node]

    made = with_nodes(graph, change)
    made.outputs = {"y": Link("a_q", "outputs")}
    text = saved(made)
    assert text == TEXT.partition("\n  # the second half")[0] + "outputs: {y: a_q}\n"


def test_a_renamed_node_stays_where_it_is(graph):
    moved = {Link("a_q", "outputs"): Link("quantized", "outputs")}
    nodes = [random_rewrites.relinked(n, moved) for n in graph.nodes.values()]
    nodes = [replace(n, name="quantized") if n.name == "a_q" else n for n in nodes]
    assert saved(random_rewrites.rebuilt(graph, nodes)) == TEXT.replace("a_q", "quantized")


def test_the_order_of_the_graph_is_not_that_of_the_file(graph):
    assert saved(random_rewrites.rebuilt(graph, graph.order())) == TEXT


def test_texts_and_ranges_of_nodes(graph):
    def change(node):
        if node.name == "b":
            node = replace(node, doc="")
        if node.name == "a":
            node = replace(node, doc="positive", range=(0.0, 2.0))
        return [node]

    text = TEXT.replace("    doc: scaled\n", "").replace(
        "inputs: [x]}", "inputs: [x], range: [0.0, 2.0], doc: positive}"
    )
    assert saved(with_nodes(graph, change)) == text
