"""What memory plans go by, that of a run and that of a tile: free buffers, last uses, and who may work in place."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dataflow.core.dtypes import DType
from dataflow.core.ports import flat
from dataflow.engine.slots import Read
from dataflow.engine.steps import Step


@dataclass
class FreeList:
    """Buffers as they are taken and given back along a run; ``sizes`` are in bytes, one per buffer."""

    sizes: list[int] = field(default_factory=list)
    free: list[tuple[int, int]] = field(default_factory=list)  # size and number of each, in order

    def take(self, nbytes: int) -> int:
        """The number of a buffer of at least this size: the smallest free one that does, else the largest, grown."""
        if not self.free:
            self.sizes.append(nbytes)
            return len(self.sizes) - 1
        size = min(nbytes, self.free[-1][0])
        chosen = self.free.pop(bisect_left(self.free, (size, 0)))[1]
        self.sizes[chosen] = max(nbytes, self.sizes[chosen])
        return chosen

    def give_back(self, buffer: int) -> None:
        """Let later values have the buffer."""
        insort(self.free, (self.sizes[buffer], buffer))


def last_uses(uses: Sequence[Iterable[int]], roots: Mapping[int, int], outputs: Iterable[int]) -> dict[int, int]:
    """The index of the last stage that uses each value; a view counts as a use of the value whose memory it shows.

    ``uses`` has the slots that each stage reads. Outputs are used after the last stage.
    """
    last: dict[int, int] = {}
    for stage, slots in enumerate(uses):
        for slot in slots:
            last[roots.get(slot, slot)] = stage
    for slot in outputs:
        last[roots.get(slot, slot)] = len(uses)
    return last


def in_place_input(step: Step, dtype: DType, free: Container[int | Read], roots: Mapping[int, int]) -> int | None:
    """The input whose memory the first output, stored as ``dtype``, may take over; None if there is none.

    The block must reuse it, and read it at no other place; a ufunc may, as each element is read before it is written.
    ``free`` has the inputs of the output's size and dtype that have no later reader, ``roots`` the slot behind a view.
    """
    for port, read in zip(step.block.signature.inputs, step.reads, strict=True):
        if port in step.block.reuses and isinstance(read, int) and read in free:
            reads = [roots.get(slot, slot) for slot in flat(step.reads)]
            everywhere = step.reads.count(read) == len(reads)
            if reads.count(read) == 1 or (everywhere and isinstance(step.block.kernel_for(dtype), np.ufunc)):
                return read
    return None
