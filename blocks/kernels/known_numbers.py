"""What follows from a few numbers, such as the ends of ranges: worked out again only where one of them changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from blocks.kernels.flush_subnormals import Floats

T = TypeVar("T")


def once_per_bits(work_out: Callable[..., T]) -> Callable[..., T]:
    """The function of scalars or small arrays of certain types, whose last result is given again for the same bits."""
    last: dict[bytes, T] = {}

    def known(*arrays: Floats) -> T:
        key = b"".join([array.tobytes() for array in arrays])
        if key not in last:
            made = work_out(*arrays)
            last.clear()
            last[key] = made
        return last[key]

    return known
