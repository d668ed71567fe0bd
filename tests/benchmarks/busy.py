"""A product of matrices beside processes that take all cores."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from statistics import median

import numpy as np

from .names import FIRST
from .ours import prepare
from .timing import CORES

SHAPES = (784, 128), (128, 128)
REST = 0.2  # seconds until the other processes are at work


def product(others: int, seconds: float) -> float:
    """Median seconds of a product, while so many other processes take the time that they get."""
    random = np.random.default_rng(0)
    run = prepare("matmul", *(random.standard_normal(shape, np.float32) for shape in SHAPES))[FIRST]
    with ExitStack() as stack:
        for _ in range(others):
            process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(process.wait)
            stack.callback(process.kill)
        time.sleep(REST * (others > 0))
        taken: list[float] = []
        end = time.perf_counter() + seconds
        while not taken or time.perf_counter() < end:
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
    return median(taken)


def products(seconds: float) -> tuple[float, float]:
    """Alone, and with all cores busy."""
    return product(0, seconds), product(CORES, seconds)
