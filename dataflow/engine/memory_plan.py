"""Where the values of a run are kept: which of them share a buffer, and how much memory that takes at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.ports import flat
from dataflow.core.run_errors import run_error
from dataflow.core.shapes import TensorType
from dataflow.engine.buffers import Buffers, last_uses
from dataflow.engine.program import SMALL, Region, Stage, Step, steps_of
from dataflow.engine.views import shape_of_step


@dataclass
class Placement:
    """Stages are placed one after the other; then ``buffer_of`` has the buffer of each value that is given one."""

    types: Sequence[TensorType]
    sizes: Sequence[int]  # of the slots in bytes, -1 where it is not known
    roots: Mapping[int, int]  # the slot whose memory a view shows
    constants: Mapping[int, Any]
    feeds: set[int]
    outputs: Sequence[int]
    max_bytes: int | None = None
    buffer_of: dict[int, int] = field(default_factory=dict)
    in_place: set[int] = field(default_factory=set)
    peak: int = 0  # bytes that are held at most beside the buffers

    def place(self, stages: Sequence[Stage]) -> tuple[list[Stage], list[int]]:
        """The stages with what they release, and the sizes of the buffers."""
        self.pool = Buffers()
        self.last = last_uses([flat(stage.reads) for stage in stages], self.roots, self.outputs)
        self.views: dict[int, list[int]] = {}
        for view, root in self.roots.items():
            self.views.setdefault(root, []).append(view)
        self.kept = {self.roots.get(slot, slot) for slot in self.outputs}
        self.made = 0  # bytes of values that are made anew in each run, and needed still
        self.borrowed = 0  # bytes that kernels borrowed so far
        self.scattered: set[int] = set()  # large views whose elements do not lie in their order
        placed = [self._stage(i, stage) for i, stage in enumerate(stages)]
        copies = sum(max(self.sizes[slot], 0) for slot in self._copied())
        self.peak = max(self.peak, self.made + self.borrowed + copies)
        return placed, self.pool.sizes

    def _copied(self) -> list[int]:
        """Outputs that are not the caller's own until they are copied, and inputs that are so small that they are."""
        shown: set[int] = set()
        copied = [slot for slot in self.feeds if self.sizes[slot] <= SMALL]
        for slot in self.outputs:
            if slot in self.roots or slot in shown or not self._made_anew(slot) or slot in self.constants:
                copied.append(slot)
            shown.add(slot)
        return copied

    def _stage(self, i: int, stage: Stage) -> Stage:
        roots, last, buffer_of = self.roots, self.last, self.buffer_of
        if isinstance(stage, Step) and stage.how == "view" and self.sizes[stage.writes[0]] > SMALL:
            self._view(stage)
        read = {roots.get(slot, slot) for slot in flat(stage.reads)}
        gone = sorted(r for r in read if last[r] == i and r not in self.constants)
        shown = [view for root in gone for view in self.views.get(root, ())]  # they hold the memory too
        donors = list(gone)
        new, unread = [], []
        for slot in stage.writes:
            if self._held(stage, slot):
                donor = self._donor(stage, slot, donors) if donors else None
                if donor is not None:
                    buffer_of[slot] = buffer_of[donor]
                    donors.remove(donor)
                    self.in_place.add(slot)
                else:
                    buffer_of[slot] = self.pool.take(self.sizes[slot])
            elif slot not in roots:
                new.append(slot)
            if slot not in last:
                unread.append(slot)
        self.made += sum(max(self.sizes[slot], 0) for slot in new)
        self.borrowed = max(self.borrowed, self._workspace(stage))  # it is kept for the next who borrows
        self.peak = max(self.peak, self.made + self.borrowed)
        for slot in (*donors, *unread):
            if slot in buffer_of:
                self.pool.give_back(buffer_of[slot])
        self.made -= sum(max(self.sizes[s], 0) for s in (*gone, *unread) if self._made_anew(s) and s not in roots)
        return stage.releasing((*gone, *shown))

    def _view(self, step: Step) -> None:
        source, slot = step.reads[0], step.writes[0]
        if source in self.scattered:
            self.made += self.sizes[slot]  # where strides cannot tell it, it is copied, else by its readers
        elif shape_of_step(step, self.types, self.constants) != self.types[slot].shape:
            self.scattered.add(slot)

    def _made_anew(self, slot: int) -> bool:
        return slot not in self.buffer_of and slot not in self.feeds

    def _held(self, stage: Stage, slot: int) -> bool:
        """Whether a value is written into a buffer that is there before the run."""
        size = self.sizes[slot]
        if slot in self.kept and size > SMALL:
            return False
        if isinstance(stage, Region):
            return True
        step = stage if isinstance(stage, Step) else next(step for step in stage.steps if slot in step.writes)
        return (slot == step.writes[0] and step.how == "into") or (step.how != "view" and 0 <= size <= SMALL)

    def _donor(self, stage: Stage, slot: int, gone: Sequence[int]) -> int | None:
        """The input whose buffer the output may take over: the block allows it, and no one else reads it any more."""
        later: set[int] = set()
        if isinstance(stage, Step):
            if stage.how != "into" or slot != stage.writes[0]:
                return None
            step = stage
        elif isinstance(stage, Region):
            homes = stage.stream.homes
            writer = next(
                i for i, step in enumerate(stage.steps) if any(slot in (s, homes.get(s)) for s in step.writes)
            )
            later = {self.roots.get(s, s) for step in stage.steps[writer + 1 :] for s in flat(step.reads)}
            # what the next tile reads of it, by a view or all of it, must still be there
            later |= {
                self.roots.get(s, s) for p in stage.stream.pieces for s in p.slots if s in p.beyond or s in self.roots
            }
            step = stage.steps[writer]
        else:
            return None
        roots = [self.roots.get(s, s) for s in flat(step.reads)]
        for name, read in zip(step.block.signature.inputs, step.reads, strict=True):
            if name not in step.block.reuses or read not in gone or read not in self.buffer_of or read in later:
                continue
            alone = roots.count(read) == 1 or (
                step.reads.count(read) == len(roots)
                and isinstance(step.block.kernel_for(dtypes.storage(self.types[slot].dtype)), np.ufunc)
            )
            if alone and self.types[read] == self.types[slot]:
                return int(read)
        return None

    def _workspace(self, stage: Stage) -> int:
        """Bytes that the kernels take for themselves."""
        if isinstance(stage, Region):
            return stage.scratch_bytes + self._put_in_rows(stage.reads)
        held = self.made + sum(self.pool.sizes)
        if self.max_bytes is not None and held > self.max_bytes:
            return 0  # refused already; what kernels would take may itself take long to find out
        taken = 0
        for step in steps_of(stage):
            if type(step.block).workspace is not Block.workspace and min(self.sizes[s] for s in flat(step.reads)) >= 0:
                try:
                    taken += step.block.workspace(*map(self._type, step.reads))
                except Exception as error:
                    raise run_error(step, error, [self.types[slot] for slot in step.writes]) from error
            if step.block.contiguous_inputs:
                taken += self._put_in_rows(flat(step.reads))
        return taken

    def _put_in_rows(self, reads: Sequence[int]) -> int:
        """Bytes of copies whose elements lie in their order."""
        return sum(self.sizes[slot] for slot in reads if slot in self.scattered)

    def _type(self, read: Any) -> Any:
        if isinstance(read, tuple):
            return tuple(map(self._type, read))
        if read is None:
            return None
        type_ = self.types[read]
        return TensorType(type_.dtype, type_.shape, self.constants.get(read))
