"""Numbers of channels as rows: one for each element, remembered."""

from __future__ import annotations

import numpy as np

from dataflow.engine.element_args import ElementArgs


def test_a_row_has_the_number_of_each_elements_channel() -> None:
    args = ElementArgs(None, (np.float32(7), np.float32([1, 2])))
    row = args.row(1, 3, 2)
    assert row.tolist() == [1, 1, 1, 2, 2, 2] * 2 and row.dtype == np.float32
    assert args.row(1, 3, 2) is row
    assert args.row(1, 1, 2).tolist() == [1, 2, 1, 2]
