"""The report as plain data, against its schema."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from quantize.nets import quantized, residual

from dataflow.quantize.model import Model
from dataflow.quantize.report import report, results, worst
from dataflow.training.array_split import ArraySplit

X = np.random.default_rng(1).standard_normal((300, 8)).astype(np.float32)
NUMBER, SHARE, COUNT, TEXT = (int, float), (int, float), int, str
OPTIONAL = (int, float, type(None))
SCHEMA: dict[str, Any] = {
    "report": COUNT,
    "graph": TEXT,
    "rows": COUNT,
    "metrics": dict,
    "answers": [{"wire": TEXT, "sqnr": OPTIONAL, "agreement": OPTIONAL, "parts": dict}],
    "size": {"float": COUNT, "quantized": COUNT, "macs": OPTIONAL, "bops": OPTIONAL},
    "layers": [
        {"node": TEXT, "weights": COUNT, "weight_bits": COUNT, "value_bits": COUNT, "bytes": COUNT, "macs": OPTIONAL,
         "bops": OPTIONAL, "accumulator_bits": OPTIONAL}
    ],
    "nodes": [
        {"node": TEXT, "wire": TEXT, "kind": TEXT, "bits": COUNT, "low": NUMBER, "high": NUMBER, "seen": list,
         "scale": list, "scales": COUNT, "zero_point": list, "codes": list, "clipped": SHARE, "unused": OPTIONAL,
         "sqnr": OPTIONAL, "accumulated": OPTIONAL, "cosine": NUMBER,
         "histogram": {"from": NUMBER, "to": NUMBER, "counts": list}, "rank": OPTIONAL, "why": TEXT,
         "accumulator_bits": OPTIONAL}
    ],
}  # fmt: skip


def _fits(value: Any, schema: Any, where: str = "report") -> None:
    if isinstance(schema, dict):
        assert value.keys() == schema.keys(), where
        for name, inner in schema.items():
            _fits(value[name], inner, f"{where}.{name}")
    elif isinstance(schema, list):
        for i, each in enumerate(value):
            _fits(each, schema[0], f"{where}[{i}]")
    else:
        assert isinstance(value, schema), where


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    graph = residual()
    model = quantized(graph, 4, X, overrides={"inner": {"weights": {"bits": 2}}})
    made: dict[str, Any] = report(model, Model.of(graph), ArraySplit(graph, "x", {"x": X}))
    return made


def test_it_is_json_of_its_schema(plain: dict[str, Any]) -> None:
    _fits(json.loads(json.dumps(plain, allow_nan=False)), SCHEMA)
    assert plain["rows"] == 300


def test_the_first_figures_alone_are_those_of_the_report(plain: dict[str, Any]) -> None:
    graph = residual()
    model = quantized(graph, 4, X, overrides={"inner": {"weights": {"bits": 2}}})
    found = results(model, Model.of(graph), ArraySplit(graph, "x", {"x": X}))
    answers = [{**answer, "parts": {}} for answer in plain["answers"]]
    assert found == {"rows": plain["rows"], "metrics": plain["metrics"], "answers": answers}


def test_the_worst_come_first_and_biases_do_not_count(plain: dict[str, Any]) -> None:
    nodes = worst(plain)
    assert [node["rank"] for node in nodes] == [*range(1, len(nodes) + 1)]
    noise = [node["accumulated"] for node in nodes]
    assert noise == sorted(noise)
    assert not [node for node in nodes if node["kind"] == "bias"]
    assert worst(plain, 2) == nodes[:2]
    (inner,) = [node for node in nodes if node["node"] == "inner_w_q"]
    assert inner["sqnr"] == min(node["sqnr"] for node in nodes)


def test_sizes_are_those_of_the_layers(plain: dict[str, Any]) -> None:
    weights = 8 * 16 + 2 * 16 * 16 + 16 * 3
    assert plain["size"]["float"] == 4 * weights
    assert plain["size"]["quantized"] == (8 * 16 + 16 * 16 + 16 * 3) // 2 + 16 * 16 // 4
    assert plain["size"]["macs"] == weights
    assert all(layer["accumulator_bits"] <= 16 for layer in plain["layers"])


def test_parts_of_the_error_are_shares_of_the_whole(plain: dict[str, Any]) -> None:
    (answer,) = plain["answers"]
    assert sum(part["share"] for part in answer["parts"].values()) == pytest.approx(1.0)
