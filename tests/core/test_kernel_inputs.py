"""What the kernel of a block is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from small_blocks import Ranged, Scaled

from dataflow.core.dtypes import Array
from dataflow.core.random import Key
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType


def test_a_kernel_gets_contiguous_arrays_where_it_asks_for_them() -> None:
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    number = np.float32(1)
    like, *_ = Ranged().in_order([turned, number, turned, number])
    assert like is turned  # only its shape is read
    _, _, x, _ = Ranged().in_order([turned, number, turned, number])
    assert x.flags.c_contiguous and (x == turned).all()
    (pair,) = blocks["AddN"]().in_order([(turned, x)])
    assert all(array.flags.c_contiguous for array in pair) and pair[1] is x
    assert Scaled(factor=2).kernel_args([turned])[0] is turned  # it asks for nothing


def test_inputs_that_are_precomputed_are_replaced_by_one_result() -> None:
    x, low, high = np.float32([-2, 0, 9]), np.float32(-1), np.float32(5)
    args = Ranged().kernel_args([x, np.asarray(low), x, np.asarray(high)])
    assert (len(args), args[2]) == (3, (low, high))
    assert Ranged()(x, low, x, high).tolist() == [-1, 0, 5]


def test_a_result_is_precomputed_anew_only_for_other_bits() -> None:
    block, zero = Ranged(), np.zeros((), np.float32)
    Ranged.made.clear()
    for low, high in ((0.0, 1.0), (0.0, 1.0), (-0.0, 1.0), (0.0, 2.0), (0.0, 2.0)):
        block.precomputed([np.array(high, np.float32), np.array(low, np.float32)])
    assert [high for _, high in Ranged.made] == [1.0, 1.0, 2.0]
    assert block.precomputed([zero, zero]) is block.precomputed([zero.copy(), zero.copy()])


def test_a_result_of_large_inputs_is_not_remembered() -> None:
    calls = []
    holding = type("Holding", (Ranged,), {"precompute": lambda self, high, low: calls.append(1)}, abstract=True)()
    large = np.zeros(1 << 14, np.float32)  # 64 KiB, beside one more number
    for _ in range(2):
        holding.precomputed([large, np.zeros(1, np.float32)])
    assert len(calls) == 2


def test_a_kernel_that_draws_gets_the_key() -> None:
    class Drawn(Scaled, abstract=True):
        def kernel(self, x: Array, key: Key | None = None) -> Any:
            return x + (100 if key is None else key.seed)

    outputs = [TensorType("float32", (1,))]
    assert Drawn(factor=2).compute([np.float32([1])], outputs, key=Key(7))[0].tolist() == [8]
    assert Drawn(factor=2)(np.float32([1])).tolist() == [101]


def test_kernels_run_without_warnings() -> None:
    with np.errstate(all="raise"):
        assert np.isinf(Scaled(factor=2).compute([np.float32([3e38])], [TensorType("float32", (1,))])[0]).all()
