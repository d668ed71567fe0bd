"""The goals, and whether results meet them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import layouts, names
from .goal import FRAMEWORKS, Goal, Share
from .results import Result

LARGE = 4_000_000  # elements from which a copy is what to compare with: below, arithmetic takes longer in C too


@dataclass(frozen=True)
class Verdict:
    """A goal and the worst that was measured of it, by size; nothing where nothing was.

    best : the worst, by the fastest rounds in place of the median ones.
    """

    goal: Goal
    measured: dict[int, float]
    best: float = 0.0
    where: str = ""

    @property
    def met(self) -> str:
        return "not measured" if not self.measured else "yes" if max(self.measured.values()) <= self.goal.most else "no"

    def row(self) -> tuple[str, ...]:
        """What stands under `HEADERS`."""
        unit = f" {self.goal.unit}" * bool(self.goal.unit)
        shown = [
            f"{value:.3g}{unit}" + f" at {short(size)}" * (size > 1) for size, value in sorted(self.measured.items())
        ]
        best = f"{self.best:.3g}{unit}" * bool(self.measured)
        return self.goal.family, self.goal.ours.strip(), str(self.goal), ", ".join(shown), best, self.where, self.met


HEADERS = ("about", "ours", "goal", "measured", "fastest rounds", "worst case", "met")


def verdicts(results: Iterable[Result]) -> list[Verdict]:
    """Each goal with what was measured of it."""
    results = list(results)
    return [_verdict(goal, results) for goal in GOALS]


def short(size: int) -> str:
    """A size in few letters: ``16 M``."""
    for unit, letter in ((1_000_000, " M"), (1000, " k")):
        if size >= unit:
            return f"{size / unit:.3g}{letter}"
    return str(size)


def _verdict(goal: Goal, results: Sequence[Result]) -> Verdict:
    by_size: dict[int, list[Result]] = {}
    for result in results:
        if goal.speaks_of(result.subject):
            by_size.setdefault(result.subject.size, []).append(result)
    found = {size: worst for size, of_size in by_size.items() if (worst := goal.worst(of_size))}
    if not found:
        return Verdict(goal, {})
    size, (_, where) = max(found.items(), key=lambda item: item[1])
    best, _ = goal.worst(by_size[size], "minimum") or found[size]
    return Verdict(goal, {size: value for size, (value, _) in found.items()}, best, where)


def _large(family: str, frameworks: float, copy: float, jit_copy: float) -> list[Goal]:
    """Goals where memory is what takes the time."""
    return [
        Goal(family, names.FIRST, FRAMEWORKS, frameworks, LARGE),
        Goal(family, names.NUMPY, (names.COPY,), copy, LARGE),
        Goal(family, names.JIT, (names.COPY,), jit_copy, LARGE),
    ]


def _beside_tensorflow(family: str, ours: str, most: dict[int, float]) -> list[Goal]:
    """How many times as long as TensorFlow's kernel, by size."""
    return [Goal(family, ours, (names.TENSORFLOW,), times, only=size) for size, times in most.items()]


def _library(size: int, ours: str, most: dict[float, float]) -> list[Goal]:
    """How many of the blocks of the library may take more than so many times as long as TensorFlow's kernels."""
    return [
        Share(names.LIBRARY, ours, (names.TENSORFLOW,), share, only=size, unit="%", over=times)
        for times, share in most.items()
    ]


