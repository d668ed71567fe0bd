"""``dataflow verify``: exit codes and what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from quantize.nets import quantized, residual

import dataflow as flow
from dataflow.cli import group
from dataflow.quantize.lower import lower

X = np.random.default_rng(3).standard_normal((300, 8)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savez(tmp_path / "rows.npz", x=X)
    graph = residual()
    graph.sections = {"data": {"test": {"path": str(tmp_path / "rows.npz"), "inputs": {"x": "x"}}}}
    model = quantized(graph, 4, X)
    flow.save(model.baked(), tmp_path / "q.yaml")
    for rounding in ("half_up", "floor"):
        flow.save(lower(model, rounding).model.baked(), tmp_path / f"{rounding}.yaml")
    return tmp_path


def _verify(folder: Path, graph: str, against: str, *words: str) -> Result:
    return CliRunner().invoke(group, ["verify", str(folder / graph), "--against", str(folder / against), *words],
        standalone_mode=False)  # fmt: skip


def test_what_agrees_exits_with_0(folder: Path) -> None:
    found = _verify(folder, "half_up.yaml", "q.yaml")
    assert found.return_value == 0
    assert found.output.splitlines()[-1].endswith("nodes agree")


def test_what_differs_exits_with_1_and_names_the_rounding(folder: Path) -> None:
    found = _verify(folder, "half_up.yaml", "floor.yaml", "--first")
    assert found.return_value == 1
    assert "first_relu_q" in found.output
    assert "floor" in found.output
    assert "nodes differ; the first is 'first_relu_q'" in found.output


def test_a_tolerance_lets_steps_pass(folder: Path) -> None:
    assert (
        _verify(
            folder, "half_up.yaml", "floor.yaml", "--tolerance", "1000000000step,4611686018427387904ulp"
        ).return_value
        == 0
    )
    assert _verify(folder, "q.yaml", "q.yaml", "--tolerance", "0").return_value == 0


@pytest.mark.parametrize("tolerance", ["1", "step", "2 parts", "-1step"])
def test_other_tolerances_are_refused(folder: Path, tolerance: str) -> None:
    found = _verify(folder, "q.yaml", "q.yaml", "--tolerance", tolerance)
    assert "must be 0, or such as 1step" in str(found.exception)


def test_json_has_every_node(folder: Path) -> None:
    told = json.loads(_verify(folder, "half_up.yaml", "floor.yaml", "--json").output)
    assert told["agree"] is False
    node = next(node for node in told["nodes"] if node["node"] == "first_relu_q")
    assert node["rounding"] == "floor"
    assert node["equal"] + node["by_one"] + node["by_two"] + node["more"] == node["elements"]


def test_rows_may_be_given(folder: Path) -> None:
    np.save(folder / "some.npy", X[:7])
    told = json.loads(_verify(folder, "half_up.yaml", "q.yaml", "-i", f"x={folder}/some.npy", "--json").output)
    assert told["nodes"][0]["elements"] == 7 * 8


def test_an_exported_folder_is_what_a_graph_must_agree_with(folder: Path) -> None:
    made = CliRunner().invoke(group, ["export", str(folder / "q.yaml"), "--to", "mem"])
    assert made.exit_code == 0
    assert _verify(folder, "half_up.yaml", "q.mem").return_value == 0
    found = _verify(folder, "floor.yaml", "q.mem", "--first")
    assert found.return_value == 1
    assert "first_relu_q" in found.output
    assert "half_up" in found.output
    assert "has rows itself" in str(_verify(folder, "q.yaml", "q.mem", "-s", "test").exception)
    (folder / "empty").mkdir()
    assert "manifest.json" in str(_verify(folder, "q.yaml", "empty").exception)
