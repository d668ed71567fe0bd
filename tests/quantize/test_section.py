"""The section: read, checked against the graph, kept when the graph is saved."""

from __future__ import annotations

from pathlib import Path

import places
import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.emit import flow as written
from dataflow.graphfile.record import Record
from dataflow.quantize.section import Quantization, quantization_section

GRAPH = """dataflow: 1
inputs:
  x: float32[N, 2]
nodes:
  conv1/product: {block: MatMul, inputs: {a: x, b: [[1.0], [2.0]]}}
outputs:
  y: conv1/product
quantization:
  source: float.yaml
  weights: {bits: 4, per: channel, range: mse}
  activations: {bits: 8, range: percentile:99.99}
  overrides:
    conv1: {weights: {bits: 8}}
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "g.yaml"
    path.write_text(text)
    return path


def test_the_section_is_read_and_kept(tmp_path: Path) -> None:
    graph = flow.load(_file(tmp_path, GRAPH))
    section = quantization_section(graph)
    assert section is not None and section.weights is not None and section.activations is not None
    assert (section.weights.bits, section.activations.range) == (4, "percentile:99.99")
    assert section.overrides["conv1"].weights.bits == 8  # type: ignore[union-attr]
    flow.save(graph, tmp_path / "h.yaml")
    assert flow.load(tmp_path / "h.yaml").sections == graph.sections


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("conv1:", "conv2:", "g.yaml:13:5: quantization: overrides: no node is named 'conv2'"),
        ("range: mse", "range: msee", "g.yaml:10:43: quantization 'weights': 'range' must be one of min_max"),
        ("bits: 8, ", "bits: 80, ", "g.yaml:11:23: "),
        ("  source:", "  skip: [conv9]\n  source:", "g.yaml:9:9: quantization: skip: no node is named 'conv9'"),
    ],
)
def test_what_is_wrong_has_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(GraphFileError) as caught:
        flow.load(_file(tmp_path, GRAPH.replace(old, new)))
    assert message in str(caught.value).replace(f"{tmp_path}/", "")


def _rows(record: type[Record], before: str = "") -> list[str]:
    lines = []
    for name, key in record.keys.items():
        default = "" if key.attr.default in (None, {}) else f"`{written(key.attr.default)}`"
        lines.append(f"| `{before}{name}` | {default} | {key.attr.doc[0].upper()}{key.attr.doc[1:]}. |")
        if isinstance(key.kind, type):
            lines += _rows(key.kind, f"{before}{name}.")
    return lines


def test_the_page_has_every_key() -> None:
    keys = "\n".join(_rows(Quantization))
    assert keys in (places.DOCS / "quantization.md").read_text("utf-8"), f"the page must have this table:\n{keys}"


def test_a_graph_without_a_section_has_none() -> None:
    assert quantization_section(flow.Graph("g")) is None
