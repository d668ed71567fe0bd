"""Sweeps: results in order, kept as they come, gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.quantize.sweep import Kept, Result, run_all, values_of


def _square(key: str) -> Result:
    return {"square": int(key) ** 2}


class _Stops:
    """Work that is interrupted after a number of results."""

    def __init__(self, after: int):
        self.left = after

    def __call__(self, key: str) -> Result:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return _square(key)


KEYS = ["3", "1", "2", "5"]


def test_a_resumed_sweep_is_as_one_that_was_never_stopped(tmp_path: Path) -> None:
    whole = run_all(KEYS, _square, Kept(tmp_path / "a.json", "d"))
    with pytest.raises(KeyboardInterrupt):
        run_all(KEYS, _Stops(2), Kept(tmp_path / "b.json", "d"))
    kept = Kept(tmp_path / "b.json", "d")
    assert [*kept.results] == ["1", "3"]
    counted = _Stops(2)
    assert run_all(KEYS, counted, kept) == whole
    assert counted.left == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_results_of_another_sweep_are_not_used(tmp_path: Path) -> None:
    run_all(KEYS, _square, Kept(tmp_path / "a.json", "one"))
    assert Kept(tmp_path / "a.json", "two").results == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"sweep": 1, "results": []})])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataflowError, match="must be the results of a sweep, got another file"):
        Kept(tmp_path / "a.json", "d")


def test_ticks_count_all() -> None:
    ticks: list[tuple[int, int]] = []
    run_all(KEYS, _square, tick=lambda done, total: ticks.append((done, total)))
    assert ticks == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.slow  # starts processes
def test_processes_give_the_same_results() -> None:
    assert run_all(["b", "a"], len_of, jobs=2) == run_all(["b", "a"], len_of)


len_of = json.dumps  # a function of a module that every process has


@pytest.mark.parametrize(
    ("text", "values"),
    [("2..4", [2, 3, 4]), ("7", [7]), ("1e-3,2", [0.001, 2]), ("true,x", [True, "x"]), ("-2..-1", [-2, -1])],
)
def test_values(text: str, values: list[object]) -> None:
    assert values_of(text) == values


@pytest.mark.parametrize("text", ["", "4..2", "a..b", "1,,2", "1..", "0..5000"])
def test_wrong_values_are_refused(text: str) -> None:
    with pytest.raises(DataflowError, match="values must"):
        values_of(text)
