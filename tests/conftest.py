"""Options of the test suite, and the fixture with which graph files are written and read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

import dataflow as flow

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


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Writes a graph file and loads it; the folder is a project and the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()

    def load(text, path="graph.yaml", **params):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(text if isinstance(text, bytes) else f"dataflow: 1\n{text}".encode())
        return flow.load(path, **params)

    return load
