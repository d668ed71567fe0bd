"""Times contenders in rounds, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

Run = Callable[[], Any]
Clock = Callable[[], float]

BURST = 0.002  # seconds: shorter calls are timed several at once
MOST = 40  # rounds
TRIED = 5  # calls that tell how many make a burst
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Timing:
    """One contender's seconds per call over the rounds; also what else is counted, such as bytes."""

    median: float
    minimum: float
    rounds: int


def interleave(
    contenders: Mapping[str, Run], seconds: float, least: int, pause: float, clock: Clock = time.perf_counter
) -> dict[str, Timing]:
    """Seconds per call of each contender.

    Each round runs each contender once. The order turns from round to round, so that none always follows the same one.
    Rounds end after so many seconds, but there are at least so many.

    pause : seconds of rest before each contender. The threads of one that is done go on looking for work for a while.
    clock : what counts the seconds; that of the process leaves out what other processes take.
    """
    repeats = {name: _repeats(run, clock) for name, run in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    end = time.perf_counter() + seconds
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(MOST):
            for name in turned(list(contenders), turn):
                time.sleep(pause)
                samples[name].append(_burst(contenders[name], repeats[name], clock))
            if turn + 1 >= least and time.perf_counter() > end:
                break
    finally:
        if collecting:
            gc.enable()
    return {name: Timing(median(taken), min(taken), len(taken)) for name, taken in samples.items()}


def turned(names: list[str], turn: int) -> list[str]:
    """The order of a round: each begins with the next one, and every other one goes backwards."""
    first = turn % len(names)
    order = names[first:] + names[:first]
    return order[::-1] if turn % 2 else order


def _repeats(run: Run, clock: Clock) -> int:
    """How many calls take about as long as a burst, by the fastest of a few: one alone may have been interrupted."""
    run()
    fastest = float("inf")
    end = time.perf_counter() + 10 * BURST
    for _ in range(TRIED):
        start = clock()
        run()
        fastest = min(fastest, clock() - start)
        if time.perf_counter() > end:
            break
    return max(1, round(BURST / max(fastest, 1e-7)))


def _burst(run: Run, repeats: int, clock: Clock) -> float:
    """Seconds per call."""
    if repeats > 1:
        run()  # brings the caches back from the contender before
    start = clock()
    for _ in range(repeats):
        run()
    return (clock() - start) / repeats
