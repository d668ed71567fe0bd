"""The recipes of docs/training_in_python.md, run with a stand-in for the module that each is for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import places
import pytest

pytestmark = pytest.mark.slow

TEXT = (places.DOCS / "training_in_python.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
GRAPH = re.search(r"^<!-- line\.yaml -->\n```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)[1]
LOG = """
import atexit, contextlib, json
calls = []
atexit.register(lambda: open("calls.json", "w").write(json.dumps(calls)))
def note(name):
    return lambda *args, **named: calls.append([name, *args, named])
"""
MLFLOW = (
    LOG
    + """
log_params, log_metrics, log_artifact = note("params"), note("metrics"), note("artifact")
start_run = contextlib.nullcontext
"""
)
WANDB = (
    LOG
    + """
class Run(contextlib.nullcontext):
    def __enter__(self): return self
    log, save = staticmethod(note("metrics")), staticmethod(note("artifact"))
def init(project, config):
    note("params")(config)
    return Run()
"""
)


def recipe(word: str) -> str:
    return next(block for block in BLOCKS if f"import {word}" in block)


def run(code: str, folder: Path) -> str:
    (folder / "line.yaml").write_text(GRAPH)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(("module", "source"), [("mlflow", MLFLOW), ("wandb", WANDB)])
def test_what_is_logged(module: str, source: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text(source)
    run(recipe(module), tmp_path)
    params, *metrics, artifact = json.loads((tmp_path / "calls.json").read_text())
    assert params[:2] == ["params", {"rate": 0.5}]
    assert [call[0] for call in metrics] == ["metrics"] * 3 and [call[2] for call in metrics] == [
        {"step": n} for n in (1, 2, 3)
    ]
    losses = [call[1]["loss"] for call in metrics]
    assert losses == sorted(losses, reverse=True) and losses[0] > 1 > losses[-1] > 0
    assert artifact[:2] == ["artifact", "trained.npz"] and (tmp_path / "trained.npz").exists()


def test_the_search(tmp_path: Path) -> None:
    before = next(block for block in BLOCKS if "flow.Estimator" in block)
    assert "'rate': 0.5" in run(before + recipe("GridSearchCV"), tmp_path)
