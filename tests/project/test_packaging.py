"""What other projects use of this one: its commands, its hooks, its action."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import places
import pytest
import yaml
from click.testing import CliRunner

from dataflow.cli import group

ROOT = places.ROOT
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def test_the_command_has_the_name_of_the_package_too() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"]["dataflow"] == project["scripts"][project["name"]]


def test_hooks_are_commands() -> None:
    assert [hook["id"] for hook in HOOKS] == ["dataflow-check", "dataflow-fmt"]
    for hook in HOOKS:
        assert hook.keys() == {"id", "name", "description", "entry", "language", "types", "files"}
        program, *command = hook["entry"].split()
        assert (program, hook["language"]) == ("dataflow", "python")
        assert CliRunner().invoke(group, [*command, "--help"]).exit_code == 0


def test_what_the_action_takes_is_no_code() -> None:
    steps = ACTION["runs"]["steps"]
    assert all("inputs." not in step.get("run", "") for step in steps)  # but comes by the environment
    assert {"graphs", "python-version"} == ACTION["inputs"].keys()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the action runs in bash")
def test_the_check_of_the_action(tmp_path: Path) -> None:
    step = next(step for step in ACTION["runs"]["steps"] if step.get("name") == "check")
    for name, block in {"right": "Relu", "wrong file": "Rellu"}.items():
        path = tmp_path / "graphs" / "deep" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"dataflow: 1\nnodes:\n  y: {{block: {block}, inputs: {{features: 1.0}}}}\noutputs: {{y: y}}\n")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "dataflow").write_text(f"#!/bin/sh\nexec '{sys.executable}' -m dataflow \"$@\"\n")
    (folder / "dataflow").chmod(0o755)

    def ran(graphs: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "GRAPHS": graphs}
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    done = ran(ACTION["inputs"]["graphs"]["default"])
    assert done.returncode == 1
    assert "graphs/deep/right.yaml: ok, 1 nodes" in done.stdout
    assert "::error file=graphs/deep/wrong file.yaml,line=3,col=14,title=dataflow check::node 'y'" in done.stdout
    assert ran("graphs/deep/right.yaml").returncode == 0
    nothing = ran("none/*.yaml")
    assert nothing.returncode == 1 and "no file is named by none/*.yaml" in nothing.stdout
    assert ran("none/*.yaml $(touch pwned)").returncode == 1
    assert not (tmp_path / "pwned").exists()
