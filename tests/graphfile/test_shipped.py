"""Files of the package, named by `dataflow:` from anywhere: found, confined, read and never written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import places
import pytest
from graph_text import node, problems

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.graph.layout import Layout
from dataflow.graphfile import shipped
from dataflow.graphfile.format import format_file
from dataflow.graphfile.load import check

NAMED = node("Const", "attrs: {value: {path: dataflow:data/digits.npz, array: x_test}}")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with its own few files."""
    package = (tmp_path / "package").resolve()
    (package / "parts").mkdir(parents=True)
    (tmp_path / "secret.npy").touch()
    (package / "parts" / "away.npy").symlink_to(tmp_path / "secret.npy")
    (package / "parts" / "inner.yaml").write_text(
        "dataflow: 1\ninputs: {x: float32}\n" + node("Sqare", "inputs: {x: x}")
    )
    (package / "middle.yaml").write_text("dataflow: 1\n" + node("./parts/inner.yaml", "inputs: {x: 1}"))
    (package / "up.yaml").write_text("dataflow: 1\n" + node("../own.yaml"))
    monkeypatch.setattr(shipped, "folder", lambda: package)
    return package


def test_the_graphs_of_the_repository_are_shipped():
    assert shipped.names() == sorted(
        path.relative_to(places.GRAPHS).as_posix() for path in places.GRAPHS.rglob("*.yaml")
    )
    found = shipped.find("dataflow:digits/mlp.yaml")
    assert found.read_bytes() == (places.GRAPHS / "digits" / "mlp.yaml").read_bytes()
    assert shipped.reference(found) == "dataflow:digits/mlp.yaml"
    assert shipped.reference(Path("/elsewhere/digits/mlp.yaml")) == ""


@pytest.mark.parametrize(
    "path, message",
    [
        (
            "dataflow:../secret.npy",
            "after 'dataflow:' there must be a file of the package, such as layers/dense.yaml, ",
        ),
        ("dataflow:parts/../middle.yaml", "after 'dataflow:' there must be"),
        ("dataflow:/etc/passwd", "after 'dataflow:' there must be"),
        ("dataflow:parts\\..\\middle.yaml", "after 'dataflow:' there must be"),
        ("dataflow:a\0b", "after 'dataflow:' there must be"),
        ("dataflow:parts/away.npy", "'dataflow:parts/away.npy' must be a file of the package, got a link"),
        ("dataflow:parts", "the package has no file 'parts'; `dataflow examples` lists what it has"),
        ("dataflow:parts/x.**", "the package has no file 'parts/x.**'; `dataflow examples` lists what it has"),
        ("dataflow:", "the package has no file ''; `dataflow examples` lists what it has"),
        (
            "dataflow:part/iner.yaml",
            "the package has no file 'part/iner.yaml'; did you mean 'dataflow:parts/inner.yaml'?",
        ),
        ("dataflow:" + "x" * 5000, "the package has no file 'xxx"),
    ],
)
def test_what_is_no_file_of_the_package(package, path, message):
    with pytest.raises(ValueError) as caught:
        shipped.find(path)
    assert str(caught.value).startswith(message)


def test_a_graph_of_the_package_is_loaded_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert flow.load("dataflow:digits/mlp.yaml", hidden=3).nodes["b1"].types["ref"].shape == (3,)
    (problem,) = check("dataflow:digit/mlp.yaml")
    said, hint = "the package has no file 'digit/mlp.yaml'", "did you mean 'dataflow:digits/mlp.yaml'?"
    assert str(problem) == f"dataflow:digit/mlp.yaml:1:1: {said}; {hint}"


def test_a_graph_file_uses_one_of_the_package_and_its_mistakes_have_that_place(package, read):
    (problem,) = problems(read, node("dataflow:middle.yaml"))
    assert (problem.path, problem.line, problem.column) == ("dataflow:parts/inner.yaml", 4, 14)
    (problem,) = problems(read, node("dataflow:midle.yaml"))
    assert problem.path == "graph.yaml"
    assert problem.message == "node 'y': the package has no file 'midle.yaml'"
    assert problem.hint == "did you mean 'dataflow:middle.yaml'?"


def test_a_file_of_the_package_names_none_outside_of_it(package, read, tmp_path):
    (tmp_path / "own.yaml").write_text("dataflow: 1\n" + node("Const", "attrs: {value: 1}"))
    (problem,) = problems(read, node("dataflow:up.yaml"))
    assert (problem.path, problem.line) == ("dataflow:up.yaml", 3)
    assert problem.message.startswith("node 'y/y': files must lie inside the project, got '../own.yaml'")


def test_arrays_of_the_package_are_named_when_the_graph_is_saved(read):
    graph = read(NAMED)
    graph.layout = Layout()  # as if it were made in Python
    flow.save(graph, "saved.yaml")
    assert '{path: "dataflow:data/digits.npz", array: x_test}' in " ".join(Path("saved.yaml").read_text().split())
    assert flow.load("saved.yaml") == graph
    np.testing.assert_array_equal(flow.run(graph)["y"], np.load(places.GRAPHS / "data" / "digits.npz")["x_test"])


def test_files_that_sections_name_are_those_of_the_package_too(read):
    graph = flow.load("dataflow:digits/mlp.yaml")
    flow.save(graph, "own.yaml")
    assert Path("own.yaml").read_text() == (places.GRAPHS / "digits" / "mlp.yaml").read_text()
    graph.layout = Layout()
    flow.save(graph, "own.yaml")
    assert '{path: "dataflow:data/digits.npz", inputs: {image: x_test, label: y_test}}' in Path("own.yaml").read_text()
    assert flow.load("own.yaml") == graph and check("own.yaml") == []


def test_nothing_is_written_into_the_package(package, read):
    before = {path: path.read_bytes() for path in package.rglob("*.yaml")}
    graph = read(node("Const", "attrs: {value: 1}"))
    for write in (lambda: flow.save(graph, "dataflow:middle.yaml"), lambda: format_file("dataflow:middle.yaml")):
        with pytest.raises(DataflowError, match=r"^dataflow:middle.yaml: files of the package are read-only; "):
            write()
    assert {path: path.read_bytes() for path in package.rglob("*.yaml")} == before
    assert format_file("dataflow:middle.yaml", write=False) is False
    with pytest.raises(DataflowError, match=r"the package has no file 'gone.yaml'"):
        format_file("dataflow:gone.yaml", write=False)


@pytest.mark.parametrize("name", ["Dense", "dense", "layers/dense.yaml", "dense.yaml", "LayerNorm", "layer_norm"])
def test_a_name_that_is_a_layer_is_no_block_but_told(read, name):
    (problem,) = problems(read, "inputs: {x: 'float32[2, 3]'}\n" + node(name, "inputs: {x: x}"))
    layer = "layer_norm" if "orm" in name else "dense"
    assert problem.message == f"node 'y': no block '{name}'"
    assert problem.hint == f"write 'dataflow:layers/{layer}.yaml', which is a layer"


def test_names_that_are_no_layers():
    assert [shipped.layer(name) for name in ("Dens", "digits/mlp.yaml", "parts/dense.yaml", "", "x" * 1000)] == [""] * 5
