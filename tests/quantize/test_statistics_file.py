"""Files of statistics: all that ranges follow from, and what is damaged is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quantize.observing import WIRES, Whole

from dataflow.core.errors import DataflowError
from dataflow.quantize.ranges import range_of
from dataflow.quantize.statistics_file import read_statistics

METHODS = ("min_max", "percentile:99", "mse", "entropy", "moving_average:0.9")


@pytest.mark.parametrize("method", METHODS)
def test_a_file_gives_every_range_without_data(whole: Whole, method: str, tmp_path: Path) -> None:
    _, found, content = whole
    path = tmp_path / "again.stats.npz"
    path.write_bytes(content)
    again = read_statistics(path)
    for name in WIRES:
        for bits, symmetric in ((8, False), (4, True)):
            here, there = (range_of(each.wires[name], method, bits, symmetric) for each in (found, again))
            assert [end.tobytes() for end in here] == [end.tobytes() for end in there]


@pytest.mark.parametrize("at", range(40, 4000, 211))
def test_a_damaged_file_is_told(whole: Whole, at: int, tmp_path: Path) -> None:
    damaged = bytearray(whole[2])
    damaged[at] ^= 0x55
    path = tmp_path / "damaged.stats.npz"
    path.write_bytes(damaged)
    try:
        again = read_statistics(path)
    except DataflowError as error:
        assert str(error).startswith(f"{path}: is no whole file of statistics: ")
    else:  # a byte that says nothing, such as a time
        assert again.wires.keys() == whole[1].wires.keys()


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, x=np.zeros(3))
    with pytest.raises(DataflowError, match="must be statistics of format 1, got something else"):
        read_statistics(path)
    with pytest.raises(DataflowError, match="must be a file of statistics, got none; `dataflow calibrate` writes it"):
        read_statistics(tmp_path / "none.stats.npz")
