"""What a program is made of: steps, regions of fused steps, and steps that run in parallel."""

from __future__ import annotations

from dataclasses import dataclass

from dataflow.core.ports import flat
from dataflow.engine.region import Region
from dataflow.engine.steps import SeveralSteps, Step


@dataclass(frozen=True)
class Parallel(SeveralSteps):
    """Steps that do not wait for each other, shared by at most ``workers`` threads."""

    workers: int

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that the steps read."""
        return tuple(slot for step in self.steps for slot in flat(step.reads))

    @property
    def writes(self) -> tuple[int, ...]:
        """The slots that the steps write."""
        return tuple(slot for step in self.steps for slot in step.writes)


Stage = Step | Region | Parallel


def steps_of(stage: Stage) -> tuple[Step, ...]:
    """The steps of a stage, in the order in which they were lowered."""
    return (stage,) if isinstance(stage, Step) else stage.steps
