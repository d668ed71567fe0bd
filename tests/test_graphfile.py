"""Graph files that are right: what each form means, what `save` writes, and the limits of what is read."""

from __future__ import annotations

import io
import os
import pickle
import random
import sys
import tempfile
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from dataflow import dtypes
from dataflow.errors import DataflowError, GraphError, GraphFileError, UnknownNameError
from dataflow.graphfile import check, load_data, resolved_text, write_arrays, write_text
from dataflow.graphfile.params import Allowance


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Writes a graph file and loads it; the folder is a project and the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()

    def load(text, path="graph.yaml", **params):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(text if isinstance(text, bytes) else f"dataflow: 1\n{text}".encode())
        return flow.load(path, **params)

    return load


def problems(read, text, *args, **params):
    with pytest.raises(GraphFileError) as caught:
        read(text, *args, **params)
    return caught.value.problems


def node(block, rest=""):
    return f"nodes:\n  y: {{block: {block}{', ' if rest else ''}{rest}}}\noutputs: {{y: y}}\n"


def same(value, wanted):
    wanted = np.asarray(wanted)
    assert (value.dtype, value.shape) == (wanted.dtype, wanted.shape)
    assert value.tobytes() == wanted.tobytes()


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


# -- arrays ---------------------------------------------------------------------------------------------------------

BFLOAT16 = np.array([1.5, -0.0, np.nan], ml_dtypes.bfloat16)
ARRAYS = {
    "plain": np.float32([1, 2]),
    "scalar": np.float64(0.1),
    "big": np.array([1, 2], ">i4"),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big_columns": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
    "empty": np.zeros((0, 3), np.float16),
    "bfloat16": BFLOAT16,
    "complex": np.complex64([1 + 2j]),
    "a.b/$c d": np.array([True]),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_arrays_come_from_files_on_ports_and_in_attrs(read, name, kind):
    value = ARRAYS[name]
    if kind == "npz":
        Path("a.npz").unlink(missing_ok=True)
        np.savez("a.npz", **ARRAYS)
    else:
        np.save("a.npy", value)
    array = "{path: a.npy}" if kind == "npy" else f'{{path: a.npz, array: "{name.replace("$", "$$")}"}}'
    graph = read(
        f"nodes:\n  port: {{block: Identity, inputs: {{input: {array}}}}}\n"
        f"  attr: {{block: Const, attrs: {{value: {array}}}}}\noutputs: {{port: port, attr: attr}}\n"
    )
    for found in flow.run(graph).values():
        same(found, value.astype(value.dtype.newbyteorder("=")))
    flow.save(graph, "again.yaml")
    assert flow.load("again.yaml") == graph
    assert not Path("again.npz").exists()


def header(shape, dtype="<f8"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"shape": shape, "fortran_order": False, "descr": dtype})
    return file.getvalue()


class Sentinel:
    def __reduce__(self):
        return os.mkdir, ("loaded",)


@pytest.mark.parametrize(
    "path, message",
    [
        ("pickled.npy", "pickled.npy: arrays must be of numbers, got dtype object"),
        ("pickled.npz, array: a", "pickled.npz: arrays must be of numbers, got dtype object"),
        (
            "bomb.npz, array: a",
            "bomb.npz: arrays may take 1,073,741,824 bytes in all, got 8,796,093,022,208 more bytes",
        ),
        ("bomb.npz, array: more", "bomb.npz: must hold 8 bytes as it declares, got more"),
        ("bomb.npz, array: less", "bomb.npz: must hold 8,000,000 bytes as it declares, got 8"),
        ("bomb.npz, array: b", "bomb.npz: no array 'b'"),
        ("/etc/passwd", "paths must be relative to this file, got '/etc/passwd'"),
        ("link.npy", "files must lie inside the project, got 'link.npy'"),
        ("../outside.npy", "files must lie inside the project, got '../outside.npy'"),
        ("pipe", "pipe: must be a regular file, got a device or pipe"),
        ("graph.yaml", "graph.yaml is no sound .npz or .npy file"),
    ],
)
def test_arrays_that_are_refused(read, tmp_path_factory, path, message):
    outside = tmp_path_factory.mktemp("outside") / "a.npy"
    np.save(outside, np.float32([1]))
    Path("link.npy").symlink_to(outside)
    os.mkfifo("pipe")
    pickled = np.array([Sentinel()], dtype=object)
    np.save("pickled.npy", pickled)
    np.savez("pickled.npz", a=pickled)
    with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header((1 << 40,)) + bytes(100_000))
        archive.writestr("more.npy", header((1,)) + bytes(20 << 20))
        archive.writestr("less.npy", header((1_000_000,)) + bytes(8))
    (problem,) = problems(read, node("Const", f"attrs: {{value: {{path: {path}}}}}"))
    assert problem.message.startswith(f"node 'y' (Const): attr 'value': {message}")
    assert (problem.line, problem.column) == (3, 43)
    assert not Path("loaded").exists()


