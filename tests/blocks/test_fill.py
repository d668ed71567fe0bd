"""Zeros and ones like another array: of every dtype, size and layout."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core import dtypes


@pytest.mark.parametrize("dtype", blocks["ZerosLike"].T)
@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (300, 400)], ids=str)
def test_every_element_in_the_shape_and_dtype_of_the_other(shape, dtype):
    for array in (x := np.full(shape, 1, dtypes.storage(dtype)), x.T, np.repeat(x, 2, -1)[..., ::2] if shape else x):
        for name in ("ZerosLike", "OnesLike"):
            if name == "OnesLike" and dtype not in blocks[name].T:
                continue
            made = blocks[name]()(array)
            assert made.shape == array.shape and made.dtype == array.dtype
            number = blocks["Cast"](DstT=dtype)(0 if name == "ZerosLike" else 1)
            assert made.tobytes() == number.tobytes() * made.size
