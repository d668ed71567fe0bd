"""Steps that run in parallel: those that do not wait for each other and take long enough to be worth a thread each."""

from __future__ import annotations

from collections.abc import Sequence

from dataflow.core.ports import flat
from dataflow.engine.stages import Parallel, Stage
from dataflow.engine.steps import Step, Storage

MIN_PARALLEL = 1 << 22  # bytes that a step reads and writes, above which another thread saves time


def run_in_parallel(stages: Sequence[Stage], sizes: Sequence[int], threads: int) -> list[Stage]:
    """The stages, with neighbouring steps that do not wait for each other joined; ``sizes`` of slots are in bytes.

    Regions share their tiles among threads, and matrix products their panels, so these stay as they are.
    """
    if threads == 1 or sum(sizes) < 2 * MIN_PARALLEL:
        return list(stages)
    made: list[Stage] = []
    group: list[Step] = []
    for stage in stages:
        joins = isinstance(stage, Step) and _is_single_core(stage, sizes)
        if not joins or {s for step in group for s in step.writes} & set(flat(stage.reads)):
            made += _joined(group, threads)
            group = []
        if joins:
            group.append(stage)  # type: ignore[arg-type]
        else:
            made.append(stage)
    return [*made, *_joined(group, threads)]


def _joined(group: Sequence[Step], threads: int) -> Sequence[Stage]:
    return [Parallel(tuple(group), threads)] if len(group) > 1 else group


def _is_single_core(step: Step, sizes: Sequence[int]) -> bool:
    """Whether a step takes long and uses one core alone."""
    if step.storage is Storage.VIEW or step.block.uses_cores:
        return False
    slots: set[int] = {*flat(step.reads), *step.writes}
    return sum([sizes[slot] for slot in slots]) >= MIN_PARALLEL
