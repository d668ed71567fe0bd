"""Versions, graph files that are looked into, and what is left open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studio_pages import Page, Refused

from dataflow.core.errors import DataflowError
from dataflow.studio.desk import Desk
from dataflow.studio.server import Server

INNER = """dataflow: 1
params: {size: 3}
inputs: {a: "float32[N, 4]"}
nodes:
  b: {block: Relu, inputs: {features: a}}
  c: {block: Mul, inputs: {x: b, y: 2.0}}
outputs: {d: c}
"""
OUTER = """dataflow: 1
inputs:
  x: float32[N, 4]
nodes:
  one: {block: ./inner.yaml, inputs: {a: x}}
  two: {block: ./inner.yaml, inputs: {a: one}, attrs: {size: 5}}
outputs:
  y: two
"""


@pytest.fixture
def nested(page: Page, folder: Path) -> Page:
    """A page with a graph that uses another one twice."""
    (folder / "inner.yaml").write_text(INNER)
    (folder / "outer.yaml").write_text(OUTER)
    page.ask("open", path="outer.yaml")
    return page


def edited(page: Page, place: str, value: object) -> None:
    page.edit({"op": "set", "place": place, "value": value}, title=f"set {place}")


def test_within_a_node_its_file_is_shown_with_its_types(nested: Page) -> None:
    nested.ask("view", scope="two")
    document = nested.document
    assert (document["path"], document["text"], document["view"]["scope"]) == ("inner.yaml", INNER, "two")
    assert document["trail"] == [
        {"title": "outer", "path": "outer.yaml", "scope": ""},
        {"title": "two", "path": "inner.yaml", "scope": "two"},
    ]
    assert document["params"]["size"]["value"] == 5
    assert document["nodes"]["b"]["outputs"]["activations"]["value_of"] == "two/b.activations"
    assert document["nodes"]["b"]["outputs"]["activations"]["type"] == "float32[N, 4]"


def test_an_edit_within_a_node_is_of_its_file(nested: Page, folder: Path) -> None:
    nested.ask("view", scope="one")
    edited(nested, "c.y", 3.0)
    document = nested.document
    assert (document["undo"], document["saved"]) == ("set c.y", False)
    assert document["text"] == INNER.replace("2.0", "3.0")
    nested.ask("view", scope="")
    assert (nested.document["text"], nested.document["undo"], nested.document["saved"]) == (OUTER, "", False)
    nested.ask("save")
    assert (folder / "inner.yaml").read_text() == INNER.replace("2.0", "3.0")
    assert (folder / "outer.yaml").read_text() == OUTER
    assert nested.document["saved"]


def test_an_edit_within_a_node_is_seen_outside(nested: Page) -> None:
    nested.ask("view", scope="one")
    edited(nested, "c.y", [1.0, 2.0])
    assert [each["node"] for each in nested.document["problems"]] == ["c"]
    nested.ask("view", scope="")
    assert {each["node"] for each in nested.document["problems"]} == {"one"}


def test_of_several_files_all_are_saved_or_none(nested: Page, folder: Path) -> None:
    edited(nested, "two.size", 7)
    nested.ask("view", scope="one")
    edited(nested, "c.y", 3.0)
    theirs = INNER.replace("2.0", "4.0")
    (folder / "inner.yaml").write_text(theirs)
    assert nested.ask("save") == [{"path": "inner.yaml", "state": "changed"}]
    assert ((folder / "outer.yaml").read_text(), (folder / "inner.yaml").read_text()) == (OUTER, theirs)
    with pytest.raises(Refused, match=r"nothing\.yaml: must be a file that is open"):
        nested.ask("save", overwrite=["nothing.yaml"])
    assert nested.ask("save", overwrite=["outer.yaml"]) == [{"path": "inner.yaml", "state": "changed"}]
    nested.ask("view", scope="")
    nested.ask("reload", path="inner.yaml")  # which is not the one that is shown
    assert not nested.document["saved"] and "size: 7" in nested.document["text"]
    assert nested.ask("save") == []
    assert "size: 7" in (folder / "outer.yaml").read_text() and (folder / "inner.yaml").read_text() == theirs


def test_each_file_that_another_has_changed_is_decided_about(nested: Page, folder: Path) -> None:
    edited(nested, "two.size", 7)
    outer = nested.document["text"]
    nested.ask("view", scope="one")
    edited(nested, "c.y", 3.0)
    (folder / "inner.yaml").write_text(INNER.replace("2.0", "4.0"))
    (folder / "outer.yaml").unlink()
    asked = [{"path": "outer.yaml", "state": "deleted"}, {"path": "inner.yaml", "state": "changed"}]
    assert nested.ask("save") == asked
    assert nested.ask("save", overwrite=["inner.yaml"]) == asked[:1]
    assert not (folder / "outer.yaml").exists() and "4.0" in (folder / "inner.yaml").read_text()
    assert nested.ask("save", overwrite=["outer.yaml"]) == []
    assert (folder / "outer.yaml").read_text() == outer
    assert (folder / "inner.yaml").read_text() == INNER.replace("2.0", "3.0")


def extracted(page: Page, *names: str, path: str = "part.yaml") -> None:
    page.edit({"op": "extract", "names": [*names], "name": "part", "path": path})


def test_a_graph_that_was_just_made_is_entered_and_edited_before_it_is_saved(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    before = page.document["text"]
    extracted(page, "half")
    page.ask("view", scope="part")
    made = page.document["text"]
    assert (page.document["path"], page.document["saved"], page.document["undo"]) == ("part.yaml", False, "")
    edited(page, "half.y", 3.0)
    page.ask("move", positions={"half": [10, 20]})
    assert [each.name for each in folder.iterdir()] == ["small.yaml"]
    page.ask("view", scope="")
    assert page.document["problems"] == []
    assert page.ask("save") == [] and page.document["saved"]
    assert (folder / "part.yaml").read_text() == made.replace("0.5", "3.0")
    assert {each.name for each in folder.iterdir()} == {"small.yaml", "part.yaml", "part.layout.json"}
    page.ask("undo", version=page.document["version"])
    assert page.document["text"] == before
    page.ask("redo", version=page.document["version"])
    page.ask("view", scope="part")
    assert "3.0" in page.document["text"] and page.ask("save") == []


def test_files_are_saved_where_positions_of_cards_cannot_be(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    page.ask("move", positions={"half": [10, 20]})
    (folder / "small.layout.json").unlink()
    (folder / "small.layout.json").mkdir()
    (folder / "small.layout.json" / "something").touch()
    extracted(page, "half")
    page.ask("view", scope="part")
    edited(page, "half.y", 3.0)
    page.ask("move", positions={"half": [30, 40]})
    assert page.ask("save") == []
    assert page.last("said")["level"] == "warning"
    assert page.last("said")["message"].startswith(
        "small.yaml is saved, but not where its cards stand: small.layout.json: must be a file, got a link or a folder"
    )
    assert "part: {" in (folder / "small.yaml").read_text() and page.document["saved"]
    assert "3.0" in (folder / "part.yaml").read_text()
    assert (folder / "part.layout.json").read_text() == '{"cards": {\n  "half": [30, 40]\n}}\n'
    said = page.events.count(page.last("said"))
    edited(page, "half.y", 4.0)
    assert page.ask("save") == [] and "4.0" in (folder / "part.yaml").read_text()
    assert page.events.count(page.last("said")) == said


def test_a_graph_whose_making_is_taken_back_waits_for_it(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    extracted(page, "half")
    page.ask("view", scope="part")
    edited(page, "half.y", 3.0)
    page.ask("view", scope="")
    page.ask("undo", version=page.document["version"])
    assert page.document["saved"] and page.ask("save") == []
    page.ask("redo", version=page.document["version"])
    page.ask("view", scope="part")
    assert "3.0" in page.document["text"]  # what was edited in it
    page.ask("view", scope="")
    page.ask("undo", version=page.document["version"])
    extracted(page, "relu")
    page.ask("view", scope="part")
    assert "relu" in page.document["text"] and "3.0" not in page.document["text"]
    assert not (folder / "part.yaml").exists()


def test_a_file_that_another_made_meanwhile_is_not_written_over(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    extracted(page, "half")
    (folder / "part.yaml").write_text("dataflow: 1\n")
    with pytest.raises(Refused, match="a new file must not be there yet"):
        page.ask("save")
    page.ask("view", scope="part")
    assert page.ask("save") == [{"path": "part.yaml", "state": "changed"}]
    assert (folder / "part.yaml").read_text() == "dataflow: 1\n"
    assert page.ask("save", overwrite=["part.yaml"]) == []
    assert "half" in (folder / "part.yaml").read_text()


def test_graphs_are_made_within_one_that_is_not_saved(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    extracted(page, "half", "relu")
    page.ask("view", scope="part")
    extracted(page, "half", path="deeper.yaml")
    page.ask("view", scope="part/part")
    edited(page, "half.y", 3.0)
    with pytest.raises(Refused, match="is there already"):
        extracted(page, "half", path="part.yaml")
    page.ask("view", scope="")
    assert page.document["problems"] == []
    assert page.ask("save") == []
    assert "3.0" in (folder / "deeper.yaml").read_text() and "./deeper.yaml" in (folder / "part.yaml").read_text()


def test_a_node_that_goes_is_left(nested: Page, folder: Path) -> None:
    nested.ask("view", scope="one")
    (folder / "outer.yaml").write_text(OUTER.replace("one", "first"))
    nested.ask("files")
    nested.ask("reload")  # of the file that is shown, which is another
    assert nested.document["view"]["scope"] == "one"
    nested.ask("view", scope="")
    nested.ask("reload")
    with pytest.raises(Refused, match="must be a node whose block is a graph file"):
        nested.ask("view", scope="one")
    nested.ask("view", scope="first")


@pytest.mark.parametrize("scope", ["nothing", "x", "one/b", "one/", "/one", "../inner", "y", "one\0"])
def test_no_such_scope(nested: Page, scope: str) -> None:
    with pytest.raises(Refused, match="must be a node whose block is a graph file"):
        nested.ask("view", scope=scope)
    assert nested.document["view"]["scope"] == ""


def test_shipped_files_within_a_node_are_not_edited(page: Page, folder: Path) -> None:
    (folder / "net.yaml").write_text(
        "dataflow: 1\ninputs: {x: 'float32[N, 4]'}\nnodes:\n"
        "  d: {block: 'dataflow:layers/dense.yaml', inputs: {x: x}, attrs: {units: 3}}\noutputs: {y: d}\n"
    )
    page.ask("open", path="net.yaml")
    page.ask("view", scope="d")
    assert page.document["path"] == "dataflow:layers/dense.yaml"
    with pytest.raises(Refused, match="it comes with the package"):
        edited(page, "doc", "mine")
    page.ask("view", scope="")
    edited(page, "d.units", 5)


def test_what_is_not_saved_stays_open(nested: Page, folder: Path) -> None:
    edited(nested, "two.size", 7)
    text = nested.document["text"]
    nested.ask("open", path="small.yaml")
    assert nested.document["saved"]
    nested.ask("open", path="./outer.yaml")
    assert (nested.document["text"], nested.document["undo"]) == (text, "set two.size")
    assert (folder / "outer.yaml").read_text() == OUTER


def test_parameters_of_the_session_are_seen_in_the_picture(page: Page, folder: Path) -> None:
    (folder / "p.yaml").write_text(
        "dataflow: 1\nparams: {size: 4}\ninputs: {x: 'float32[N, ${size}]'}\nnodes:\n"
        "  r: {block: Relu, inputs: {features: x}}\noutputs: {y: r}\n"
    )
    page.ask("open", path="p.yaml")
    version = page.document["version"]
    page.ask("session", params={"size": 9})
    assert page.document["inputs"]["x"]["type"] == "float32[N, 9]"
    assert page.document["params"]["size"] == {
        "type": "int",
        "value": 9,
        "default": 4,
        "required": False,
        "doc": "",
        "line": 2,
    }
    assert page.document["version"] == version
    page.ask("session", params={"size": "x"})
    assert page.document["problems"][0]["message"].startswith("param 'size' must be a number")


def test_versions(page: Page) -> None:
    page.ask("open", path="small.yaml")
    versions = [page.document["version"]]
    for value in (1.0, 2.0):
        edited(page, "half.y", value)
        versions.append(page.document["version"])
    page.ask("undo", version=versions[-1])
    versions.append(page.document["version"])
    page.ask("redo", version=versions[-1])
    versions.append(page.document["version"])
    assert versions == sorted(set(versions))
    for old in versions[:-1]:
        for do in ("undo", "redo"):
            with pytest.raises(Refused, match="must be edited as it is"):
                page.ask(do, version=old)


def test_nothing_to_undo(page: Page) -> None:
    page.ask("open", path="small.yaml")
    for do in ("undo", "redo"):
        with pytest.raises(Refused, match="there is nothing to"):
            page.ask(do, version=page.document["version"])


def test_other_files_that_change_are_read_again(nested: Page, folder: Path, server: object) -> None:
    (folder / "inner.yaml").write_text(INNER.replace("y: 2.0", "y: nothing"))
    studio = server.studio  # type: ignore[attr-defined]
    studio.look_outside()
    assert nested.wait("document")["document"]["problems"]


def test_no_command_changes_what_cannot_be_edited(server: Server) -> None:
    desk = Desk(server.studio.project, "dataflow:digits/cnn.yaml")
    with pytest.raises(DataflowError, match="cannot be edited: it comes with the package"):
        desk.change("calibrate", lambda editor: editor.put("doc", "mine"))
    assert desk.saved


FED = """dataflow: 1
inputs: {x: "float32[N, 3]"}
nodes: {y: {block: Relu, inputs: {features: x}}}
outputs: {y: y}
data:
  train:
    path: d.npz
    inputs: {x: a}
  test: {like: train, rows: [4, 6]}
