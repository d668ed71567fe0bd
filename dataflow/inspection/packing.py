"""Rectangles on shelves: side by side, stacked where they are low, on the next shelf where one is full.

They keep their order, unless they are free to fill what is left below those before them.

Everything lies in the coordinates of wires: *along* them, from left to right as a rule, and *across*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise, product

Place = tuple[int, int]  # a shelf, and a stack on it

_TRIED = 8  # lengths of shelves, and heights of stacks
_NEARLY = 0.8  # of the best score, at which a placement is taken that leaves more as it was


@dataclass(eq=False)
class Rect:
    """A rectangle to place, and where it stands then: its shelf, and the stack on it."""

    length: float
    breadth: float
    along: float = 0.0
    across: float = 0.0
    shelf: int = 0
    stack: int = 0


@dataclass(eq=False)
class Stack:
    """Rectangles one across from the other."""

    rects: list[Rect] = field(default_factory=list)
    along: float = 0.0
    length: float = 0.0
    breadth: float = 0.0


@dataclass(eq=False)
class Packing:
    """Rectangles on shelves; ``ends`` has where each shelf ends across."""

    shelves: list[list[Stack]]
    ends: list[float]
    length: float
    breadth: float
    gap: float


def pack(
    sizes: Iterable[tuple[float, float]], most: float, tall: float, gap: float, free: bool = False
) -> tuple[Packing, list[Rect]]:
    """Place rectangles on shelves of at most this length, in stacks of at most this height.

    free : whether one may also stand below those of an earlier stack of the shelf, where it is no longer than they are.
    """
    rects = [Rect(*size) for size in sizes]
    shelves: list[list[Stack]] = [[]]
    for rect in rects:
        shelf = shelves[-1]
        before = sum(stack.length + gap for stack in shelf[:-1])
        below = (
            stack
            for stack in shelf
            if stack.breadth + gap + rect.breadth <= tall
            and (before + rect.length <= most if stack is shelf[-1] else free and rect.length <= stack.length)
        )
        if stack := next(below, None):
            stack.breadth += gap + rect.breadth
        elif not shelf or before + shelf[-1].length + gap + rect.length <= most:
            shelf.append(stack := Stack(breadth=rect.breadth))
        else:
            shelves.append([stack := Stack(breadth=rect.breadth)])
        stack.rects.append(rect)
        stack.length = max(stack.length, rect.length)
    ends, across, length = list[float](), 0.0, 0.0
    for i, shelf in enumerate(shelves):
        along = 0.0
        for j, stack in enumerate(shelf):
            stack.along, top = along, across
            for rect in stack.rects:
                rect.along, rect.across, rect.shelf, rect.stack = along, top, i, j
                top += rect.breadth + gap
            along += stack.length + gap
        length = max(length, along - gap)
        ends.append(across + max((stack.breadth for stack in shelf), default=0.0))
        across = ends[-1] + gap
    return Packing(shelves, ends, max(length, 0.0), max(across - gap, 0.0), gap), rects


def packed(
    sizes: Sequence[tuple[float, float]],
    most: float,
    gap: float,
    score: Callable[[float, float], float],
    was: Sequence[Place | None] = (),
    free: bool = False,
) -> tuple[Packing, list[Rect]]:
    """The placement of the highest score, which is given length and breadth; shelves are at most ``most`` long.

    was : where each stood before. Of the placements that are nearly as good, the one is taken in which most of them
    follow each other as they did.
    free : whether they may leave their order, as `pack` says.
    """
    lengths = _some({min(each + 0.5, most) for each in accumulate(length + gap for length, _ in sizes)} | {most})
    talls = _some(set(accumulate(breadth + gap for _, breadth in sizes)) | {b for _, b in sizes})
    tried = [pack(sizes, length, tall, gap, free) for length, tall in product(lengths or [most], [0.0, *talls])]
    scores = [score(made.length, made.breadth) for made, _ in tried]
    best = max(scores)
    known = [i for i, place in enumerate(was) if place is not None]
    before = _steps([place for place in was if place is not None])

    def loss(i: int) -> tuple[int, float]:
        rects = tried[i][1]
        steps = _steps([(rects[k].shelf, rects[k].stack) for k in known])
        return sum(a != b for a, b in zip(steps, before, strict=True)), -scores[i]

    return tried[min((i for i, each in enumerate(scores) if nearly(each, best)), key=loss)]


def nearly(score: float, best: float) -> bool:
    """Whether a score is so near to the best one that it may be taken for the sake of rest."""
    return score >= best - (1 - _NEARLY) * abs(best)


def _steps(places: Sequence[Place]) -> list[tuple[bool, bool]]:
    """Whether each place is on the shelf of the one before it, and in its stack."""
    return [(a[0] == b[0], a == b) for a, b in pairwise(places)]


def _some(values: Iterable[float]) -> list[float]:
    """At most so many of the values, evenly chosen, the largest first."""
    ordered = sorted(values, reverse=True)
    step = max(len(ordered) / _TRIED, 1.0)
    return [ordered[int(i * step)] for i in range(min(_TRIED, len(ordered)))]
