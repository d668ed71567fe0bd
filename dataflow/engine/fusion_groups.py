"""Which steps run together, tile by tile: those that read what the others write while it is in the cache.

Two groups of steps are joined where that saves bytes: one writes what the other reads, or both read the same array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from dataflow.core.ports import flat
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.tiling import Layout, Operand, Tiling, tile_of
from dataflow.graph.order import topological


@dataclass(slots=True)
class Group:
    """Steps, by index, that run together.

    size : elements that its tiles cover.
    unit : elements that no tile may divide; 0 for a step that does not go by tiles.
    folds : the tile, in elements, whose partials are folded; 0 where nothing is.
    before : groups that must have run; ``barriers`` those of them whose values are needed whole.
    notes : why it is no longer than it is.
    """

    steps: list[int]
    size: int = 0
    unit: int = 0
    folds: int = 0
    before: set[int] = field(default_factory=set)
    barriers: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def fusion_groups(
    names: Sequence[str],
    reads: Sequence[Sequence[Read]],
    writes: Sequence[Sequence[int]],
    folded: Set[int],
    tilings: Mapping[int, Tiling],
    origin: Mapping[int, int],
    fuse: bool,
) -> list[Group]:
    """The groups of steps, in an order in which they can run.

    ``names``, ``reads`` and ``writes`` have an entry per step, ``tilings`` one for each step that goes by tiles.
    ``folded`` slots are folded from partials of all tiles; ``origin`` has for a view on all elements of another slot,
    in their order, that slot. Without ``fuse`` each step is a group of its own.
    """
    return _Grouping(names, reads, writes, folded, tilings, origin, fuse).run()


class _Grouping:
    def __init__(
        self,
        names: Sequence[str],
        reads: Sequence[Sequence[Read]],
        writes: Sequence[Sequence[int]],
        folded: Set[int],
        tilings: Mapping[int, Tiling],
        origin: Mapping[int, int],
        fuse: bool,
    ):
        self.fuse, self.names, self.reads, self.writes, self.folded = fuse, names, reads, writes, folded
        self.tilings, self.origin = tilings, origin
        self.maker = {slot: i for i, slots in enumerate(writes) for slot in slots}
        self.made: list[Group] = []
        self.parent: list[int] = []
        self.readers: dict[int, int] = {}  # the last group that goes by tiles and reads an array

    def run(self) -> list[Group]:
        for i in range(len(self.reads)):
            self._add(i)
        return self._ordered()

    def _add(self, i: int) -> None:
        tiling = self.tilings.get(i)
        group = Group([i])
        self.made.append(group)
        self.parent.append(i)
        near: list[int] = []  # groups that it may be joined to
        for slot, operand in with_operands(self.reads[i], tiling):
            streamed = operand is not None and operand.layout is Layout.ALONG and operand.each == tiling.unit  # type: ignore[union-attr]
            source = self.origin.get(slot, slot) if streamed else slot
            if (maker := self.maker.get(source)) is not None and maker != i:
                other = self._find(maker)
                group.before.add(other)
                if streamed and source not in self.folded:
                    near.append(other)
                else:
                    group.barriers.add(other)
            if streamed and source in self.readers:
                near.append(self._find(self.readers[source]))
        if tiling is None:
            return
        group.size, group.unit = tiling.size, tiling.unit
        group.folds = 0 if self.folded.isdisjoint(self.writes[i]) else tiling.tile
        for other in dict.fromkeys(near if self.fuse else ()):
            self._join(self._find(i), self._find(other))
        for slot, operand in with_operands(self.reads[i], tiling):
            if operand is not None and operand.layout is Layout.ALONG:
                self.readers[self.origin.get(slot, slot)] = i

    def _join(self, this: int, other: int) -> None:
        if this == other or not self.made[other].unit:
            return
        first, second = self.made[other], self.made[this]
        if why := self._apart(this, other):
            second.notes.append(f"apart from {self.names[first.steps[-1]]}: {why}")
            return
        self.parent[this] = other
        first.steps += second.steps
        first.unit, first.folds = max(first.unit, second.unit), max(first.folds, second.folds)
        first.before |= second.before
        first.barriers |= second.barriers
        first.notes += second.notes

    def _apart(self, this: int, other: int) -> str:
        """Why two groups cannot be joined; empty where they can."""
        one, two = self.made[this], self.made[other]
        unit, folds = max(one.unit, two.unit), {one.folds, two.folds} - {0}
        if one.size != two.size:
            return f"{one.size} elements against {two.size}"
        if unit % one.unit or unit % two.unit:
            return f"rows of {one.unit} elements against {two.unit}"
        if folds and folds != {tile_of(unit)}:
            return "sums are made of other tiles"
        if self._needs(one.barriers, other) or self._needs(two.barriers, this):
            return "a value is needed whole"
        if self._path(this, other) or self._path(other, this):
            return "a step between the two does not go by tiles"
        return ""

    def _needs(self, groups: set[int], other: int) -> bool:
        return any(self._find(g) == other for g in groups)

    def _path(self, start: int, end: int) -> bool:
        """Whether the first group waits for the second through other groups."""
        seen = {start, end}
        todo = [self._find(g) for g in self.made[start].before]
        while todo:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            before = {self._find(g) for g in self.made[at].before}
            if end in before:
                return True
            todo += before
        return False

    def _find(self, group: int) -> int:
        while self.parent[group] != group:
            self.parent[group] = self.parent[self.parent[group]]
            group = self.parent[group]
        return group

    def _ordered(self) -> list[Group]:
        """The groups in topological order, ties broken by their first steps."""
        waits = {g: {self._find(b) for b in self.made[g].before} - {g} for g in self.parent if self.parent[g] == g}
        keys = {group: (self.made[group].steps[0], group) for group in waits}
        order = topological({keys[group]: [keys[other] for other in before] for group, before in waits.items()})
        result = [self.made[group] for _, group in order]
        for each in result:
            each.steps.sort()
        return result


def with_operands(reads: Sequence[Read], tiling: Tiling | None) -> Iterator[tuple[int, Operand | None]]:
    """The slots that a step reads, each with how it lies along the tiles, None if the step has no tiling."""
    if tiling is None:
        yield from ((slot, None) for slot in flat(reads))
        return
    for slot, operand in zip_ports(reads, tiling.operands):
        if slot is not None:
            yield slot, operand
