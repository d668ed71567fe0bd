"""Reading graph files: the grammar, parameters and sub-graphs. What is wrong with files is in `bad_graphs`."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.core.errors import GraphError, GraphFileError
from dataflow.graphfile.load import check

# -- grammar --------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", ["no", "on", "y", "Yes", "off", "e1", "_1", "None", "nan", "inf", "__class__"])
def test_words_that_other_loaders_change_are_names(read, name):
    graph = read(f"nodes:\n  {name}: {{block: Const, attrs: {{value: 3}}}}\noutputs: {{{name}: {name}}}\n")
    assert flow.run(graph) == {name: 3}


@pytest.mark.parametrize("text", ["1:30", "1_000", "0b11", "2020-01-01", "'1'", '"0x1F"', "+.nan"])
def test_what_is_no_number_in_yaml_1_2_is_text(read, text):
    (problem,) = problems(read, node("Identity", f"inputs: {{input: {text}}}"))
    assert problem.message.startswith("node 'y': input 'input': no node or input named ")


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


def test_text_for_people_stays_as_it_is_written(read, monkeypatch):
    monkeypatch.setenv("HOME", "nowhere")
    doc = "costs $$5, $low of ${low}, ${env:HOME}, ${1 + 1}"
    graph = read(
        f"doc: '{doc}'\nparams: {{low: {{default: 1, doc: '{doc}'}}}}\n"
        f"inputs: {{x: {{dtype: float32, doc: '{doc}'}}}}\n" + node("Relu", f"inputs: {{features: x}}, doc: '{doc}'")
    )
    assert [graph.doc, graph.nodes["x"].doc, graph.nodes["y"].doc] == [doc] * 3


def test_the_name_is_that_of_the_file_where_none_is_given(read):
    assert read(node("Const", "attrs: {value: 1}"), "two words.yaml").name == "two words"


def test_anchors_may_live_in_ignored_sections_and_be_merged(read):
    graph = read(
        "x-a: &a {num_bits: 4, min: -1.0}\nx-b: &b {num_bits: 2, max: 9.0}\n"
        "x-any: [!!python/name:os.system '', {1: ~}, 1e999]\ninputs: {x: float32}\nnodes:\n"
        "  all: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: *a}\n"
        "  own: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: 8, <<: *a}}\n"
        "  both: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {<<: [*a, *b]}}\n"
        "outputs: {all: all, own: own, both: both}\n"
    )
    blocks = {name: graph.nodes[name].block for name in graph.outputs}
    assert {n: (b.num_bits, b.min, b.max) for n, b in blocks.items()} == {
        "all": (4, -1, 6),
        "own": (8, -1, 6),
        "both": (4, -1, 9),
    }


# -- parameters -----------------------------------------------------------------------------------------------------

PARAMS = """\
params:
  bits: 7
  low: -1.0
  mode: HALF_UP
  half: TO_EVEN
  flag: true
  rows: [1, 2]
  n: {type: int, default: 3}
  rate: {type: float}
  to: {type: dtype, default: half}
  at: {type: ints, default: [0]}
  size: {type: shape, default: [N, 1]}
inputs: {x: {dtype: $to, shape: $size}}
nodes:
  y: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: 0.5},
    attrs: {num_bits: "${bits}", min: $low, narrow_range: $flag}}
  rows: {block: Const, attrs: {value: $rows}}
  pair: {block: Const, attrs: {value: [$n, $rate]}}
  mode: {block: QuantizeAndDequantizeV4, inputs: {input: 1.0, input_min: $low, input_max: 1.0},
    attrs: {round_mode: $mode}}
  text: {block: QuantizeAndDequantizeV4, inputs: {input: 1.0, input_min: $low, input_max: 1.0},
    attrs: {round_mode: "HALF_${half}"}}
  less: {block: Squeeze, inputs: {input: [[1.0]]}, attrs: {axis: $at}}
