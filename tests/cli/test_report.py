"""``dataflow report``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from quantize.nets import residual_file

import dataflow as flow
from dataflow.cli import group
from dataflow.quantize.model import Model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = _run("quantize", residual_file(tmp_path, "test"), "-o", tmp_path / "q.yaml", "--weights", "4")
    assert found.exit_code == 0, found.output
    return tmp_path


def _run(*words: object) -> Result:
    return CliRunner().invoke(group, [*map(str, words)])


def test_the_tables_say_what_it_costs_and_why(folder: Path) -> None:
    found = _run("report", folder / "q.yaml", "--worst", "2")
    assert found.exit_code == 0, found.output
    assert "SQNR of last_sum" in found.output
    assert len(found.output.rpartition("why\n")[2].splitlines()) == 2


def test_the_source_that_the_section_names_is_the_reference(folder: Path) -> None:
    plain = json.loads(_run("report", folder / "q.yaml", "--json").output)
    graph = flow.load(folder / "float.yaml")
    flow.save(Model.of(graph, {"last_b": np.full(3, 9, np.float32)}).baked(), folder / "other.yaml")
    moved = json.loads(_run("report", folder / "q.yaml", "--json", "--against", folder / "other.yaml").output)
    assert moved["answers"][0]["sqnr"] < plain["answers"][0]["sqnr"] - 10


def test_a_graph_without_quantizers_is_told_how_to_get_them(folder: Path) -> None:
    found = CliRunner().invoke(group, ["report", str(folder / "float.yaml")], standalone_mode=False)
    assert "float.yaml: must have quantizers, got none; `dataflow quantize` puts them in" in str(found.exception)


def test_a_source_that_is_gone_is_told(folder: Path) -> None:
    assert "warning" not in _run("report", folder / "q.yaml").output
    (folder / "float.yaml").unlink()
    found = _run("report", folder / "q.yaml")
    assert found.exit_code == 0
    (line,) = [line for line in found.output.splitlines() if line.startswith("warning: ")]
    assert "float.yaml" in line
    assert "without its quantizers" in line


def test_a_page_and_json_are_written(folder: Path) -> None:
    for name in ("r.html", "r.json"):
        found = _run("report", folder / "q.yaml", "-o", folder / name, "--samples", "40")
        assert found.output.splitlines()[-1] == f"written: {folder / name}"
    assert (folder / "r.html").read_text().startswith("<!doctype html>")
    assert json.loads((folder / "r.json").read_text())["rows"] == 40


def test_other_endings_are_refused_before_any_work(folder: Path) -> None:
    found = CliRunner().invoke(group, ["report", str(folder / "q.yaml"), "-o", "r.pdf"], standalone_mode=False)
    assert "-o: must end in .html or .json, got r.pdf" in str(found.exception)
