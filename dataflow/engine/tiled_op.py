"""One block of a region: what it reads and writes, and how that lies along the tiles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dataflow.core.block import Block
from dataflow.core.ports import In
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.tiling import Layout, Operand, Tiling


class TiledOp(NamedTuple):
    """A block with the slots of the values that it reads and writes.

    reduces : for each output the ufunc that folds its partials, None where the output has elements along the tiles.
    """

    block: Block
    tiling: Tiling
    reads: tuple[Read, ...]
    writes: tuple[int, ...]
    reduces: tuple[np.ufunc | None, ...]

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
