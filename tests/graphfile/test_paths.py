"""Which files a graph may name, and how their bytes become text."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from graph_text import node, problems
from swapped_links import SWAPS, fill

import dataflow as flow
from dataflow.graphfile import paths
from dataflow.graphfile.load import check
from dataflow.graphfile.paths import confined, data_file, project_of, read_document, reference
from dataflow.training.data import load_data


@pytest.mark.parametrize("marker", ["pyproject.toml", ".git", ".dataflow"])
def test_the_project_is_the_nearest_folder_that_has_a_marker(tmp_path, marker):
    inner = tmp_path / "outer" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".dataflow").touch()
    assert project_of(inner) == tmp_path
    (tmp_path / "outer" / marker).mkdir()
    assert project_of(inner) == tmp_path / "outer"
    (inner / marker).touch()
    assert project_of(inner) == inner


def test_without_a_marker_it_is_the_folder_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "_MARKERS", ("no such marker",))
    assert project_of(tmp_path) == tmp_path


@pytest.fixture
def project(tmp_path):
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    (project / "a.npy").touch()
    (tmp_path / "outside.npy").touch()
    (project / "sub" / "link").symlink_to(project / "a.npy")
    (project / "sub" / "away").symlink_to(tmp_path / "outside.npy")
    (project / "sub" / "loop").symlink_to("loop")
    return project


@pytest.mark.parametrize("path", ["./dense.yaml", "./layers/dense.yaml", "../dense.yaml", "../layers/dense.yaml"])
def test_references_are_paths_that_a_file_may_write(project, path):
    folder = project / "sub"
    assert reference(os.path.normpath(folder / path), folder) == path
    assert confined(folder, project, path) == (folder / path).resolve()


@pytest.mark.parametrize(
    "path, real",
    [("a.npy", "sub/a.npy"), ("../a.npy", "a.npy"), ("./x/../a.npy", "sub/a.npy"), ("link", "a.npy"), ("..", ".")],
)
def test_paths_inside_the_project(project, path, real):
    assert confined(project / "sub", project, path) == project / real


@pytest.mark.parametrize(
    "path, message",
    [
        ("", "a path must be printable text, got ''"),
        ("a\0b", "a path must be printable text, got 'a\\x00b'"),
        ("a\nb", "a path must be printable text, got 'a\\nb'"),
        ("/etc/passwd", "paths must be relative to this file, got '/etc/passwd'"),
        ("../../outside.npy", "files must lie inside the project, got '../../outside.npy'; a project is the nearest"),
        ("away", "files must lie inside the project, got 'away'; "),
        ("../../project2", "files must lie inside the project, got '../../project2'; "),
        ("x" * 5000, f"'{'x' * 57}...' cannot be followed: file name too long"),
    ],
)
def test_paths_that_are_refused(project, path, message):
    with pytest.raises(ValueError) as caught:
        confined(project / "sub", project, path)
    assert str(caught.value).startswith(message)


def test_a_loop_of_links_leads_nowhere(project):
    with pytest.raises(ValueError, match=r"^'loop' cannot be followed: "):
        confined(project / "sub", project, "loop")


def test_a_name_that_no_file_can_have_is_a_problem_and_no_crash(read):
    name = "x" * 300
    for text in (
        node(f"./{name}.yaml"),
        node(f"./{name}/a.yaml"),
        node("Const", f"attrs: {{value: {{path: {name}}}}}"),
    ):
        (problem,) = problems(read, text)
        assert problem.message.endswith("cannot be followed: file name too long")
    (problem,) = check(f"{name}/graph.yaml")
    assert (problem.line, problem.message) == (1, "file name too long")


# -- the text of a file -----------------------------------------------------------------------------------------------

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
        (RIGHT.replace("  y", "\ty").encode(), 3, 1, "a tab must not indent a line, got one"),
        (b"#" * ((16 << 20) + 1), 1, 1, "may have at most 16,777,216 bytes, got 16,777,217"),
    ],
    ids=["bom", "crlf", "tab", "wide", "utf_16", "utf_16_le", "latin_1", "tab_indent", "size"],
)
def test_places_are_those_of_an_editor(read, data, line, column, message):
    (problem,) = problems(read, data)
    assert (problem.line, problem.column, problem.message) == (line, column, message)


def test_what_is_no_file_is_a_problem_of_its_first_line(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "none.yaml", "no such file or directory"),
        (tmp_path, "must be a file, got a folder"),
        (tmp_path / "pipe", "must be a regular file, got a device or pipe"),
    ):
        document = read_document(path, "shown")
        (problem,) = document.problems.values()
        assert (problem.path, problem.line, problem.column, problem.message) == ("shown", 1, 1, message)
        assert document.root is None


# -- links that come after a look -------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("outside"))


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize(
    "name, text",
    [
        ("x.npy", node("Const", "attrs: {value: {path: data/x.npy}}")),
        ("inner.yaml", node("./data/inner.yaml")),
    ],
)
def test_what_is_swapped_between_the_look_and_the_reading_is_not_read(read, outside, monkeypatch, swap, name, text):
    Path("data").mkdir()
    np.save("data/x.npy", np.float32([1]))
    Path("data/inner.yaml").write_text("dataflow: 1\n" + node("Const", "attrs: {value: 1}"))
    read(text)

    def looked(*args):
        found = confined(*args)
        SWAPS[swap](outside, name)
        return found

    monkeypatch.setattr(paths, "confined", looked)
    (problem,) = problems(read, text)
    assert "must be what it was when the graph was loaded, got a link" in problem.message


# -- data files ----------------------------------------------------------------------------------------------------


@pytest.fixture
def roots(project, tmp_path, monkeypatch):
    """Two folders of data outside of the project, which the person at the keyboard names."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "both.npy").touch()
    (tmp_path / "second" / "big.npy").touch()
    (tmp_path / "first" / "away").symlink_to(tmp_path / "outside.npy")
    monkeypatch.setenv("DATAFLOW_DATA_ROOT", os.pathsep.join([str(tmp_path / "first"), "", str(tmp_path / "second")]))
    return tmp_path


