"""Steps that do not wait for each other and take long enough to be worth a thread each."""

from __future__ import annotations

from collections.abc import Sequence

from dataflow.core.ports import flat
from dataflow.engine.program import Stage, Step, Together

MIN_PARALLEL = 1 << 22  # bytes that a step reads and writes, above which another thread saves time


def at_the_same_time(stages: Sequence[Stage], sizes: Sequence[int], threads: int) -> list[Stage]:
    """The stages, with neighbours that do not wait for each other put together.

    Regions share their tiles among threads, and products of matrices their panels.
    """
    if threads == 1 or sum(sizes) < 2 * MIN_PARALLEL:
        return list(stages)
    made: list[Stage] = []
    group: list[Step] = []
    for stage in stages:
        long = isinstance(stage, Step) and _alone(stage, sizes)
        if not long or {s for step in group for s in step.writes} & set(flat(stage.reads)):
            made += _joined(group, threads)
            group = []
        if long:
            group.append(stage)  # type: ignore[arg-type]
        else:
            made.append(stage)
    return [*made, *_joined(group, threads)]


def _joined(group: Sequence[Step], threads: int) -> Sequence[Stage]:
    return [Together(tuple(group), threads)] if len(group) > 1 else group


def _alone(step: Step, sizes: Sequence[int]) -> bool:
    """Whether a step is long and runs on one core."""
    slots = {*flat(step.reads), *step.writes}
    return step.how != "view" and not step.block.uses_cores and sum([sizes[slot] for slot in slots]) >= MIN_PARALLEL
