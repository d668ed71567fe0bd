"""Which files a page may name, and which it is told of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.studio.project import MAX_BYTES, Project, target_of
from dataflow.studio.studio import Studio

GRAPH = "dataflow: 1\n"


ODD = (  # odd names, but of files within
    "nothing.yaml", "$HOME/a.yaml", "${env:HOME}/a.yaml", "~/a.yaml", "C:\\secret.yaml", "..\\secret.yaml",
    "http://127.0.0.1/a.yaml", "DATAFLOW:digits/cnn.yaml",
)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project beside a file that is not its own, with links to that."""
    (tmp_path / "secret.yaml").write_text(GRAPH)
    folder = tmp_path / "project"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.yaml").write_text(GRAPH)
    (folder / "inner" / "b.yml").write_text("# text\n{dataflow: 1}\n")
    (folder / "notes.yaml").write_text("a: 1\n")
    (folder / "x.npz").write_bytes(b"PK")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "c.yaml").write_text(GRAPH)
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "out").symlink_to(tmp_path, target_is_directory=True)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "own.yaml").symlink_to(folder / "a.yaml")
    os.mkfifo(folder / "pipe.yaml")
    return Project(folder)


def test_files_are_listed(project: Project) -> None:
    assert [(each["path"], each["graph"]) for each in project.files()] == [
        ("a.yaml", True),
        ("x.npz", False),
        ("inner/b.yml", True),
    ]
    assert project.graphs() == ["a.yaml", "inner/b.yml"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.yaml",
        "inner/../../secret.yaml",
        "./../secret.yaml",
        "..",
        ".",
        "",
        "/etc/passwd",
        "{folder}/a.yaml",
        "{folder}/../secret.yaml",
        "//etc/passwd",
        "link.yaml",
        "out/secret.yaml",
        "out/project/../secret.yaml",
        "loop",
        "loop/a.yaml",
        "pipe.yaml",
        "inner",
        "inner/",
        "a.yaml/b",
        "a.yaml\0",
        "\0",
        "a.yaml\0.png",
        "..\\secret.yaml",
        "C:\\secret.yaml",
        "file:///etc/passwd",
        "http://127.0.0.1/a.yaml",
        "~/a.yaml",
        "~root/.bashrc",
        "$HOME/a.yaml",
        "${{env:HOME}}/a.yaml",
        "/proc/self/environ",
        "/dev/zero",
        "/dev/stdin",
        "dataflow:../secret.yaml",
        "dataflow:/etc/passwd",
        "dataflow:digits/../../secret.yaml",
        "dataflow:",
        "dataflow:..",
        "dataflow:nothing.yaml",
        "dataflow:digits\\cnn.yaml",
        "dataflow:digits/cnn.yaml\0",
        "DATAFLOW:digits/cnn.yaml",
        "a\nb.yaml",
        "a\u202eb.yaml",
        "\ud800.yaml",
        "a" * 999,
        "a/" * 400 + "b",
        "nothing.yaml",
        "notes.txt",
    ],
)
def test_other_files_are_refused(project: Project, path: str) -> None:
    studio = Studio(project.folder)
    path = path.format(folder=project.folder)
    for do in ("open", "preview"):
        answer = studio.answer(do, {"path": path})
        assert "refused" in answer or (do == "preview" and not answer["ok"]["cards"])  # type: ignore[index]
        assert "unexpected" not in str(answer)
    answer = studio.answer("create", {"path": path, "like": "a.yaml"})
    made = path in ODD
    assert ("ok" in answer) == made, answer
    assert (project.folder.parent / "secret.yaml").read_text() == GRAPH
    assert sorted(each.name for each in project.folder.parent.iterdir()) == ["project", "secret.yaml"]


def test_a_link_within_the_project_is_the_file(project: Project) -> None:
    studio = Studio(project.folder)
    assert studio.answer("open", {"path": "own.yaml"}) == {"ok": None}
    assert studio.require().path == "a.yaml"