@pytest.mark.parametrize(
    "path, real",
    [
        ("../a.npy", "project/a.npy"),  # the project comes first
        ("both.npy", "first/both.npy"),
        ("big.npy", "second/big.npy"),
        ("../../second/big.npy", "second/big.npy"),
        ("none.npy", "project/sub/none.npy"),
    ],
)
def test_data_may_lie_in_roots(project, roots, path, real):
    assert data_file(project / "sub", project, path) == roots / real


def test_links_lead_neither_out_of_the_project_nor_out_of_a_root(project, roots):
    with pytest.raises(ValueError, match="files must lie inside the project, got 'away'"):
        data_file(project / "sub", project, "away")
    assert data_file(project, project, "away") == project / "away"  # which is in the root only, and leads out of it


def test_absolute_paths_may_lead_into_roots(project, roots, monkeypatch):
    assert data_file(project, project, str(roots / "second" / "big.npy")) == roots / "second" / "big.npy"
    refusal = r"must be relative to this file, got .*; or name its folder in DATAFLOW_DATA_ROOT"
    for refused in (roots / "outside.npy", roots / "first" / "away"):
        with pytest.raises(ValueError, match=refusal):
            data_file(project, project, str(refused))
    monkeypatch.delenv("DATAFLOW_DATA_ROOT")
    with pytest.raises(ValueError, match="must be relative to this file"):
        data_file(project, project, str(roots / "second" / "big.npy"))


def test_a_path_that_the_caller_gives_may_lie_anywhere(project, tmp_path, monkeypatch):
    outside = str(tmp_path / "outside.npy")
    assert data_file(project, project, outside, [outside]) == tmp_path / "outside.npy"
    monkeypatch.chdir(tmp_path)
    assert data_file(project / "sub", project, "outside.npy", ["outside.npy"]) == tmp_path / "outside.npy"
    assert data_file(project, project, "a.npy", ["a.npy"]) == project / "a.npy"
    with pytest.raises(ValueError, match="must be relative"):
        data_file(project, project, outside, ["outside.npy"])


def test_a_parameter_names_the_file_of_a_split(read, tmp_path):
    np.save(tmp_path / "x.npy", np.float32([1, 2]))
    text = f"params: {{file: {{type: str}}}}\ninputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
    section = "data: {train: {path: $file, inputs: {x: x}}}\n"
    graph = read(text + section, "project/graph.yaml", file=str(tmp_path / "x.npy"))
    assert load_data(graph)["x"].tolist() == [1, 2]
    fixed = text + section.replace("$file", str(tmp_path / "x.npy"))
    (problem,) = problems(read, fixed, "project/graph.yaml", file="y")
    assert "paths must be relative to this file" in problem.message
