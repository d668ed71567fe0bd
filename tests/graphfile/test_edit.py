"""`flow.edit`, and random edits of all graph files."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from fuzz_edits.attempts import attempt
from fuzz_edits.campaign import FILES, campaign
from fuzz_edits.oracle import said

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.editing import acceptance
from dataflow.graphfile.editing.written import Writer
from dataflow.graphfile.load import read
from dataflow.graphfile.spans import Span


@pytest.mark.slow
def test_random_edits_say_what_they_should_and_nothing_else() -> None:
    report = campaign(500)
    assert report.wrong == []
    assert report.edits >= 500 and report.on_graphs > 20 and report.refused.total() < 50


@pytest.mark.slow
def test_more_random_edits() -> None:
    report = campaign(4000, seed=1)
    assert report.wrong == []


def test_random_edits_find_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptance, "said", lambda *tree: "")  # so that all is accepted that can be parsed
    shared = [path for path in FILES if path.stem in ("anchored_node", "anchors", "merge_keys")]
    assert any("says another thing" in problem for problem in campaign(100, files=shared).wrong)


def test_edits_that_are_gathered_come_to_what_they_do_one_by_one() -> None:
    made = 0
    for path in FILES:
        rng, alone, gathered = random.Random(path.name), flow.edit(path), flow.edit(path)
        start, edits = alone.text, []
        for count in range(8):
            drawn = attempt(rng, alone, count)
            if drawn is not None and not drawn.same:
                with suppress(GraphFileError):
                    drawn.make(alone)
                    edits.append(drawn)
        with gathered.together("all"), gathered.gathered():
            for each in edits:
                each.make(gathered)
        assert said(gathered.tree) == said(alone.tree), path
        assert gathered.in_layout == alone.in_layout, path
        made += len(edits)
        gathered.undo()
        assert gathered.text == start, path
    assert made > 200


def test_files_are_many_and_hard() -> None:
    names = {path.stem for path in FILES}
    assert len(FILES) > 55 and {"cnn", "json_lines", "merge_keys", "crlf_byte_order_mark"} <= names


def test_an_edit_of_a_file_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text("dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: 1.0}}  # one\n")
    file = flow.edit(path)
    file.set("a.value", 2.5)
    file.set("outputs.a", "a")
    assert not file.problems()
    file.save()
    assert path.read_text() == (
        "dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: 2.5}}  # one\n\noutputs:\n  a: a\n"
    )
    assert flow.run(flow.load(path))["a"] == 2.5


def test_ports_and_attrs_of_files_have_short_names(tmp_path: Path) -> None:
    file = flow.edit("dataflow:digits/cnn.yaml")
    file.set("conv1.filters", 16)
    file.set("conv1.x", "image")
    assert "    inputs: {x: image}\n    attrs: {filters: 16, training: $training}\n" in file.text
    with pytest.raises(GraphFileError, match=r"node 'conv1' has no 'filter'; did you mean 'filters'\?"):
        file.set("conv1.filter", 16)
    with pytest.raises(GraphFileError, match="no node, input or section 'conv3'; did you mean 'conv"):
        file.set("conv3.filters", 16)


def test_edits_of_hundreds_of_nodes_read_the_text_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[str] = []

    class Counted(Writer):
        def __init__(self, text: str, at_source: bool, root: Span | None = None):
            passes.append(text)
            super().__init__(text, at_source, root)

    monkeypatch.setattr(acceptance, "Writer", Counted)
    nodes = [f"  n{i}: {{block: Relu, inputs: {{features: {f'n{i - 1}' if i else 'x'}}}}}" for i in range(300)]
    text = "\n".join(["dataflow: 1", "inputs: {x: float32}", "nodes:", *nodes, "outputs: {y: n299, z: n150}", ""])
    names = [f"n{i}" for i in range(100, 200)]
    edits: dict[str, Callable[[flow.Editor], object]] = {
        "delete": lambda file: file.delete(names),
        "reconnect": lambda file: file.delete(names[::-1], reconnect=True),
        "paste": lambda file: file.paste(file.copy(names), after="n7"),
        "elsewhere": lambda file: file.paste("\n".join(nodes[::2]).replace("n", "k")),
        "extract": lambda file: file.extract(names, "inner", "inner.yaml"),
    }
    for title, edit in edits.items():
        file = flow.edit("g.yaml", text)
        passes.clear()
        edit(file)
        assert file.text != text and len(passes) < 8, title
        assert file.undo() and file.text == text and not file.undo()


def test_a_graph_that_is_wrong_can_be_edited(tmp_path: Path) -> None:
    file = flow.edit(tmp_path / "new.yaml", "dataflow: 1\nnodes:\n  a: {block: Rellu}\n")
    assert "did you mean 'Relu'" in str(file.problems()[0])
    file.set("a.block", "Relu")
    file.set("a.features", 1.0)
    assert file.problems() == [] and not (tmp_path / "new.yaml").exists()


def test_the_text_of_a_file_need_not_be_saved(tmp_path: Path) -> None:
    text = "dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: 1.0}}\n  b: {block: Relu, inputs: {features: c}}\n"
    context = read(tmp_path / "none.yaml", text=text)
    assert [*context.graph.nodes] == ["a"] and len(context.problems()) == 1
    assert context.document.text == text and context.wires["a"]["output"].type.dtype == "float32"
    assert read("dataflow:none.yaml", text=text).problems()[0].message.startswith("the package has no file")


def test_a_twin_tries_edits_on_the_text_as_it_is_now(tmp_path: Path) -> None:
    text = (
        "dataflow: 1\ninputs:\n  x: float32\nnodes:\n  a: {block: Neg, inputs: [x]}\n  b: {block: Relu, inputs: [a]}\n"
    )
    file = flow.edit(tmp_path / "g.yaml", text)
    file.extract(["a"], "inner", "inner.yaml")
    twin = file.twin()
    assert twin.text == file.text and twin.undo_title == "" and twin.problems() == []  # though no file is written yet
    twin.delete("b")
    assert "b: {" in file.text and "b: {" not in twin.text and file.undo_title == "extract inner"
    twin.undo()
    assert twin.text == file.text and not twin.undo()
