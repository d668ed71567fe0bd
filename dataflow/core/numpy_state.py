"""NumPy's error handling and buffer size while blocks run, whatever the caller has set."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")
_errstate, _enter, _buffer = np.errstate, np.errstate.__enter__, np.getbufsize
BUFFER = 8192  # elements that NumPy converts or sums at a time: its own default
RUNS = 1024  # elements of a buffer into which runs of more than half as many are not copied
LARGE = 1 << 16  # elements from which setting the size of the buffer pays


class FixedNumpyState(np.errstate):
    """A ``with`` block in which floating-point errors are silent and NumPy's buffer has its default size.

    The size decides where sums are split, and so their last bits.
    """

    def __init__(self) -> None:
        _errstate.__init__(self, all="ignore")

    def __enter__(self) -> None:
        _enter(self)
        if _buffer() != BUFFER:
            np.setbufsize(BUFFER)  # leaving the block restores this too


def run_buffer(size: int) -> int:
    """The size of the buffer with which `in_short_runs` calls a kernel for inputs of so many elements."""
    return RUNS if size >= LARGE else BUFFER


def in_short_runs(kernel: Callable[P, R], size: int) -> Callable[P, R]:
    """The kernel, for inputs of so many elements, with a smaller buffer if there are many of them.

    From NumPy 2.3 on elements of which few lie in a row, such as the inner pixels of images, are copied to the buffer
    in all arithmetic, which then takes three times as long. Not for kernels that sum in another dtype than they are
    given, which is the one thing that the size of the buffer decides.
    """
    buffer = run_buffer(size)
    if buffer == BUFFER:
        return kernel

    @wraps(kernel)
    def with_small_buffer(*args: P.args, **given: P.kwargs) -> R:
        before = np.setbufsize(buffer)
        try:
            return kernel(*args, **given)
        finally:
            np.setbufsize(before)

    return with_small_buffer
