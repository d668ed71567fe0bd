"""What a goal asks of the results of cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from . import names
from .results import Result, Subject

FRAMEWORKS = (names.TENSORFLOW, "tf.function", "XLA", "JAX", "torch eager", "torch.compile", "torch fq")
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
