"""A sweep tells what it has measured as it goes, and again when it is ended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dataflow.core.cancellation import Cancelled
from dataflow.core.errors import DataflowError
from dataflow.studio.jobs import quantization
from dataflow.studio.jobs.call import Call, Memory, Told
from dataflow.studio.jobs.quantization import Trained
from dataflow.studio.jobs.source import Source
from dataflow.studio.jobs.sweep import Sweep

TEXT = """dataflow: 1
name: net
inputs: {x: 'float32[N, 6]'}
nodes:
  w1: {block: Variable, attrs: {dtype: float32, shape: [6, 8], initializer: he_normal}}
  first: {block: MatMul, inputs: [x, w1]}
  hidden: {block: Relu, inputs: [first]}
  w2: {block: Variable, attrs: {dtype: float32, shape: [8, 3], initializer: he_normal}}
  second: {block: MatMul, inputs: [hidden, w2]}
outputs: {y: second}
data: {test: {path: rows.npz, inputs: {x: x}}}
"""


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    np.savez(tmp_path / "rows.npz", x=np.random.default_rng(0).random((40, 6), np.float32))
    path = tmp_path / "net.yaml"
    path.write_text(TEXT)
    return Trained(Source(str(path)), path, tmp_path / "net.checkpoints")


TABLE = "SQNR in dB, the weights of one layer rounded"


class Heard(Call):
    """A call that keeps what it is told, and is cancelled when it is checked the so-manieth time."""

    def __init__(self, last: int = 0):
        self.events: list[Told] = []
        self._left = last
        super().__init__(self.events.append)

    def check(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.cancelled.set()
        super().check()

    def found(self) -> list[list[tuple[str, list[str]]]]:
        """The layers and widths of each event that has any."""
        results = [event["result"] for event in self.events]
        assert all(result is None or isinstance(result, dict) for result in results)
        return [
            [(row["layer"], [key for key in row if key != "layer"]) for row in result[TABLE]]
            for result in results
            if isinstance(result, dict)
        ]


TWO, BOTH = ["2 bits"], ["2 bits", "4 bits"]
WHOLE = [("first", BOTH), ("second", BOTH)]
GROWING = [[("first", TWO)], [("first", BOTH)], [("first", BOTH), ("second", TWO)], WHOLE]


def test_results_come_one_by_one(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantization, "TOLD", 0.0)
    call = Heard()
    done = Sweep(trained, "2,4").work(call, Memory())
    assert isinstance(done, dict)
    found = call.found()
    assert found == [*GROWING, WHOLE]
    assert call.events[-1]["result"] == done["result"]
    assert [event["done"] for event in call.events] == [0, 1, 2, 3, 4, 4]


@pytest.mark.parametrize("often", [0.0, 1e9])  # seconds between events; a sweep may be faster than it tells
def test_one_that_is_ended_tells_what_it_has(trained: Trained, monkeypatch: pytest.MonkeyPatch, often: float) -> None:
    monkeypatch.setattr(quantization, "TOLD", often)
    call = Heard(last=3)
    with pytest.raises(Cancelled):
        Sweep(trained, "2,4").work(call, Memory())
    assert call.found()[-1] == GROWING[1]
    assert call.events[-1]["message"] == "2 of 4 measurements"


def test_a_budget_that_is_none_is_told_before_anything_is_measured(trained: Trained) -> None:
    call = Heard()
    with pytest.raises(DataflowError, match="best within must be such as 12KiB"):
        Sweep(trained, "2,4", budget="much").work(call, Memory())
    assert call.events == []


def test_one_that_is_too_small_is_told_with_all_that_was_measured(trained: Trained) -> None:
    call = Heard()
    with pytest.raises(DataflowError, match="best within must be at least 18 bytes with these widths, got 3B"):
        Sweep(trained, "2,4", budget="3B").work(call, Memory())
    assert call.found()[-1] == WHOLE