# -- writing --------------------------------------------------------------------------------------------------------


def files(folder="."):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


def round_trip(graph, folder="."):
    """Saves and loads; a second save must write the same bytes."""
    path = Path(folder, "saved.yaml")
    flow.save(graph, path)
    again, before = flow.load(path), files(folder)
    assert again == graph
    flow.save(again, path)
    assert files(folder) == before
    return again


def samples(dtype):
    stored = dtypes.storage(dtype)
    if stored.kind in "iu":
        return np.array([*dtypes.limits(dtype), 0, 1], stored)
    if stored.kind == "b":
        return np.array([True, False])
    if stored.kind == "c":
        return np.array([0.1 + 2j, complex(np.nan, -0.0), complex(-np.inf, 1e-30)], stored)
    info = ml_dtypes.finfo(stored)
    return np.array([0.1, 1 / 3, -0.0, np.nan, np.inf, -np.inf, info.max, info.smallest_subnormal], stored)


@pytest.mark.parametrize("dtype", dtypes.every)
@np.errstate(over="ignore")
def test_every_value_of_every_dtype_is_saved(read, dtype):
    few = samples(dtype)
    shapes = {
        "few": few,
        "one": few[:1],
        "none": few[:0],
        "scalar": few[:1].reshape(()),
        "flat": np.zeros((2, 0), few.dtype),
    }
    shapes |= {"rows": np.resize(few, (2, 3)), "columns": np.resize(few, (3, 2)).T, "many": np.resize(few, 1500)}
    graph = flow.Graph("all")
    for name, value in shapes.items():
        graph.constant(value, dtype, name=f"const_{name}")
        graph.add(flow.blocks["Identity"](), [value], name=f"port_{name}")
        graph.output(f"const_{name}", f"const_{name}")
        graph.output(f"port_{name}", f"port_{name}")
    found = flow.run(round_trip(graph))
    for name, value in found.items():
        same(value, shapes[name.partition("_")[2]])


def test_many_kinds_of_blocks_are_saved(read):
    graph = flow.Graph("kinds", "Some of everything.")
    blocks = flow.blocks
    x = graph.input("x", "float32", ["N", None, 4], doc="$rows: of 'x'")
    y = 2 * x**2 - x / 3 + graph.constant(0.1)
    y = blocks["Concat"]()([y, x, x], 0)
    low, high = blocks["MinMaxObserver"]()(y)
    y = blocks["QuantizeV2"](T="qint8", mode="SCALED", round_mode="HALF_TO_EVEN")(y, low, high)
    y = blocks["Dequantize"](mode="SCALED")(*y)
    y = blocks["Sum"](keep_dims=True)(y, [0, -1])
    y = blocks["Squeeze"](axis=[2])(y, name="scope/inner")
    graph.output("y", y)
    graph.output("odd name: {}", low)
    graph.add(blocks["NoOp"](), name="nothing", doc="- does\n- nothing")
    round_trip(graph)


WORDS = """
$ $$ ${x} $x ${env:HOME} 'q' " a:_b a_#b #_a -_a ?_a [ {a} &a *a !a % @ ` > | null 1e3 010 ~ << --- ... _lead trail_
\\ é_日本_😀 two/lines end/ ends// / /lead a/__b/ a_/b a///b a/___/b
"""
DOCS = [doc.replace("_", " ").replace("/", "\n") for doc in WORDS.split()]
DOCS += ["tab\t", "a\r\nb", "\x00", "\x85", "\ufeff", "\u2028"]
DOCS += ["word " * 60, "a  b " * 50 + "c", "x" * 300, "a # b: " * 30 + "c", "a\xa0b " * 40]


