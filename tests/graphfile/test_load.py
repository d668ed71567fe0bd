"""Loading and checking a file as a whole: parameters of the caller, all problems at once, and nothing that is run."""

from __future__ import annotations

import contextlib
import gc
import pickle
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.load import check, defaults, load
from dataflow.graphfile.load import read as read_file
from dataflow.graphfile.save import resolved_text

PARAMS = """\
params:
  bits: 7
  mode: HALF_UP
  flag: true
  n: {type: int, default: 3}
  rate: {type: float}
  to: {type: dtype, default: half}
inputs: {x: $to}
nodes:
  y: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: 0.5}, attrs: {num_bits: $bits, narrow_range: $flag}}
  pair: {block: Const, attrs: {value: [$n, $rate]}}
outputs: {y: y}
"""


def test_the_name_is_that_of_the_file_where_none_is_given(read):
    assert read(node("Const", "attrs: {value: 1}"), "two words.yaml").name == "two words"


@pytest.mark.parametrize(
    "given, line, column, message, hint",
    [
        ({}, 7, 3, "param 'rate' has no default and must be given, got nothing", "write flow.load(path, rate=...)"),
        (
            {"bits": 4},
            7,
            3,
            "param 'rate' has no default and must be given, got nothing",
            "write flow.load(path, rate=...)",
        ),
        ({"rate": 1, "bits": "x"}, 3, 3, "param 'bits' must be a number like its default 7, got 'x'", ""),
        ({"rate": 1, "flag": 1}, 5, 3, "param 'flag' must be true or false like its default True, got 1", ""),
        ({"rate": 1, "mode": None}, 4, 3, "param 'mode' must be text like its default 'HALF_UP', got None", ""),
        ({"rate": "x"}, 7, 3, "param 'rate' must be a number, got 'x'", ""),
        ({"rate": 1, "n": 2.5}, 6, 3, "param 'n' must be a whole number, got 2.5", ""),
        ({"rate": 1, "to": "floa"}, 8, 3, "param 'to' must be a dtype, got 'floa'", "did you mean 'float64'?"),
        ({"rate": 1, "bit": 1}, 2, 1, "the graph has no param 'bit'", "did you mean 'bits'?"),
    ],
)
def test_wrong_parameters_are_problems_of_the_file(read, given, line, column, message, hint):
    (problem,) = problems(read, PARAMS, **given)
    assert (problem.path, problem.line, problem.column) == ("graph.yaml", line, column)
    assert (problem.message, problem.hint) == (message, hint)
    assert problem.source == PARAMS.splitlines()[line - 2]


def test_a_file_without_params_takes_none(read):
    (problem,) = problems(read, node("Const", "attrs: {value: 1}"), size=3)
    assert (problem.line, problem.message, problem.hint) == (1, "the graph has no param 'size'", "it has none")


def test_a_parameter_may_be_called_path(read):
    graph = read("params: {path: 1}\n" + node("Const", "attrs: {value: $path}"))
    Path("again.yaml").write_bytes(Path("graph.yaml").read_bytes())
    assert flow.run(graph) == {"y": 1}
    assert flow.run(load("again.yaml", path=4)) == {"y": 4}
    assert check("again.yaml", path="x")[0].message == "param 'path' must be a number like its default 1, got 'x'"


def test_check_lists_what_load_raises(read):
    text = PARAMS.replace("FakeQuantWithMinMaxArgs", "FakeQuant").replace("block: Const", "block: Const_")
    with pytest.raises(GraphFileError) as caught:
        read(text)
    found = check("graph.yaml")
    assert found == caught.value.problems == sorted(found)
    assert [p.line for p in found] == [7, 11, 12]
    assert check("graph.yaml", rate=1) == found[1:]


def test_defaults_are_known_without_a_graph_that_is_right(read):
    problems(read, PARAMS.replace("FakeQuantWithMinMaxArgs", "FakeQuant"))
    assert defaults("graph.yaml") == {
        "bits": 7, "mode": "HALF_UP", "flag": True, "n": 3, "rate": None, "to": "float16",
    }  # fmt: skip
    for text in ("dataflow: [", "[1]", "dataflow: 1\n"):
        Path("other.yaml").write_text(text)
        assert defaults("other.yaml") == {}
    assert defaults("none.yaml") == {}


def test_a_file_that_is_not_there(tmp_path):
    (problem,) = check(tmp_path / "none.yaml")
    assert (problem.path, problem.line, problem.message) == (
        str(tmp_path / "none.yaml"),
        1,
        "no such file or directory",
    )


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


@pytest.mark.parametrize("enabled", [True, False])
def test_reading_leaves_the_garbage_collector_as_it_was(read, enabled):
    if not enabled:
        gc.disable()
    try:
        for text in ("nodes: {}\n", "nodes: 1\n"):
            with contextlib.suppress(GraphFileError):
                read(text)
            assert gc.isenabled() is enabled
    finally:
        gc.enable()


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
    assert resolved_text(graph, "graph.yaml") == resolved_text(read(text), "graph.yaml")


def chain(count: int) -> str:
    """The text of a graph of so many nodes, each of the one before and, in turn, of a number and of the input."""
    lines = ["dataflow: 1", "inputs: {x: 'float32[8]'}", "nodes:"]
    for i in range(count):
        inputs = f"{{x: {f'n{i - 1}' if i else 'x'}, y: {'x' if i % 2 else f'{i}.5'}}}"
        lines += [f"  n{i}:", "    block: AddV2", f"    inputs: {inputs}"]
    return "\n".join([*lines, f"outputs: {{y: n{count - 1}}}", ""])


def test_a_node_takes_two_kilobytes_while_a_file_is_read(tmp_path: Path):
    """The entries of a file are let go of as their nodes are made, unless who reads it wants to look at them."""
    count, path = 2000, tmp_path / "chain.yaml"
    path.write_text(chain(count))
    load(path)  # once before, so that modules are imported
    tracemalloc.start()
    try:
        graph = load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(graph.nodes) == count + 1
    assert peak < 2048 * count
    document = read_file(path).document
    assert document.root is not None and len(document.root.data["nodes"].data) == count
