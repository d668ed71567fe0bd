"""What commands advise can be done at the command line; what Python advises, in Python."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.cli import main
from dataflow.engine import jit

GRAPH = "dataflow: 1\ninputs: {x: 'float32[N]'}\nnodes:\n  y: {block: Relu, inputs: {features: x}}\noutputs: {y: y}\n"
PYTHON = re.compile(r"\.astype|graph\.\w+|plan\.at|max_bytes|x=\.\.\.|x=\[|dataflow\.\w+|DATAFLOW_\w+")
COMMAND = re.compile(r" -[ip]\b|--\w|`dataflow")


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """What a command prints on standard error, in a folder with a graph and an array of float64."""
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text(GRAPH)
    Path("no_outputs.yaml").write_text(GRAPH.replace("outputs: {y: y}\n", ""))
    Path("unknown.yaml").write_text(GRAPH.replace("Relu", "Zzyzx"))
    np.save("wide.npy", np.ones(3))
    np.save("x.npy", np.ones(3, np.float32))
    np.save("text.npy", np.array(["a"]))

    def run(*args: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main([*args])
        out = capsys.readouterr()
        assert ended.value.code or "no shapes yet" in out.out, out
        return out.err or out.out

    return run


@pytest.mark.parametrize(
    ("args", "advice"),
    [
        (["run", "g.yaml"], "input 'x' must be fed float32[N], got nothing; feed it with -i x=FILE"),
        (["run", "g.yaml", "-i", "x=wide.npy"], "input 'x' must be float32, got float64; save it as float32"),
        (["run", "g.yaml", "-i", "x=x.npy", "--max-bytes", "1"], "give smaller inputs or a larger --max-bytes"),
        (["run", "g.yaml", "--plan"], "no shapes yet for x: float32[N]; feed them with -i NAME=FILE"),
        (["run", "no_outputs.yaml"], "must have outputs to run, got none; name one under 'outputs'"),
        (["check", "unknown.yaml"], "no block 'Zzyzx'; `dataflow blocks` lists them all"),
    ],
)  # fmt: skip
def test_commands_advise_what_a_command_can_do(told, args: list[str], advice: str) -> None:
    text = told(*args)
    assert advice in text
    assert not PYTHON.search(text), text


@pytest.mark.parametrize(
    "call",
    [
        lambda: flow.run(flow.load("g.yaml")),
        lambda: flow.run(flow.load("g.yaml"), x=np.ones(3)),
        lambda: flow.run(flow.load("g.yaml"), x=np.ones(3, np.float32), max_bytes=1),
        lambda: flow.plan(flow.load("g.yaml")).at({}),
        lambda: flow.run(flow.load("no_outputs.yaml")),
        lambda: flow.load("unknown.yaml"),
        lambda: flow.blocks["Zzyzx"],
    ],
)
def test_python_advises_what_python_can_do(told, call) -> None:
    with pytest.raises(flow.DataflowError) as caught:
        call()
    text = str(caught.value)
    assert PYTHON.search(text) and not COMMAND.search(text), text


def test_kernels_that_are_not_there_are_told_by_their_option(told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "available", lambda: False)
    monkeypatch.delenv("DATAFLOW_KERNELS", raising=False)
    text = told("run", "g.yaml", "--kernels", "jit", "-i", "x=x.npy")
    assert text == "--kernels must have Numba installed for 'jit', got none; pip install 'dataflow-blocks[jit]'\n"
    monkeypatch.setenv("DATAFLOW_KERNELS", "jit")
    text = told("run", "g.yaml", "-i", "x=x.npy")
    assert text.startswith("environment variable DATAFLOW_KERNELS must have Numba installed for 'jit', got none; pip")
