"""Which values share memory: a buffer is taken when a value is made and given back after its last use."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Buffers:
    """Buffers as they are handed out along a run; ``sizes`` are in bytes, one per buffer."""

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
