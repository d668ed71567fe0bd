"""Open, save, list."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_pages import Page, Refused


def test_files_and_gallery(page: Page, folder: Path) -> None:
    assert page.ask("files") == [{"path": "small.yaml", "graph": True, "size": (folder / "small.yaml").stat().st_size}]
    assert page.ask("gallery") == page.last("welcome")["gallery"]


def test_open_and_save_leave_every_byte(page: Page, folder: Path) -> None:
    for name, data in {
        "crlf": b"dataflow: 1\r\nnodes: {}\r\n",
        "mark": b"\xef\xbb\xbfdataflow: 1\n",
        "tail": b"dataflow: 1\nname: x",
    }.items():
        path = folder / f"{name}.yaml"
        path.write_bytes(data)
        page.ask("open", path=path.name)
        assert page.document["text"].encode() == data
        page.ask("save")
        page.ask("save", overwrite=[path.name])
        assert path.read_bytes() == data


def test_shipped_graphs_are_not_saved(page: Page) -> None:
    page.ask("open", path="dataflow:digits/cnn.yaml")
    assert page.document["readonly"] == "it comes with the package; make a copy to edit it"
    for do, given in (("save", {}), ("save", {"overwrite": ["dataflow:digits/cnn.yaml"]})):
        with pytest.raises(Refused, match="cannot be saved"):
            page.ask(do, **given)
    with pytest.raises(Refused, match="it comes with the package"):
        page.edit({"op": "set", "place": "doc", "value": "mine"})


@pytest.mark.parametrize(
    "text", ["", "nodes: [", "- 1\n", "a: &b {c: *b}\n", "dataflow: 1\n\x07", "x: !!python/none\n"]
)
def test_what_is_no_graph_file_is_refused_with_its_place(page: Page, folder: Path, text: str) -> None:
    (folder / "bad.yaml").write_text(text)
    with pytest.raises(Refused, match=r"bad\.yaml:\d+: "):
        page.ask("open", path="bad.yaml")
    page.ask("open", path="small.yaml")
    with pytest.raises(Refused, match=r"bad\.yaml:\d+: "):
        page.ask("open", path="bad.yaml")
    page.ask("view")
    assert page.document["path"] == "small.yaml"  # it stays open


def test_a_folder_that_cannot_be_written(page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": 3})
    before = (folder / "small.yaml").read_text()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dataflow.files.atomic.os.fsync", full)
    with pytest.raises(Refused, match="no space left on device"):
        page.ask("save")
    assert (folder / "small.yaml").read_text() == before
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]
    assert not page.document["saved"]
