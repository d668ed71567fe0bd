"""Where the values of a run are kept: which of them share a buffer, and how much memory that takes at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dataflow.buffers import Buffers, last_uses
from dataflow.program import SMALL, Region, Stage, Step, Together, nbytes, steps_of
from dataflow.shapes import TensorType
from dataflow.signature import flat


@dataclass
class Placement:
    """Stages are placed one after the other; then ``buffer_of`` has the buffer of each value that is given one."""

    types: Sequence[TensorType]
    roots: Mapping[int, int]  # the slot whose memory a view shows
    constants: Mapping[int, Any]
    feeds: set[int]
    outputs: Sequence[int]
    buffer_of: dict[int, int] = field(default_factory=dict)
    in_place: set[int] = field(default_factory=set)
    peak: int = 0  # bytes that are held at most beside the buffers

    def place(self, stages: Sequence[Stage]) -> tuple[list[Stage], list[int]]:
        """The stages with what they release, and the sizes of the buffers."""
        self.pool = Buffers()
        self.last = last_uses([_reads(stage) for stage in stages], self.roots, self.outputs)
        self.kept = {self._root(slot) for slot in self.outputs}
        self.made = 0  # bytes of values that are made anew in each run, and needed still
        placed = [self._stage(i, stage) for i, stage in enumerate(stages)]
        self.peak = max(self.peak, self.made + sum(nbytes(self.types[slot]) for slot in self._copied()))
        return placed, self.pool.sizes

    def _copied(self) -> list[int]:
        """Outputs that are not the caller's own until they are copied, and inputs that are so small that they are."""
        shown: set[int] = set()
        copied = [slot for slot in self.feeds if nbytes(self.types[slot]) <= SMALL]
        for slot in self.outputs:
            if slot in self.roots or slot in shown or not self._made_anew(slot) or slot in self.constants:
                copied.append(slot)
            shown.add(slot)
        return [slot for slot in copied if self.types[slot].known]

    def _stage(self, i: int, stage: Stage) -> Stage:
        read = dict.fromkeys(map(self._root, _reads(stage)))
        gone = [r for r in read if self.last[r] == i and r not in self.constants]
        donors = list(gone)
        for slot in stage.writes:
            if not self._held(stage, slot):
                continue
            donor = self._donor(stage, slot, donors)
            if donor is not None:
                self.buffer_of[slot] = self.buffer_of[donor]
                donors.remove(donor)
                self.in_place.add(slot)
            else:
                self.buffer_of[slot] = self.pool.take(nbytes(self.types[slot]))
        new = [s for s in stage.writes if s not in self.buffer_of and s not in self.roots and self.types[s].known]
        self.made += sum(nbytes(self.types[slot]) for slot in new)
        self.peak = max(self.peak, self.made + self._workspace(stage))
        for slot in [*donors, *(s for s in stage.writes if s not in self.last)]:
            if slot in self.buffer_of:
                self.pool.give_back(self.buffer_of[slot])
        forgotten = [slot for slot in new if slot not in self.last]
        self.made -= sum(nbytes(self.types[s]) for s in [*gone, *forgotten] if self._made_anew(s))
        return replace(stage, releases=tuple(gone))

    def _root(self, slot: int) -> int:
        return self.roots.get(slot, slot)

    def _made_anew(self, slot: int) -> bool:
        return slot not in self.buffer_of and slot not in self.feeds and self.types[slot].known

    def _held(self, stage: Stage, slot: int) -> bool:
        """Whether a value is written into a buffer that is there before the run."""
        type_ = self.types[slot]
        size = nbytes(type_) if type_.known else -1
        if slot in self.kept and size > SMALL:
            return False
        if isinstance(stage, Region):
            return True
        step = next(step for step in steps_of(stage) if slot in step.writes)
        return (slot == step.writes[0] and step.how == "into") or (step.how != "view" and 0 <= size <= SMALL)

    def _donor(self, stage: Stage, slot: int, gone: Sequence[int]) -> int | None:
        """The input whose buffer the output may take over: the block allows it, and no one else reads it any more."""
        if isinstance(stage, Together) or (
            isinstance(stage, Step) and (stage.how != "into" or slot != stage.writes[0])
        ):
            return None
        steps = steps_of(stage)
        homes = stage.stream.homes if isinstance(stage, Region) else {}
        writer = next(i for i, step in enumerate(steps) if any(slot in (s, homes.get(s)) for s in step.writes))
        later = {self._root(s) for step in steps[writer + 1 :] for s in flat(step.reads)}
        step = steps[writer]
        roots = [self._root(s) for s in flat(step.reads)]
        for name, read in zip(step.block.signature.inputs, step.reads, strict=True):
            alone = roots.count(read) == 1 or (
                isinstance(step.block.call, np.ufunc) and step.reads.count(read) == len(roots)
            )
            mine = name in step.block.reuses and read in gone and read in self.buffer_of and alone
            if mine and read not in later and self.types[read] == self.types[slot]:
                return int(read)
        return None

    def _workspace(self, stage: Stage) -> int:
        """Bytes that the kernels take for themselves."""
        if isinstance(stage, Region):
            return stage.scratch_bytes
        taken = 0
        for step in steps_of(stage):
            types = [_types(self.types, read) for read in step.reads]
            taken += step.block.workspace(*types) if all(t.known for t in flat(types)) else 0
        return taken


def _reads(stage: Stage) -> Sequence[int]:
    return flat(stage.reads)


def _types(types: Sequence[TensorType], read: Any) -> Any:
    if isinstance(read, tuple):
        return tuple(types[slot] for slot in read)
    return None if read is None else types[read]
