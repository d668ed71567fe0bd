"""Calibration over files takes memory by the wires that are observed, not by the rows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from quantize.large_calibration import measure, write_rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="private memory is read from /proc, which Linux has"),
]


def test_more_rows_take_no_more_memory(tmp_path: Path) -> None:
    found = []
    for size in (16_000_000, 160_000_000):
        path = tmp_path / f"{size}.npy"
        write_rows(path, size)
        found.append(measure(path))
    assert found[1]["rows"] > 9 * found[0]["rows"]
    assert found[1]["private"] < 120_000_000
    assert found[1]["private"] < found[0]["private"] + 15_000_000  # of 144 MB more
