"""Inputs, nodes and outputs of a file become a graph, in whatever order they stand; see also `bad_graphs`."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from graph_text import node, problems

import dataflow as flow
from dataflow.core.block import In, Out
from dataflow.core.errors import GraphError

# -- inputs and outputs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, dtype, shape",
    [
        ("float32", "float32", None),
        ("DT_HALF", "float16", None),
        ("'float32[]'", "float32", ()),
        ("'float32[...]'", "float32", None),
        ("'int8[N, 64]'", "int8", ("N", 64)),
        ("' bool [ ?,None , -1]'", "bool", (None, "None", None)),
        ("{dtype: qint8}", "qint8", None),
        ("{dtype: bfloat16, shape: []}", "bfloat16", ()),
        ("{dtype: float32, shape: [N, null, 3], doc: rows}", "float32", ("N", None, 3)),
        ("\n    dtype: float32\n    shape:\n    - N\n    - 0", "float32", ("N", 0)),
    ],
)
def test_types_of_inputs(read, text, dtype, shape):
    found = read(f"inputs:\n  x: {text}\n{node('Identity', 'inputs: {input: x}')}").inputs["x"]
    assert (found.dtype, found.shape) == (dtype, shape)


def test_a_dim_is_one_size_wherever_it_stands(read):
    graph = read(f"inputs: {{a: 'float32[N]', b: 'float32[N]'}}\n{node('AddV2', 'inputs: {x: a, y: b}')}")
    with pytest.raises(GraphError, match="size 2 in dim 'N'"):
        flow.run(graph, a=[1, 2], b=[1, 2, 3])


def test_an_input_that_cannot_be_is_refused_with_its_place(read):
    (problem,) = problems(read, f"inputs:\n  x: 'float32[{'1, ' * 64}1]'\noutputs: {{y: x}}\n")
    assert (problem.line, problem.column) == (3, 6)
    assert problem.message == "node 'x' (Placeholder): output 'output' must have at most 64 dims, got 65"


def test_outputs_name_nodes_inputs_and_their_ports(read):
    graph = read(
        "inputs: {x: float32}\nnodes: {r: {block: MinMaxObserver, inputs: {x: x}}}\n"
        "outputs: {a: x, low: r, high: r.max, 'any name: {}': r}\n"
    )
    assert {name: graph.deref(link).wire for name, link in graph.outputs.items()} == {
        "a": "x", "low": "r", "high": "r.max", "any name: {}": "r",
    }  # fmt: skip


# -- nodes ----------------------------------------------------------------------------------------------------------


PARTS = ["block: Multiply", "inputs: {x: a, y: 2.0}", "doc: twice"]


NODES = [
    "  a: {block: Relu, inputs: {features: x}}",
    "  b: {block: Relu, inputs: {features: d}}",
    "  c: {block: AddV2, inputs: {x: b, y: d}}",
]


SECTIONS = ["name: g", "inputs: {x: float32}", "outputs: {c: c, d: d}", "doc: any order"]


@pytest.mark.parametrize("seed", range(5))
def test_order_does_not_matter(read, seed):
    def written(shuffle):
        d = "  d: {" + ", ".join(shuffle(PARTS)) + "}"
        return "\n".join(shuffle([*SECTIONS, "\n".join(["nodes:", *shuffle([*NODES, d])])])) + "\n"

    first = read(written(list))
    other = read(written(lambda items: random.Random(seed).sample(items, len(items))))
    assert other == first
    assert [n.name for n in other.order()] == [n.name for n in first.order()]
    assert flow.run(other, x=3.0) == flow.run(first, x=3.0) == {"c": 12, "d": 6}


@pytest.mark.parametrize(
    "block, inputs, attr, value",
    [
        ("FakeQuantWithMinMaxArgs", "{inputs: x}", "num_bits: 4", 4),
        ("FakeQuantWithMinMaxArgs", "{inputs: x}", "max: 3", 3.0),
        ("FakeQuantWithMinMaxArgs", "{inputs: x}", "narrow_range: true", True),
        ("QuantizeAndDequantizeV4", "{input: x, input_min: 0.0, input_max: 1.0}", "round_mode: HALF_UP", "HALF_UP"),
        ("Cast", "{x: x}", "DstT: DT_BFLOAT16", "bfloat16"),
        ("Squeeze", "{input: x}", "axis: [0]", (0,)),
        ("Squeeze", "{input: x}", "axis: 0", (0,)),
        ("PlaceholderWithDefault", "{input: x}", "shape: [N, null]", ("N", None)),
    ],
)
def test_attrs_of_each_kind(read, block, inputs, attr, value):
    graph = read(f"inputs: {{x: 'float32[1, 3]'}}\n{node(block, f'inputs: {inputs}, attrs: {{{attr}}}')}")
    assert getattr(graph.nodes["y"].block, attr.partition(":")[0]) == value


def test_a_block_that_fails_is_an_error_with_a_line(read, monkeypatch):
    class Careless(flow.Block, abstract=True):
        """Nothing, ``x``."""

        x = In("float32", "anything")
        y = Out("float32", "nothing")

        def shape_of(self, x):
            return x.shape[7]

    monkeypatch.setitem(flow.blocks._blocks, "Careless", Careless)
    (problem,) = problems(read, "inputs: {x: 'float32[2]'}\n" + node("Careless", "inputs: {x: x}"))
    assert (problem.line, problem.column) == (4, 14)
    assert re.fullmatch(
        r"node 'y' \(Careless\): IndexError: tuple index out of range \(.*test_nodes\.py:\d+\)", problem.message
    )


def test_a_block_whose_check_fails_is_an_error_with_a_line(read, monkeypatch):
    class Careless(flow.Block, abstract=True):
        """Nothing, ``x``."""

        x = In("float32", "anything")
        y = Out("float32", "nothing")

        def check(self):
            raise KeyError("boom")

    monkeypatch.setitem(flow.blocks._blocks, "Careless", Careless)
    (problem,) = problems(read, "inputs: {x: 'float32[2]'}\n" + node("Careless", "inputs: {x: x}"))
    assert (problem.line, problem.column) == (4, 14)
    assert problem.message.startswith("node 'y' (Careless): KeyError: 'boom' (")


def test_a_long_cycle_is_told_in_part(read):
    chain = "".join(f"  n{i}: {{block: Relu, inputs: {{features: n{(i + 1) % 60}}}}}\n" for i in range(60))
    (problem,) = problems(read, f"nodes:\n{chain}outputs: {{y: n0}}\n")
    names = problem.message.removeprefix("cycle: ").split(" -> ")
    assert names[:2] == ["n0", "n59"] and names[-1] == "n0"
    assert names[25] == "... 11 more ..." and len(names) == 51


def test_only_the_first_cycles_are_told(read):
    pairs = "".join(
        f"  a{i}: {{block: Relu, inputs: {{features: b{i}}}}}\n  b{i}: {{block: Relu, inputs: {{features: a{i}}}}}\n"
        for i in range(30)
    )
    found = problems(read, f"nodes:\n{pairs}outputs: {{y: a0}}\n")
    assert [p.message for p in found] == [f"cycle: a{i} -> b{i} -> a{i}" for i in range(20)]


def test_what_depends_on_a_wrong_node_is_not_reported_again(read):
    text = "  {}: {{block: Relu, inputs: {{features: {}}}}}\n"
    rest = "".join(text.format(f"n{i}", f"n{i - 1}") for i in range(1, 5))
    (problem,) = problems(read, f"nodes:\n  n0: {{block: Rellu}}\n{rest}outputs: {{y: n4}}\n")
    assert problem.message == "node 'n0': no block 'Rellu'"


@pytest.mark.parametrize(
    "text, messages",
    [
        ('outputs: {"a\\e": x, y: x}\n', ["output 'a\\x1b': names must have no control characters"]),
        ("outputs: {y: [x]}\n", ["output 'y' must be a wire, got a list"]),
        ("outputs: {y: $q, z: x}\n", ["output 'y': no param 'q'"]),
        ("nodes:\n  y: {block: $q}\n  z: {block: Relu, inputs: {features: y}}\n", ["node 'y': no param 'q'"]),
        ("nodes:\n  y: {block: [Relu]}\n", ["node 'y': 'block' must be text, got a list"]),
        ("nodes:\n  y: {block: Relu, inputs: {features: $q}}\n", ["node 'y': no param 'q'"]),
        ("nodes:\n  y: {block: AddN, inputs: {inputs: $q}}\n", ["node 'y': no param 'q'"]),
        ("nodes:\n  y: {block: Relu, inputs: {features: {path: $q}}}\n", ["node 'y': no param 'q'"]),
        ("nodes:\n  y: {block: Cast, inputs: {x: x}, attrs: {DstT: $q}}\n", ["node 'y': no param 'q'"]),
    ],
)
def test_a_mistake_is_told_once(read, text, messages):
    assert [p.message for p in problems(read, f"inputs: {{x: float32}}\n{text}")] == messages


def test_a_block_of_a_broken_plugin_is_told_with_its_fault(read, monkeypatch):
    monkeypatch.setattr(type(flow.blocks), "fault", lambda self, name: "plugin.py:3: no module named 'gone'")
    (problem,) = problems(read, node("Extra"))
    assert (problem.line, problem.column) == (3, 14)
    assert problem.message == "node 'y': no block 'Extra': plugin.py:3: no module named 'gone'"


# -- inputs in the order of the ports ---------------------------------------------------------------------------------


def test_inputs_may_be_listed_in_the_order_of_the_ports(read):
    text = (
        "params: {act: Sigmoid}\ninputs: {x: 'float32[2, 3]'}\nnodes:\n"
        "  z: {block: MatMul, inputs: [x, [[1.0], [2.0], [0.5]]]}\n"
        "  sum: {block: AddN, inputs: [[z, y]]}\n"
        "  y: {block: $act, inputs: [z]}\n"
        "outputs: {y: y, sum: sum}\n"
    )
    graph = read(text)
    assert [type(node.block).__name__ for node in graph.nodes.values()] == ["Placeholder", "MatMul", "Sigmoid", "AddN"]
    assert read(text, act="Relu").nodes["y"].link("features").node == "z"
    flow.save(graph, "saved.yaml")
    assert flow.load("saved.yaml") == graph


@pytest.mark.parametrize(
    "rest, message, hint",
    [
        ("Relu, inputs: [x, x]", "node 'y': Relu has 1 input, got 2", ""),
        ("MatMul, inputs: [x]", "node 'y' (MatMul): input 'b' must be wired, got nothing", ""),
        ("Relu, inputs: [v]", "node 'y': input 'features': no node or input named 'v'", ""),
        ("Relu, inputs: []", "node 'y' (Relu): input 'features' must be wired, got nothing", ""),
        ("Relu, inputs: [null]", "node 'y': input 'features' must be a wire or a number, got nothing", ""),
        ("Rellu, inputs: [x]", "node 'y': no block 'Rellu'", "did you mean 'Relu'?"),
        ("./other.yaml, inputs: [x]", "node 'y': 'inputs' must map ports to wires, got a list", ""),
    ],
)
def test_lists_of_inputs_that_are_wrong(read, rest, message, hint):
    Path("other.yaml").write_text("dataflow: 1\ninputs: {x: float32}\n" + node("Relu", "inputs: {features: x}"))
    found = problems(read, f"inputs: {{x: 'float32[2, 2]'}}\nnodes:\n  y: {{block: {rest}}}\n")
    assert [(p.message, p.hint) for p in found] == [(message, hint)]