"""
MISFIT = "data 'train': input 'x' must be float32, got float64"


def test_data_that_does_not_fit_is_told_at_its_line_until_it_does(page: Page, folder: Path, server: Server) -> None:
    (folder / "fed.yaml").write_text(FED)
    page.ask("open", path="fed.yaml")
    assert (page.document["problems"], page.document["splits"]) == ([], {"train": None, "test": None})
    np.savez(folder / "d.npz", a=np.ones((6, 3)))
    server.studio.look_outside()
    (problem,) = page.wait("document")["document"]["problems"]
    assert (problem["line"], problem["message"], problem["path"]) == (8, MISFIT, "fed.yaml")
    assert problem["hint"] == "write dtype: float32 to convert"
    edited(page, "data.train.inputs.x", {"array": "a", "dtype": "float32"})  # which such a problem does not prevent
    assert (page.document["problems"], page.document["splits"]) == ([], {"train": 6, "test": 2})


def test_an_edit_that_the_data_does_not_fit_is_made_and_told(page: Page, folder: Path) -> None:
    np.savez(folder / "d.npz", a=np.ones((6, 3), np.float32))
    (folder / "fed.yaml").write_text(FED)
    page.ask("open", path="fed.yaml")
    edited(page, "inputs.x", "float32[N, 4]")
    (problem,) = page.document["problems"]
    assert problem["message"] == "data 'train': input 'x' must be float32[N, 4], got [6, 3]"