def test_a_graph_may_not_use_files_outside(project: Project) -> None:
    path = project.folder / "a.yaml"
    path.write_text("dataflow: 1\nnodes:\n  n: {block: ../secret.yaml}\n")
    (project.folder / ".dataflow").touch()
    studio = Studio(project.folder)
    assert studio.answer("open", {"path": "a.yaml"}) == {"ok": None}
    problems = studio.snapshot()[1]["document"]["problems"]  # type: ignore[index]
    assert [each["message"] for each in problems] == [
        "node 'n': files must lie inside the project, got '../secret.yaml'"
    ]


def test_what_pages_give_names_no_files_outside(project: Project) -> None:
    """Neither parameters nor edits nor what is kept of runs; a person at the keyboard may name such files."""
    outside = project.folder.parent
    (outside / ".dataflow").touch()  # so that graph files may name what lies there
    (outside / "rows.csv").write_text("x\n1\n")
    (project.folder / "a.yaml").write_text(
        "dataflow: 1\nparams: {from: x.csv}\ninputs: {x: 'float32[N]'}\n"
        "data: {train: {inputs: {x: {path: $from}}}}\nnodes:\n  r: {block: Relu, inputs: {features: x}}\n"
        "  s: {block: Relu, inputs: {features: r}}\noutputs: {y: s}\n"
    )
    studio = Studio(project.folder)
    studio.work.opened = lambda path: None  # type: ignore[method-assign]
    assert studio.answer("open", {"path": "a.yaml"}) == {"ok": None}
    for path in ("/etc/passwd", "/dev/zero", "/proc/self/environ"):
        studio.answer("session", {"params": {"from": path}})
        problems = [each.message for each in studio.require().context.problems()]
        assert problems
        assert "paths must be relative" in problems[0]
        assert "refused" in studio.answer("session", {"frozen": {"r": path}})
    assert "refused" in studio.answer("session", {"frozen": {"r": "../rows.csv"}})
    assert "ok" in studio.answer("session", {"frozen": {"r": "run 3", "s": "x.npz"}, "params": {}})
    for path in ("../part.yaml", "out/part.yaml"):
        edits = [{"op": "extract", "names": ["r"], "name": "part", "path": path}]
        answer = studio.answer("edit", {"version": studio.require().version, "edits": edits, "title": "extract"})
        assert "refused" in answer
        assert studio.require().editor.files == {}
    assert studio.answer("save", {}) == {"ok": []}  # nothing is asked about
    assert sorted(path.name for path in outside.iterdir()) == [".dataflow", "project", "rows.csv", "secret.yaml"]


def test_a_file_that_is_too_large_is_refused(project: Project) -> None:
    (project.folder / "large.yaml").write_text("dataflow: 1\n" + "#" * MAX_BYTES)
    answer = Studio(project.folder).answer("open", {"path": "large.yaml"})
    assert "may have at most 2,097,152 bytes" in str(answer)


def test_target(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project.folder
    monkeypatch.chdir(folder)
    assert target_of(None) == (folder, "")
    assert target_of("inner") == (folder / "inner", "")
    assert target_of("inner/b.yml") == (folder, "inner/b.yml")
    assert target_of("../secret.yaml") == (folder.parent, "secret.yaml")
    assert target_of("dataflow:digits/cnn.yaml") == (folder, "dataflow:digits/cnn.yaml")
    with pytest.raises(DataflowError, match=r"aa\.yaml: no such file or folder; did you mean 'a\.yaml'"):
        target_of("aa.yaml")


def test_messages_name_files_from_the_folder_on(tmp_path: Path) -> None:
    project = Project(tmp_path)
    message = f"{project.folder / 'net.yaml'}: must be a file in {project.folder}, got /elsewhere/net.yaml"
    assert project.told(message) == f"net.yaml: must be a file in {project.folder}, got /elsewhere/net.yaml"
