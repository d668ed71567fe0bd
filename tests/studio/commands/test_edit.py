"""Opening, editing, undoing and saving over the socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz_edits.campaign import FILES
from fuzz_edits.over_page import over_page
from studio_pages import Page, Refused


def test_welcome_has_blocks_and_gallery(page: Page) -> None:
    welcome = page.last("welcome")
    assert {"Conv2D", "Relu"} <= {block["name"] for block in welcome["blocks"]}
    assert "dataflow:digits/cnn.yaml" in {entry["path"] for entry in welcome["gallery"]}
    assert page.document is None


def test_open_shows_text_and_nodes(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    document = page.document
    assert document["text"] == (folder / "small.yaml").read_text("utf-8")
    assert list(document["nodes"]) == ["half", "relu"]
    assert document["nodes"]["relu"]["inputs"]["features"] == {
        "written": "half", "value": "half", "param": "", "type": "float32[N, 4]", "value_of": "half.z"
    }  # fmt: skip
    assert document["problems"] == []


def test_sections_come_as_they_are_read_and_as_they_are_written(page: Page, folder: Path) -> None:
    text = (folder / "small.yaml").read_text("utf-8")
    train = "train: {minimize: y, optimizer: {block: ApplyGradientDescent}, epochs: $epochs, batch_size: 4}\n"
    (folder / "trains.yaml").write_text(text.replace("inputs:", "params: {epochs: 3}\ninputs:", 1) + train, "utf-8")
    page.ask("open", path="trains.yaml")
    sections, written = (page.document[key]["train"]["epochs"] for key in ("sections", "written"))
    assert (sections, written) == (3, "$epochs")


def test_edit_undo_redo_save(page: Page, folder: Path) -> None:
    page.ask("open", path="small.yaml")
    before = page.document["text"]
    page.edit({"op": "set", "place": "half.y", "value": 0.25}, title="set half.y")
    after = page.document
    assert after["text"] == before.replace("0.5", "0.25")
    assert (after["undo"], after["redo"], after["saved"]) == ("set half.y", "", False)
    page.ask("undo", version=after["version"])
    assert (page.document["text"], page.document["redo"], page.document["saved"]) == (before, "set half.y", True)
    page.ask("redo", version=page.document["version"])
    page.ask("save")
    assert (folder / "small.yaml").read_text("utf-8") == after["text"]
    assert page.document["saved"]


def test_infinities_and_nan_are_numbers_in_the_file(page: Page) -> None:
    page.ask("open", path="small.yaml")
    page.edit({"op": "set", "place": "half.y", "value": "-.inf"})
    assert "y: -.inf}" in page.document["text"] and page.document["problems"] == []
    assert page.document["nodes"]["half"]["inputs"]["y"]["written"] == "-.inf"


def test_a_variable_gets_the_type_that_is_known_where_it_is_wired_to(page: Page) -> None:
    page.ask("open", path="small.yaml")
    before = page.document["text"]
    page.edit(
        {"op": "add", "name": "bias", "block": "BiasAdd", "inputs": {"value": "half"}},
        {"op": "add", "name": "b", "block": "Variable", "before": "bias"},
        {"op": "wire", "target": ["bias", "bias"], "source": "b"},
    )
    assert "\n  b: {block: Variable, attrs: {shape: [4], dtype: float32}}\n" in page.document["text"]
    page.ask("undo", version=page.document["version"])
    assert page.document["text"] == before
    page.edit(
        {"op": "add", "name": "product", "block": "MatMul", "inputs": {"a": "half"}},
        {"op": "add", "name": "w", "block": "Variable", "attrs": {"initializer": "zeros"}, "before": "product"},
    )
    page.edit({"op": "set", "place": "nodes.product.inputs.b", "value": "w"})  # as typed
    written = page.document["nodes"]["w"]["attrs"]
    assert (written["shape"]["written"], written["dtype"]["written"]) == ("[4, n]", "float32")
    assert "must be sizes for an initializer, got [4, n]" in page.document["problems"][0]["message"]
    page.edit({"op": "add", "name": "v", "block": "Variable", "before": "product"})
    before = page.document["text"]
    with pytest.raises(Refused, match="has the wire 'half' already"):
        page.edit({"op": "wire", "target": ["product", "a"], "source": "v"})
    assert page.document["text"] == before


def test_several_edits_are_one_step(page: Page) -> None:
    page.ask("open", path="small.yaml")
    before = page.document["text"]
    added = page.edit(
        {"op": "add", "name": "relu", "block": "Relu", "inputs": {"features": "half"}},
        {"op": "output", "name": "z", "wire": "relu_2"},
        title="add relu_2",
    )
    assert added["names"] == ["relu_2", "output:z"]
    page.ask("undo", version=page.document["version"])
    assert page.document["text"] == before


def test_edits_are_made_all_or_none(page: Page) -> None:
    page.ask("open", path="small.yaml")
    before = page.document
    with pytest.raises(Refused, match="no node or input 'nothere'"):
        page.edit({"op": "set", "place": "half.y", "value": 1}, {"op": "delete", "names": ["nothere"]})
    page.ask("view")
    assert page.document == before


def test_edit_of_an_older_version_is_refused(page: Page) -> None:
    page.ask("open", path="small.yaml")
    version = page.document["version"]
    page.edit({"op": "set", "place": "half.y", "value": 1})
    with pytest.raises(Refused, match=f"got an edit of version {version}"):
        page.ask("edit", version=version, edits=[{"op": "delete", "names": ["relu"]}], title="delete")
    assert "relu" in page.document["nodes"]


def test_every_edit_of_the_protocol(page: Page) -> None:
    page.ask("open", path="small.yaml")
    before = page.document["text"]
    relu = {"op": "add", "name": "relu", "block": "Relu"}
    for edits, nodes in (
        ([relu, {"op": "splice", "name": "relu_2", "target": ["relu", "features"]}], "relu_2: {block: Relu, inputs:"),
        ([relu, {"op": "splice", "name": "relu_2", "target": ["output:y", "value"]}], "y: relu_2"),
        ([{"op": "pull_out", "name": "half"}], "half: {block: Mul}"),
        ([{"op": "paste", "text": "half: {block: Neg, inputs: [half]}", "after": ""}], "half_2: {block: Neg"),
        ([{"op": "param", "name": "by", "place": "half.y"}], "y: $by"),
        ([{"op": "input", "name": "x", "type": "float32[N]"}], "x_2: float32[N]"),
        ([{"op": "output", "name": "y", "wire": "half"}], "y_2: half"),
        (
            [relu, {"op": "input", "name": "x", "to": ["relu_2", "features"]}],
            "relu_2: {block: Relu, inputs: {features: x_2}}",
        ),
        (
            [{"op": "add", "name": "p", "block": "Pack"}, {"op": "input", "name": "v", "to": ["p", "values[0]"]}],
            "p: {block: Pack, inputs: {values: [v]}}",
        ),
        ([{"op": "text", "text": before.replace("0.5", "0.25")}], "y: 0.25"),
        ([{"op": "wire", "target": ["relu", "features"], "source": ""}], "relu: {block: Relu}"),
        ([{"op": "wire", "target": ["half", "y"], "source": "x"}], "{x: x, y: x}"),
        ([{"op": "wire", "target": ["output:y", "value"], "source": "half"}], "y: half"),
        ([{"op": "delete", "names": ["half", "relu"], "reconnect": True}], "y: x"),
        (
            [
                {"op": "add", "name": "p", "block": "Pack", "inputs": {"values": ["x"]}},
                {"op": "wire", "target": ["p", "values[0]"], "source": "half"},
                {"op": "wire", "target": ["p", "values[0]"], "source": ""},
                {"op": "set", "place": "nodes.p.inputs.values[0]", "value": "relu"},
            ],
            "p: {block: Pack, inputs: {values: [relu]}}",
        ),
    ):
        page.edit(*edits)
        assert nodes in page.document["text"]
        page.ask("undo", version=page.document["version"])
        assert page.document["text"] == before


def test_a_wire_that_is_wrong_is_refused_with_the_words_of_the_loader(page: Page) -> None:
    page.ask("open", path="small.yaml")
    before = page.document
    page.edit({"op": "input", "name": "flag", "type": "bool[N, 4]"})
    page.edit({"op": "wire", "target": ["half", "x"], "source": ""})
    text = page.document["text"]
    for edit, message in (
        ({"op": "wire", "target": ["half", "x"], "source": "relu"}, "cycle: half -> relu -> half"),
        ({"op": "wire", "target": ["half", "x"], "source": "flag"}, "input 'x' must be .* got bool"),
        ({"op": "set", "place": "half.x", "value": "flag"}, "input 'x' must be .* got bool"),
        ({"op": "wire", "target": ["relu", "features"], "source": "x"}, "has the wire 'half' already"),
    ):
        with pytest.raises(Refused, match=message):
            page.edit(edit)
    page.ask("view")
    assert page.document["text"] == text != before["text"]


def test_what_cannot_be_fed_is_no_input_of_the_graph(page: Page) -> None:
    page.ask("open", path="small.yaml")
    text = page.edit({"op": "add", "name": "s", "block": "Sum"}) and page.document["text"]
    for port, message in (("axis", r"s\.axis: must take a value that can be fed"), ("z", "node 's' has no input 'z'")):
        with pytest.raises(Refused, match=message):
            page.edit({"op": "input", "name": "x", "to": ["s", port]})
    assert page.document["text"] == text


def test_a_card_stands_where_it_was_asked_for_until_it_is_wired(page: Page, folder: Path) -> None:
    def middle(name: str) -> tuple[float, float]:
        card = next(card for card in page.document["scene"]["cards"] if card["id"] == name)
        return card["x"] + card["width"] / 2, card["y"] + card["height"] / 2

    page.ask("open", path="small.yaml")
    version = page.document["version"]
    add = {"op": "add", "name": "free", "block": "Tanh"}
    page.ask("edit", version=version, edits=[add], title="add", at=[700.4, 900.0])
    assert middle("free") == (700.0, 900.0)
    page.edit({"op": "rename", "place": "nodes.free", "name": "renamed"})
    page.edit({"op": "input", "name": "more", "type": "float32[N, 4]"})
    assert middle("renamed") == (700.0, 900.0)
    assert not (folder / "small.layout.json").exists()
    page.edit({"op": "wire", "target": ["renamed", "x"], "source": "relu"})
    assert middle("renamed") != (700.0, 900.0)
    with pytest.raises(Refused, match="'at' must be two numbers, where cards that are added shall be"):
        page.ask("edit", version=page.document["version"], edits=[add], title="add", at=[1, "2"])


def test_cards_that_were_asked_for_somewhere_can_be_put_back(page: Page) -> None:
    page.ask("open", path="small.yaml")
    page.ask("edit", version=page.document["version"], edits=[{"op": "add", "name": "a", "block": "Tanh"}], title="add")
    before = page.document["scene"]
    page.ask("undo", version=page.document["version"])
    edits = [{"op": "add", "name": "a", "block": "Tanh"}]
    page.ask("edit", version=page.document["version"], edits=edits, title="add", at=[700, 900])
    assert page.document["scene"] != before
    page.ask("move", positions={"a": None})
    assert page.document["scene"] == before


def test_random_edits_of_files_are_undone_to_the_byte() -> None:
    report = over_page(8, files=FILES[:: len(FILES) // 8])
    assert report.wrong == [] and report.short == []
    assert report.files >= 8 and report.accepted.total() >= 8 * report.files
    assert report.undone > 3 * report.files and len(report.accepted) > 8 and report.refused.total() > 10


@pytest.mark.slow
def test_more_random_edits_of_all_files_are_undone_to_the_byte() -> None:
    report = over_page(12, seed=1, pictures=False)
    assert report.wrong == []