def documented(doc):
    graph = flow.Graph("docs", doc)
    graph.add(flow.blocks["Relu"](), [graph.input("x", "float32", ["N"], doc=doc)], name="y", doc=doc)
    graph.output("y", "y")
    return graph


@pytest.mark.parametrize("doc", DOCS)
def test_text_is_saved(read, doc):
    round_trip(documented(doc))
    named = documented("")
    named.name = doc
    round_trip(named)


@given(st.text(st.characters(codec="utf-8"), max_size=150) | st.text("a $\n\t:#'\"{}", max_size=300))
def test_any_text_is_saved(doc):
    with tempfile.TemporaryDirectory() as folder:
        round_trip(documented(doc), folder)


BITS = st.integers(0, 2**64 - 1).map(lambda bits: float(np.uint64(bits).view(np.float64)))


@given(st.lists(BITS | st.floats(), min_size=1))
@np.errstate(all="ignore")
def test_any_float_is_saved_bit_for_bit(numbers):
    graph = flow.Graph("floats")
    for dtype in ("float64", "float32", "float16", "bfloat16"):
        graph.constant(np.array(numbers).astype(dtypes.storage(dtype)), dtype, name=dtype)
    flow.blocks["AddV2"]()(graph.ref("float64"), numbers, name="port")
    with tempfile.TemporaryDirectory() as folder:
        again = round_trip(graph, folder)
    for kept, wrote in zip(again.nodes["port"].inputs["y"].value, numbers, strict=True):
        assert float(kept).hex() == wrote.hex()


def large(value):
    graph = flow.Graph("large")
    graph.constant(np.full(2000, value, np.float32), name="c")
    graph.output("c", "c")
    return graph


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_small_arrays_are_numbers_as_a_person_writes_them(read, dtype):
    graph = flow.Graph("small")
    graph.constant([0.1, -2.5], dtype, name="c")
    round_trip(graph)
    assert "value: [0.1, -2.5]" in Path("saved.yaml").read_text()
    assert not Path("saved.npz").exists()


def test_large_arrays_go_beside_the_file_and_overwrite_none(read):
    for value in (1, 2, 1, 2):
        round_trip(large(value))
    assert {name for name in files() if name.endswith(".npz")} == {"saved.npz", "saved-2.npz"}
    flow.save(flow.load("saved.yaml"), "other.yaml")
    assert not Path("other.npz").exists()
    flow.save(large(3), "${x} $y.yaml")
    assert flow.load("${x} $y.yaml") == large(3)


WRITES = {
    "text": lambda: write_text("graph.yaml", "text"),
    "arrays": lambda: write_arrays("graph.npz", {"a": [2]}),
    "graph": lambda: flow.save(documented(""), "graph.yaml"),
    "graph_and_arrays": lambda: flow.save(large(2), "graph.yaml"),
}


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.open"])
@pytest.mark.parametrize("write", WRITES)
def test_what_cannot_be_written_leaves_the_old_files(read, monkeypatch, broken, write):
    def full(*args, **named):
        raise OSError(28, "No space left on device")

    write_arrays("graph.npz", {"a": [1]})
    write_text("graph.yaml", "old")
    before = files()
    with monkeypatch.context() as patch:
        patch.setattr(broken, full)
        with pytest.raises(DataflowError, match=r"graph\.(yaml|npz): cannot be written: no space left on device"):
            WRITES[write]()
    assert files() == before


def test_a_folder_that_is_missing_is_an_error_that_names_the_file(read):
    for graph in (large(1), documented("")):
        with pytest.raises(DataflowError, match=r"none/graph\.\w+: cannot be written: no such file or directory"):
            flow.save(graph, "none/graph.yaml")


# -- the data section -----------------------------------------------------------------------------------------------


def test_data_by_split_wherever_the_graph_is_saved(read):
    Path("data").mkdir()
    np.savez("data/d.npz", a=np.float32([1, 2]), b=np.float32([3]))
    graph = read(
        f"params: {{set: d}}\ninputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
        'data:\n  train: {path: "${set}.npz", inputs: {x: a}}\n  test: {path: ../data/d.npz, inputs: {x: b}}\n',
        "data/graph.yaml",
    )
    Path("far/away").mkdir(parents=True)
    for found in (graph, round_trip(graph, "far/away")):
        same(load_data(found)["x"], np.float32([1, 2]))
        same(load_data(found, "train")["x"], np.float32([1, 2]))
        same(load_data(found, "test")["x"], np.float32([3]))
        with pytest.raises(UnknownNameError, match="no data 'tst'"):
            load_data(found, "tst")
    Path("data/d.npz").unlink()
    with pytest.raises(GraphError, match=r"data 'train': d\.npz: no such file"):
        load_data(graph)


