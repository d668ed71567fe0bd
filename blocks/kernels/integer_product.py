"""Products of matrices of integers, exact at the speed of floats: `integer_way` says how.

As nothing is ever rounded the bits are those of integer arithmetic, for any threads, cuts and layout. So blocks are cut
to suit the threads that there are.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from blocks.kernels.integer_way import DIGIT, Way, chosen, ends, unless_zero
from blocks.kernels.matrix_product import LEAST, THIN, Index, Panel, leading_parts, share, sharing
from dataflow.core.dtypes import Array
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.thread_pool import thread_limit

TINY = 1 << 15  # multiplications that take NumPy's own loops no longer than to convert
DEPTH, AREA = 512, 1 << 18  # terms and elements to work on at a time: enough for BLAS, few enough for the cache


# -- products of matrices -------------------------------------------------------------------------------------------


def matmul(
    left: Array, right: Array, out: Array, left_zero: Array | None = None, right_zero: Array | None = None
) -> None:
    """``(left - left_zero) @ (right - right_zero)`` of integers, in ``out``, where it wraps around.

    Leading dims broadcast. A zero point is one number, or one for each column of ``right``.
    """
    (m, k), n = left.shape[-2:], right.shape[-1]
    if left_zero is right_zero is None and left.dtype == right.dtype == out.dtype and is_tiny(out.shape, k):
        np.matmul(left, right, out)
        return
    left_zero, right_zero = unless_zero(left_zero), unless_zero(right_zero)
    how = chosen(out.size // max(n, 1), ends(left, left_zero), right, right_zero)
    blocks, bits = _blocks(out.shape[:-2], m, k, n, thread_limit()), 8 * out.itemsize
    memory, step = _block_scratch(blocks, how), max(1, min(how.panel, blocks.depth))
    left_zero, right_zero = how.floats(left_zero), how.floats(right_zero)

    def multiply(block: Panel) -> None:
        a, b, target = _part(left, block.left, out.ndim), _part(right, block.right, out.ndim), out[block.out]
        b_zero = right_zero
        if b_zero is not None and b_zero.size > 1 and len(block.right) == out.ndim:
            b_zero = b_zero[block.right[-1]]
        with scratch(*memory) as (a_buffer, b_buffer, made, integers):
            made, first = made[: target.size].reshape(target.shape), True
            for start in range(0, max(k, 1), step):
                along = slice(start, start + step)
                for i, j in how.products(bits):
                    factors = (
                        load(digit(a[..., along], i, how.left, integers), a_buffer, left_zero),
                        load(digit(b[..., along, :], j, how.right, integers), b_buffer, b_zero),
                    )
                    add(np.matmul(*factors, made), target, integers, DIGIT * (i + j), first)
                    first = False

    share(blocks.blocks, multiply)


def is_tiny(made: tuple[int, ...], terms: int) -> bool:
    """Whether products of this shape, of one dtype with their factors, are left to NumPy."""
    return prod(made) * terms <= TINY


def matmul_bytes(left: tuple[int, ...], right: tuple[int, ...], how: Way) -> int:
    """The memory that `matmul` works in at most, for operands of these shapes."""
    blocks = _blocks(np.broadcast_shapes(left[:-2], right[:-2]), left[-2], left[-1], right[-1], thread_limit())
    return sharing(blocks.blocks) * scratch_bytes(*_block_scratch(blocks, how))


class Blocks(NamedTuple):
    """The parts of a product that threads share, how many matrices each has at most, and the largest sizes."""

    blocks: list[Panel]
    matrices: int
    rows: int
    depth: int
    columns: int


@lru_cache(maxsize=1024)
def _blocks(lead: tuple[int, ...], m: int, k: int, n: int, threads: int) -> Blocks:
    """The blocks of the products of ``[*lead, m, k]`` and ``[*lead, k, n]``, enough for so many threads."""
    rows, columns, whole = m, n, slice(None)
    while (longer := max(rows, columns)) > THIN:
        made = prod(lead) * -(-m // rows) * -(-n // columns)
        shared = made >= threads or 4 * rows * k * columns < 2 * LEAST
        if shared and longer * max(min(k, DEPTH), min(rows, columns)) <= AREA:
            break
        half = -(-longer // 2 // 16) * 16
        rows, columns = (half, columns) if rows == longer else (rows, half)
    depth = max(min(k, AREA // max(rows, columns, 1)), 1)
    if (rows, columns) == (m, n):
        area = max(m * n, depth * m, depth * n, 1)
        count = max(1, min(AREA // area, LEAST // max(4 * m * k * n, 1)))
        parts = leading_parts(lead, LEAST // count)
        return Blocks([Panel(part, part, part) for part in parts], min(count, prod(lead)), m, depth, n)
    down, across = ([slice(i, i + s) for i in range(0, size, s)] for size, s in ((m, rows), (n, columns)))
    places = product(product(*map(range, lead)), down, across)
    blocks = [Panel((*at, i, whole), (*at, whole, j), (*at, i, j)) for at, i, j in places]
    return Blocks(blocks, 1, rows, depth, columns)


def _block_scratch(blocks: Blocks, how: Way) -> list[ArraySpec]:
    """Memory for parts of both operands, for their product, and for integers: that product, or digits of a part."""
    _, count, rows, depth, columns = blocks
    sizes = count * rows * depth, count * depth * columns, count * rows * columns
    digits = max(sizes) * (how.left > 1 or how.right > 1)
    return [*(((size,), how.dtype) for size in sizes), ((max(sizes[-1], digits),), how.integers)]


def _part(matrices: Array, index: Index, rank: int) -> Array:
    """What an index into the product takes of an operand, whose leading dims may be fewer, or 1."""
    own = list(index[max(rank - matrices.ndim, 0) :])
    for axis, size in enumerate(matrices.shape[:-2][: len(own)]):
        if size == 1:
            own[axis] = slice(1) if isinstance(own[axis], slice) else 0
    return matrices[tuple(own)]


# -- integers to floats and back ------------------------------------------------------------------------------------


def load(values: Array, buffer: Array, zero: Array | None = None) -> Array:
    """The values less a zero point as floats in the buffer, which has them in the same order."""
    made = _ordered(buffer[: values.size], values)
    np.copyto(made, values, casting="unsafe")
    return made if zero is None else np.subtract(made, zero, made)


def digit(values: Array, place: int, digits: int, buffer: Array) -> Array:
    """One of so many digits of each value, from the lowest one on; only the last one may be negative."""
    if digits == 1:
        return values
    made = np.right_shift(values, DIGIT * place, _ordered(buffer.view(values.dtype)[: values.size], values))
    return made if place == digits - 1 else np.bitwise_and(made, (1 << DIGIT) - 1, made)


def add(made: Array, out: Array, integers: Array, shift: int, first: bool) -> None:
    """Add a product, shifted by so many bits, to what is in ``out``, unless it is the first."""
    out = out.view(f"i{out.itemsize}")  # wraps around as unsigned ones do, and mixes with others
    if first and not shift and integers.itemsize <= out.itemsize:
        np.copyto(out, made, casting="unsafe")
        return
    whole = integers[: made.size].reshape(made.shape)
    np.copyto(whole, made, casting="unsafe")
    if shift:
        np.left_shift(whole, shift, whole)
    if first:
        np.copyto(out, whole, casting="unsafe")
    else:
        np.add(out, whole, out, casting="unsafe")


def _ordered(buffer: Array, like: Array) -> Array:
    """Memory in the shape of an array, by columns if that is: converting goes along them."""
    *lead, m, n = like.shape
    if abs(like.strides[-2]) < abs(like.strides[-1]) and m > 1:
        return buffer.reshape(*lead, n, m).swapaxes(-1, -2)
    return buffer.reshape(like.shape)
