"""Commands run in this process, and a folder with graphs and arrays for them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from cli.graphs import FAILING, LEARN, LINE

from dataflow.cli import main


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def dataflow(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Runs a command; no traceback may be printed, and what it sets in the environment is taken back."""
    for name in ("DATAFLOW_THREADS", "DATAFLOW_KERNELS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def run(*args: object) -> Done:
        with pytest.raises(SystemExit) as ended, warnings.catch_warnings():
            warnings.simplefilter("always")  # which the tests make errors
            main([str(arg) for arg in args])
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        assert "-v" in args or "Traceback" not in said.out + said.err
        return Done(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a line with a slope, a graph that learns the slope 3, one that fails, and arrays."""
    monkeypatch.chdir(tmp_path)
    Path(".dataflow").touch()
    for name, text in (("line", LINE), ("learn", LEARN), ("failing", FAILING)):
        Path(f"{name}.yaml").write_text(text)
    np.save("x.npy", np.array([1, 2], np.float32))
    np.savez("data.npz", points=np.array([3], np.float32), others=np.array([4], np.float32))
    ones = np.ones(8, np.float32)
    np.savez("ones.npz", x=ones, t=3 * ones, zeros=0 * ones)
    return tmp_path


@pytest.fixture
def trained(folder: Path, dataflow: Callable[..., Done]) -> Path:
    """The folder after the graph that learns was trained; its validation, on zeros, likes the first epoch best."""
    assert dataflow("train", "learn.yaml").code == 0
    return folder
