"""A graph file used as a block: its nodes are written out, its inputs checked, its mistakes told once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.graphfile import subgraphs
from dataflow.graphfile.load import check
from dataflow.graphfile.subgraphs import is_path

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


@pytest.mark.parametrize(
    "name, path", [("./a.yaml", True), ("../a", True), ("/a", True), ("a.yaml", False), (".a", False)]
)
def test_what_names_a_file(name, path):
    assert is_path(name) is path


def test_its_nodes_stand_under_the_name_of_the_node(read):
    read(INNER.encode(), "inner.yaml")
    graph = read("inputs: {x: 'float32[3, 2]'}\n" + node("./inner.yaml", "inputs: {a: [[1.0, 2.0]], b: [[3.0, 4.0]]}"))
    assert sorted(graph.nodes) == ["x", "y/a", "y/b", "y/scaled", "y/sum", "y/w", "y/weighted"]
    same(graph.nodes["y/a"].block.value, np.float32([[1, 2]]))
    assert graph.deref(graph.outputs["y"]).wire == "y/sum"


def test_a_number_takes_the_dtype_of_the_input(read):
    read("inputs: {a: float16}\n" + node("Square", "inputs: {x: a}"), "inner.yaml")
    assert flow.run(read(node("./inner.yaml", "inputs: {a: 3}")))["y"].dtype == np.float16


@pytest.mark.parametrize(
    "rest, message, hint",
    [
        ("inputs: {a: 1, b: x}", "node 'y': input 'a' must have shape [N, 2], got float32[]", ""),
        ("inputs: {a: i, b: x}", "node 'y': input 'a' must be float32, got int32", "convert it with Cast"),
        ("inputs: {a: [[true, false]], b: x}", "node 'y': input 'a' must be float32, got True", "write a number"),
        ("inputs: {a: x}", "node 'y' (./inner.yaml): input 'b' must be wired, got nothing", ""),
        ("inputs: {a: x, c: x}", "node 'y': ./inner.yaml has no input 'c'", "it has a and b"),
        (
            "inputs: {a: x, b: x}, attrs: {slop: 1.0}",
            "node 'y': ./inner.yaml has no attr 'slop'",
            "did you mean 'slope'?",
        ),
        (
            "inputs: {a: x}, attrs: {b: 1.0}",
            "node 'y': ./inner.yaml has no attr 'b'",
            "it is an input, so write it under 'inputs'",
        ),
        (
            "inputs: {a: x, b: x}, attrs: {slope: fast}",
            "node 'y' (./inner.yaml): attr 'slope' must be a number like its default 2.0, got 'fast'",
            "",
        ),
    ],
)
def test_what_is_wrong_where_it_is_used(read, rest, message, hint):
    read(INNER.encode(), "inner.yaml")
    inputs = "inputs: {x: 'float32[3, 2]', i: 'int32[3, 2]'}\n"
    (problem,) = problems(read, inputs + node("./inner.yaml", rest))
    assert (problem.path, problem.line, problem.message, problem.hint) == ("graph.yaml", 4, message, hint)


def test_a_parameter_without_default_must_be_given(read):
    read("params: {p: {type: int}}\n" + node("Const", "attrs: {value: $p}"), "inner.yaml", p=1)
    (problem,) = problems(read, node("./inner.yaml"))
    assert problem.message == "node 'y' (./inner.yaml): attr 'p' must be given, got nothing"
    assert flow.run(read(node("./inner.yaml", "attrs: {p: 7}"))) == {"y": 7}


@pytest.mark.parametrize(
    "block, message, hint",
    [
        ("./nothing", "node 'y': no file './nothing'", ""),
        ("./iner.yaml", "node 'y': no file './iner.yaml'", "did you mean 'inner.yaml'?"),
        ("/inner.yaml", "node 'y': paths must be relative to this file, got '/inner.yaml'", ""),
        ("./graph.yaml", "node 'y': a graph must not use itself, got graph.yaml -> graph.yaml", ""),
        ("inner.yaml", "node 'y': no block 'inner.yaml'", "write './inner.yaml' to use another graph"),
    ],
)
def test_files_that_cannot_be_used(read, block, message, hint):
    read(node("Const", "attrs: {value: 1}"), "inner.yaml")
    (problem,) = problems(read, node(block))
    assert (problem.message, problem.hint) == (message, hint)


def test_a_cycle_of_files_is_told(read):
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        Path(f"{name}.yaml").write_text("dataflow: 1\n" + node(f"./{other}.yaml"))
    (problem,) = check("a.yaml")
    assert (problem.path, problem.message) == (
        "c.yaml",
        "node 'y/y/y': a graph must not use itself, got a.yaml -> b.yaml -> c.yaml -> a.yaml",
    )


def test_sub_graphs_are_nested_up_to_a_limit(read, monkeypatch):
    monkeypatch.setattr(subgraphs, "MAX_DEPTH", 3)
    Path("0.yaml").write_text("dataflow: 1\n" + node("Const", "attrs: {value: 1}"))
    for i in range(1, 5):
        Path(f"{i}.yaml").write_text("dataflow: 1\n" + node(f"./{i - 1}.yaml"))
    assert check("3.yaml") == []
    (problem,) = check("4.yaml")
    assert problem.message == "node 'y/y/y/y': sub-graphs may be nested 3 deep, got more"


def test_files_that_use_each_other_tenfold_are_refused_once(read, monkeypatch):
    monkeypatch.setattr(subgraphs, "MAX_NODES", 300)
    for i in range(6):
        block, port = (f"./{i + 1}.yaml", "x") if i < 5 else ("Relu", "features")
        nodes = "".join(
            f"  a{k}: {{block: {block}, inputs: {{{port}: {f'a{k - 1}' if k else 'x'}}}}}\n" for k in range(10)
        )
        Path(f"{i}.yaml").write_text(f"dataflow: 1\ninputs: {{x: 'float32[3]'}}\nnodes:\n{nodes}outputs: {{y: a9}}\n")
    (problem,) = check("0.yaml")
    assert problem.message.endswith("sub-graphs may have 300 nodes in all, got more")
    assert check("4.yaml") == []
