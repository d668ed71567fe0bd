"""What lies beside a graph is never imported, however the command is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dataflow as flow

pytestmark = pytest.mark.slow

HOSTILE = "print('hostile'); raise SystemExit(9)\n"
LIBRARIES = ("yaml", "numpy", "click", "rich", "networkx", "ml_dtypes", "numba", "threadpoolctl")
NAMES = (*LIBRARIES, "json", "logging", "pathlib", "evil")
GRAPH = """\
dataflow: 1
nodes:
  x: {block: Const, attrs: {value: 1.5}}
  y: {block: Neg, inputs: {x: x}}
outputs: {y: y}
"""
SCRIPT = Path(sys.executable).with_name("dataflow.exe" if os.name == "nt" else "dataflow")


@pytest.fixture
def folder(tmp_path):
    """A graph, and modules and a plugin that lie in wait for whoever looks into the current folder."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(HOSTILE)
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "__init__.py").write_text(HOSTILE)
    info = tmp_path / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dataflow.blocks]\nevil = evil\n")
    (tmp_path / "g.yaml").write_text(GRAPH)
    return tmp_path


def started(*command, cwd, **variables):
    # without what has coverage import modules as soon as Python starts
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH" and not k.startswith("COVERAGE")}
    environment = kept | variables
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


WAYS = {
    "script": [SCRIPT],
    "module": [sys.executable, "-m", "dataflow"],
    "module with an option": [sys.executable, "-X", "utf8", "-mdataflow"],
    "safe path": [sys.executable, "-P", "-m", "dataflow"],
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_in_the_current_folder_is_imported(folder, way):
    done = started(*WAYS[way], "check", "g.yaml", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "g.yaml: ok, 2 nodes\n", "")
    done = started(*WAYS[way], "run", "g.yaml", "--json", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"y": -1.5}\n', "")


def test_a_path_that_was_asked_for_stays(folder):
    done = started(*WAYS["module"], "check", "g.yaml", cwd=folder, PYTHONPATH=str(folder))
    assert (done.returncode, done.stdout) == (9, "hostile\n")


def test_a_source_tree_runs_itself(tmp_path):
    for package in ("dataflow", "blocks"):
        shutil.copytree(Path(flow.__file__).parents[1] / package, tmp_path / package)
    with (tmp_path / "dataflow" / "__init__.py").open("a") as file:
        file.write("\n__version__ = '0.own'\n")
    with (tmp_path / "blocks" / "__init__.py").open("a") as file:
        file.write("\nprint('own blocks')\n")
    (tmp_path / "g.yaml").write_text(GRAPH)
    assert started(*WAYS["module"], "--version", cwd=tmp_path).stdout == "dataflow, version 0.own\n"
    assert started(*WAYS["module"], "check", "g.yaml", cwd=tmp_path).stdout == "own blocks\ng.yaml: ok, 2 nodes\n"


def test_other_modules_that_use_this_package_keep_their_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("import dataflow\n")
    (tmp_path / "mine" / "dataflow.py").write_text("import other\nprint('mine')\n")
    (tmp_path / "other.py").write_text("")
    done = started(sys.executable, "-m", "mine.dataflow", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("mine\n", "")
