"""The document as pages are told it: every shipped graph, in every view; hostile texts as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dataflow.graphfile import shipped
from dataflow.studio.document import document
from dataflow.studio.hub import encoded
from dataflow.studio.studio import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """A studio that starts no process."""
    made = Studio(tmp_path)
    made.work.opened = lambda path: None  # type: ignore[method-assign]
    return made


def told(studio: Studio) -> Any:
    return json.loads(encoded(document(studio.require())))


@pytest.mark.parametrize("name", [name for name in shipped.names() if not name.startswith("layers/")])
def test_shipped_graphs(studio: Studio, name: str) -> None:
    """Each card, wire and value has its place in the model, in every view."""
    path = f"dataflow:{name}"
    assert studio.answer("open", {"path": path}) == {"ok": None}
    whole = told(studio)
    assert (whole["path"], whole["text"]) == (path, shipped.find(path).read_text("utf-8"))
    assert (whole["problems"], whole["saved"], bool(whole["readonly"])) == ([], True, True)
    for view in ({}, {"direction": "down"}, {"layer": "gradient"}, {"layer": "step"}):
        answer = studio.answer("view", view)
        if "refused" in answer:
            assert "layer" in view
            continue
        shown = told(studio)
        names = {card["id"] for card in shown["scene"]["cards"]}
        known = shown["nodes"].keys() | shown["inputs"].keys() | {f"output:{each}" for each in shown["outputs"]}
        assert names <= known
        for node in shown["nodes"].values():
            assert all(each["type"] for each in node["outputs"].values()), node
            assert set(node["inputs"]) or not node["block"].startswith("Mul")
        for wire in shown["scene"]["wires"]:
            assert {wire["source"][0], wire["target"][0]} <= names
        assert shown["sections"] == whole["sections"]
    graphs = [name for name, node in whole["nodes"].items() if node["file"]]
    for inner in graphs[:2]:
        assert studio.answer("view", {"layer": "file", "scope": inner}) == {"ok": None}
        shown = told(studio)
        assert shown["path"] == whole["nodes"][inner]["file"]
        assert [step["scope"] for step in shown["trail"]] == ["", inner]
        for node in shown["nodes"].values():
            assert all(each["type"] and each["value_of"].startswith(f"{inner}/") for each in node["outputs"].values())


def test_values_and_readers(studio: Studio) -> None:
    studio.answer("open", {"path": "dataflow:digits/cnn_flat.yaml"})
    shown = told(studio)
    name, node = next((name, node) for name, node in shown["nodes"].items() if node["block"] == "Conv2D")
    assert node["attrs"]["padding"] == {"written": "SAME", "value": "SAME", "param": ""}
    assert node["inputs"]["input"] == {
        "written": "picture", "value": "picture", "param": "", "type": "float32[N, 8, 8, 1]",
        "value_of": "picture.output",
    }  # fmt: skip
    port, output = next(iter(node["outputs"].items()))
    assert output["value_of"] == f"{name}.{port}"
    for reader in output["readers"]:
        values = [each["value_of"] for each in shown["nodes"][reader]["inputs"].values()]
        assert output["value_of"] in values


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "'\"><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{7*7}}",
    "${7*7}x",
    "<!--",
    "]]>",
    "&lt;script&gt;",
    "&#x3c;script&#x3e;",
    "\\u003cscript\\u003e",
    "`${alert(1)}`",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{background:url(//evil)}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext></mtext></math>",
    "\u202egnp.exe",
    "\u2028\u2029",
    "a\u0300\u0301",
    "%3Cscript%3E",
    "<<SCRIPT>alert(1);//<</SCRIPT>",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", ["doc", "comment", "node", "output", "name"])
def test_hostile_texts_are_data(studio: Studio, tmp_path: Path, text: str, where: str) -> None:
    """What is written in a file comes to the page as it is, as a value of JSON and nowhere else."""
    quoted = json.dumps(text, ensure_ascii=False)
    parts = dict.fromkeys(("doc", "comment", "node", "output", "name"), "plain") | {where: quoted}
    shown = text if where == "comment" else parts["comment"]
    (tmp_path / "x.yaml").write_text(
        f"dataflow: 1\nname: {parts['name']}\ndoc: {parts['doc']}\ninputs:\n  x: float32[N, 4]\nnodes:\n\n"
        f"  # {shown.splitlines()[0]}\n  {parts['node']}: {{block: Relu, inputs: {{features: x}}}}\n"
        f"outputs:\n  {parts['output']}: x\n",
        "utf-8",
    )
    answer = studio.answer("open", {"path": "x.yaml"})
    frame = encoded(answer) + encoded(studio.snapshot()[1])
    assert "\n" not in frame
    if "ok" in answer:
        whole = told(studio)
        assert whole["text"] == (tmp_path / "x.yaml").read_text("utf-8")
        found = {"doc": whole["doc"], "name": whole["name"]}
        assert found.get(where, text) == text
        assert whole["problems"] or where != "node"  # such names are told to be wrong, in words that have them
    for do in (text, "open", "create", "preview"):
        refused = studio.answer(do, {"path": f"{text}.yaml/x"})
        assert "refused" in refused
        assert "unexpected" not in encoded(refused)


def test_a_layer_that_cannot_be_made_any_more_is_the_file(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "dataflow: 1\ninputs: {x: 'float32[4]'}\nnodes:\n  n: {block: Relu, inputs: {features: x}}\noutputs: {y: n}\n"
    )
    studio.answer("open", {"path": "x.yaml"})
    studio.answer("view", {"layer": "gradient"})
    assert told(studio)["view"]["layer"] == "gradient"
    assert "grad/n/ReluGrad" in told(studio)["nodes"] or len(told(studio)["nodes"]) > 1
    edits = [{"op": "remove", "place": "n.features"}]
    studio.answer("edit", {"version": 1, "edits": edits, "title": "unwire"})
    shown = told(studio)
    assert (shown["view"]["layer"], list(shown["nodes"])) == ("file", ["n"])
    studio.answer("undo", {"version": 2})
    assert told(studio)["view"]["layer"] == "gradient"


def test_what_is_too_much_to_draw_can_be_edited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataflow.inspection.scene._MOST", 1)
    studio = Studio(folder)
    studio.work.opened = lambda path: None  # type: ignore[method-assign]
    assert studio.answer("open", {"path": "small.yaml"}) == {"ok": None}
    shown = told(studio)
    assert (shown["scene"]["cards"], list(shown["nodes"])) == ([], ["half", "relu"])
    assert [each["message"] for each in shown["problems"]] == ["drawing: must have at most 1 cards, got 4"]
