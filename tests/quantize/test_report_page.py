"""The page: well-formed, without requests, with everything that the data has."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quantize.nets import quantized, residual

from dataflow.graph.graph import Graph
from dataflow.quantize.model import Model
from dataflow.quantize.report import report
from dataflow.quantize.report_page import page
from dataflow.training.array_split import ArraySplit

X = np.random.default_rng(1).standard_normal((50, 8)).astype(np.float32)
VOID = {"meta", "link", "br"}


class _Checked(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, Any], Graph]:
    graph = residual()
    graph.name = "<b>net & co</b>"
    model = quantized(graph, 4, X)
    return report(model, Model.of(graph), ArraySplit(graph, "x", {"x": X})), model.baked()


def test_the_page_is_whole_and_asks_for_nothing(made: tuple[dict[str, Any], Graph]) -> None:
    text = page(*made)
    checked = _Checked()
    checked.feed(text)
    assert checked.open == []
    assert checked.links == []
    assert not re.search(r"url\(|@import|<script|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "default-src 'none'" in text


def test_names_are_text_and_never_markup(made: tuple[dict[str, Any], Graph]) -> None:
    text = page(*made)
    assert "<b>net" not in text
    assert "&lt;b&gt;net &amp; co&lt;/b&gt;" in text


def test_every_node_and_layer_is_there(made: tuple[dict[str, Any], Graph]) -> None:
    text = page(*made)
    for node in made[0]["nodes"]:
        assert node["kind"] == "bias" or f"<b>{node['node']}</b>" in text
    assert text.count("<figure>") == sum(node["kind"] != "bias" for node in made[0]["nodes"])


def test_curves_are_drawn_where_there_was_a_training(made: tuple[dict[str, Any], Graph], tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    assert "per epoch" not in page(*made, history)
    history.write_text("epoch,step,loss,validation_loss,note\n1,5,2.0,2.5,a\n2,10,1.0,1.5,b\n")
    text = page(*made, history)
    assert "<b>loss</b> per epoch, of validation in orange" in text
    assert text.count("polyline") == 2
