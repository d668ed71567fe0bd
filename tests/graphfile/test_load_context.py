"""What the files of one load share."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.paths import Location

GRAPH = "dataflow: 1\nname: shared\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()
    Path("parts").mkdir()
    for name in ("top", "parts/inner"):
        Path(f"{name}.yaml").write_text(GRAPH)
    return tmp_path


def test_a_file_is_read_once(folder):
    context = LoadContext("top.yaml")
    first = context.top()[1]
    Path("top.yaml").write_text("[")
    assert context.definition(Location.of("../" + folder.name + "/top.yaml")) is first
    assert (first.name, first.document.path) == ("shared", "top.yaml")
    assert LoadContext("top.yaml").top()[1].broken


def test_paths_are_shown_as_given_and_followed(folder):
    Path("link.yaml").symlink_to("parts/inner.yaml")
    file, _ = LoadContext(Path("link.yaml")).top()
    assert file == Location(folder / "parts" / "inner.yaml", "link.yaml", folder)


def test_a_path_with_a_null_character_is_a_file_that_cannot_be(folder):
    context = LoadContext("a\0b.yaml")
    context.top()[1]
    (problem,) = context.problems()
    assert (problem.line, problem.column) == (1, 1)


def test_files_share_what_hints_may_cost(folder):
    context = LoadContext("top.yaml")
    documents = [
        context.definition(Location(folder / name, name, folder)).document for name in ("top.yaml", "parts/inner.yaml")
    ]
    assert documents[0].hints is documents[1].hints is context.hints


def test_problems_of_all_files_come_in_order(folder):
    Path("top.yaml").write_text("dataflow: 1\nnodes: 1\nb: 1\n")
    Path("parts/inner.yaml").write_text("dataflow: 2\n")
    context = LoadContext("top.yaml")
    for name in ("top.yaml", "parts/inner.yaml"):
        context.definition(Location(folder / name, name, folder))
    assert [(p.path, p.line) for p in context.problems()] == [("parts/inner.yaml", 1), ("top.yaml", 2), ("top.yaml", 3)]
