"""Steps: one call of a kernel each; those of a region also say how their operands lie along its tiles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Self

import numpy as np

from dataflow.core.block import Block
from dataflow.core.ports import In
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.tiling import Layout, Operand, Tiling


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

    @property
    def reduces(self) -> tuple[np.ufunc | None, ...]:
        """For each output the ufunc that folds its partials, None where the output has elements along the tiles."""
        return self.block.reduces

    def releasing(self, slots: tuple[int, ...]) -> Step:
        """The step with these slots to release."""
        return Step(self.node, self.block, self.reads, self.writes, self.storage, slots)


@dataclass(frozen=True, slots=True)
class TiledStep(Step):
    """A step of a region, and how its operands lie along the tiles."""

    tiling: Tiling = field(kw_only=True)

    @property
    def slots(self) -> set[int]:
        """The slots that are read, those of variadic ports among them."""
        return {slot for slot, _ in zip_ports(self.reads, self.tiling.operands) if slot is not None}

    @property
    def beyond(self) -> set[int | None]:
        """The slots of which a tile reads other elements than those at its own place."""
        pairs = zip_ports(self.reads, self.tiling.operands)
        return {slot for slot, operand in pairs if operand.layout is Layout.WHOLE or self.tiling.is_short(operand)}

    @property
    def precomputed_slots(self) -> list[Any]:
        """The slots of the inputs that the block's ``precompute`` takes."""
        by_port = dict(zip(self.block.signature.inputs, self.reads, strict=True))
        return [by_port[port] for port in self.block.precomputed_ports]

    def repeats(self, port: In) -> bool:
        """Whether the kernel wants the value on a port in the shape of the output's tile, not as it broadcasts.

        Kernels whose inputs broadcast take several of them as they are; a single one would not tell the shape.
        """
        if port.shape is not None:
            return False
        free = [each for each in self.block.signature.inputs.values() if each.shape is None and not each.like]
        return not self.block.broadcasts or (len(free) == 1 and not port.many)

    @property
    def short(self) -> list[tuple[Any, bool]]:
        """The slots that are repeated to the shape of the output's tile, and whether each is a single number."""
        ports = zip(self.block.signature.inputs.values(), self.reads, self.tiling.operands, strict=True)
        repeated = [(reads, operand) for port, reads, operand in ports if self.repeats(port)]
        pairs = zip_ports(*zip(*repeated, strict=True)) if repeated else ()
        return [(slot, operand == Operand(Layout.ACROSS)) for slot, operand in pairs if self.tiling.is_short(operand)]


@dataclass(frozen=True)
class SeveralSteps:
    """What stages of several steps have in common."""

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


def counted(count: int, noun: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} {noun}" + "s" * (count != 1)
