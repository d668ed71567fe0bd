"""A program: the stages of a run for one set of input shapes, over numbered slots and buffers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from dataflow.core.dtypes import Array
from dataflow.core.ports import flat
from dataflow.core.shapes import TensorType, element_count, nbytes
from dataflow.engine import explain
from dataflow.engine.region import Region
from dataflow.engine.stages import Stage, steps_of
from dataflow.engine.steps import Step, Storage

HIDDEN = "\n"  # begins the names of watched wires among outputs; no name of an output has a line break
SMALL = 1 << 14  # bytes: up to here, copying a value costs less than binding a call again


@dataclass(frozen=True)
class Program:
    """The stages of a run for one set of input shapes, and where each value is kept.

    types : of the slots.
    feeds, outputs, watched : the slot of each input, output and watched port, by name.
    constants : the value of each slot that is known before the run.
    buffer_of : the buffer of each slot that has one; ``buffer_sizes`` are in bytes.
    in_place : slots that are written over an input.
    taken_over : those of them that have no buffer, and the input.
    peak_bytes : the most that a run holds beside its inputs: buffers, outputs and workspace of kernels, without values
        whose shapes only the run decides.
    bound_bytes : the memory that kernels are bound to, one after the other.
    max_bytes : the most that it may hold, those values included; None for no limit.
    compiled : whether kernels may be compiled.
    """

    types: tuple[TensorType, ...]
    stages: tuple[Stage, ...]
    feeds: Mapping[str, int]
    constants: Mapping[int, Array]
    outputs: Mapping[str, int]
    buffer_of: Mapping[int, int]
    buffer_sizes: tuple[int, ...]
    in_place: frozenset[int]
    peak_bytes: int
    max_bytes: int | None = None
    watched: Mapping[str, int] = field(default_factory=dict)
    bound_bytes: int = 0
    compiled: bool = False
    taken_over: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all stages, in the order of the stages."""
        return tuple(step for stage in self.stages for step in steps_of(stage))

    @cached_property
    def in_any_order(self) -> frozenset[int]:
        """Slots of inputs whose elements may lie in any order of memory, if all these inputs lie alike."""
        return frozenset(slot for alike in self.ordered_alike.values() for slot in alike)

    @cached_property
    def ordered_alike(self) -> Mapping[int, list[int]]:
        """By the first output of a stage: inputs that it reads in any order of memory, in which it writes its outputs.

        Only such stages read these inputs, and none reads the outputs.
        """
        made: dict[int, list[int]] = {}
        readers = {s: [stage.writes[0] for stage in self.stages if s in flat(stage.reads)] for s in self._large_feeds}
        read = {slot for stage in self.stages for slot in flat(stage.reads)}
        for stage in self.stages:
            if isinstance(stage, Region) and stage.any_order:
                shape = self.types[stage.writes[0]].shape
                alike = [slot for slot in stage.reads if element_count(self.types[slot].shape) == stage.size]
                given = readers.keys() >= set(alike)
                ends = all(s not in self.buffer_of and s not in read for s in stage.writes)
                if given and ends and all(self.types[slot].shape == shape for slot in (*alike, *stage.writes)):
                    made[stage.writes[0]] = alike
        while True:
            left = {first: own for first, own in made.items() if all(made.keys() >= set(readers[slot]) for slot in own)}
            if left.keys() == made.keys():
                return made
            made = left

    @property
    def _large_feeds(self) -> Iterator[int]:
        return (slot for slot in self.feeds.values() if nbytes(self.types[slot]) > SMALL)

    def __str__(self) -> str:
        return "\n".join(explain.lines(self))

    @property
    def source(self) -> str:
        """The loops of all regions, as they run; nothing where there are none."""
        return "\n\n".join("\n".join(lines) for lines in explain.loops(self))

    def bytes_moved(self, stage: Stage) -> tuple[int, int]:
        """Bytes of the arrays that a stage reads, and of those that it writes; a view moves none."""
        reads = flat(stage.reads)
        writes = () if isinstance(stage, Step) and stage.storage is Storage.VIEW else stage.writes
        read, written = (sum(nbytes(self.types[s]) for s in set(own) if self.types[s].known) for own in (reads, writes))
        return read if writes else 0, written

    @property
    def largest(self) -> str:
        """The largest of the values that steps make, as a part of a sentence; nothing where they make none."""
        sizes = [(nbytes(self.types[s]), step, self.types[s]) for step in self.steps for s in step.writes]
        if not sizes:
            return ""
        size, step, type_ = max(sizes, key=itemgetter(0))
        return f", of which {step.who} makes {size} ({type_})"

    @property
    def buffer_bytes(self) -> int:
        """Bytes of the buffers, which are kept from run to run."""
        return sum(self.buffer_sizes)
