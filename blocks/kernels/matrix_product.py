"""Matrix products with the same bits for any number of threads, of the run and of BLAS, and any layout.

BLAS adds up the terms of an element in an order that depends on how many threads share a product, on which of its
kernels the shapes call for, and on whether factors are stored by rows or by columns. So products are cut into panels by
their shapes alone, each is computed by one thread of BLAS, and the threads of a run share them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple, TypeVar

import numpy as np

from dataflow.core import thread_pool
from dataflow.core.blas import one_thread
from dataflow.core.cancellation import cancellable
from dataflow.core.dtypes import Array, DType
from dataflow.core.thread_pool import MAX_THREADS

TINY = 1024  # elements of both factors, up to which no BLAS has work for a second thread
SMALL = 4096  # up to which nothing is cut
LEAST = 12 << 20  # work of a panel: some 50 us, so that handing it to another thread takes less time than it saves
MANY, FEW = 16, 4  # panels: for as many threads one cuts as long as panels are large, for as few where they are small
LONG, SHORT, THIN = 1024, 256, 64  # rows or columns of panels: no faster beyond, a little slower below, much slower


Index = tuple[int | slice, ...]
T = TypeVar("T")
R = TypeVar("R")


class Panel(NamedTuple):
    """Which part of the factors makes which part of the product."""

    left: Index
    right: Index
    out: Index


def matmul(left: Array, right: Array, out: Array | None = None) -> Array:
    """The matrix products of the last two dims, ``left @ right``, in ``out`` if it is given; the others broadcast.

    The bits are those of these values as they lie: factors must be contiguous, or such ones transposed.
    """
    return bind_matmul(left.shape, right.shape, left.dtype)(left, right, out)


@lru_cache(maxsize=1024)
def bind_matmul(left: tuple[int, ...], right: tuple[int, ...], dtype: DType) -> Callable[..., Array]:
    """`matmul` of factors of these shapes."""
    (m, k), n, elements = left[-2:], right[-1], prod(left) + prod(right)
    lead = np.broadcast_shapes(left[:-2], right[:-2])
    panels = _panels(lead, m, k, n, dtype.itemsize if dtype.kind in "fc" else 256) if elements > SMALL else []

    def whole(left: Array, right: Array, out: Array | None) -> Array:
        with one_thread:
            return np.matmul(left, right, out)

    def in_panels(left: Array, right: Array, out: Array | None) -> Array:
        made = np.empty((*lead, m, n), dtype) if out is None else out
        left, right = _spread(left, lead), _spread(right, lead)
        share(panels, lambda panel: np.matmul(left[panel.left], right[panel.right], made[panel.out]))
        return made

    product: Callable[..., Array] = np.matmul if elements <= TINY else in_panels if len(panels) > 1 else whole

    def of_two(left: Array, right: Array, out: Array | None) -> Array:
        if left.strides[-2:] == right.strides[:-3:-1] and np.may_share_memory(left, right):
            right = right.copy("K")  # NumPy computes but half of a matrix times itself, by another kernel
        return product(left, right, out)

    return of_two if m == n and m > 1 else product


def share_rooms(items: Sequence[T], rooms: Sequence[R], call: Callable[[T, R], Any]) -> None:
    """`share` where each thread needs memory: a room, which no other has meanwhile, is given to each call."""
    if len(items) == 1:
        call(items[0], rooms[0])
        return
    free = list(rooms)

    def call_in_room(item: T) -> None:
        room = free.pop()
        try:
            call(item, room)
        finally:
            free.append(room)

    share(items, call_in_room, len(rooms))


def share(items: Sequence[T], call: Callable[[T], Any], most: int = MAX_THREADS) -> None:
    """Call for each item, with one thread of BLAS, in as many threads as the run allows; results go to memory."""
    workers = min(sharing(items), most)
    with one_thread:
        if workers < 2:
            for item in cancellable(iter(items)):
                call(item)
            return
        shared = thread_pool.SharedIterator(items)

        def work() -> None:
            one_thread.limit_worker()
            for item in shared:
                call(item)

        thread_pool.run_in_threads(work, workers)


def sharing(items: Sequence[Any]) -> int:
    """How many threads `share` items."""
    return min(thread_pool.thread_limit(), len(items))


def _spread(matrices: Array, lead: tuple[int, ...]) -> Array:
    return matrices if matrices.shape[:-2] == lead else np.broadcast_to(matrices, (*lead, *matrices.shape[-2:]))


def _panels(lead: tuple[int, ...], m: int, k: int, n: int, weight: int) -> list[Panel]:
    """The panels of the products of ``[*lead, m, k]`` and ``[*lead, k, n]``.

    weight : work of one multiplication, the bytes of its numbers.
    """

    def work(rows: int, columns: int) -> int:
        return weight * (rows * k * columns + 3 * k * (rows + columns))  # the latter for reading the factors

    each, whole = work(m, n), slice(None)
    if each * prod(lead) < 2 * LEAST:
        return [Panel((), (), ())]
    if each < LEAST:
        return [Panel(part, part, part) for part in leading_parts(lead, each)]
    rows, columns, count = m, n, prod(lead)
    while work(rows, columns) >= 2 * LEAST:
        made, longer = count * -(-m // rows) * -(-n // columns), max(rows, columns)
        if longer <= THIN or (longer <= LONG and (made >= MANY or (made >= FEW and longer <= SHORT))):
            break
        half = -(-longer // 2 // 16) * 16
        rows, columns = (half, columns) if rows == longer else (rows, half)
    down, across = ([slice(i, i + s) for i in range(0, size, s)] for size, s in ((m, rows), (n, columns)))
    places = product(product(*map(range, lead)), down, across)
    return [Panel((*at, i, whole), (*at, whole, j), (*at, i, j)) for at, i, j in places]


def leading_parts(lead: Sequence[int], each: int) -> list[Index]:
    """Indices that cut leading dims into parts of about `LEAST` work, where each of their elements is ``each`` work."""
    axis, below = 0, prod(lead) * each
    while axis < len(lead):
        below //= max(lead[axis], 1)
        if below <= LEAST or axis == len(lead) - 1:
            step = max(1, LEAST // max(below, 1))
            along = [slice(start, start + step) for start in range(0, lead[axis], step)]
            return list(product(*map(range, lead[:axis]), along))
        axis += 1
    return [()]
