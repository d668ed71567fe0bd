"""The goals, and whether results meet them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import names
from .results import Result

FRAMEWORKS = ("TF eager", "tf.function", "XLA", "JAX", "torch eager", "torch.compile", "torch fq")
LARGE, MIDDLE = 4_000_000, 100_000  # elements from which goals hold
UNITS = {"us": 1e-6, "ms": 1e-3, "MiB": 2.0**20}


@dataclass(frozen=True)
class Goal:
    """At most so many times as much as the best of others; or, with a unit, so much more than another in that unit.

    ours : what the names of our contenders begin with; the best of them counts.
    against : the others by name; none where the value itself is meant.
    least : the size from which it holds.
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

    def measure(self, result: Result, statistic: str = "median") -> float | None:
        """The number that is to be at most `most`; None where one of the two sides was not measured."""
        seconds = {name: getattr(timing, statistic) for name, timing in result.values.items()}
        mine = [value for name, value in seconds.items() if name.startswith(self.ours)]
        others = [seconds[name] for name in self.against if name in seconds]
        if not mine or (self.against and not others):
            return None
        if not self.unit:
            return float(min(mine) / min(others))
        beyond = min(mine) - (others[0] if others else 0.0)
        return float(beyond / UNITS[self.unit] / (result.subject.size if self.per else 1))


@dataclass(frozen=True)
class Verdict:
    """A goal and the worst that was measured of it, by size; nothing where nothing was.

    best : the worst again, by the fastest rounds in place of the median ones.
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
    spoken_of = [
        r for r in results
        if r.subject.family == goal.family and r.subject.size >= goal.least and goal.title in r.subject.title
    ]  # fmt: skip
    measured: dict[int, float] = {}
    best, worst, where = 0.0, float("-inf"), ""
    for result in spoken_of:
        value, fastest = goal.measure(result), goal.measure(result, "minimum")
        if value is None or fastest is None:
            continue
        size = result.subject.size
        measured[size] = max(value, measured.get(size, value))
        if value > worst:
            best, worst, where = fastest, value, result.subject.label
    return Verdict(goal, measured, best, where)


def _elementwise(family: str, frameworks: float, copy: float, tf: float, jit_copy: float) -> list[Goal]:
    return [
        Goal(family, names.NUMPY, FRAMEWORKS, frameworks, LARGE),
        Goal(family, names.NUMPY, (names.COPY,), copy, LARGE),
        Goal(family, names.JIT, ("TF eager",), tf, MIDDLE),
        Goal(family, names.JIT, (names.COPY,), jit_copy, MIDDLE),
    ]


GOALS = [
    *_elementwise(names.FORWARD, 0.4, 1.5, 0.25, 1.1),
    Goal(names.FORWARD, names.NUMPY, ("ORT",), 0.7, LARGE),
    *_elementwise(names.GRADIENT, 0.6, 2.5, 0.25, 1.3),
    *_elementwise(names.CHANNELS, 0.5, 2.4, 0.25, 1.2),
    *_elementwise(names.CHANNELS_GRADIENT, 0.45, 3.5, 0.2, 1.4),
    *_elementwise(names.ROUND_TRIP, 0.45, 2.1, 0.3, 1.2),
    Goal(names.CHAIN, names.NUMPY, (names.COPY,), 3.0, LARGE),
    Goal(names.CHAIN, names.NUMPY, ("torch.compile", "JAX"), 1.0, LARGE),
    Goal(names.CHAIN, names.JIT, (names.COPY,), 2.0, LARGE),
    Goal(names.OVERHEAD, names.NUMPY, (names.UFUNC,), 0.3, unit="us", per=True),
    Goal(names.OVERHEAD, names.JIT, (names.UFUNC,), 0.3, unit="us", per=True),
    Goal(names.TRAINING, names.NUMPY, (names.HANDWRITTEN,), 1.1, title="784"),
    Goal(names.TRAINING, names.NUMPY, ("torch eager", "tf.function"), 1.0, title="784"),
    Goal(names.TRAINING, names.JIT, ("JAX",), 1.0, title="784"),
    Goal(names.CONVOLUTION, names.NUMPY, (*FRAMEWORKS, "ORT"), 1.5),
    Goal(names.INTEGERS, names.NUMPY, (f"{names.FLOATS}1 thread", f"{names.FLOATS}2 threads"), 1.3),
    Goal(names.MEMORY, names.NUMPY, (names.OUTPUTS,), 8.0, unit="MiB"),
    Goal(names.MEMORY, names.JIT, (names.OUTPUTS,), 8.0, unit="MiB"),
    Goal(names.START, names.HELP, (), 150.0, unit="ms"),
    Goal(names.START, names.IMPORT, (names.IMPORT_NUMPY,), 100.0, unit="ms"),
]
