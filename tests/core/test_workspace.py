"""Binding: what kernels work in is counted and laid out, and a block called on arrays keeps its last kernel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from dataflow.core.block import Block, In, Out, TensorType
from dataflow.core.random import Key
from dataflow.core.scratch import ALIGNMENT, aligned
from dataflow.core.thread_pool import ThreadLimit
from dataflow.core.workspace import KEPT, Workspace, counted

BOUND: list[tuple[TensorType, ...]] = []


class TimesOfBound(Block, abstract=True):
    """``x * n``, by memory of the size of ``x``."""

    x = In("float32", "values")
    n = In("int32", "factor", shape=(), static=True)
    y = Out("float32", "values")

    def shape_of(self, x: TensorType, n: TensorType) -> Any:
        return x.shape

    def bind(self, memory: Workspace, x: TensorType, n: TensorType) -> Any:
        """The kernel, which multiplies by the factor that it is bound to."""
        BOUND.append((x, n))
        value: Any = n.value
        held = memory.array(int(np.prod(x.sizes)), np.float32).reshape(x.sizes)
        memory.borrowed += 7
        memory.kept += 1000 * int(value == 99)

        def kernel(x: Any, n: Any, out: Any = None) -> Any:
            np.copyto(held, x)
            return np.multiply(held, np.float32(value), out=out)

        return kernel


@pytest.fixture
def block() -> TimesOfBound:
    BOUND.clear()
    return TimesOfBound()


def times_bound() -> int:
    """How often it was bound to memory: each time it was counted before."""
    return len(BOUND) // 2


def test_arrays_are_counted_without_memory() -> None:
    memory = Workspace()
    array = memory.array(1 << 50, np.float64)
    assert (memory.nbytes, array.shape, array.reshape(1 << 20, -1).shape) == (8 << 50, (1 << 50,), (1 << 20, 1 << 30))
    memory.array(1, np.int8)
    assert memory.nbytes == (8 << 50) + ALIGNMENT


def test_arrays_do_not_overlap_and_are_aligned() -> None:
    wanted = [((5,), np.float32), ((0,), np.int8), ((3,), np.float64), ((100,), np.bool_)]
    counting = Workspace()
    counting.arrays(*wanted)
    space = aligned(counting.nbytes)
    arrays = Workspace(space).arrays(*wanted)
    for i, array in enumerate(arrays):
        array.fill(i)
    assert [(a.size, a.dtype.type, a.sum()) for a in arrays] == [
        (5, np.float32, 0),
        (0, np.int8, 0),
        (3, np.float64, 6),
        (100, np.bool_, 100),
    ]
    assert all(a.ctypes.data % ALIGNMENT == 0 and np.may_share_memory(a, space) for a in arrays if a.size)


def test_what_is_bound_and_borrowed_is_its_workspace(block: TimesOfBound) -> None:
    types = TensorType("float32", (30, 10)), TensorType("int32", (), np.array(2))
    assert (counted(block, types).nbytes, block.workspace(*types)) == (1216, 1223)
    types = types[0], TensorType("int32", (), np.array(99))
    assert block.workspace(*types) == 2223


def test_the_last_kernel_is_kept(block: TimesOfBound) -> None:
    x = np.arange(6, dtype=np.float32)
    for _ in range(3):
        assert block(x, 3).tolist() == [0, 3, 6, 9, 12, 15]
    assert times_bound() == 1
    assert block(x, 2).tolist() == [0, 2, 4, 6, 8, 10]  # another value of a static input
    assert block(x.reshape(2, 3), 2).shape == (2, 3)
    assert times_bound() == 3
    with ThreadLimit(3):
        block(x.reshape(2, 3), 2)
    assert times_bound() == 4


def test_each_thread_has_a_kernel_of_its_own(block: TimesOfBound) -> None:
    x = np.ones(4, np.float32)
    block(x, 1)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(block, x, 1).result().tolist() == [1, 1, 1, 1]
    assert times_bound() == 2


def test_large_memory_is_given_back(block: TimesOfBound) -> None:
    x = np.ones(KEPT // 4 + 1, np.float32)
    assert block(x, 5).sum() == 5 * x.size
    assert "_bound" not in block.__dict__
    assert block(x, 5).sum() == 5 * x.size
    assert times_bound() == 2


def test_without_kernel_and_binding_it_says_so() -> None:
    class Nothing(Block, abstract=True):
        x = In("float32", "values")
        y = Out("float32", "values", shape=())

    with pytest.raises(TypeError, match="Nothing: a block must have a kernel, got none; write one"):
        Nothing()(np.float32(1))


def test_a_kernel_takes_the_place_of_what_a_base_binds() -> None:
    class Doubled(TimesOfBound, abstract=True):
        def kernel(self, x: Any, n: Any) -> Any:
            return x + x

    class Bound(Doubled, abstract=True):
        def bind(self, memory: Workspace, x: TensorType, n: TensorType) -> Any:
            """The kernel that adds one."""
            return lambda x, n, out=None: np.add(x, np.float32(1), out)

    assert (Doubled.takes_out, Bound.takes_out, Doubled.bind) == (False, True, None)
    assert Doubled()([1.0, 2.0], 5).tolist() == [2, 4]
    assert Bound()([1.0, 2.0], 5).tolist() == [2, 3]


def test_a_kernel_may_call_what_a_base_binds(block: TimesOfBound) -> None:
    class Plus(TimesOfBound, abstract=True):
        def kernel(self, x: Any, n: Any) -> Any:
            return super().kernel(x, n) + 1

    class Once(Plus, abstract=True):
        def bind(self, memory: Workspace, x: TensorType, n: TensorType) -> Any:
            return lambda x, n, out=None: x

    x = np.float32([1, 2])
    assert Plus.bind is None
    for factor in (3, 4):
        assert Plus()(x, np.int32(factor)).tolist() == [factor + 1, 2 * factor + 1]
    assert times_bound() == 2
    assert Once()(x, np.int32(3)).tolist() == [1, 2]


def test_a_kernel_that_draws_gets_a_key_where_there_is_one() -> None:
    class Noise(TimesOfBound, abstract=True):
        draws = True

        def bind(self, memory: Workspace, x: TensorType, n: TensorType) -> Any:
            return lambda x, n, out=None, key=None: np.full(x.shape, 0 if key is None else key.seed, np.float32)

    block, arrays = Noise(), (np.float32([1, 2]), np.int32(3))
    assert Noise.takes_key and not TimesOfBound.takes_key
    assert [block.kernel(*arrays, **key).tolist() for key in ({}, {"key": Key(7)}, {})] == [[0, 0], [7, 7], [0, 0]]


def test_a_kernel_is_bound_to_how_many_values_each_port_has() -> None:
    class Counts(Block, abstract=True):
        left = In("float32", "some", many=True)
        right = In("float32", "others", many=True)
        y = Out("int64", "how many of each", shape=(2,))

        def bind(self, memory: Workspace, *types: Any) -> Any:
            return lambda left, right, out=None: np.array([len(each) for each in types])

    block, one = Counts(), np.float32([1])
    for left, right in ((1, 2), (2, 1), (1, 1)):
        assert block.kernel((one,) * left, (one,) * right).tolist() == [left, right]
