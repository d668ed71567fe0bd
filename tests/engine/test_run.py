"""Running: inputs, outputs that are the caller's own, threads, failures."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_blocks import SameShape

from dataflow import Graph, blocks, plan, run
from dataflow.core.errors import GraphError, RunError, UnknownNameError

LARGE = 20_000  # elements: too many for a run to copy


def line(rows="N"):
    """``y = w * x + 1``, with a variable ``w`` of 2.0."""
    graph = Graph("line")
    x = graph.input("x", "float32", [rows, 2])
    w = graph.add(blocks["Variable"](), [np.float32(2.0)], name="w")
    graph.output("y", w * x + 1)
    return graph


def test_feeds_by_name_and_by_mapping():
    graph = line()
    assert run(graph, x=[[1.0, 2.0]])["y"].tolist() == [[3.0, 5.0]]
    assert run(graph, {"x": np.ones((3, 2), np.float32)})["y"].shape == (3, 2)


def test_variables_and_defaults_may_be_fed():
    graph = line()
    assert run(graph, x=[[1.0, 2.0]], w=3.0)["y"].tolist() == [[4.0, 7.0]]
    graph = Graph()
    default = graph.add(blocks["PlaceholderWithDefault"](shape=["K"]), [graph.constant([1.0, 2.0])], name="default")
    graph.output("y", default * 2)
    assert run(graph)["y"].tolist() == [2.0, 4.0]
    assert run(graph, default=[5.0])["y"].tolist() == [10.0]


@pytest.mark.parametrize(
    ("feeds", "error", "text"),
    [
        ({}, GraphError, "input 'x' must be fed float32[N, 2], got nothing"),
        ({"xx": [[1.0, 2.0]]}, UnknownNameError, "graph 'line' has no input 'xx'; did you mean 'x'?"),
        ({"x": np.ones((3, 2))}, GraphError, "input 'x' must be float32, got float64; convert it with .astype"),
        ({"x": np.ones((3, 3), np.float32)}, GraphError, "input 'x' must have shape [N, 2], got [3, 3]"),
        ({"x": [1.0, 2.0]}, GraphError, "input 'x' must have shape [N, 2], got [2]"),
        ({"x": [[1.0], [2.0, 3.0]]}, GraphError, "input 'x' must be numbers in even rows, got [[1.0], [2.0, 3.0]]"),
        ({"x": "text"}, GraphError, "input 'x' must be numbers, got 'text'; write numbers"),
    ],
)
def test_wrong_feeds(feeds, error, text):
    with pytest.raises(error) as caught:
        run(line(), feeds)
    assert text in str(caught.value)


def test_named_dims_are_one_size():
    graph = Graph()
    a, b = graph.input("a", "float32", ["N"]), graph.input("b", "float32", ["N"])
    graph.output("y", a + b)
    with pytest.raises(GraphError, match="input 'b' must have size 2 in dim 'N' as 'a' has, got 1"):
        run(graph, a=[1.0, 2.0], b=[1.0])


def test_a_graph_without_outputs_cannot_run():
    with pytest.raises(GraphError, match="must have outputs to run, got none"):
        run(Graph("empty"))


def test_a_graph_may_grow_between_runs():
    graph = line()
    run(graph, x=[[1.0, 2.0]])
    graph.output("z", graph.ref("y") * 10)
    assert run(graph, x=[[1.0, 2.0]])["z"].tolist() == [[30.0, 50.0]]


@pytest.mark.parametrize("rows", [2, LARGE])
def test_outputs_are_the_callers_own(rows):
    graph = Graph()
    x = graph.input("x", "float32", [rows])
    constant = graph.constant(np.arange(3, dtype=np.float32))
    outputs = {
        "fed": x,
        "view": blocks["Reshape"]()(x, [-1, 1]),
        "same": blocks["Identity"]()(x),
        "made": x + 1,
        "constant": constant,
    }
    outputs["twice"] = outputs["made"]
    outputs["part"] = blocks["Slice"]()(outputs["made"], [0], [1])
    for name, wire in outputs.items():
        graph.output(name, wire)
    planned, fed = plan(graph), np.arange(rows, dtype=np.float32)
    first = planned.run(x=fed)
    kept = {name: array.copy() for name, array in first.items()}
    planned.run(x=fed + 5)
    assert all((first[name] == kept[name]).all() for name in first)
    arrays = [fed, constant.type.value, *first.values()]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    for array in first.values():
        array[...] = -1
    again = planned.run(x=fed)
    assert all((again[name] == kept[name]).all() for name in again)
    assert (fed == np.arange(rows)).all()


def test_read_only_and_strided_feeds():
    graph = Graph()
    x = graph.input("x", "float32", [None, None])
    graph.output("y", x * 2 + x)
    wide = np.arange(4.0 * LARGE, dtype=np.float32).reshape(4, LARGE)
    wide.flags.writeable = False
    assert (run(graph, x=wide.T[::2])["y"] == 3 * wide.T[::2]).all()


@pytest.mark.parametrize("columns", [3, LARGE])
def test_threads_share_a_plan(columns):
    graph = Graph()
    x = graph.input("x", "float32", ["N", columns])
    y = blocks["Tanh"]()(x * 2 + 1)
    graph.output("y", y * y - x)
    planned = pickle.loads(pickle.dumps(plan(graph)))

    def check(seed):
        fed = np.random.default_rng(seed).normal(size=(1 + seed % 3, columns)).astype(np.float32)
        middle = np.tanh(fed * np.float32(2) + np.float32(1))
        return (planned.run(x=fed)["y"] == middle * middle - fed).all()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(check, range(40)))
    assert len(planned.programs) == 3


class Fails(SameShape, abstract=True):
    def kernel(self, x):
        if (x < 0).any():
            raise self.error("input 'x' must be at least 0, got less")
        return x * np.float32(1 // int(x.flat[0]))


@pytest.mark.parametrize(
    ("fed", "text"),
    [
        (-1.0, "node 'bad' (Fails): input 'x' must be at least 0, got less"),
        (0.0, "node 'bad' (Fails): ZeroDivisionError"),
    ],
)
@pytest.mark.parametrize("rows", [2, LARGE])
def test_failures_name_the_node(fed, text, rows):
    graph = Graph()
    x = graph.input("x", "float32", [rows])
    bad = graph.add(Fails(), [x + 0], name="bad")
    graph.output("y", bad * 2)
    planned = plan(graph)
    with pytest.raises(RunError) as caught:
        planned.run(x=np.full(rows, fed, np.float32))
    assert str(caught.value).startswith(text)
    assert (planned.run(x=np.full(rows, 1.0, np.float32))["y"] == 2).all()


def test_trace_sees_every_kernel_that_is_called():
    graph, seen = line(), []
    planned = plan(graph, fuse=False)
    planned.run({"x": [[1.0, 2.0]]}, trace=seen.append)
    program = planned.at(x=[1, 2])
    # the view `w` was made once, before the first run
    assert [step.node for step in program.steps] == ["w", "multiply", "add_v2"]
    assert [each.node for each in seen if each.seconds is not None] == ["multiply", "add_v2"]


def test_unknown_shapes_run_too():
    graph = Graph()
    x = graph.input("x", "float32")
    graph.output("y", blocks["Sum"]()(x * x, 0))
    assert run(graph, x=[[1.0, 2.0], [3.0, 4.0]])["y"].tolist() == [10.0, 20.0]
    assert run(graph, x=[3.0])["y"].tolist() == 9.0


def test_shapes_from_values_that_are_fed():
    graph = Graph()
    x, size = graph.input("x", "float32", ["N"]), graph.input("size", "int32", [2])
    graph.output("y", blocks["Reshape"]()(x, size) + 1)
    assert run(graph, x=[1.0, 2.0], size=[2, 1])["y"].tolist() == [[2.0], [3.0]]
    assert run(graph, x=[1.0, 2.0], size=[1, 2])["y"].tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize("options", [{"seed": 1.5}, {"seed": "a"}, {"seed": True}, {"trace": 5}], ids=str)
def test_options_of_a_run_of_another_kind_are_refused(options):
    graph = Graph()
    graph.output("y", blocks["Exp"]()(graph.input("x", shape=[3])))
    with pytest.raises(GraphError, match=f"option '{next(iter(options))}' must be"):
        run(graph, x=[1.0, 2.0, 3.0], **options)


def test_outputs_that_were_renamed_are_what_a_run_gives():
    graph = line()
    run(graph, x=[[1.0, 2.0]])
    graph.outputs["z"] = graph.outputs.pop("y")
    assert run(graph, x=[[1.0, 2.0]]).keys() == {"z"}


def test_options_of_a_plan_are_told_as_such():
    for name in ("kernels", "threads", "fuse"):
        with pytest.raises(
            GraphError, match=rf"has no input '{name}'; {name} is an option of flow.plan: flow.plan\(graph"
        ):
            run(line(), x=[[1.0, 2.0]], **{name: 1})


def test_a_wire_is_no_output_until_it_is_made_one():
    graph = line()
    graph.outputs["z"] = graph.ref("y")
    with pytest.raises(GraphError, match=r"graph 'line': output 'z' must be made by graph\.output, got a wire"):
        run(graph, x=[[1.0, 2.0]])


class Frame:
    """A table as libraries have them: a mapping of columns that is an array too."""

    def __init__(self, **columns):
        self.columns = columns

    def keys(self):
        return list(self.columns)

    def __getitem__(self, name):
        return self.columns[name]

    def __array__(self, dtype=None, copy=None):
        return np.stack([*self.columns.values()], axis=1)

    def astype(self, dtype):
        raise AssertionError("is not called")


def test_tables_are_inputs_by_their_columns_or_one_array():
    right = Frame(x=np.float32([[1, 2]]))
    assert run(line(), right)["y"].tolist() == [[3.0, 5.0]]
    columns = {"a": np.float32([1]), "b": np.float32([2])}
    assert run(line(), x=Frame(**columns))["y"].tolist() == [[3.0, 5.0]]
    with pytest.raises(UnknownNameError, match="graph 'line' has no input 'a'; it has x, w"):
        run(line(), Frame(**columns))
    with pytest.raises(GraphError, match=r"input 'x' must be float32, got float64; convert it with \.astype"):
        run(line(), x=Frame(a=np.ones(1), b=np.ones(1)))
    with pytest.raises(
        GraphError, match=r"input 'x' must be numbers, got Python objects \(dtype object\); convert it with"
    ):
        run(line(), x=Frame(a=np.array(["red"], object), b=np.array([1.0], object)))


def test_files_are_loaded_first():
    with pytest.raises(
        GraphError, match=r"input 'x' must be numbers, got 'x\.npy'; write numbers; load a file first, by nu"
    ):
        run(line(), x="x.npy")
