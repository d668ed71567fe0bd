"""What stands on inputs and attrs: wires, numbers, arrays of files; see also `bad_graphs`."""

from __future__ import annotations

import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.graphfile.parse import parse
from dataflow.graphfile.wires import NodeSpec


@pytest.mark.parametrize(
    "text, value",
    [
        ("1e-3", np.float32(1e-3)),
        (".5", np.float32(0.5)),
        ("1.", np.float32(1)),
        ("-0.0", np.float32(-0.0)),
        (".inf", np.float32(np.inf)),
        ("-.INF", np.float32(-np.inf)),
        (".nan", np.float32(np.nan)),
        ("010", np.int32(10)),
        ("+7", np.int32(7)),
        ("0x1F", np.int32(31)),
        ("0o17", np.int32(15)),
        ("4294967296", np.int64(2**32)),
        ("-9223372036854775808", np.int64(-(2**63))),
        ("18446744073709551615", np.uint64(2**64 - 1)),
        ("TRUE", np.bool_(True)),
        ("[1, 2]", np.int32([1, 2])),
        ("[1, 2.5]", np.float32([1, 2.5])),
        ("[[true], [false]]", np.array([[True], [False]])),
        ("[]", np.float32([])),
        ("[[], []]", np.zeros((2, 0), np.float32)),
        ("\n      - [1, 2]\n      - [3, 4]", np.int32([[1, 2], [3, 4]])),
    ],
)
def test_numbers_on_ports_are_constants(read, text, value):
    graph = read(f"nodes:\n  y:\n    block: Identity\n    inputs:\n      input: {text}\noutputs: {{y: y}}\n")
    same(flow.run(graph)["y"], value)


def test_wires_name_a_node_or_an_output_of_it_and_make_lists(read):
    graph = read(
        "inputs: {x: 'float32[N, 2]'}\nnodes:\n  range: {block: MinMaxObserver, inputs: {x: x}}\n"
        "  all: {block: AddN, inputs: {inputs: [range, range.max, range.min, 1.0]}}\n"
        "  rows: {block: Concat, inputs: {values: [x, [[9.0, 8.0]]], axis: 0}}\n"
        "outputs: {all: all.sum, rows: rows, low: range, high: range.max}\n"
    )
    found = flow.run(graph, x=[[1, -2]])
    assert (found["all"], found["low"], found["high"]) == (-2 + 1 - 2 + 1, -2, 1)
    np.testing.assert_array_equal(found["rows"], [[1, -2], [9, 8]])


def test_every_text_on_an_input_is_a_wire():
    inputs = parse("{a: x, b: [y.out, 1, [z]], c: 3, d: {path: p}}", "g.yaml").root
    assert [wire.data for wire in NodeSpec("n", "node 'n'", (1, 1), inputs=inputs).wires()] == ["x", "y.out"]
    assert NodeSpec("n", "node 'n'", (1, 1)).wires() == []


INPUTS = "inputs: {x: 'float32[3]'}\n"


@pytest.mark.parametrize(
    "block, inputs, column, message, hint",
    [
        ("Relu", "{features: xx}", 39, "node 'y': input 'features': no node or input named 'xx'", "did you mean 'x'?"),
        (
            "Relu",
            "{features: x.out}",
            39,
            "node 'y': input 'features': 'x' has no output 'out'",
            "did you mean 'output'?",
        ),
        ("Relu", "{features: x.}", 39, "node 'y': input 'features': 'x' has no output ''", "it has output"),
        ("Relu", "{features: }", 39, "node 'y': input 'features' must be a wire or a number, got nothing", ""),
        (
            "Relu",
            "{features: [x]}",
            40,
            "node 'y': input 'features': a list must hold numbers, got 'x'",
            "only a port that takes many values has a list of wires",
        ),
        (
            "Relu",
            "{features: [1, [{}]]}",
            44,
            "node 'y': input 'features': a list must hold numbers, got a mapping",
            "",
        ),
        ("Relu", "{features: [1, ]}", None, None, None),
        ("Relu", "{features: [1, ~]}", 43, "node 'y': input 'features': a list must hold numbers, got nothing", ""),
        ("AddN", "{inputs: x}", 37, "node 'y': input 'inputs' must be a list of wires, got 'x'", "put it in [ ]"),
        ("AddN", "{inputs: []}", 37, "node 'y': input 'inputs' must have at least one value, got an empty list", ""),
        ("AddN", "{inputs: [x, xx]}", 41, "node 'y': input 'inputs': no node or input named 'xx'", "did you mean 'x'?"),
        ("Relu", "{feature: x}", 29, "node 'y': Relu has no input 'feature'", "did you mean 'features'?"),
        ("Relu", "{}", 3, "node 'y' (Relu): input 'features' must be wired, got nothing", ""),
        ("AddV2", "{}", 3, "node 'y' (AddV2): input 'x' and 'y' must be wired, got nothing", ""),
        (
            "Tile",
            "{input: x}",
            3,
            "node 'y' (Tile): input 'multiples' must be wired, got nothing",
            "write 'multiples': number of copies along each dim",
        ),
        ("Relu", "{features: {path: a.npy, name: a}}", 53, "node 'y': input 'features' has no key 'name'", None),
        (
            "Relu",
            "{features: {path: 3}}",
            39,
            "node 'y': input 'features': an array must be {path: file.npz, array: name}, both text",
            "",
        ),
        (
            "Relu",
            "{features: {array: a}}",
            39,
            "node 'y': input 'features': an array must be {path: file.npz, array: name}, both text",
            "",
        ),
        (
            "Relu",
            "{features: {path: none.npy}}",
            46,
            "node 'y': input 'features': none.npy: no such file or directory",
            None,
        ),
    ],
)
def test_what_is_wrong_on_an_input(read, block, inputs, column, message, hint):
    text = INPUTS + node(block, f"inputs: {inputs}")
    if message is None:
        assert flow.run(read(text), x=[1, 2, 3])["y"].tolist() == [1]
        return
    (problem,) = problems(read, text)
    assert (problem.line, problem.column, problem.message) == (4, column, message)
    assert hint is None or problem.hint == hint


def test_a_port_written_wrong_is_not_missing_as_well(read):
    (problem,) = problems(read, INPUTS + node("AddV2", "inputs: {x: x, z: x}"))
    assert problem.message == "node 'y': AddV2 has no input 'z'"
    found = problems(read, INPUTS + node("AddV2", "inputs: {z: x}"))
    assert [p.message for p in found] == [
        "node 'y' (AddV2): input 'y' must be wired, got nothing",
        "node 'y': AddV2 has no input 'z'",
    ]


def test_wires_on_unknown_ports_are_looked_at_too(read):
    found = problems(read, INPUTS + node("Rellu", "inputs: {a: xx, b: [x, yy]}"))
    assert [p.message for p in found] == [
        "node 'y': no block 'Rellu'",
        "node 'y': input 'a': no node or input named 'xx'",
        "node 'y': input 'b': no node or input named 'yy'",
    ]


def test_a_block_without_outputs_cannot_be_wired(read):
    text = "nodes:\n  n: {block: NoOp}\n  y: {block: Relu, inputs: {features: n}}\noutputs: {y: y}\n"
    (problem,) = problems(read, text)
    assert problem.message == "node 'y': input 'features': 'n' has no outputs to wire"
