"""Tables larger than the memory that reading them takes."""

from __future__ import annotations

import sys

import pytest
from training.data.large_tables import train_once, write_table

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc, which Linux has"),
]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_gigabyte_trains_in_half_the_memory(tmp_path, ending):
    path = tmp_path / f"large.{ending}"
    write_table(path, 1_000_000_000)
    assert path.stat().st_size >= 1_000_000_000
    found = train_once(path)
    assert found["memory"] < 500_000_000
    assert found["loss"] < 5  # of the epoch in mean; it begins with 10
