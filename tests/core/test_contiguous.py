"""Copies in the order of elements: those of NumPy, for axes of every size and order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from dataflow.core.contiguous import FEW, _columns, contiguous, copied


@pytest.mark.parametrize("dtype", ["bool", "float16", "float32", "complex128"])
@pytest.mark.parametrize(
    "shape", [(256, 1024), (1024, 256), (8, 64, 512), (512, 3, 128), (33, 1000), (), (5,)], ids=str
)
def test_every_order_of_axes(shape, dtype):
    array = (np.arange(np.prod(shape, dtype=int)) % 2039).astype(dtype).reshape(shape)
    for order in permutations(range(array.ndim)):
        for given in (array.transpose(order), array.transpose(order)[..., ::-1] if shape else array):
            made = copied(given)
            assert made.flags.c_contiguous and made.shape == given.shape and made.dtype == given.dtype
            assert made.tobytes() == given.tobytes()
            assert not np.shares_memory(made, given)


def test_a_number_repeated_in_memory_is_copied_like_any():
    for shape, axis in (((1024, 1024), 0), ((1024, 1024), 1)):
        once = np.arange(1024.0, dtype=np.float32).reshape([1, 1024] if axis == 0 else [1024, 1])
        assert copied(np.broadcast_to(once, shape)).tobytes() == np.broadcast_to(once, shape).tobytes()


def test_columns_that_fall_on_the_same_lines_go_a_few_at_a_time():
    square = np.empty((1024, 1024), np.float32)
    assert _columns(square.T) == 16  # 4096 bytes apart
    assert _columns(np.empty((1024, 768), np.float32).T) == 32  # 3072
    assert _columns(np.empty((1000, 1000), np.float32).T) is None
    assert _columns(square) is None
    assert _columns(np.empty((8, 1024), np.float32).T[: FEW // 8]) is None


def test_what_is_contiguous_or_missing_stays_as_it_is():
    plain = np.zeros((3, 4))
    turned = np.zeros((4, 3)).T
    first, nothing, other = contiguous((plain, None, turned))
    assert first is plain and nothing is None and other.flags.c_contiguous
