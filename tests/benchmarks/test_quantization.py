"""What the figures of quantization are held against, and that those kept are not measured again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .quantization import Kept, Network, Step, Task, Way, measured, steps, told


def _nothing(network: Network) -> dict[str, float]:
    raise AssertionError(f"{network} was run again")


@pytest.mark.parametrize(
    ("key", "limit", "values", "fine"),
    [
        ("drop", 0.5, [0.1, 0.3], True),  # 0.2 and an error of 0.1
        ("drop", 0.25, [0.1, 0.3], False),
        ("sqnr", 40.0, [41.0, 43.0], True),
        ("sqnr", 41.5, [41.0, 43.0], False),
        ("largest", 1.0, [0.0, 0.0, 0.0, 2.0], False),  # for every seed, though the mean is 0.5
        ("rule", 100.0, [100.0, 100.0], True),
        ("rule", 100.0, [100.0, 99.9999], False),
    ],
)
def test_limits(key: str, limit: float, values: list[float], fine: bool) -> None:
    line, held = told(Step("way", _nothing, {key: limit}), [{key: value} for value in values])
    assert held == fine
    assert ("NOT within" in line) == (not fine)


def test_a_figure_without_a_limit_is_told() -> None:
    line, held = told(Step("way", _nothing), [{"drop": 0.25, "seconds": 2.0}, {"drop": 0.75, "seconds": 4.0}])
    assert held
    assert line == "way: drop +0.500 ± 0.250 (worst +0.750); 3.0 s"


def test_what_is_kept_is_not_measured_again(tmp_path: Path) -> None:
    task = Task(tmp_path / "no_such.yaml", ("test",), [Way("4/channel:mse", "8:mse", correct=True)], epochs=1)
    names = [step.name for step in steps(task)]
    assert names == ["float", "weights 4/channel:mse, values 8:mse, biases corrected"]
    lines = [json.dumps([seed, name, {"drop": seed + 0.5}]) + "\n" for seed in range(2) for name in names]
    (tmp_path / "figures.jsonl").write_text("".join(lines), encoding="utf-8")
    assert Kept(tmp_path / "figures.jsonl").found[1, "float"] == {"drop": 1.5}
    assert [[each["drop"] for each in figures] for _, figures in measured(steps(task), task, 2, tmp_path)] == [
        [0.5, 1.5]
    ] * 2


def test_ways_are_recipes() -> None:
    way = Way("2/channel:mse", "8:percentile:99.9", rounding="adaround", learn="lsq")
    assert way.low
    assert way.plain == {
        "weights": {"bits": 2, "per": "channel", "range": "mse", "rounding": "adaround"},
        "activations": {"bits": 8, "range": "percentile:99.9"},
        "bias": {},
        "learn": "lsq",
    }
