"""``dataflow sweep``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from quantize.nets import residual_file

import dataflow as flow
from dataflow.cli import group


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = _run("quantize", residual_file(tmp_path, "test"), "-o", tmp_path / "q.yaml", "--weights", "4")
    assert found.exit_code == 0, found.output
    return tmp_path


def _run(*words: object) -> Result:
    return CliRunner().invoke(group, [*map(str, words)])


def _json(*words: object) -> dict[str, object]:
    found = _run("sweep", *words, "--json")
    assert found.exit_code == 0, found.output
    made: dict[str, object] = json.loads(found.output)
    return made


def test_a_parameter_over_values(folder: Path) -> None:
    rows = _json(folder / "q.yaml", "-p", "weight_bits=3..5", "-p", "activation_bits=4,8")["results"]
    assert isinstance(rows, list)
    assert [(row["weight_bits"], row["activation_bits"]) for row in rows] == [(b, a) for b in (3, 4, 5) for a in (4, 8)]
    assert all(rows[i]["SQNR"] < rows[i + 1]["SQNR"] for i in (0, 2, 4))


def test_layers_one_at_a_time_and_the_best_widths(folder: Path) -> None:
    found = _json(folder / "q.yaml", "--sensitivity", "--budget", "4bits", "--bits", "2,4,8")
    assert [row["layer"] for row in found["layers"]] == ["first", "inner", "second", "last"]  # type: ignore[attr-defined]
    budget: dict[str, object] = found["budget"]  # type: ignore[assignment]
    assert budget["cost"] <= budget["of"]  # type: ignore[operator]
    assert budget["measured"] > budget["uniform"]["measured"] - 0.5  # type: ignore[operator, index]
    assert abs(budget["measured"] - budget["predicted"]) < 3  # type: ignore[operator]


def test_the_best_widths_are_written_as_a_recipe(folder: Path) -> None:
    found = _run("sweep", folder / "float.yaml", "--budget", "400B", "-o", folder / "best.yaml")
    assert found.exit_code == 0, found.output
    best = folder / "best.yaml"
    assert found.output.splitlines()[-1] == f"written: {best}; next: dataflow evaluate {best}"
    graph = flow.load(best)
    assert graph.sections["quantization"]["source"] == "float.yaml"
    widths = {name: node.block.num_bits for name, node in graph.nodes.items() if name.endswith("_w_q")}
    assert len(set(widths.values())) > 1
    assert sum(-(-w.size * widths[f"{n}_q"] // 8) for n, w in flow.State(graph).items() if f"{n}_q" in widths) <= 400


def test_the_widths_of_a_quantized_graph_keep_its_source(folder: Path) -> None:
    (folder / ".dataflow").touch()
    (folder / "sub").mkdir()
    assert _run("sweep", folder / "q.yaml", "--budget", "400B", "-o", folder / "sub" / "best.yaml").exit_code == 0
    section = flow.load(folder / "sub" / "best.yaml").sections["quantization"]
    assert section["source"] == "../float.yaml"
    assert section["activations"]["bits"] == 8


def test_a_resumed_sweep_measures_nothing_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _json(folder / "q.yaml", "--sensitivity")
    kept = (folder / "q.sweep.json").read_bytes()
    monkeypatch.setattr("dataflow.quantize.trials.Trials.alone", None)
    assert _json(folder / "q.yaml", "--sensitivity", "--resume") == first
    assert (folder / "q.sweep.json").read_bytes() == kept


def test_predictions_need_no_quantized_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataflow.quantize.trials.Trials.alone", None)
    assert len(_json(folder / "q.yaml", "--predict")["layers"]) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "must be given -p KEY=VALUES, or one of"),
        (("-p", "weight_bits=2..4", "--sensitivity"), "must be given -p KEY=VALUES, or one of"),
        (("--sensitivity", "--bits", "2,99"), "--bits: must be widths from 1 to 16"),
        (("--budget", "some"), "--budget: must be such as 12KiB, 4bits or 1e7BOPs, got 'some'"),
        (("--budget", "3B"), "--budget: must be at least 172 bytes with these widths, got 3B"),
        (("--predict", "-o", "b.yaml"), "-o: must be given with --budget"),
        (("-p", "weight_bits=9..2"), "values must go up"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, words: tuple[str, ...], message: str) -> None:
    found = CliRunner().invoke(group, ["sweep", str(folder / "q.yaml"), *words], standalone_mode=False)
    assert message in str(found.exception)


def test_a_budget_that_is_none_is_told_before_anything_is_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataflow.quantize.trials.Trials.alone", None)
    assert "--budget: must be such as 12KiB" in _run("sweep", folder / "q.yaml", "--budget", "some").output


@pytest.mark.slow  # starts processes
def test_processes_give_the_same_results(folder: Path) -> None:
    alone = _json(folder / "q.yaml", "--sensitivity")
    assert _json(folder / "q.yaml", "--sensitivity", "--jobs", "2") == alone
