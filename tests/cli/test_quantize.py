"""``dataflow quantize``: options become the recipe, the file is whole, `-p` still sets the widths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from quantize.nets import X, residual_file

import dataflow as flow
from dataflow.cli import group


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return residual_file(tmp_path, "train")


def _quantize(*words: object) -> str:
    found = CliRunner().invoke(group, ["quantize", *map(str, words)], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def _error(graph: Path, reference: Path, **params: object) -> float:
    found, exact = flow.run(flow.load(graph, **params), x=X)["y"], flow.run(flow.load(reference), x=X)["y"]
    return float(np.square(found - exact).mean())


def test_layers_are_told_and_what_comes_next(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "q.yaml"
    told = _quantize(graph, "-o", out, "--weights", "4", "--activations", "6:min_max")
    assert "first: 4-bit weights by channel (mse), 6-bit activations (min_max)" in told
    assert told.rstrip().endswith(f"written: {out}; next: dataflow evaluate {out}")
    section = flow.load(out).sections["quantization"]
    assert section["weights"] == {"bits": 4}
    assert section["activations"] == {"bits": 6, "range": "min_max"}
    assert section["source"] == graph.name


def test_the_source_is_named_from_the_folder_of_the_graph_that_is_written(graph: Path, tmp_path: Path) -> None:
    (tmp_path / ".dataflow").touch()
    (tmp_path / "sub").mkdir()
    _quantize(graph, "-o", tmp_path / "sub" / "q.yaml")
    source = flow.load(tmp_path / "sub" / "q.yaml").sections["quantization"]["source"]
    assert (tmp_path / "sub" / source).resolve() == graph.resolve()
    assert source.startswith("../")


def test_other_ranges_need_no_rows(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "q.yaml"
    _quantize(graph, "-o", out)
    before = dict(flow.State(flow.load(out)))
    told = CliRunner().invoke(group, ["calibrate", str(out), "--range", "percentile:95", "--in-place"]).output
    assert f"{tmp_path / 'q.stats.npz'}: 300 rows, kept already, no row was run" in told
    after = dict(flow.State(flow.load(out)))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    sides = {"x/min", "x/max", "second_sum/min", "second_sum/max"}
    assert changed == {*sides, "first_relu/max", "inner_relu/max", "joined/max"}
    assert all(np.abs(after[name]) < np.abs(before[name]) for name in changed)


def test_widths_stay_params_of_the_file(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "q.yaml"
    _quantize(graph, "-o", out)
    errors = [_error(out, graph, weight_bits=bits, activation_bits=bits) for bits in (3, 5, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < errors[0] / 100


def test_weights_may_be_rounded_by_what_comes_out(graph: Path, tmp_path: Path) -> None:
    errors = {}
    for rounding in ("nearest", "gptq"):
        out = tmp_path / f"{rounding}.yaml"
        told = _quantize(graph, "-o", out, "--weights", "3", "--rounding-of-weights", rounding, "--override", "last=w2")
        assert (f"last: weights rounded by {rounding}, squared error" in told) == (rounding != "nearest")
        errors[rounding] = _error(out, graph)
    assert errors["gptq"] < errors["nearest"]


def test_nodes_may_differ_and_be_left_out(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "q.yaml"
    _quantize(graph, "-o", out, "--override", "first=w2", "--skip", "last", "--float-bias")
    made = flow.load(out)
    assert made.nodes["first_w_q"].block.num_bits == 2
    assert made.nodes["inner_w_q"].block.num_bits == 8
    assert "last_w_q" not in made.nodes
    assert not [node for node in made.nodes.values() if type(node.block).__name__ == "QuantizeBias"]


def test_the_widths_of_nodes_are_written_though_they_are_the_usual_ones(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "q.yaml"
    _quantize(graph, "-o", out, "--weights", "4", "--override", "first=w8a8")
    section = flow.load(out).sections["quantization"]
    assert section["overrides"] == {"first": {"weights": {"bits": 8}, "activations": {"bits": 8}}}


def test_a_recipe_may_be_a_file(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("quantization:\n  weights: {bits: 3, per: tensor}\n")
    _quantize(graph, "-o", tmp_path / "q.yaml", "--recipe", tmp_path / "r.yaml")
    made = flow.load(tmp_path / "q.yaml")
    assert made.nodes["first_w_q"].block.attrs() == {"num_bits": 3}
    assert "x_q" not in made.nodes


def test_wrong_recipes_are_told_with_their_file(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("weights: {bits: 4\n")
    found = CliRunner().invoke(group, ["quantize", str(graph), "-o", "q.yaml", "--recipe", str(tmp_path / "r.yaml")])
    assert isinstance(found.exception, flow.DataflowError)
    assert "r.yaml:1:10" in str(found.exception)
    for text, said in (
        ("skp: [x]", "r.yaml: has no key 'skp'; did you mean 'skip'?"),
        ("weights: {bitz: 4}", "has no key 'bitz'; did you mean 'bits'?"),
    ):
        (tmp_path / "r.yaml").write_text(text)
        found = CliRunner().invoke(
            group, ["quantize", str(graph), "-o", "q.yaml", "--recipe", str(tmp_path / "r.yaml")]
        )
        assert isinstance(found.exception, flow.DataflowError)
        assert "r.yaml: " in str(found.exception)
        assert said in str(found.exception)


def test_json_names_the_file_and_what_was_done(graph: Path, tmp_path: Path) -> None:
    import json

    told = json.loads(_quantize(graph, "-o", tmp_path / "q.yaml", "--json", "--activations", "float"))
    assert told["graph"] == str(tmp_path / "q.yaml")
    assert told["notes"][0] == "first: 8-bit weights by channel (mse)"


def test_statistics_stand_for_rows_unless_weights_are_rounded_by_them(graph: Path, tmp_path: Path) -> None:
    stats = tmp_path / "s.npz"
    found = CliRunner().invoke(group, ["calibrate", str(graph), "--stats-only", "--stats", str(stats)])
    assert found.exit_code == 0, found.output
    (tmp_path / "rows.npz").unlink()
    _quantize(graph, "-o", tmp_path / "q.yaml", "--stats", stats)
    words = ["quantize", str(graph), "-o", "r.yaml", "--stats", str(stats), "--rounding-of-weights", "gptq"]
    with pytest.raises(flow.DataflowError, match=r"rows\.npz"):
        CliRunner().invoke(group, words, catch_exceptions=False)
