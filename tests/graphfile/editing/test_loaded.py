"""The load of a text in hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.graphfile.editing.changes import Put
from dataflow.graphfile.editing.loaded import LoadedEditor

TEXT = "dataflow: 1\nparams:\n  n: 2\nnodes:\n  a: {block: ./inner.yaml, attrs: {n: $n}}\n"
INNER = "dataflow: 1\nparams:\n  n: 1\nnodes:\n  c: {block: Const, attrs: {value: $n}}\noutputs: {y: c}\n"


@pytest.fixture
def file(tmp_path: Path) -> LoadedEditor:
    (tmp_path / "inner.yaml").write_text(INNER)
    return LoadedEditor(tmp_path / "g.yaml", TEXT)


def test_a_load_is_kept_as_long_as_the_text_is(file: LoadedEditor) -> None:
    first = file.context()
    assert file.context() is first and [*first.graph.nodes] == ["a/c"]
    file.change([Put(("name",), "g")])
    assert file.context() is not first and file.context().graph.name == "g"
    file.twin().change([Put(("name",), "h")])
    assert file.context().graph.name == "g"


def test_problems_are_those_of_the_files_as_they_are_now(file: LoadedEditor, tmp_path: Path) -> None:
    assert file.problems() == []
    (tmp_path / "inner.yaml").write_text(INNER.replace("Const", "Konst"))
    assert file.context().problems() == [] and "no block 'Konst'" in file.problems()[0].message
    assert file.problems(file.problems()) == []


def test_params_and_texts_that_are_given(file: LoadedEditor, tmp_path: Path) -> None:
    file.given(
        {"n": 7}, {str((tmp_path / "inner.yaml").resolve()): INNER.replace("c: {", "k: {").replace("y: c", "y: k")}
    )
    (node,) = file.context().graph.nodes.values()
    assert node.name == "a/k" and node.block.attrs()["value"] == 7
