"""Settings of a run: how many threads, which kernels, how much memory."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dataflow.core import thread_pool
from dataflow.core.errors import DataflowError

KERNELS = ("auto", "numpy", "jit")


@dataclass(frozen=True)
class Settings:
    """How a graph is run; no setting changes a bit of the results.

    threads : how many work at a time, at most; by default DATAFLOW_THREADS, or one per core.
    kernels : ``numpy``, ``jit`` (compiled by Numba), or ``auto`` (compiled where Numba is there); by default
        DATAFLOW_KERNELS, or ``auto``.
    fuse : whether steps run together, tile by tile.
    max_bytes : refuse a run that would hold more than this many bytes beside its inputs.
    """

    threads: int
    kernels: str
    fuse: bool = True
    max_bytes: int | None = None

    @property
    def compiled(self) -> bool:
        """Whether compiled kernels are used from the first run on."""
        return self.kernels == "jit"

    @staticmethod
    def of(
        threads: int | None = None, kernels: str | None = None, fuse: bool = True, max_bytes: int | None = None
    ) -> Settings:
        """The settings, with what is not given taken from the environment.

        Raises
        ------
        DataflowError
            When one is invalid; the message says where it was given.
        """
        if not isinstance(fuse, bool):
            raise DataflowError(f"setting 'fuse' must be True or False, got {fuse!r}")
        if max_bytes is not None and (not isinstance(max_bytes, int) or isinstance(max_bytes, bool) or max_bytes < 0):
            raise DataflowError(f"setting 'max_bytes' must be a number of bytes, such as 64 << 20, got {max_bytes!r}")
        return Settings(_threads(threads), _kernels(kernels), fuse, max_bytes)


def _threads(given: int | None) -> int:
    return thread_pool.default_threads() if given is None else thread_pool.thread_count(given, "setting 'threads'")


def _kernels(given: str | None) -> str:
    name, value = "setting 'kernels'", given
    if given is None:
        name, value = "environment variable DATAFLOW_KERNELS", os.environ.get("DATAFLOW_KERNELS") or "auto"
    return check_kernels(str(value), name)


def check_kernels(value: str, who: str) -> str:
    """The kernels that are used; DataflowError that names who asks for those that are not there."""
    if value not in KERNELS:
        raise DataflowError(f"{who} must be one of {', '.join(KERNELS)}, got '{value}'")
    from dataflow.engine import jit  # with NumPy, which takes longer to import than `--help` to print

    if value == "jit" and not jit.available():
        raise DataflowError(f"{who} must have Numba installed for 'jit', got none; pip install 'dataflow-blocks[jit]'")
    return "numpy" if value == "auto" and not jit.available() else value
