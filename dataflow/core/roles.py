"""What training puts on each input of an optimizer: the role of a port, whatever its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """What an input of an optimizer is for."""


@dataclass(frozen=True)
class Variable(Role):
    """The variable that is trained."""


@dataclass(frozen=True)
class Gradient(Role):
    """The gradient of what is minimized by the variable."""


@dataclass(frozen=True)
class Slot(Role):
    """A variable of the same shape that the optimizer keeps; ``initial`` is the value that it begins with."""

    initial: float = 0.0


@dataclass(frozen=True)
class Setting(Role):
    """A number that the user may set; without a ``default`` it must be set."""

    default: float | None = None


@dataclass(frozen=True)
class LearningRate(Setting):
    """The setting that a schedule, where there is one, gives for each step."""


@dataclass(frozen=True)
class PowerOf(Setting):
    """The setting on port ``base`` to the power of the number of the step; kept in a variable that all share."""

    base: str = ""


@dataclass(frozen=True)
class StepNumber(Role):
    """The number of the step, from 1."""
