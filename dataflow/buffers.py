"""Which values share memory: a buffer is taken when a value is made and given back after its last use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Buffers:
    """Buffers as they are handed out along a run; ``sizes`` are in bytes, one per buffer."""

    sizes: list[int] = field(default_factory=list)
    free: list[int] = field(default_factory=list)

    def take(self, nbytes: int) -> int:
        """The number of a buffer of at least this size: the smallest free one that does, else the largest, grown."""
        enough = [b for b in self.free if self.sizes[b] >= nbytes]
        if enough:
            chosen = min(enough, key=lambda b: (self.sizes[b], b))
        elif self.free:
            chosen = max(self.free, key=lambda b: (self.sizes[b], -b))
            self.sizes[chosen] = nbytes
        else:
            self.sizes.append(nbytes)
            return len(self.sizes) - 1
        self.free.remove(chosen)
        return chosen

    def give_back(self, buffer: int) -> None:
        """Let later values have the buffer."""
        self.free.append(buffer)


def last_uses(uses: Sequence[Iterable[int]], roots: Mapping[int, int], kept: Iterable[int]) -> dict[int, int]:
    """The last step that uses each value, views counted as uses of the value whose memory they show.

    ``uses`` has the slots that each step reads; kept slots are never given back.
    """
    last: dict[int, int] = {}
    for step, slots in enumerate(uses):
        for slot in slots:
            last[roots.get(slot, slot)] = step
    for slot in kept:
        last[roots.get(slot, slot)] = len(uses)
    return last
