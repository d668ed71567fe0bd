"""What is told of an epoch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Report:
    """An epoch: means over its rows by name; those of the validation split as ``validate``.

    ``rate`` is the learning rate of its last step, ``skipped`` how many steps left the variables as they were,
    ``best`` whether it is the best epoch so far, and ``changed`` how it differs from what the file says: what was
    overridden, and what `Trainer.change` changed in it.
    """

    epoch: int
    step: int
    seconds: float
    train: dict[str, float]
    validate: dict[str, float] = field(default_factory=dict)
    rate: float | None = None
    skipped: int = 0
    best: bool = False
    changed: str = ""
