"""Parameters that a node leaves open and that follow from what is wired."""

from __future__ import annotations

import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.core.shapes import TensorType
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.open_params import found_in_inputs

LAYER = """\
dataflow: 1
params:
  size: {type: int}
  height: {type: int}
  kind: {type: dtype}
  twice: {type: int, default: 2}
inputs:
  x: {dtype: $kind, shape: [N, $size]}
  z: "float32[${height}, ${size}, ${twice}]"
nodes:
  w: {block: Const, attrs: {value: 1, dtype: $kind}}
  y: {block: Fill, inputs: {dims: [$height, $size], value: w}}
outputs: {y: y}
"""


@pytest.fixture
def layer(read):
    def load(inputs, wired="x: x, z: z", attrs=""):
        read(LAYER.encode(), "layer.yaml", size=1, height=1, kind="float32")
        return read(f"inputs: {{{inputs}}}\n" + node("./layer.yaml", f"inputs: {{{wired}}}, attrs: {{{attrs}}}"))

    return load


def test_sizes_and_the_dtype_are_those_of_what_is_wired(layer):
    graph = layer("x: {dtype: float16, shape: [N, 3]}, z: 'float32[4, 3, 2]'")
    same(
        flow.run(graph, x=np.ones((2, 3), np.float16), z=np.ones((4, 3, 2), "float32"))["y"],
        np.ones((4, 3), np.float16),
    )


def test_a_number_has_a_type_too(layer):
    graph = layer("z: 'float32[4, 3, 2]'", "x: [[1, 2, 3]], z: z", "kind: int32")
    assert graph.ref("y").type == TensorType("int32", (4, 3))
    assert layer("z: 'float32[4, 3, 2]'", "x: [[1.0, 2.0, 3.0]], z: z").ref("y").dtype == "float32"


def test_what_is_given_is_checked_as_before(layer, read):
    assert layer("x: 'float32[N, 3]', z: 'float32[4, 3, 2]'", attrs="size: 3, height: 4").ref("y").shape == (4, 3)
    with pytest.raises(flow.GraphFileError, match=r"input 'x' must have shape \[N, 5\], got float32\[N, 3\]"):
        layer("x: 'float32[N, 3]', z: 'float32[4, 3, 2]'", attrs="size: 5")


@pytest.mark.parametrize(
    "inputs, wired, message, hint",
    [
        (
            "x: 'float32[3, 4]', z: 'float32[4, 3, 2]'",
            "x: x, z: z",
            "node 'y': input 'z' must have shape [4, 4, 2], got float32[4, 3, 2]",
            "",
        ),
        (
            "x: 'float32[N, 3]', z: 'float32[H, 3, 2]'",
            "x: x, z: z",
            "node 'y': input 'z' must be [${height}, ${size}, ${twice}] with a size for 'height', got float32[H, 3, 2]",
            "give 'height' under attrs where the size is not known",
        ),
        (
            "x: 'float32[N, 3]', z: 'float32[3]'",
            "x: x, z: z",
            "node 'y': input 'z' must have shape [${height}, ${size}, ${twice}], got float32[3]",
            "",
        ),
        ("x: 'float32[N, 3]'", "x: x", "node 'y' (./layer.yaml): input 'z' must be wired, got nothing", ""),
        ("x: 'float32[N, 3]'", "x: x, z: v", "node 'y': input 'z': no node or input named 'v'", ""),
    ],
)
def test_what_does_not_follow_is_told_once(layer, inputs, wired, message, hint):
    with pytest.raises(flow.GraphFileError) as caught:
        layer(inputs, wired)
    assert [(p.path, p.message, p.hint) for p in caught.value.problems] == [("graph.yaml", message, hint)]


def test_a_size_that_one_input_does_not_tell_is_told_by_another(layer):
    graph = layer("x: 'float32[N, M]', z: 'float32[4, 3, 2]'")
    assert graph.ref("y").shape == (4, 3)


def test_a_size_must_fit_the_type_of_the_parameter(read):
    read("params: {n: {type: str}}\ninputs: {x: {dtype: float32, shape: [$n]}}\n", "inner.yaml", n="N")
    (problem,) = problems(read, "inputs: {x: 'float32[3]'}\n" + node("./inner.yaml", "inputs: {x: x}"))
    assert problem.message == "node 'y': input 'x': 'n' must be text, got 3"


def test_the_first_input_that_knows_tells(read):
    read(LAYER.encode(), "layer.yaml", size=1, height=1, kind="int32")
    _, definition = LoadContext("layer.yaml").top()
    wired = {"x": TensorType("int8", (None, None)), "z": TensorType("float32", (5, 6, 2))}
    found = found_in_inputs(definition, wired)
    assert {name: (f.port, f.value) for name, f in found.items()} == {
        "kind": ("x", "int8"),
        "size": ("z", 6),
        "height": ("z", 5),
    }


def test_a_graph_by_itself_still_needs_them(read):
    found = problems(read, LAYER.encode())
    assert [p.message for p in found] == [
        f"param '{name}' has no default and must be given, got nothing" for name in ("size", "height", "kind")
    ]


@pytest.mark.parametrize(
    "declared, message",
    [
        ("'float32[${n}'", "input 'y/x' must be a type such as float32[N, 64], got 'float32[1'"),
        ("3", "input 'y/x' must be a type such as float32[N, 64], got 3"),
    ],
)
def test_a_type_that_is_wrong_is_told_in_its_file(read, declared, message):
    text = (
        f"params: {{n: {{type: int}}, m: {{type: int}}}}\ninputs: {{x: {declared}, z: {{dtype: int32, shape: [$m]}}}}\n"
    )
    problems(read, text + node("Abs", "inputs: [z]"), "inner.yaml", n=1, m=1)
    found = problems(read, node("./inner.yaml", "inputs: {x: 1.0, z: [1, 2]}, attrs: {n: 1}"))
    assert [(p.path, p.message) for p in found] == [("inner.yaml", message)]


def test_a_list_that_is_no_array_is_told_where_it_stands(read):
    inner = "params: {n: {type: int}}\ninputs: {x: {dtype: float32, shape: [2, $n]}}\n" + node("Abs", "inputs: [x]")
    read(inner, "inner.yaml", n=1)
    for attrs in ("{}", "{n: 2}"):
        found = problems(read, node("./inner.yaml", f"inputs: {{x: [[1.0, 2.0], [3.0]]}}, attrs: {attrs}"))
        assert [(p.path, p.line) for p in found] == [("graph.yaml", 3)]
        assert found[0].message.startswith("node 'y': input 'x' ")
