"""Texts of graph files, and what stands on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.editing.text import Text, document_at, text_on_disk

CLEAN = "dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: 1.0}}\n"


def test_a_text_knows_its_mark_its_spans_and_its_layout() -> None:
    text = Text(document_at("g.yaml", "\ufeff" + CLEAN))
    assert text.whole == "\ufeff" + CLEAN
    assert [entry.key for entry in text.spans.entries] == ["dataflow", "nodes"]
    assert text.in_layout and not Text(document_at("g.yaml", CLEAN.replace("a: {", "a:   {"))).in_layout
    assert not Text(document_at("g.yaml", CLEAN), in_layout=False).in_layout  # as far as it was told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "g.yaml:1:1: a graph file must be a mapping, got a list"),
        ("a: [", "not YAML"),
        ("", "got an empty file"),
    ],
)
def test_what_is_no_graph_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(GraphFileError, match=message):
        Text(document_at("g.yaml", text))


def test_what_stands_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    assert text_on_disk(str(path)) is None
    path.write_bytes(b"\xef\xbb\xbfa: [\r\n")
    assert text_on_disk(str(path)) == "\ufeffa: [\r\n"  # also of what is wrong
    assert text_on_disk("dataflow:none.yaml") is None
    assert text_on_disk("dataflow:basic/matmul.yaml") == document_at("dataflow:basic/matmul.yaml", None).text