def test_a_graph_without_data_has_none():
    assert load_data(flow.Graph("g")) == {}
    with pytest.raises(UnknownNameError, match="graph 'g' has no data 'train'; its file has no 'data' section"):
        load_data(flow.Graph("g"), "train")


# -- nothing is evaluated -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        node("Const", "attrs: {value: !!python/object/apply:os.mkdir [ran]}"),
        node("!!python/name:antigravity.x", ""),
        node("os.mkdir", "attrs: {path: ran}"),
        node("Const", "attrs: {value: 1, __class__: antigravity}"),
        node("Const", "attrs: {value: 1, dtype: \"__import__('antigravity')\"}"),
        node("Const", "attrs: {value: \"${__import__('os').mkdir('ran')}\"}"),
        node("Const", "attrs: {value: '${env:HOME,$(mkdir ran)}'}"),
        node("Identity", "inputs: {input: __class__.__mro__}"),
        node("./antigravity.py", ""),
        "params: {a: {type: antigravity, default: 1}}\n",
        "inputs: {x: \"float32[__import__('os').mkdir('ran')]\"}\n",
        "inputs: {x: {dtype: antigravity.x}}\n",
        "x-a: {? !!python/object/apply:os.mkdir [ran] : 1}\n",
    ],
)
def test_nothing_in_a_file_is_run_or_imported(read, text):
    assert problems(read, text)
    assert not Path("ran").exists()
    assert "antigravity" not in sys.modules


def test_format_strings_and_ignored_tags_are_only_text(read):
    doc = "{0.__class__} %s %(x)s {graph} `mkdir ran` $(mkdir ran)"
    graph = read(f"doc: '{doc}'\nx-a: !!python/object/apply:os.mkdir [ran]\n" + node("Const", "attrs: {value: 1}"))
    assert (graph.doc, Path("ran").exists()) == (doc, False)


# -- limits ---------------------------------------------------------------------------------------------------------

RIGHT = "dataflow: 1\n" + node("Const", "attrs: {value: 1}")
WRONG = RIGHT.replace("Const", "Konst")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + RIGHT.encode(),
        RIGHT.replace("\n", "\r\n").encode(),
        RIGHT.replace(": {", ":\t{").encode(),
        RIGHT.rstrip().encode(),
        b"# \xc3\xa9\n---\n" + RIGHT.encode() + b"...\n",
        b"#".ljust((16 << 20) - len(RIGHT) - 1) + b"\n" + RIGHT.encode(),
    ],
    ids=["bom", "crlf", "tabs", "no_end", "markers", "16_MiB"],
)
def test_ways_to_write_the_same_text(read, data):
    assert flow.run(read(data)) == {"y": 1}


@pytest.mark.parametrize(
    "data, line, column, message",
    [
        (b"\xef\xbb\xbf" + WRONG.encode(), 3, 14, "node 'y': no block 'Konst'"),
        (WRONG.replace("\n", "\r\n").encode(), 3, 14, "node 'y': no block 'Konst'"),
        (WRONG.replace("block: ", "block:\t").encode(), 3, 14, "node 'y': no block 'Konst'"),
        (WRONG.replace("{block", "{doc: é😀, block").encode(), 3, 23, "node 'y': no block 'Konst'"),
        (RIGHT.encode("utf-16"), 1, 1, "a graph file must be UTF-8, got UTF-16"),
        (RIGHT.encode("utf-16-le"), 1, 2, "control characters are not allowed, got '\\x00'"),
        (RIGHT.encode() + "doc: caf\xe9".encode("latin-1"), 5, 9, "a graph file must be UTF-8, got the byte 0xe9"),
        (RIGHT.replace("  y", "\ty").encode(), 3, 1, "not YAML: found character that cannot start any token"),
        (b"#" * ((16 << 20) + 1), 1, 1, "may have at most 16,777,216 bytes, got 16,777,217"),
    ],
    ids=["bom", "crlf", "tab", "wide", "utf_16", "utf_16_le", "latin_1", "tab_indent", "size"],
)
def test_places_are_those_of_an_editor(read, data, line, column, message):
    (problem,) = problems(read, data)
    assert (problem.line, problem.column, problem.message) == (line, column, message)


