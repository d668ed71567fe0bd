"""``dataflow export``: what is written where, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from quantize.nets import quantized, residual

import dataflow as flow
from dataflow.cli import group

X = np.random.default_rng(3).standard_normal((50, 8)).astype(np.float32)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    np.savez(tmp_path / "rows.npz", x=X)
    made = quantized(residual(), 8, X).baked()
    made.sections = {
        "quantization": {"weights": {"bits": 8}, "rounding": "half_even"},
        "data": {"test": {"path": str(tmp_path / "rows.npz"), "inputs": {"x": "x"}}},
    }
    flow.save(made, tmp_path / "q.yaml")
    return tmp_path / "q.yaml"


def _export(*words: object) -> Result:
    return CliRunner().invoke(group, ["export", *map(str, words)])


@pytest.mark.parametrize(("target", "suffix"), [("vectors", ".npy"), ("mem", ".mem")])
def test_a_folder_beside_the_graph(graph: Path, target: str, suffix: str) -> None:
    found = _export(graph, "--to", target, "--samples", 3)
    folder = graph.with_suffix(f".{target}")
    assert found.output.startswith(f"written: {folder}: ")
    told = json.loads((folder / "manifest.json").read_text())
    assert told["rows"] == 3
    assert [*told["rounding"]] == ["half_even"]
    assert {path.suffix for path in folder.iterdir()} == {suffix, ".json"}


def test_rows_may_be_given(graph: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "some.npy", X[:2])
    assert _export(graph, "--to", "vectors", "-i", f"x={tmp_path}/some.npy", "-o", tmp_path / "v").exit_code == 0
    assert json.loads((tmp_path / "v" / "manifest.json").read_text())["rows"] == 2


def test_encodings(graph: Path, tmp_path: Path) -> None:
    assert _export(graph, "--to", "encodings", "-o", tmp_path / "e.json").output == f"written: {tmp_path}/e.json\n"
    assert set(json.loads((tmp_path / "e.json").read_text())["activations"]) >= {"x_q", "joined_q"}


def test_the_graph_and_folders_of_others_stay(graph: Path, tmp_path: Path) -> None:
    before = graph.read_bytes()
    assert "is the graph, which -o would replace" in str(_export(graph, "--to", "c", "-o", graph).exception)
    assert "got other files" in str(_export(graph, "--to", "mem", "-o", tmp_path).exception)
    assert graph.read_bytes() == before


def test_c_is_one_file_and_is_not_written_where_it_cannot_be_made(graph: Path, tmp_path: Path) -> None:
    assert _export(graph, "--to", "c").output == f"written: {tmp_path}/q.h: 21 nodes, a test of 4 rows\n"
    assert "rounding half_even" in (tmp_path / "q.h").read_text()
    plain = residual()
    plain.sections = {"data": flow.load(graph).sections["data"]}
    flow.save(plain, tmp_path / "f.yaml")
    assert "must compute with integers to be exported" in str(_export(tmp_path / "f.yaml", "--to", "c").exception)
    assert not (tmp_path / "f.h").exists()
