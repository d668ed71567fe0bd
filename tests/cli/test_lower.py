"""``dataflow lower``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from quantize.nets import quantized, residual

import dataflow as flow
from dataflow.cli import group

X = np.random.default_rng(3).standard_normal((50, 8)).astype(np.float32)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "q.yaml"
    made = quantized(residual(), 8, X).baked()
    made.sections = {"quantization": {"weights": {"bits": 8}, "rounding": "half_even"}}
    flow.save(made, path)
    return path


def _lower(*words: object) -> tuple[int, str]:
    found = CliRunner().invoke(group, ["lower", *map(str, words)])
    return found.exit_code, found.output


def test_the_integer_graph_is_written_and_what_it_has_is_told(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "int8.yaml"
    code, told = _lower(graph, "-o", out)
    assert code == 0
    assert told.splitlines()[-2:] == [
        f"written: {out}: 4 integer products, 6 times sums to codes (half_even)",
        f"next: dataflow verify {out} --against {graph}",
    ]
    before, after = flow.run(flow.load(graph), x=X)["y"], flow.run(flow.load(out), x=X)["y"]
    np.testing.assert_allclose(after, before, rtol=0.02, atol=0.02)
    assert flow.load(out).sections["quantization"]["rounding"] == "half_even"


def test_the_rounding_may_be_chosen(graph: Path, tmp_path: Path) -> None:
    code, told = _lower(graph, "-o", tmp_path / "a.yaml", "--rounding", "floor", "--multiplier", "power_of_two")
    assert code == 0
    assert told.splitlines()[-2].endswith("(floor)")
    assert flow.load(tmp_path / "a.yaml").nodes["joined_q"].block.rounding == "floor"


def test_a_graph_without_quantizers_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path, out = tmp_path / "f.yaml", tmp_path / "o.yaml"
    made = residual()
    flow.save(made, path)
    code, _ = _lower(path, "-o", out)
    assert code == 1
    assert not out.exists()


def test_the_graph_itself_is_never_written_onto(graph: Path) -> None:
    assert _lower(graph, "-o", graph)[0] == 1


def test_a_graph_that_was_not_trained_says_so(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    made = quantized(residual(), 8, X).graph
    made.sections = {"train": {"epochs": 2}}
    flow.save(made, path)
    found = CliRunner().invoke(group, ["lower", str(path), "-o", str(tmp_path / "o.yaml")])
    assert "checkpoints" in str(found.exception)