NESTED = "x-0: &a0 [1]\n" + "".join(f"x-{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 300))
ALIASES = "x-0: &a0 [1, 1]\n" + "".join(f"x-{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
MERGES = f"x-0: &m {{{', '.join(f'k{i}: 1' for i in range(1000))}}}\n" + "".join(
    f"x-{i}: {{<<: *m}}\n" for i in range(1, 300)
)


@pytest.mark.parametrize(
    "text, message",
    [
        (f"x-a: {'[' * 100_000}", "values may be nested 100 deep, got more"),
        (
            f"{NESTED}nodes: {{y: {{block: Const, attrs: {{value: *a299}}}}}}\n",
            "values may be nested 100 deep, got more",
        ),
        (ALIASES, "aliases and merge keys may repeat 200,000 values, got more"),
        (MERGES, "aliases and merge keys may repeat 200,000 values, got more"),
    ],
    ids=["depth", "depth_by_aliases", "aliases", "merges"],
)
def test_bombs_are_refused(read, text, message):
    assert [p.message for p in problems(read, text)] == [message]


@pytest.mark.parametrize(
    "value, more, message",
    [
        (
            "[1]",
            f"[{', '.join(['$p'] * 10)}]",
            "node 'y/y/y/y/y': $p: parameters may repeat 1,000,000 values, got more",
        ),
        ("[1]", f"{'[' * 60}$p{']' * 60}", "node 'y/y/y': $p: values may be nested 100 deep, got more"),
        ("text", f'"{"${p}" * 10}"', "node 'y/y/y/y/y': parameters may repeat 1,000,000 values, got more"),
    ],
    ids=["lists", "depth", "text"],
)
def test_parameters_that_grow_from_file_to_file_are_refused(read, monkeypatch, value, more, message):
    monkeypatch.setattr("dataflow.graphfile.session.Allowance", lambda: Allowance(left=100_000))
    for i in range(7):
        text = f"params: {{p: {value}}}\n" + node(f"./{i - 1}.yaml", f"attrs: {{p: {more}}}")
        Path(f"{i}.yaml").write_text("dataflow: 1\n" + text)
    Path("0.yaml").write_text(f"dataflow: 1\nparams: {{p: {value}}}\n" + node("Const", "attrs: {value: 1}"))
    assert [p.message for p in problems(read, Path("6.yaml").read_bytes(), "6.yaml")] == [message]


def test_lists_of_parameters_are_used_as_often_as_a_graph_needs(read):
    many = "".join(f"  n{i}: {{block: Const, attrs: {{value: $p}}}}\n" for i in range(300))
    graph = read(f"params: {{p: [{'1, ' * 300}]}}\nnodes:\n{many}outputs: {{y: n7}}\n")
    assert flow.run(graph)["y"].shape == (300,)


# -- scale and pickles ----------------------------------------------------------------------------------------------


def test_a_chain_of_ten_thousand_nodes(read):
    count = 10_000
    nodes = "".join(
        f"  n{i}: {{block: Negate, inputs: {{x: {f'n{i + 1}' if i + 1 < count else 'x'}}}}}\n" for i in range(count)
    )
    graph = read(f"inputs: {{x: 'float32[2]'}}\nnodes:\n{nodes}outputs: {{y: n0}}\n")
    same(flow.run(graph, x=[1, -2])["y"], np.float32([1, -2]))
    assert len(pickle.loads(pickle.dumps(graph)).nodes) == count + 1


def test_graphs_and_plans_can_be_pickled(read):
    np.save("w.npy", np.float32([2, 3]))
    text = "inputs: {x: 'float32[N]'}\n" + node("Multiply", "inputs: {x: x, y: {path: w.npy}}, doc: times w")
    graph = read(text)
    plan = flow.plan(graph, x=[2])
    for made in (graph, plan):
        again = pickle.loads(pickle.dumps(made))
        run = again.run if made is plan else lambda feeds, again=again: flow.run(again, feeds)
        same(run({"x": [1, 1]})["y"], np.float32([2, 3]))
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert str(pickle.loads(pickle.dumps(plan))) == str(plan)
    assert resolved_text(graph) == resolved_text(read(text))
