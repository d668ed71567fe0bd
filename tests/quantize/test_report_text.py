"""The report as tables."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import quantized, residual

from dataflow.quantize.model import Model
from dataflow.quantize.report import report
from dataflow.quantize.report_text import size_of, tables
from dataflow.training.array_split import ArraySplit

X = np.random.default_rng(1).standard_normal((50, 8)).astype(np.float32)


def test_tables_have_results_errors_layers_and_nodes() -> None:
    graph = residual()
    plain = report(quantized(graph, 4, X), Model.of(graph), ArraySplit(graph, "x", {"x": X}))
    results, error, layers, nodes = tables(plain, 3)
    assert [row[0] for row in results.rows] == [
        "SQNR of last_sum",
        "same largest value",
        "weights",
        "bit operations a row",
    ]
    assert error.headers[0] == "error of last_sum"
    assert [row[0] for row in layers.rows] == ["first", "inner", "second", "last"]
    assert nodes.headers[-3:] == ("SQNR alone", "SQNR accumulated", "why")
    assert len(nodes.rows) == 3
    assert all(len(row) == len(table.headers) for table in (results, error, layers, nodes) for row in table.rows)
    assert max(len("  ".join(map(str, row))) for row in nodes.rows) < 100


def test_a_share_that_rounds_to_nothing_has_no_sign() -> None:
    graph = residual()
    plain = report(quantized(graph, 4, X), Model.of(graph), ArraySplit(graph, "x", {"x": X}))
    plain["answers"][0]["parts"] = {"bias": {"share": -0.0004, "db": None}, "weights": {"share": -0.021, "db": None}}
    assert [row[1] for row in tables(plain)[1].rows] == ["0.0 %", "-2.1 %"]


@pytest.mark.parametrize(("count", "told"), [(0, "0 B"), (1023, "1023 B"), (10640, "10.39 KiB"), (3 * 2**20, "3 MiB")])
def test_sizes_are_said_as_people_say_them(count: int, told: str) -> None:
    assert size_of(count) == told
