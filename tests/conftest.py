"""Options of the test suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

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
