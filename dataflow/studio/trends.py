"""Curves that stay small however long a training takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dataflow.core.dtypes import Array

MOST = 2000  # points of a curve
THIN = 50  # points that a page is told at a time are thinned to twice as many


class Trend:
    """A curve of at most `MOST` points; where there were more values, each stands for those of ``stride`` steps.

    >>> trend = Trend()
    >>> trend.extend(np.arange(4000), np.arange(4000) % 7)
    >>> trend.stride, len(trend.steps), trend.plain()["high"][:3]
    (2, 2000, [1.0, 3.0, 5.0])
    """

    def __init__(self) -> None:
        self.stride = 1
        self.steps = np.empty(0, np.int64)  # the first step of each point
        self._low = self._sum = self._high = np.empty(0)
        self._count = np.empty(0, np.int64)

    def extend(self, steps: Array, values: Array) -> None:
        """Add values at later steps; those that are not finite are left out."""
        kept = np.isfinite(values)
        steps, values = steps[kept].astype(np.int64), values[kept].astype(np.float64)
        if not steps.size:
            return
        self._join(steps, values, values, values, np.ones(steps.size, np.int64))
        while self.steps.size > MOST:
            self.stride *= 2
            nothing = np.empty(0)
            self._join(np.empty(0, np.int64), nothing, nothing, nothing, np.empty(0, np.int64))

    def _join(self, steps: Array, low: Array, total: Array, high: Array, count: Array) -> None:
        """Put points behind these, those of the same stride together."""
        steps = np.concatenate([self.steps, steps])
        places = (steps - steps[0]) // self.stride
        first = np.flatnonzero(np.diff(places, prepend=-1))
        self.steps = steps[first]
        self._low = np.minimum.reduceat(np.concatenate([self._low, low]), first)
        self._sum = np.add.reduceat(np.concatenate([self._sum, total]), first)
        self._high = np.maximum.reduceat(np.concatenate([self._high, high]), first)
        self._count = np.add.reduceat(np.concatenate([self._count, count]), first)

    def plain(self) -> dict[str, object]:
        """The `Trend` of the protocol."""
        return {
            "steps": self.steps.tolist(),
            "low": self._low.tolist(),
            "mean": (self._sum / self._count).tolist(),
            "high": self._high.tolist(),
            "stride": self.stride,
        }


def points(steps: Array, values: Array) -> list[list[object]]:
    """Values as a page is told them; of many only the least and the greatest of as many steps each.

    >>> points(np.arange(3), np.array([0.5, np.nan, 2.0]))
    [[0, 0.5], [1, None], [2, 2.0]]
    """
    if steps.size > 2 * THIN:
        kept = np.isfinite(values)
        steps, values = steps[kept], values[kept]
        chosen: list[int] = []
        for part in np.array_split(np.arange(steps.size), THIN):
            if part.size:
                chosen += sorted({int(part[values[part].argmin()]), int(part[values[part].argmax()])})
        steps, values = steps[chosen], values[chosen]
    told = [value if value == value and abs(value) < np.inf else None for value in values.tolist()]
    return [[step, value] for step, value in zip(steps.tolist(), told, strict=True)]


class Trends(dict[str, Trend]):
    """Curves by name, which appear with their first values."""

    def extend(self, steps: Mapping[str, Array], values: Mapping[str, Array]) -> dict[str, list[list[object]]]:
        """Add values to the curves; what a page is told of them."""
        for name, more in values.items():
            self.setdefault(name, Trend()).extend(steps[name], more)
        return {name: points(steps[name], more) for name, more in values.items()}

    def plain(self) -> dict[str, object]:
        """All of them as JSON has it."""
        return {name: trend.plain() for name, trend in self.items()}
