"""Names of what stands in files that are written: those of arrays and outputs, and those that are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from graph_text import node, problems

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError
from dataflow.files.atomic import write_arrays
from dataflow.graph.names import wrong_name


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


NAMES = [
    "file",
    "allow_pickle",
    "args",
    "kwds",
    "self",
    "a.npy",
    "sub/graph/y",
    "Y",
    "y",
    "é日本",
    "a b",
    "...",
    "x" * 255,
]


def test_outputs_of_any_name_are_stored(here):
    wanted = {name: np.float32([i]) for i, name in enumerate(NAMES)}
    graph = flow.Graph("names")
    for name, value in wanted.items():
        graph.output(name, graph.constant(value))
    write_arrays("out.npz", flow.run(graph))
    with np.load("out.npz", allow_pickle=False) as found:
        assert found.files == NAMES
        assert {name: found[name] for name in NAMES} == wanted
    Path("again.yaml").write_text(
        "dataflow: 1\nnodes:\n"
        + "".join(
            f'  n{i}: {{block: Const, attrs: {{value: {{path: out.npz, array: "{name}"}}}}}}\n'
            for i, name in enumerate(NAMES)
        )
        + f"outputs: {{{', '.join(f'n{i}: n{i}' for i in range(len(NAMES)))}}}\n"
    )
    assert list(flow.run(flow.load("again.yaml")).values()) == list(wanted.values())


def test_the_same_bytes_as_savez(here):
    arrays = {"a": np.arange(6.0).reshape(2, 3).T, "b/c": np.float16(1.5), "empty": np.zeros((0, 2), ">i4")}
    write_arrays("ours.npz", arrays)
    np.savez("theirs.npz", **arrays)
    assert Path("ours.npz").read_bytes() == Path("theirs.npz").read_bytes()
    with zipfile.ZipFile("ours.npz") as archive:
        assert archive.testzip() is None


def test_names_that_numpy_would_take_for_one_are_refused(here):
    with pytest.raises(DataflowError, match=r"out\.npz: names must differ by more than '\.npy', got 'a\.npy' twice"):
        write_arrays("out.npz", {"a": [1], "a.npy": [2]})
    assert not Path("out.npz").exists()


def test_objects_are_not_written(here):
    with pytest.raises(DataflowError, match=r"out\.npz: cannot be written: object arrays"):
        write_arrays("out.npz", {"a": np.array([{}])})
    assert not list(here.glob("*.npz")) and not list(here.glob(".*"))


WRONG = {
    "": "names must have parts that are names between /, got an empty one",
    "/y": "names must have parts that are names between /, got an empty one",
    "y/": "names must have parts that are names between /, got an empty one",
    "a//y": "names must have parts that are names between /, got an empty one",
    "../../x": "names must have parts that are names between /, got ..",
    "a/../y": "names must have parts that are names between /, got ..",
    "./y": "names must have parts that are names between /, got .",
    "a\0b": "names must have no control characters",
    "a\nb": "names must have no control characters",
    "a\x1b[31m": "names must have no control characters",
    "a\x9b31m": "names must have no control characters",
    "a\u202eb": "names must have no control characters",
    "a\udc80": "names must have no control characters",
    "x" * 256: "names must have at most 255 bytes, got 256; shorten it",
    "é" * 128: "names must have at most 255 bytes, got 256; shorten it",
}


@pytest.mark.parametrize("name", WRONG, ids=ascii)
def test_names_that_lead_out_of_a_file_or_act_on_a_terminal_are_refused(name):
    graph = flow.Graph("names")
    wire = graph.constant(1.0)
    with pytest.raises(GraphError) as caught:
        graph.output(name, wire)
    assert str(caught.value).endswith(WRONG[name])
    assert not graph.outputs
    with pytest.raises(GraphError):
        graph.input(name)


@pytest.mark.parametrize("name", [name for name in WRONG if name.isprintable()], ids=ascii)
def test_names_are_refused_where_the_file_has_them(read, name):
    (problem,) = problems(read, f'nodes:\n  c: {{block: Const, attrs: {{value: 1}}}}\noutputs: {{"{name}": c}}\n')
    assert problem.message.endswith(WRONG[name].partition(";")[0])
    assert (problem.line, problem.column) == (4, 11)


def test_names_of_nodes_have_an_end_too(read):
    assert not wrong_name("x" * 255)
    text = f"nodes:\n  {'x' * 256}: {{block: Const, attrs: {{value: 1}}}}\n"
    (problem,) = problems(read, text)
    assert (problem.line, problem.column) == (3, 3)
    assert "names must have at most 255 bytes, got 256" in problem.message
    Path("inner.yaml").write_text("dataflow: 1\n" + node("Const", "attrs: {value: 1}"))
    (problem,) = problems(read, f"nodes: {{{'x' * 254}: {{block: ./inner.yaml}}}}\n", "outer.yaml")
    assert "names must have at most 255 bytes, got 256" in problem.message
