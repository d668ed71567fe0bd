"""What the shell offers when Tab is pressed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from dataflow.cli import group


def offered(*words: str) -> list[str]:
    """What may stand for the last word."""
    *args, begun = words
    return [
        item.value for item in ShellComplete(group, {}, "dataflow", "_DATAFLOW_COMPLETE").get_completions(args, begun)
    ]


def test_commands() -> None:
    assert offered("pre") == ["predict"]


def test_graphs_are_files() -> None:
    shell = ShellComplete(group, {}, "dataflow", "_DATAFLOW_COMPLETE")
    for command in ("run", "check", "show", "train"):
        assert [item.type for item in shell.get_completions([command], "gra")] == ["file"]


def test_blocks_in_upper_and_lower_case() -> None:
    assert offered("blocks", "FakeQuantWithMinMaxA")[0] == "FakeQuantWithMinMaxArgs"
    assert {"MatMul", "MatrixInverse"} <= set(offered("blocks", "mat"))
    assert "Mul" in offered("blocks", "mul")


def test_examples() -> None:
    assert offered("examples", "layers/d") == ["layers/dense", "layers/dropout"]


def test_what_is_in_the_graph(folder: Path) -> None:
    assert offered("grad", "line.yaml", "--of", "") == ["y", "x", "product"]
    assert offered("grad", "line.yaml", "--wrt", "x,pro") == ["x,product"]
    assert offered("run", "line.yaml", "-i", "") == ["x="]
    assert offered("run", "line.yaml", "-p", "sl") == ["slope="]
    assert offered("check", "line.yaml", "-p", "") == ["slope="]
    assert set(offered("evaluate", "learn.yaml", "-s", "")) == {"train", "more", "test"}


def test_nothing_where_the_graph_is_wrong(folder: Path) -> None:
    Path("wrong.yaml").write_text("dataflow: 1\nnodes: {y: {block: Zzyzx}}\n")
    for path in ("wrong.yaml", "not_there.yaml"):
        for option in ("-i", "-s", "-p"):
            assert offered("run", path, option, "") == []


def test_nothing_is_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("my_blocks.py").write_text("raise SystemExit('ran')")
    monkeypatch.delenv("DATAFLOW_THREADS", raising=False)
    assert offered("run", "line.yaml", "--blocks", "my_blocks.py", "--threads", "2", "-i", "") == ["x="]
    assert "DATAFLOW_THREADS" not in os.environ


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    environment = {**os.environ, "_DATAFLOW_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-m", "dataflow"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert f"_DATAFLOW_COMPLETE={shell}_complete" in done.stdout and done.returncode == 0
    environment |= {"_DATAFLOW_COMPLETE": f"{shell}_complete", "COMP_WORDS": "dataflow blocks Rel", "COMP_CWORD": "2"}
    if shell == "fish":  # which gives the word itself
        environment["COMP_CWORD"] = "Rel"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Relu6" in done.stdout
