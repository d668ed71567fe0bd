"""The best widths under a budget: an exact choice of one width for each layer, where costs and errors add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """A width for each layer, and the sums of their costs and errors."""

    bits: Mapping[str, int]
    cost: int
    error: float


@dataclass(frozen=True)
class Option:
    """A width that a layer may have."""

    bits: int
    cost: int
    error: float


def choose(options: Mapping[str, Sequence[Option]], budget: int) -> Choice | None:
    """The widths with the least sum of errors whose sum of costs is within a budget; None where there are none.

    Exact: of partial choices only those are left out that cost at least as much as another and are no better. Of
    choices that are equal the cheaper one is taken, then the one with more bits in earlier layers.

    >>> layers = {"a": [Option(2, 2, 9.0), Option(4, 4, 1.0)], "b": [Option(2, 20, 5.0), Option(4, 40, 4.0)]}
    >>> choose(layers, 24)
    Choice(bits={'a': 4, 'b': 2}, cost=24, error=6.0)
    """
    least = [min(option.cost for option in each) for each in options.values()]
    front: list[tuple[int, float, tuple[int, ...]]] = [(0, 0.0, ())]
    for i, each in enumerate(options.values()):
        rest = sum(least[i + 1 :])
        longer = [
            (cost + option.cost, error + option.error, (*bits, option.bits))
            for cost, error, bits in front
            for option in each
            if cost + option.cost + rest <= budget
        ]
        front = _not_worse(longer)
    if not front:
        return None
    cost, error, bits = min(front, key=lambda found: (found[1], found[0]))
    return Choice(dict(zip(options, bits, strict=True)), cost, error)


def _not_worse(found: list[tuple[int, float, tuple[int, ...]]]) -> list[tuple[int, float, tuple[int, ...]]]:
    """Those that nothing cheaper or equally cheap is as good as."""
    kept: list[tuple[int, float, tuple[int, ...]]] = []
    for each in sorted(found, key=lambda one: (one[0], one[1], [-bits for bits in one[2]])):
        if not kept or each[1] < kept[-1][1]:
            kept.append(each)
    return kept