outputs: {y: y}
"""


def test_parameters_keep_their_kind(read):
    graph = read(PARAMS, rate=1)
    blocks = {n.name: n.block for n in graph.nodes.values()}
    assert (graph.inputs["x"].dtype, graph.inputs["x"].shape) == ("float16", ("N", 1))
    assert repr(blocks["y"]) == "FakeQuantWithMinMaxArgs(min=-1.0, num_bits=7, narrow_range=True)"
    assert (blocks["mode"].round_mode, blocks["text"].round_mode) == ("HALF_UP", "HALF_TO_EVEN")
    assert blocks["less"].axis == (0,)
    same(blocks["rows"].value, np.int32([1, 2]))
    same(blocks["pair"].value, np.float32([3, 1]))


@pytest.mark.parametrize(
    "given, node, attr, value",
    [
        ({"bits": np.int64(4)}, "y", "num_bits", 4),
        ({"low": np.float32(-2)}, "y", "min", -2.0),
        ({"low": -3}, "y", "min", -3.0),
        ({"flag": np.False_}, "y", "narrow_range", False),
        ({"half": np.str_("UP")}, "text", "round_mode", "HALF_UP"),
        ({"at": (0, 1)}, "less", "axis", (0, 1)),
        ({"at": np.array([1])}, "less", "axis", (1,)),
    ],
)
def test_parameters_given_from_python(read, given, node, attr, value):
    found = getattr(read(PARAMS, rate=0.5, **given).nodes[node].block, attr)
    assert (type(found), found) == (type(value), value)


def test_an_array_as_parameter_keeps_its_dtype(read):
    value = np.arange(4, dtype=np.uint16).reshape(2, 2)
    same(read(PARAMS, rate=1, rows=value).nodes["rows"].block.value, value)


@pytest.mark.parametrize(
    "given, line, column, message, hint",
    [
        ({}, 10, 3, "param 'rate' has no default and must be given, got nothing", ""),
        ({"rate": 1, "bits": "x"}, 3, 3, "param 'bits' must be a number like its default 7, got 'x'", ""),
        ({"rate": 1, "flag": 1}, 7, 3, "param 'flag' must be true or false like its default True, got 1", ""),
        ({"rate": 1, "mode": None}, 5, 3, "param 'mode' must be text like its default 'HALF_UP', got None", ""),
        ({"rate": "x"}, 10, 3, "param 'rate' must be a number, got 'x'", ""),
        ({"rate": 1, "n": 2.5}, 9, 3, "param 'n' must be a whole number, got 2.5", ""),
        ({"rate": 1, "to": "floa"}, 11, 3, "param 'to' must be a dtype, got 'floa'", "did you mean 'float64'?"),
        ({"rate": 1, "bit": 1}, 2, 1, "the graph has no param 'bit'", "did you mean 'bits'?"),
    ],
)
def test_wrong_parameters_are_problems_of_the_file(read, given, line, column, message, hint):
    (problem,) = problems(read, PARAMS, **given)
    assert (problem.path, problem.line, problem.column) == ("graph.yaml", line, column)
    assert (problem.message, problem.hint) == (message, hint)
    assert problem.source == PARAMS.splitlines()[line - 2]


def test_the_environment_is_read_as_yaml_where_it_is_the_whole_value(read, monkeypatch):
    monkeypatch.setenv("DATAFLOW_A", "1e-3")
    monkeypatch.setenv("DATAFLOW_MODE", "UP")
    monkeypatch.delenv("DATAFLOW_B", raising=False)
    graph = read(
        'params: {a: "${env:DATAFLOW_A,7}", b: "${env:DATAFLOW_B,7}", m: "HALF_${env:DATAFLOW_MODE}"}\nnodes:\n'
        "  y: {block: Const, attrs: {value: [$a, $b]}}\n"
        "  m: {block: QuantizeAndDequantizeV4, inputs: {input: 1.0, input_min: 0.0, input_max: 1.0},\n"
        "    attrs: {round_mode: $m}}\noutputs: {y: y}\n"
    )
    same(flow.run(graph)["y"], np.float32([1e-3, 7]))
    assert graph.nodes["m"].block.round_mode == "HALF_UP"


def test_problems_travel_between_processes(read):
    with pytest.raises(GraphFileError) as caught:
        read(node("Rellu"))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.problems, str(again)) == (GraphFileError, caught.value.problems, str(caught.value))
    assert check("graph.yaml") == again.problems
    (problem,) = again.problems
    assert str(problem).splitlines() == [
        "graph.yaml:3:14: node 'y': no block 'Rellu'; did you mean 'Relu'?",
        "    3 |   y: {block: Rellu}",
        "                     ^",
    ]


# -- sub-graphs -----------------------------------------------------------------------------------------------------

INNER = """\
dataflow: 1
params: {slope: 2.0, w: [1.0, 1.0]}
inputs: {a: "float32[N, 2]", b: "float32[N, 2]"}
nodes:
  scaled: {block: Multiply, inputs: {x: a, y: $slope}}
  w: {block: Const, attrs: {value: $w}}
  sum: {block: AddN, inputs: {inputs: [scaled, b]}}
  weighted: {block: Multiply, inputs: {x: sum, y: w}}
