"""Calibration: the same statistics whoever runs which rows when."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import dense, residual
from quantize.observing import RUN, Whole, calibration, drawn, observed, written

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.core.thread_pool import ThreadLimit
from dataflow.graph.node import Link
from dataflow.quantize.calibration import BATCH, Observed, calibrate
from dataflow.quantize.model import Model
from dataflow.quantize.ranges import clipped, range_of
from dataflow.training.array_split import ArraySplit


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(whole: Whole, threads: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    with ThreadLimit(threads):
        found = calibration(drawn(5 * RUN + 77)).statistics()
    assert written(found, tmp_path_factory.mktemp("threads")) == whole[2]


def test_what_is_kept_is_what_all_values_say(whole: Whole) -> None:
    run, found, _ = whole
    values = run.runs.data.rows()["x"]
    seen = found.wires["x"]
    assert (seen.low, seen.high, seen.total, seen.not_finite) == (values.min(), values.max(), values.size, 0)
    assert seen.channels is not None
    np.testing.assert_array_equal(seen.channels, [values.min(0), values.max(0)])
    assert seen.batches is not None
    starts = [row for first in range(0, len(values), RUN) for row in range(first, min(first + RUN, len(values)), BATCH)]
    np.testing.assert_array_equal(seen.batches[:, 0], np.minimum.reduceat(values.min(1), starts))
    np.testing.assert_array_equal(seen.batches[:, 1], np.maximum.reduceat(values.max(1), starts))


def test_samples_are_spread_over_the_rows() -> None:
    values = np.repeat(np.arange(1000, dtype=np.float32), 8).reshape(1000, 8)
    found = calibration(values, samples=10).statistics()
    assert found.row_count == 10
    assert found.wires["x"].high == 900
    assert calibration(values, samples=5000).statistics().row_count == 1000
    assert calibration(values).about.rows[0].digest != calibration(values, samples=10).about.rows[0].digest


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    values = drawn(100)
    values[3, 2], values[40, 1], values[41, 1] = np.nan, np.inf, -np.inf
    seen = calibration(values).statistics().wires["x"]
    assert seen.not_finite == 3
    assert seen.total == values.size
    assert (seen.low, seen.high) == (values[np.isfinite(values)].min(), values[np.isfinite(values)].max())
    assert seen.batches is not None
    assert np.isnan(seen.batches).all(1).tolist() == [True, True, False, False]


def test_channels_apart() -> None:
    model = Model.of(residual())
    wires = {"x": Observed(Link("x", "output"), -1, True)}
    values = drawn(300)
    seen = calibrate(model, ArraySplit(model.graph, "train", {"x": values}), wires).wires["x"]
    low, high = range_of(seen)
    np.testing.assert_array_equal(low, values.min(0))
    np.testing.assert_array_equal(high, values.max(0))
    assert clipped(seen, low, high) == 0


def test_parts_are_all_rows_once_and_know_what_they_have_seen() -> None:
    run = calibration(drawn(5 * RUN + 77))
    parts = [run.part(number, 3) for number in (1, 2, 3)]
    assert parts == [(0, 2 * RUN), (2 * RUN, 4 * RUN), (4 * RUN, 5 * RUN + 77)]
    with pytest.raises(DataflowError, match="must be divided into 6 parts at most, of 512 rows each, got 7"):
        run.part(1, 7)
    told: list[tuple[int, int]] = []
    first = run.statistics(parts[0], lambda *rows: told.append(rows))
    assert told == [(RUN, 2 * RUN), (2 * RUN, 2 * RUN)]
    assert run.is_done_by(first, parts[0])
    assert not run.is_done_by(first, parts[1])
    assert not run.is_done_by(first)
    assert not calibration(drawn(5 * RUN + 77, seed=1)).is_done_by(first, parts[0])
    assert not calibration(drawn(5 * RUN + 77), samples=5 * RUN).is_done_by(first, parts[0])


def test_what_cannot_be_calibrated_is_told() -> None:
    graph = flow.Graph("two")
    x, y = graph.input("x", "float32", ["N", 8]), graph.input("y", "float32", ["N", 8])
    graph.output("z", dense(graph, x + y, "layer", 4, np.random.default_rng(0)))
    model = Model.of(graph)
    data = ArraySplit(graph, "train", {"x": drawn(40)})
    with pytest.raises(DataflowError, match=r"data 'train': must feed 'y' to calibrate with, got none"):
        calibrate(model, data, observed(graph, "layer"))
    assert calibrate(model, data, observed(graph, "x")).row_count == 40
    with pytest.raises(DataflowError, match="data 'train': must have rows to calibrate with, got none"):
        calibrate(model, ArraySplit(graph, "train", {"x": drawn(0)}), observed(graph, "x"))
    with pytest.raises(
        DataflowError, match="part must begin and end at multiples of 512 rows, or at the end, 40, got 3"
    ):
        calibrate(model, data, observed(graph, "x"), part=(3, 40))
