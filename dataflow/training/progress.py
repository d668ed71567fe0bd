"""The progress of training, apart from the variables: all of it is in each checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


@dataclass
class Progress:
    """Where training stands."""

    epoch: int = 0  # the current one, from 0
    rows: int = 0  # of this epoch that steps have taken
    skipped: int = 0  # steps of this epoch that left the variables as they were
    counted: int = 0  # rows that the sums are over
    sums: dict[str, float] = field(default_factory=dict)  # of outputs times rows
    rate: float | None = None  # the learning rate of the last step, where a schedule says it
    best: float | None = None
    best_epoch: int = 0  # counted from 1
    waited: int = 0  # epochs since the best one
    done: bool = False

    def add(self, means: Mapping[str, float], rows: int) -> None:
        """Note the means of a step over so many rows."""
        for name, mean in means.items():
            self.sums[name] = self.sums.get(name, 0.0) + mean * rows
        self.counted += rows

    def means(self) -> dict[str, float]:
        """The means over the rows of this epoch so far."""
        return {name: total / self.counted for name, total in self.sums.items()}

    def next_epoch(self) -> None:
        """Begin the next epoch."""
        self.epoch, self.rows, self.skipped, self.counted, self.sums = self.epoch + 1, 0, 0, 0, {}

    @classmethod
    def of(cls, notes: Mapping[str, Any]) -> Self:
        """The progress that a checkpoint notes; ValueError where they are not all there, each of its kind."""
        kinds = {each.name: type(each.default) for each in fields(cls)} | {"sums": dict, "rate": float, "best": float}
        if notes.keys() != kinds.keys():
            raise ValueError
        for name, kind in kinds.items():
            value = notes[name]
            if type(value) is not kind and not (name in ("rate", "best") and value is None):
                raise ValueError
            if type(value) is int and value < 0:
                raise ValueError
        if any(type(total) is not float for total in notes["sums"].values()) or int(notes["counted"]) > int(
            notes["rows"]
        ):
            raise ValueError
        return cls(**notes)
