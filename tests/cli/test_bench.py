"""``dataflow bench``: finds the benchmarks of the source tree, and hands its options on."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest


def test_outside_a_source_tree_it_says_where_to_go(dataflow, folder):
    code, out, err = dataflow("bench", "--quick")
    assert (code, out) == (2, "")
    assert f"must run in a source tree of dataflow-blocks, which has {Path('tests', 'benchmarks')}; got {folder}" in err


@pytest.mark.parametrize(
    "options, given",
    [
        ([], ("full", None, None, "all")),
        (["--quick", "--only", "add", "--save", "r.json", "--peers", "none"], ("quick", "add", "r.json", "none")),
    ],
)
@pytest.mark.parametrize("within", [".", "dataflow/engine"])
def test_in_a_source_tree_the_suite_gets_the_options(dataflow, folder, monkeypatch, options, given, within):
    Path("pyproject.toml").touch()
    Path("tests/benchmarks").mkdir(parents=True)
    Path("tests/benchmarks/suite.py").touch()
    Path(within).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(within)
    monkeypatch.setattr(sys, "path", [*sys.path])
    calls, load = [], importlib.import_module
    suite = SimpleNamespace(main=lambda *args: calls.append((sys.path[0], *args)) or 5)
    monkeypatch.setattr(importlib, "import_module", lambda name: suite if name == "benchmarks.suite" else load(name))
    assert dataflow("bench", *options) == (5, "", "")
    assert calls == [(str(folder / "tests"), *given)]
