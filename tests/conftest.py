"""Options of the test suite, and the fixture with which graph files are written and read."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# What is tested is what is installed, though `python -m pytest` puts the current folder first, which may be a checkout.
ROOT = str(Path(__file__).resolve().parents[1])
sys.path.sort(key=ROOT.__eq__)
os.environ["PYTHONSAFEPATH"] = "1"  # the same for the processes that tests start

import dataflow as flow  # noqa: E402

# Shells start what runs in the background deaf to Ctrl+C, and so would be the processes that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# the same examples on every machine, however slow
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden",
        type=Path,
        default=Path(__file__).parent / "golden",
        metavar="DIR",
        help="folder of the recorded vectors to replay; default: tests/golden",
    )
    parser.addoption(
        "--update-programs",
        action="store_true",
        help="write anew what each pass of the planner makes, tests/engine/programs",
    )


def pytest_configure(config: pytest.Config) -> None:
    """One folder for compiled loops: no test takes what was compiled before, and no two of them compile the same."""
    if not hasattr(config, "workerinput"):  # the processes that share the tests have the environment of this one
        os.environ["DATAFLOW_CACHE"] = folder = tempfile.mkdtemp(prefix="dataflow-compiled-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: those of a compressed file tell the second at which it was packed, and
    processes that share the tests must find the same names.
    """
    return argname if isinstance(val, bytes | bytearray) else None


@pytest.fixture(scope="session", autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests run outside the checkout: what they need is installed, or found from where they are."""
    with contextlib.chdir(tmp_path_factory.mktemp("elsewhere")):
        yield


@pytest.fixture(scope="session")
def numba() -> Any:
    """The compiler; where there is none the test is skipped."""
    return pytest.importorskip("numba", reason="compiled kernels are an extra: pip install 'dataflow-blocks[jit]'")


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., flow.Graph]:
    """Writes a graph file and loads it; the folder is a project and the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()

    def load(text: str | bytes, path: str = "graph.yaml", **params: Any) -> flow.Graph:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(text if isinstance(text, bytes) else f"dataflow: 1\n{text}".encode())
        return flow.load(path, **params)

    return load
