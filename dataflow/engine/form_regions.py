"""From steps to stages: what runs together becomes a region, with the scratch memory of one tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.ports import flat
from dataflow.core.shapes import TensorType
from dataflow.core.thread_pool import MIN_PARALLEL
from dataflow.engine.buffers import Buffers
from dataflow.engine.fusion import Group, along, groups
from dataflow.engine.program import Region, Step
from dataflow.engine.region import Piece, Stream
from dataflow.engine.render_numba import Loop, loops
from dataflow.engine.settings import Settings
from dataflow.engine.tiling import ACROSS, ALONG, Tiling, fewest, tiling
from dataflow.engine.views import shape_of_step


class Regions:
    """The stages of a list of steps; ``outputs`` are the slots that are needed when all have run."""

    def __init__(
        self,
        steps: Sequence[Step],
        types: Sequence[TensorType],
        sizes: Sequence[int],
        constants: Mapping[int, Any],
        outputs: set[int],
        settings: Settings,
    ):
        self.steps, self.types, self.sizes, self.constants = steps, types, sizes, constants
        self.outputs, self.settings = outputs, settings
        self.compiled = settings.compiled
        # of a view on all elements of another value in their order: that value, and the shape in which they broadcast
        self.shown: dict[int, tuple[int, tuple[int, ...]]] = {}
        self.why: dict[int, str] = {}  # large steps that do not go by tiles
        self.tilings: dict[int, Tiling] = {}
        large = [i for i, step in enumerate(steps) if step.how != "view" and self._large(step)]
        for step in steps if large else ():
            if step.how == "view":
                self._view(step)
        for i in large:
            if (made := self._tiling(i, steps[i])) is not None:
                self.tilings[i] = made
        if not settings.fuse:  # sums are made of tiles all the same
            self.tilings = {i: made for i, made in self.tilings.items() if any(steps[i].block.reduces)}

    def _view(self, step: Step) -> None:
        source, slot = step.reads[0], step.writes[0]
        if source is None:
            return
        root, shape = self._shown(source)
        if shape != self.types[source].shape:
            return
        if (shape := shape_of_step(step, self.types, self.constants)) is not None:
            self.shown[slot] = root, shape

    def _shown(self, slot: int) -> tuple[int, Any]:
        return self.shown.get(slot, (slot, self.types[slot].shape))

    def _large(self, step: Step) -> bool:
        """Whether a step may be worth it, as far as bytes tell; all of them are known."""
        sizes = [self.sizes[slot] for slot in (*flat(step.reads), *step.writes)]
        return max(sizes, default=0) > fewest(self.compiled) and min(sizes) >= 0

    def _tiling(self, i: int, step: Step) -> Tiling | None:
        """How a step goes by tiles, if that pays."""
        types, shown = ([self._given(read, past) for read in step.reads] for past in (False, True))
        made = tiling(step.block, types, [self.types[slot] for slot in step.writes], self.compiled, shown)
        if isinstance(made, str):
            self.why[i] = made
            return None
        return made

    def _given(self, read: Any, past: bool) -> Any:
        """The type of what is read, or of what lies behind the views on it."""
        if isinstance(read, tuple):
            return tuple(self._given(each, past) for each in read)
        if read is None:
            return None
        type_ = self.types[read]
        shape = self._shown(read)[1] if past else type_.shape
        return TensorType(type_.dtype, shape, self.constants.get(read))

    def stages(self) -> list[Step | Region]:
        """Steps and regions in the order in which they run, without views that nobody looks at any more."""
        if not self.tilings:
            return list(self.steps)
        self.folded = {
            slot
            for i in self.tilings
            for slot, ufunc in zip(self.steps[i].writes, self.steps[i].block.reduces, strict=True)
            if ufunc is not None
        }
        names = [step.node for step in self.steps]
        reads, writes = [step.reads for step in self.steps], [step.writes for step in self.steps]
        origin = {slot: root for slot, (root, shape) in self.shown.items() if shape == self.types[slot].shape}
        made = groups(names, reads, writes, self.folded, self.tilings, origin, self.settings.fuse)
        self.direct = {i: self._direct(i) for i in self.tilings}  # what is read past views
        readers: dict[int, set[int]] = {}  # of a slot, by the first step of their group
        for group in made:
            for i in group.steps:
                for slot in flat(self.direct.get(i, self.steps[i].reads)):
                    readers.setdefault(slot, set()).add(group.steps[0])
        self.readers = readers
        stages: list[Step | Region] = []
        for group in made:
            step = self.steps[group.steps[0]]
            if group.unit:
                stages.append(self._region(group))
            elif step.how != "view" or step.writes[0] in self.outputs or step.writes[0] in readers:
                stages.append(step)
        return stages

    def _direct(self, i: int) -> tuple[Any, ...]:
        tiling = self.tilings[i]
        made = iter([self._source(slot, operand, tiling) for slot, operand in along(self.steps[i].reads, tiling)])
        return tuple(
            tuple(next(made) for _ in read) if isinstance(read, tuple) else None if read is None else next(made)
            for read in self.steps[i].reads
        )

    def _source(self, slot: int, operand: Any, tiling: Tiling) -> int:
        root, shape = self._shown(slot)
        beside = operand.how in (ALONG, ACROSS) and tiling.elements(operand) == prod(shape)
        return root if beside else slot

    def _region(self, group: Group) -> Region:
        steps = [replace(self.steps[i], reads=self.direct[i], how="tile") for i in group.steps]
        tilings = [self.tilings[i] for i in group.steps]
        written = [slot for step in steps for slot in step.writes]
        needed = [s for s in written if s in self.outputs or self.readers.get(s, set()) - {group.steps[0]}]
        outer = [s for s in dict.fromkeys(s for step in steps for s in flat(step.reads)) if s not in written]
        pieces = [
            Piece(step.block, tiling, step.reads, step.writes, step.block.reduces)
            for step, tiling in zip(steps, tilings, strict=True)
        ]
        storage = {slot: dtypes.storage(self.types[slot].dtype) for slot in (*outer, *written)}
        turns = list(range(len(steps)))
        for item in loops(pieces, storage, set(needed)) if self.compiled else ():
            if isinstance(item, Loop):
                turns[item.pieces[0] : item.pieces[-1] + 1] = [item.pieces[0]] * len(item.pieces)
        parts = _scratch(steps, storage, set(needed), self.folded, turns)
        stream = Stream(pieces, storage, set(needed), *parts, compiled=self.compiled)
        workers = self.settings.threads if group.size >= MIN_PARALLEL else 1
        return Region(tuple(steps), stream, tuple(outer), tuple(needed), workers, tuple(dict.fromkeys(group.notes)))


def _scratch(
    steps: Sequence[Step], storage: Mapping[int, Any], needed: set[int], folded: set[int], turns: Sequence[int]
) -> tuple[dict[int, int], list[int], dict[int, int]]:
    """Where the values of a tile are: the buffer of each, bytes per element of the buffers, and outputs as buffers.

    A value that is gone when an output is written may have had the output's own memory. Steps of one turn are taken
    through each element together: what one of them reads last another may not overwrite, unless it has that very place.
    """
    last = {slot: i for i, step in enumerate(steps) for slot in flat(step.reads)}
    pool = Buffers()
    buffer_of: dict[int, int] = {}
    holders: dict[int, list[int]] = {}
    unused: list[int] = []  # slots whose buffers are free once the turn is over
    for i, step in enumerate(steps):
        if i and turns[i] != turns[i - 1]:
            _give_back(pool, buffer_of, unused)
        gone = [s for s in dict.fromkeys(flat(step.reads)) if last[s] == i and s in buffer_of and s not in needed]
        for position, slot in enumerate(step.writes):
            if slot in folded:
                continue
            donor = _donor(step, gone, storage[slot], storage) if position == 0 else None
            if donor is None:
                buffer_of[slot] = pool.take(storage[slot].itemsize)
            else:
                buffer_of[slot] = buffer_of[donor]
                gone.remove(donor)
            holders.setdefault(buffer_of[slot], []).append(slot)
        for slot in [*gone, *(s for s in step.writes if s in buffer_of and s not in last and s not in needed)]:
            unused.append(slot)
    homes: dict[int, int] = {}
    for own in holders.values():
        if own[-1] in needed:
            homes |= {s: own[-1] for s in own[:-1] if storage[s] == storage[own[-1]]}
    used = sorted({b for s, b in buffer_of.items() if s not in needed and s not in homes})
    scratch = {s: used.index(b) for s, b in buffer_of.items() if s not in needed and s not in homes}
    return scratch, [pool.sizes[b] for b in used], homes


def _give_back(pool: Buffers, buffer_of: Mapping[int, int], unused: list[int]) -> None:
    while unused:
        pool.give_back(buffer_of[unused.pop()])


def _donor(step: Step, gone: Sequence[int], dtype: Any, storage: Mapping[int, Any]) -> int | None:
    """The value that is read for the last time, and that the block may write over."""
    reads = flat(step.reads)
    for name, read in zip(step.block.signature.inputs, step.reads, strict=True):
        alone = reads.count(read) == 1 or isinstance(step.block.kernel_for(dtype), np.ufunc)
        if name in step.block.reuses and read in gone and alone and storage[read] == dtype:
            return int(read)
    return None
