"""New files: empty, or copies."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_pages import Page, Refused

from dataflow.graphfile import shipped
from dataflow.graphfile.load import read
from dataflow.studio.create import create
from dataflow.studio.project import Project


def test_an_empty_file_is_open_at_once(page: Page, folder: Path) -> None:
    page.ask("create", path="new/my net.yaml")
    assert (folder / "new" / "my net.yaml").read_text() == "dataflow: 1\nname: my_net\n"
    assert (page.document["path"], page.document["problems"], page.document["saved"]) == ("new/my net.yaml", [], True)


def test_a_copy_of_a_shipped_graph(page: Page, folder: Path) -> None:
    page.ask("create", path="mine.yaml", like="dataflow:digits/cnn.yaml")
    assert (folder / "mine.yaml").read_text("utf-8") == shipped.find("dataflow:digits/cnn.yaml").read_text("utf-8")
    assert (page.document["readonly"], page.document["problems"]) == ("", [])


@pytest.mark.parametrize("name", [name for name in shipped.names() if not name.startswith("layers/")])
def test_copies_of_all_shipped_graphs_are_right(tmp_path: Path, name: str) -> None:
    (tmp_path / ".dataflow").touch()  # data lie in ../data for some
    create(Project(tmp_path), "copies/of/it.yaml", f"dataflow:{name}")
    assert read(tmp_path / "copies" / "of" / "it.yaml").problems() == []


def test_a_copy_has_edits_that_are_not_saved(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": 3})
    text = page.document["text"]
    page.ask("create", path="copy.yaml", like="small.yaml")
    assert (folder / "copy.yaml").read_text("utf-8") == text == page.document["text"]


@pytest.mark.parametrize(
    ("path", "like", "why"),
    [
        ("small.yaml", "", "is there already"),
        ("small.yaml", "dataflow:digits/cnn.yaml", "is there already"),
        ("new.txt", "", r"must end with \.yaml"),
        ("new", "", r"must end with \.yaml"),
        ("../new.yaml", "", "must be a file in"),
        ("small.yaml/new.yaml", "", "cannot be written|is there already|not a directory"),
        ("new.yaml", "nothing.yaml", "no such file to copy"),
        ("new.yaml", "../secret.yaml", "must be a file in"),
        ("new.yaml", "dataflow:nothing.yaml", "the package has no file"),
    ],
)
def test_refused(page: Page, folder: Path, path: str, like: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        page.ask("create", path=path, like=like)
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]
