"""What a program is made of: steps, regions of fused steps, and steps that run in parallel."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Self

from dataflow.core.block import Block
from dataflow.core.ports import flat
from dataflow.core.scratch import CHUNK
from dataflow.engine.region import Region
from dataflow.engine.slots import Read


class Storage(Enum):
    """Where a step gets the memory of its first output."""

    VIEW = "view"  # it is that of the first input
    OUT = "out"  # the kernel is given an array to write into
    NEW = "new"  # the kernel makes the array
    TILE = "tile"  # the step is fused: a region writes tile by tile


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a kernel: what it reads, in port order, and the slots that it writes.

    releases : slots that have no later reader.
    """

    node: str
    block: Block
    reads: tuple[Read, ...]
    writes: tuple[int, ...]
    storage: Storage
    releases: tuple[int, ...] = ()

    @property
    def who(self) -> str:
        """What errors call the step: ``node 'name' (Block)``."""
        return f"node '{self.node}' ({type(self.block).__name__})"

    def releasing(self, slots: tuple[int, ...]) -> Step:
        """The step with these slots to release."""
        return Step(self.node, self.block, self.reads, self.writes, self.storage, slots)


@dataclass(frozen=True, slots=True)
class _SeveralSteps:
    """What regions and parallel steps have in common."""

    steps: tuple[Step, ...]
    releases: tuple[int, ...] = field(default=(), kw_only=True)

    def releasing(self, slots: tuple[int, ...]) -> Self:
        """The same stage with these slots to release."""
        return replace(self, releases=slots)

    @property
    def node(self) -> str:
        """The node of the last step."""
        return self.steps[-1].node

    @property
    def who(self) -> str:
        """What errors say where it is not known which step failed."""
        others = len(self.steps) - 1
        return self.steps[-1].who + (f" with {counted(others, 'other')}" if others else "")


@dataclass(frozen=True, slots=True)
class Fused(_SeveralSteps):
    """Steps fused into a region, which runs all of them on one tile, then on the next.

    reads, writes : slots that the region reads from outside, and those that outlive it.
    workers : threads that share the tiles, at most.
    notes : why it holds no more steps.
    """

    region: Region
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    workers: int
    notes: tuple[str, ...] = ()

    @property
    def scratch_bytes(self) -> int:
        """Bytes of scratch that the workers borrow, for values of one tile and for their kernels."""
        workers = min(self.workers, self.region.most_workers)
        tile = min(self.region.step(workers, False), self.region.size)
        each = tile * sum(self.region.widths[buffer] for buffer in self.region.buffers) + self.region.workspace(tile)
        return workers * -(-each // CHUNK) * CHUNK


@dataclass(frozen=True, slots=True)
class Parallel(_SeveralSteps):
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


Stage = Step | Fused | Parallel


def steps_of(stage: Stage) -> tuple[Step, ...]:
    """The steps of a stage, in the order in which they were lowered."""
    return (stage,) if isinstance(stage, Step) else stage.steps


def counted(count: int, noun: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} {noun}" + "s" * (count != 1)