GOALS = [
    *_beside_tensorflow(names.FORWARD, names.FIRST, {5_000: 1.5, 30_000: 1.5, 100_000: 0.7, 1_000_000: 1.1}),
    *_beside_tensorflow(names.FORWARD, "numpy 2", {1_000_000: 0.8}),
    *_beside_tensorflow(names.FORWARD, names.FIRST_JIT, {5_000: 0.6, 30_000: 0.9, 100_000: 0.25, 1_000_000: 0.3}),
    *_beside_tensorflow(names.FORWARD, "jit 2", {1_000_000: 0.22}),
    Goal(names.FORWARD, names.FIRST_JIT, (names.LOOP,), 12.0, unit="us", only=30_000),
    *_large(names.FORWARD, 0.4, 1.5, 0.8),
    Goal(names.FORWARD, names.FIRST, ("ORT",), 0.7, LARGE),
    *_beside_tensorflow(names.GRADIENT, names.FIRST, {30_000: 2.5, 100_000: 0.6, 1_000_000: 1.25}),
    *_beside_tensorflow(names.GRADIENT, names.FIRST_JIT, {30_000: 0.7, 100_000: 0.3, 1_000_000: 0.6}),
    Goal(names.GRADIENT, names.FIRST_JIT, (names.LOOP,), 20.0, unit="us", only=30_000),
    *_large(names.GRADIENT, 0.6, 2.5, 1.1),
    *_large(names.CHANNELS, 0.5, 2.4, 0.9),
    *_large(names.CHANNELS_GRADIENT, 0.45, 3.5, 1.4),
    *_large(names.ROUND_TRIP, 0.45, 2.1, 1.2),
    Goal(names.CHAIN, names.NUMPY, (names.COPY,), 3.0, LARGE),
    Goal(names.CHAIN, names.FIRST, ("torch.compile", "JAX"), 1.0, LARGE),
    Goal(names.CHAIN, names.JIT, (names.COPY,), 2.0, LARGE),
    *_library(1_000_000, names.FIRST, {1.5: 13, 3.0: 3}),
    *_library(1_000_000, names.FIRST_JIT, {1.5: 7, 3.0: 2}),
    *_library(10_000, names.FIRST, {1.5: 13, 3.0: 2}),
    *_library(10_000, names.FIRST_JIT, {1.5: 10, 3.0: 2}),
    Goal(names.OVERHEAD, names.NUMPY, (names.UFUNC,), 0.3, unit="us", per=True),
    Goal(names.OVERHEAD, names.JIT, (names.UFUNC,), 0.3, unit="us", per=True),
    Goal(names.PLANNING, names.PLAN, (), 45.0, least=1000, unit="us", per=True),
    Goal(names.PLANNING, names.LOADING, (), 75.0, least=1000, unit="us", per=True),
    Goal(names.CALLS, names.EAGER, (), 40.0, unit="us"),
    *(
        Goal(names.LAYOUTS, ours, (names.PLAIN + ours,), most, title=way)
        for ours, limits in ((names.FIRST, (1.3, 1.3, 1.6)), (names.FIRST_JIT, (1.3, 1.3, 2.0)))
        for way, most in zip(layouts.WAYS, limits, strict=True)
    ),
    *(
        Goal(names.TRAINING, names.FIRST, (names.HANDWRITTEN,), most, title="784", only=batch)
        for batch, most in ((64, 1.25), (128, 1.2), (1024, 1.05))
    ),
    Goal(names.TRAINING, names.FIRST, ("torch eager", "tf.function"), 1.0, title="784"),
    Goal(names.TRAINING, names.FIRST_JIT, ("JAX",), 1.0, title="784"),
    Goal(names.CONVOLUTION, names.FIRST, (*FRAMEWORKS, "ORT"), 1.5),
    Goal(names.CONVOLUTION, names.FIRST, (), 15.0, unit="us", title="8x8x4 to 8"),
    Goal(names.BUSY, names.BESIDE, (names.ALONE,), 1.5),
    Goal(names.INTEGERS, names.NUMPY, (f"{names.FLOATS}1 thread", f"{names.FLOATS}2 threads"), 1.3),
    Goal(names.MEMORY, names.NUMPY, (names.OUTPUTS,), 8.0, unit="MiB"),
    Goal(names.MEMORY, names.JIT, (names.OUTPUTS,), 8.0, unit="MiB"),
    Goal(names.MEMORY, names.LOADING, (), 2.0, least=1000, unit="KiB", per=True),
    Goal(names.START, names.HELP, (names.IMPORT_CLICK,), 1.3),
    Goal(names.START, names.CHECK, (), 350.0, unit="ms"),
    Goal(names.START, names.IMPORT, (names.IMPORT_NUMPY,), 100.0, unit="ms"),
]
