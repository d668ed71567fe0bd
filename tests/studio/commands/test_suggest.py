"""What a page asks while it edits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studio_pages import Page, Refused

from dataflow.studio.server import Server


@pytest.fixture
def opened(page: Page) -> Page:
    page.ask("open", path="small.yaml")
    return page


def test_copy_gives_what_paste_takes(opened: Page) -> None:
    text = opened.ask("copy", names=["relu", "half"])
    assert text == "half: {block: Mul, inputs: {x: x, y: 0.5}}\nrelu: {block: Relu, inputs: {features: half}}\n"
    assert opened.edit({"op": "paste", "text": text, "after": "half"})["names"] == ["half_2", "relu_2"]
    assert opened.document["nodes"]["relu_2"]["inputs"]["features"]["written"] == "half_2"


def test_what_a_paste_leaves_out_is_said(opened: Page) -> None:
    opened.edit({"op": "paste", "text": "r: {block: Relu, inputs: {features: zz}}", "after": ""})
    said = opened.until(lambda event: event["event"] == "said")
    assert said["message"] == "r.features: no node or input 'zz' here, so the wire is left out"


def test_fits(opened: Page) -> None:
    behind = opened.ask("fits", **{"from": ["half", "z"], "side": "source"})
    assert "Relu" in behind and "LogicalNot" not in behind
    before = opened.ask("fits", **{"from": ["relu", "features"], "side": "target"})
    assert "Multiply" in before and "LogicalNot" not in before
    with pytest.raises(Refused, match="no node or input 'zz'"):
        opened.ask("fits", **{"from": ["zz", "z"], "side": "source"})


def test_fits_offers_graph_files_of_the_project(opened: Page, folder: Path) -> None:
    layer = "dataflow: 1\ninputs: {v: 'float32[N, M]'}\nnodes: {r: {block: Relu, inputs: [v]}}\noutputs: {w: r}\n"
    (folder / "parts").mkdir()
    (folder / "parts/layer.yaml").write_text(layer)
    (folder / "flags.yaml").write_text(layer.replace("float32", "bool").replace("Relu", "LogicalNot"))
    behind = opened.ask("fits", **{"from": ["half", "z"], "side": "source"})
    assert "./parts/layer.yaml" in behind and not {"./flags.yaml", "./small.yaml"} & {*behind}
    assert "./parts/layer.yaml" in opened.ask("fits", **{"from": ["relu", "features"], "side": "target"})
    assert "./parts/layer.yaml" in opened.ask("fits", **{"from": ["output:y", "y"], "side": "target"})
    opened.edit({"op": "add", "name": "layer", "block": "./parts/layer.yaml", "inputs": ["half"]})
    assert opened.document["problems"] == []


def test_what_fits_at_an_output_fits_behind_what_it_is_wired_to(opened: Page) -> None:
    at_output = opened.ask("fits", **{"from": ["output:y", "y"], "side": "target"})
    assert at_output == opened.ask("fits", **{"from": ["relu", "activations"], "side": "source"})
    assert "Softmax" in at_output and "LogicalNot" not in at_output


def test_try_wire_offers_edits_that_work(opened: Page) -> None:
    opened.edit({"op": "input", "name": "flag", "type": "bool[N, 4]"})
    assert opened.ask("try_wire", source="x", target=["half", "y"]) == {"refused": None, "mends": []}
    tried = opened.ask("try_wire", source="flag", target=["half", "y"])
    assert "input 'y' must be float32 like 'x', got bool" in tried["refused"]["message"]
    assert tried["refused"]["problems"][0]["node"] == "half"
    (mend,) = [each for each in tried["mends"] if each["title"] == "Cast to float32"]
    opened.edit(*mend["edits"], title=mend["title"])
    assert opened.document["nodes"]["cast"]["inputs"]["x"]["written"] == "flag" and opened.document["problems"] == []


def test_another_wire_may_stand_in_the_place_of_that_of_an_output(opened: Page) -> None:
    tried = opened.ask("try_wire", source="half", target=["output:relu", "relu"])
    assert tried["refused"] is None
    (mend,) = tried["mends"]
    opened.edit(*mend["edits"], title=mend["title"])
    assert opened.document["outputs"]["relu"]["wire"] == "half"


def test_complete_counts_as_browsers_do(opened: Page) -> None:
    text = (
        opened.document["text"]
        .replace("name: small", "name: '\U0001f600'")
        .replace("half: {block: Mul", "half: {block: Mu")
    )
    at = text.index("block: Mu") + len("block: Mu")
    found = opened.ask("complete", text=text, offset=at + 1)
    assert "Multiply" in [each["label"] for each in found]
    assert found[0]["from"] == at + 1 - len("Mu") and found[0]["label"].startswith("Mu")


def test_offers_are_made_by_place(opened: Page, folder: Path) -> None:
    np.savez(folder / "rows.npz", some=np.zeros((5, 4), np.float32))
    opened.edit({"op": "set", "place": "data", "value": {"train": {"path": "rows.npz"}}})
    found = opened.ask("offers", place=["data", "train"])
    assert (found["kind"], found["named"]) == ("mapping", False)
    assert {"text": "inputs", "detail": "graph input -> name of an array, or a mapping that says more"} in found[
        "options"
    ]
    (some,) = opened.ask("offers", place=["data", "train", "inputs", "x"])["options"]
    assert some == {"text": "some", "detail": "float32[5, 4]"}
    assert opened.ask("offers", place=["train", "metrics", 0])["options"] == [{"text": "y", "detail": "output"}]
    with pytest.raises(Refused, match="'place' must be a list of at most 100 keys and places in lists"):
        opened.ask("offers", place="data.train")


def test_find_looks_at_all_graphs_of_the_project(opened: Page, folder: Path) -> None:
    (folder / "other.yaml").write_text("dataflow: 1\nnodes:\n  half_life: {block: Mul, inputs: [1.0]}\n")
    hits = opened.ask("find", query="half")
    assert [(hit["path"], hit["node"], hit["line"]) for hit in hits] == [
        ("small.yaml", "half", 6),
        ("other.yaml", "half_life", 3),
    ]
    assert [hit["node"] for hit in opened.ask("find", query="is:problem block:mul")] == ["half_life"]
    assert opened.ask("find", query="is:clipped") == []
    with pytest.raises(Refused, match="must be block:, attr: or is:"):
        opened.ask("find", query="blok:Mul")


def test_find_knows_which_values_the_latest_run_cut_off(opened: Page, server: Server) -> None:
    def found(*clipped: float) -> list[str]:
        values = {
            f"{name}.z": {"quality": {"clipped": each}} for name, each in zip(("half", "relu"), clipped, strict=True)
        }
        server.studio.work.runs._latest.run |= {"values": {**values, "x.output": {"quality": None}}}
        return [hit["node"] for hit in opened.ask("find", query="is:clipped")]

    assert found(12.5, 0.0) == ["half"]
    assert found(0.0, 3.0) == ["relu"]
    assert found(0.0, 0.0) == []


def test_a_first_data_section_feeds_the_graph(opened: Page, folder: Path) -> None:
    np.savez(folder / "rows.npz", x_train=np.zeros((5, 4), np.float32), x_val=np.ones((2, 4), np.float32))
    opened.edit({"op": "set", "place": "data", "value": opened.ask("first_data")})
    assert opened.document["problems"] == []
    assert opened.document["splits"] == {"train": 5, "validation": 2}
