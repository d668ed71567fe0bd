"""Wires put on ports and taken off, nodes put into wires and pulled out, by `flow.edit`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.edit import Editor

TEXT = """\
dataflow: 1
inputs:
  x: float32[N, 4]
  b: bool[N, 4]
nodes:
  r: {block: Relu, inputs: {features: x}}
  m: {block: Mul, inputs: [r, 0.5]}  # half
  c: {block: Pack, inputs: {values: [r, m]}}
  n: {block: Neg}
  a: {block: AddV2}
outputs:
  y: m
"""


@pytest.fixture
def file() -> Editor:
    return flow.edit("g.yaml", TEXT)


@pytest.mark.parametrize(
    ("make", "old", "new"),
    [
        (lambda f: f.wire("x", "n.x"), "{block: Neg}", "{block: Neg, inputs: {x: x}}"),
        (lambda f: f.wire("r.activations", "a.y"), "{block: AddV2}", "{block: AddV2, inputs: {y: r.activations}}"),
        (lambda f: f.wire("x", ("m", "y")), "[r, 0.5]", "[r, x]"),
        (lambda f: f.wire("x", "c.values"), "values: [r, m]", "values: [r, m, x]"),
        (lambda f: f.wire("x", "c.values.1"), "values: [r, m]", "values: [r, x]"),
        (lambda f: f.unwire("m.y"), "[r, 0.5]", "[r]"),
        (lambda f: f.unwire("m.x"), "[r, 0.5]", "{y: 0.5}"),
        (lambda f: f.unwire("c.values.0"), "values: [r, m]", "values: [m]"),
        (lambda f: f.unwire("c.values"), ", inputs: {values: [r, m]}", ""),
    ],
)
def test_one_value_changes(file: Editor, make: Callable[[Editor], None], old: str, new: str) -> None:
    make(file)
    assert file.text == TEXT.replace(old, new)
    file.undo()
    assert file.text == TEXT


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f.wire("x", "a.x"),
        lambda f: f.set("nodes.a.inputs.x", "x"),
        lambda f: f.put("nodes.a.inputs.x", "x"),
        lambda f: f.put("a.x", "x"),
    ],
)
@pytest.mark.parametrize(
    ("given", "then"),
    [
        ("{y: 2.0}", "{x: x, y: 2.0}"),
        ("{name: k, y: 2.0}", "{name: k, x: x, y: 2.0}"),
        ("{name: k}", "{name: k, x: x}"),
        ("\n      # two\n      y: 2.0\n", "\n      x: x\n      # two\n      y: 2.0\n"),
    ],
)
def test_inputs_are_written_in_the_order_of_the_block(make: Callable[[Editor], None], given: str, then: str) -> None:
    text = TEXT.replace("  a: {block: AddV2}\n", f"  a:\n    block: AddV2\n    inputs: {given}\n")
    file = flow.edit("g.yaml", text)
    make(file)
    assert file.text == text.replace(given, then)
    file.undo()
    assert file.text == text


def test_inputs_that_are_listed_get_names_where_one_is_left_out(file: Editor) -> None:
    file.set("a.inputs", ["x"])
    file.unwire("a.x")
    file.set("a.block", "FusedBatchNormV3")
    file.set("a.inputs", ["x"])
    file.input("v", "float32[4]")
    file.wire("v", "a.offset")
    assert "inputs: {x: x, offset: v}" in file.text
    file.unwire("a.offset")
    file.unwire("a.x")
    assert "a: {block: FusedBatchNormV3}" in file.text


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("m", "r.features", "node 'r': input 'features' has the wire 'x' already; take that off first"),
        ("b", "n.x", "must be bfloat16, float16, .* got bool; convert it with Cast"),
        ("b", "a.y", r"node 'a' \(AddV2\): input 'y' must be .*, got bool; convert it with Cast"),
        ("b", "c.values", "must be float32 like 'values', got bool"),
        ("q", "n.x", "no node or input named 'q'"),
        ("x", "n.y", "node 'n' has no input 'y'; it has x"),
        ("x", "k.y", "no node 'k'"),
        ("x", "n.features.z", "node 'n' has no input 'features'"),
    ],
)
def test_wires_that_are_wrong_are_refused(file: Editor, source: str, target: str, message: str) -> None:
    with pytest.raises(GraphFileError, match=message):
        file.wire(source, target)
    assert file.text == TEXT and not file.undo()


def test_a_cycle_is_refused_also_among_nodes_that_lack_something(file: Editor) -> None:
    file.wire("a", "n.x")
    with pytest.raises(GraphFileError, match=r"cycle: (n -> a -> n|a -> n -> a)"):
        file.wire("n", "a.x")
    assert file.undo_title == "wire a to n.x"


def test_what_a_wire_makes_wrong_elsewhere_is_refused_too(file: Editor) -> None:
    file.replace(TEXT.replace("float32[N, 4]", "float32[4, 4]"))
    file.delete("a")
    file.add("j", "MatMul", ["x", "n"])
    file.wire("x", "n.x")
    file.unwire("n.x")
    file.add("s", "Sum", ["x", [0, 1]])
    file.wire("s", "n.x")  # j could not be checked before; it is wrong now, and was not right
    assert [problem.message for problem in file.problems()] == [
        "node 'j' (MatMul): input 'b' must have rank 2, got shape []"
    ]
    file.undo()
    file.set("n.x", "x")
    assert file.problems() == []
    file.set("j.inputs", {"a": "x"})
    file.set("m.x", "n")
    file.set("n.inputs", ["r"])
    file.unwire("n.x")
    with pytest.raises(GraphFileError, match=r"node 'n' .* got bool"):
        file.wire("b", "n.x")


def test_a_node_is_put_into_a_wire_and_pulled_out_again(file: Editor) -> None:
    file.splice("n", "m.x")
    assert file.text == TEXT.replace("[r, 0.5]", "[n, 0.5]").replace("Neg}", "Neg, inputs: {x: r}}")
    assert file.undo_title == "put n into the wire to m.x"
    file.pull_out("n")
    assert file.text == TEXT
    file.splice("n", "c.values.1")
    assert file.text == TEXT.replace("[r, m]", "[r, n]").replace("Neg}", "Neg, inputs: {x: m}}")


def test_a_node_is_put_into_the_wire_to_an_output(file: Editor) -> None:
    file.splice("n", "outputs.y")
    assert file.text == TEXT.replace("  y: m\n", "  y: n\n").replace("Neg}", "Neg, inputs: {x: m}}")
    assert file.undo_title == "put n into the wire to outputs.y"
    file.pull_out("n")
    assert file.text == TEXT
    file.output("a.b", "r.activations")
    file.splice("n", "outputs.a.b")
    assert file.tree["outputs"]["a.b"] == "n" and file.tree["nodes"]["n"]["inputs"] == {"x": "r.activations"}
    with pytest.raises(GraphFileError, match="no output 'z'; it has"):
        file.splice("n", "outputs.z")
    with pytest.raises(GraphFileError, match="node 'r' must have an input that nothing is wired to, got none"):
        file.splice("r", "outputs.y")
    file.add("k", "LogicalNot")
    with pytest.raises(GraphFileError, match="input 'x' must be bool, got float32"):
        file.splice("k", "outputs.y")


def test_a_node_named_outputs_has_wires_of_its_own(file: Editor) -> None:
    file.rename("m", "outputs")
    file.splice("n", "nodes.outputs.x")
    assert file.tree["nodes"]["n"]["inputs"] == {"x": "r"}
    file.undo()
    file.splice("n", ("outputs", "x"))
    assert file.tree["nodes"]["n"]["inputs"] == {"x": "r"}


def test_what_cannot_be_put_into_a_wire(file: Editor) -> None:
    with pytest.raises(GraphFileError, match="must have a wire for a node to be put into, got none"):
        file.splice("n", "m.y")
    with pytest.raises(GraphFileError, match="node 'r' must have an input that nothing is wired to, got none"):
        file.splice("r", "m.x")
    file.set("n.block", "LogicalNot")
    with pytest.raises(GraphFileError, match="input 'x' must be bool, got float32"):
        file.splice("n", "m.x")
    with pytest.raises(GraphFileError, match="node 'n' must have an input for its readers to get, got none"):
        file.pull_out("n")
    with pytest.raises(GraphFileError, match="no node 'k'"):
        file.pull_out("k")
    assert [file.undo(), file.undo()] == [True, False]


def test_ports_of_a_graph_as_a_block(file: Editor) -> None:
    file.add("d", "dataflow:layers/dense.yaml", {}, {"units": 3})
    file.wire("r", "d.x")
    assert not any("'d'" in problem.message for problem in file.problems())
    file.unwire("d.x")
    with pytest.raises(GraphFileError, match=r"node 'd/product' \(MatMul\): input 'a' must be .*, got bool"):
        file.wire("b", "d.x")
    with pytest.raises(GraphFileError, match="node 'd' has no input 'y'; it has x"):
        file.wire("b", "d.y")


def test_inputs_of_a_file_are_given_in_their_order(file: Editor) -> None:
    file.add("d", "dataflow:layers/dense.yaml", ["r"], {"units": 3})
    assert file.tree["nodes"]["d"]["inputs"] == {"x": "r"}
    assert not any("'d'" in problem.message for problem in file.problems())
    file.add("e", "dataflow:layers/dense.yaml", ["r", "r"], {"units": 3})
    assert any("node 'e': 'inputs' must map ports to wires" in problem.message for problem in file.problems())


def test_inputs_in_their_order_need_a_block_that_is_known(file: Editor) -> None:
    file.set("a.block", "$which")
    file.set("a.inputs", ["x"])
    for make in (lambda: file.wire("x", "a.y"), lambda: file.splice("n", "a.y"), lambda: file.unwire("a.x")):
        with pytest.raises(GraphFileError, match="the ports of its block must be known, got inputs in their order"):
            make()
    with pytest.raises(GraphFileError, match="no node 'k'"):
        file.splice("n", "k.x")


def test_several_nodes_are_deleted_as_one_step(file: Editor) -> None:
    file.delete(["r", "m"], reconnect=True)
    assert "values: [x, x]" in file.text and "  y: x\n" in file.text
    assert file.undo_title == "delete r and m"
    file.undo()
    assert file.text == TEXT
