"""The goals, and whether results meet them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import names
from .results import Result, Subject

FRAMEWORKS = (names.TENSORFLOW, "tf.function", "XLA", "JAX", "torch eager", "torch.compile", "torch fq")
LARGE = 4_000_000  # elements from which a copy is what to compare with: below, arithmetic takes longer in C too
UNITS = {"us": 1e-6, "ms": 1e-3, "KiB": 2.0**10, "MiB": 2.0**20}


@dataclass(frozen=True)
class Goal:
    """At most so many times as much as the best of others; or, with a unit, so much more than another in that unit.

    ours : what the names of our contenders begin with; the best of them counts.
    against : the others by name; none where the value itself is meant.
    least : the size from which it holds.
    only : the one size for which it holds, where it is not every one from `least` on.
    per : whether a difference is one per element or node.
    """

    family: str
    ours: str
    against: tuple[str, ...]
    most: float
    least: int = 0
    unit: str = ""
    per: bool = False
    title: str = ""
    only: int = 0

    def __str__(self) -> str:
        if self.unit:
            than = f" beyond {self.against[0]}" if self.against else ""
            return f"<= {self.most:g} {self.unit}{' per node' * self.per}{than}"
        return f"<= {self.most:g} x {self.rival}"

    @property
    def rival(self) -> str:
        if self.against == FRAMEWORKS:
            return "best of TF, XLA, JAX, torch"
        return " and ".join(self.against) if len(self.against) < 3 else "best peer"

    def speaks_of(self, subject: Subject) -> bool:
        large = subject.size == self.only if self.only else subject.size >= self.least
        return large and subject.family == self.family and self.title in subject.title

    def worst(self, results: Iterable[Result], statistic: str = "median") -> tuple[float, str] | None:
        """The most that was measured of results of one size, and of which; None where nothing was."""
        found = [(value, r.subject.label) for r in results if (value := self.measure(r, statistic)) is not None]
        return max(found, default=None)

    def measure(self, result: Result, statistic: str = "median") -> float | None:
        """The number that is to be at most `most`; None where one of the two sides was not measured."""
        seconds = {name: getattr(timing, statistic) for name, timing in result.values.items()}
        mine = [value for name, value in seconds.items() if name.startswith(self.ours)]
        others = [seconds[name] for name in self.against if name in seconds]
        if not mine or (self.against and not others):
            return None
        if self.unit not in UNITS:
            return float(min(mine) / min(others))
        beyond = min(mine) - (others[0] if others else 0.0)
        return float(beyond / UNITS[self.unit] / (result.subject.size if self.per else 1))


@dataclass(frozen=True)
class Share(Goal):
    """At most so many of a hundred cases take more than `over` times as much as the best of others."""

    over: float = 1.5

    def __str__(self) -> str:
        return f"<= {self.most:g} % of cases over {self.over:g} x {self.rival}"

    def worst(self, results: Iterable[Result], statistic: str = "median") -> tuple[float, str] | None:
        found = [(value, r.subject.label) for r in results if (value := self.measure(r, statistic)) is not None]
        if not found:
            return None
        share = 100 * sum(value > self.over for value, _ in found) / len(found)
        return share, max(found)[1]


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
    *_large(names.FORWARD, 0.4, 1.5, 0.8),
    Goal(names.FORWARD, names.FIRST, ("ORT",), 0.7, LARGE),
    *_beside_tensorflow(names.GRADIENT, names.FIRST, {30_000: 2.5, 100_000: 0.6, 1_000_000: 1.25}),
    *_beside_tensorflow(names.GRADIENT, names.FIRST_JIT, {30_000: 0.7, 100_000: 0.3, 1_000_000: 0.6}),
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
    Goal(names.TRAINING, names.FIRST, (names.HANDWRITTEN,), 1.2, title="784"),
    Goal(names.TRAINING, names.FIRST, ("torch eager", "tf.function"), 1.0, title="784"),
    Goal(names.TRAINING, names.FIRST_JIT, ("JAX",), 1.0, title="784"),
    Goal(names.CONVOLUTION, names.FIRST, (*FRAMEWORKS, "ORT"), 1.5),
    Goal(names.INTEGERS, names.NUMPY, (f"{names.FLOATS}1 thread", f"{names.FLOATS}2 threads"), 1.3),
    Goal(names.MEMORY, names.NUMPY, (names.OUTPUTS,), 8.0, unit="MiB"),
    Goal(names.MEMORY, names.JIT, (names.OUTPUTS,), 8.0, unit="MiB"),
    Goal(names.MEMORY, names.LOADING, (), 2.0, least=1000, unit="KiB", per=True),
    Goal(names.START, names.HELP, (names.IMPORT_CLICK,), 1.3),
    Goal(names.START, names.CHECK, (), 350.0, unit="ms"),
    Goal(names.START, names.IMPORT, (names.IMPORT_NUMPY,), 100.0, unit="ms"),
]