outputs: {sum: sum, weighted: weighted}
"""


def test_a_graph_file_is_a_block(read):
    read(INNER.encode(), "parts/inner.yaml")
    Path("data").mkdir()
    np.save("data/w.npy", np.float32([10, 100]))
    middle = "inputs: {x: 'float32[M, 2]'}\n" + node(
        "./inner.yaml", "inputs: {a: x, b: x}, attrs: {w: {path: ../data/w.npy}}"
    )
    read(middle.replace("y: y", "y: y.weighted"), "parts/middle.yaml")
    graph = read(
        "inputs: {x: 'float32[M, 2]'}\nnodes:\n"
        "  one: {block: ./parts/inner.yaml, inputs: {a: [[3.0, 4.0]], b: x}}\n"
        "  two: {block: ./parts/inner.yaml, inputs: {a: one.weighted, b: one}, attrs: {slope: -1.0}}\n"
        "  deep: {block: ./parts/middle.yaml, inputs: {x: one}}\n"
        "outputs: {one: one, two: two.sum, deep: deep}\n"
    )
    assert {"one/a", "one/sum", "two/weighted", "deep/y/scaled"} < set(graph.nodes)
    found = flow.run(graph, x=[[1, 2]])
    same(found["one"], np.float32([[7, 10]]))
    same(found["two"], np.float32([[0, 0]]))
    same(found["deep"], np.float32([[210, 3000]]))
    flow.save(graph, "parts/flat.yaml")
    assert flow.load("parts/flat.yaml") == graph


def test_named_dims_of_a_sub_graph_agree(read):
    read(INNER.encode(), "inner.yaml")
    text = "inputs: {x: 'float32[3, 2]', z: 'float32[4, 2]'}\n" + node("./inner.yaml", "inputs: {a: x, b: z}")
    (problem,) = problems(read, text)
    assert problem.message == "node 'y': input 'b' must have size 3 in dim 'N' like 'a', got float32[4, 2]"


def test_a_mistake_deep_inside_is_reported_there_and_nowhere_else(read):
    problems(read, node("Rellu"), "low.yaml")
    problems(read, node("./low.yaml"), "middle.yaml")
    found = problems(read, node("./middle.yaml"))
    assert [(p.path, p.line, p.column) for p in found] == [("low.yaml", 3, 14)]


def test_a_list_of_one_output_is_one_wire(tmp_path):
    """Blocks with as many outputs as they are asked for may have one."""
    graph = flow.Graph()
    (part,) = flow.blocks["Unstack"](num=1)(graph.input("x", shape=[1, 4]))
    graph.output("y", part + 1.0)
    graph.output("part", part)
    flow.save(graph, tmp_path / "one.yaml")
    assert flow.load(tmp_path / "one.yaml") == graph
