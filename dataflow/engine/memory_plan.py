"""The memory plan of a run: how long each value lives, which values share a buffer, and the peak in bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.ports import flat
from dataflow.core.run_errors import run_error
from dataflow.core.shapes import TensorType
from dataflow.core.workspace import counted
from dataflow.engine.binding import bound_types, operand_types
from dataflow.engine.buffers import FreeList, in_place_input, last_uses
from dataflow.engine.program import SMALL
from dataflow.engine.region import Region
from dataflow.engine.stages import Stage, steps_of
from dataflow.engine.steps import Step, Storage
from dataflow.engine.view_layout import source_shape_in_step


@dataclass
class MemoryPlan:
    """The buffers of a program, planned stage by stage.

    sizes : bytes of each slot, -1 where the run decides.
    roots : for each view the slot whose memory it shows.
    watched : slots that are kept as outputs are, and shown rather than given away.
    buffer_of : the buffer of each slot that is given one.
    in_place : slots that take over the memory of an input.
    taken_over : those that have no buffer, and the input: an array that is an output in the end is used from the start.
    peak : the most bytes that are held beside the buffers and what is bound.
    bound : bytes that the kernels of any one stage are bound to.
    kept : bytes that all bound kernels keep.
    """

    types: Sequence[TensorType]
    sizes: Sequence[int]
    roots: Mapping[int, int]
    constants: Mapping[int, Array]
    feeds: set[int]
    outputs: Sequence[int]
    watched: Sequence[int] = ()
    max_bytes: int | None = None
    compiled: bool = False
    buffer_of: dict[int, int] = field(default_factory=dict)
    in_place: set[int] = field(default_factory=set)
    taken_over: dict[int, int] = field(default_factory=dict)
    peak: int = 0
    bound: int = 0
    kept: int = 0

    def assign(self, stages: Sequence[Stage]) -> tuple[list[Stage], list[int]]:
        """The stages with the slots that they release, and the sizes of the buffers in bytes.

        Raises RunError that names the step whose block cannot say what workspace it takes.
        """
        self.buffers = FreeList()
        self.last = last_uses([flat(stage.reads) for stage in stages], self.roots, [*self.outputs, *self.watched])
        self.writers = {slot: i for i, stage in enumerate(stages) for slot in stage.writes}
        self.views: dict[int, list[int]] = {}
        for view, root in self.roots.items():
            self.views.setdefault(root, []).append(view)
        self.output_roots = {self.roots.get(slot, slot) for slot in (*self.outputs, *self.watched)}
        self.live = 0  # bytes of live values without a buffer, which each run allocates
        self.borrowed = 0  # bytes that kernels borrowed so far
        self.scattered: set[int] = set()  # large views that show elements out of order
        self.given_over: set[int] = set()  # values whose memory others take over that have no buffer
        self._take_over(stages)
        planned = [self._assign(i, stage) for i, stage in enumerate(stages)]
        copies = sum(max(self.sizes[slot], 0) for slot in self._copied())
        self.peak = max(self.peak, self.live + self.borrowed + copies)
        return planned, self.buffers.sizes

    def _copied(self) -> list[int]:
        """What the caller gets a copy of, and inputs so small that they are copied."""
        seen: set[int] = set()
        copied = [slot for slot in self.feeds if self.sizes[slot] <= SMALL]
        copied += [slot for slot in set(self.watched) if self.sizes[slot] <= SMALL and slot not in self.constants]
        for slot in self.outputs:
            if slot in self.roots or slot in seen or not self._is_allocated(slot) or slot in self.constants:
                copied.append(slot)
            seen.add(slot)
        return copied

    def _assign(self, i: int, stage: Stage) -> Stage:
        roots, last, buffer_of = self.roots, self.last, self.buffer_of
        if isinstance(stage, Step) and stage.storage is Storage.VIEW and self.sizes[stage.writes[0]] > SMALL:
            self._view(stage)
        read = {roots.get(slot, slot) for slot in flat(stage.reads)}
        dead = sorted(r for r in read if last[r] == i and r not in self.constants)
        dead_views = [view for root in dead for view in self.views.get(root, ())]  # they hold the memory too
        free = [slot for slot in dead if slot in buffer_of]
        allocated, unread = [], []
        over: dict[int, int] = {}  # the input that an output takes the memory of
        for slot in stage.writes:
            if slot in self.taken_over:
                over[slot] = self.taken_over[slot]
            elif slot not in self.given_over and self._has_buffer(stage, slot):
                taken = self._in_place_input(stage, slot, free) if free else None
                if taken is not None:
                    buffer_of[slot] = buffer_of[taken]
                    over[slot] = taken
                    free.remove(taken)
                else:
                    buffer_of[slot] = self.buffers.take(self.sizes[slot])
            elif slot not in roots:
                allocated.append(slot)
            if slot not in last:
                unread.append(slot)
        self.in_place.update(over)
        self.live += sum(max(self.sizes[slot], 0) for slot in allocated)
        self.borrowed = max(self.borrowed, self._workspace(stage))  # scratch is kept for the next borrower
        self.peak = max(self.peak, self.live + self.borrowed)
        for slot in (*free, *unread):
            if slot in buffer_of:
                self.buffers.give_back(buffer_of[slot])
        gone = [s for s in (*dead, *unread) if self._is_allocated(s) and s not in roots and s not in self.given_over]
        self.live -= sum(max(self.sizes[slot], 0) for slot in gone)
        if isinstance(stage, Region):
            stage = stage.in_place(over)
        return stage.releasing((*dead, *dead_views))

    def _take_over(self, stages: Sequence[Stage]) -> None:
        """Find the values that live in the array of an output before it is written in place."""
        for output in sorted(self.output_roots & self.writers.keys()):
            slot, stage = output, stages[self.writers[output]]
            while slot not in self.roots and self.sizes[slot] > SMALL:
                free = [own for own in {*flat(stage.reads)} if self._may_be_taken_over(stages, slot, own)]
                taken = self._in_place_input(stage, slot, free) if free else None
                if taken is None:
                    break
                self.taken_over[slot] = taken
                self.given_over.add(taken)
                slot, stage = taken, stages[self.writers[taken]]

    def _may_be_taken_over(self, stages: Sequence[Stage], by: int, slot: int) -> bool:
        """Whether a value is made in memory that it is given, and is not needed once the other one is written."""
        writer = self.writers.get(slot)
        if writer is None or slot in self.roots or slot in self.given_over:
            return False
        return self.last[slot] == self.writers[by] and self._has_buffer(stages[writer], slot)

    def _view(self, step: Step) -> None:
        source, slot = step.reads[0], step.writes[0]
        if source in self.scattered:
            self.live += self.sizes[slot]  # copied here where strides cannot show it, else by its readers
        elif source_shape_in_step(step, self.types, self.constants) != self.types[slot].shape:
            self.scattered.add(slot)

    def _is_allocated(self, slot: int) -> bool:
        return slot not in self.buffer_of and slot not in self.feeds

    def _has_buffer(self, stage: Stage, slot: int) -> bool:
        """Whether a value is written into memory that is kept from run to run."""
        size = self.sizes[slot]
        if slot in self.output_roots and size > SMALL:
            return False
        if isinstance(stage, Region):
            return True
        step = stage if isinstance(stage, Step) else next(step for step in stage.steps if slot in step.writes)
        if slot == step.writes[0] and step.storage is Storage.OUT:
            return True
        return step.storage is not Storage.VIEW and 0 <= size <= SMALL

    def _in_place_input(self, stage: Stage, slot: int, dead: Sequence[int]) -> int | None:
        """The input of the stage, one of those that are ``dead``, whose memory a value that it writes may take over."""
        later: set[int] = set()
        if isinstance(stage, Step):
            if stage.storage is not Storage.OUT or slot != stage.writes[0] or not stage.block.reuses:
                return None
            step = stage
        elif isinstance(stage, Region):
            writer = stage.writer(slot)
            later = {self.roots.get(s, s) for step in stage.steps[writer + 1 :] for s in flat(step.reads)}
            # what the next tile reads of it, by a view or all of it, must still be there
            later |= {self.roots.get(s, s) for op in stage.steps for s in op.slots if s in op.beyond or s in self.roots}
            step = stage.steps[writer]
        else:
            return None
        type_ = self.types[slot]
        free = {s for s in dead if s not in later and self.types[s] == type_}
        return in_place_input(step, dtypes.storage(type_.dtype), free, self.roots) if free else None

    def _workspace(self, stage: Stage) -> int:
        """Bytes that the kernels of a stage take beside inputs and outputs."""
        if isinstance(stage, Region):
            return stage.scratch_bytes + self._contiguous_copies(stage.reads)
        if self.max_bytes is not None and self.live + sum(self.buffers.sizes) > self.max_bytes:
            return 0  # refused already; what kernels would take may itself take long to find out
        taken = 0
        bound = 0
        for step in steps_of(stage):
            try:
                if types := bound_types(step, self.types, self.constants):
                    memory = counted(step.block, types, self.compiled)
                    bound += memory.nbytes
                    taken += memory.borrowed
                    self.kept += memory.kept
                elif self._may_take(step):
                    taken += step.block.workspace(*operand_types(step.reads, self.types, self.constants))
            except Exception as error:
                raise run_error(step, error, [self.types[slot] for slot in step.writes]) from error
            if step.block.contiguous_inputs:
                taken += self._contiguous_copies(flat(step.reads))
        self.bound = max(self.bound, bound)
        return taken

    def _may_take(self, step: Step) -> bool:
        """Whether the block of a step says what its kernel takes, and the types of all that it reads are known."""
        says = type(step.block).workspace is not Block.workspace
        return says and min(self.sizes[slot] for slot in flat(step.reads)) >= 0

    def _contiguous_copies(self, reads: Sequence[int]) -> int:
        """Bytes of the contiguous copies that are made of what is read."""
        return sum(self.sizes[slot] for slot in reads if slot in self.scattered)
