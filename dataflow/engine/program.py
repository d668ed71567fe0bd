"""A run laid out for one set of input shapes: a flat list of stages over numbered slots and buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from dataflow.core.block import Block
from dataflow.core.ports import flat
from dataflow.core.scratch import CHUNK
from dataflow.core.shapes import TensorType, nbytes
from dataflow.engine.region import Stream

SMALL = 1 << 14  # bytes: up to here, copying a value costs less than binding a call anew


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a kernel: the slots it reads, in port order, and those it writes.

    how : ``view`` (the output is the first input's memory), ``into`` (written into a buffer that is there before the
        run), ``make`` (the kernel makes the array), ``tile`` (tile by tile, as part of a region).
    releases : slots whose values nobody needs after this step.
    """

    node: str
    block: Block
    reads: tuple[Any, ...]
    writes: tuple[int, ...]
    how: str
    releases: tuple[int, ...] = ()

    @property
    def who(self) -> str:
        return f"node '{self.node}' ({type(self.block).__name__})"

    def releasing(self, slots: tuple[int, ...]) -> Step:
        """The step with these slots to release."""
        return Step(self.node, self.block, self.reads, self.writes, self.how, slots)


@dataclass(frozen=True, slots=True)
class Region:
    """Steps that run together, tile by tile; the slots that they read from outside and write for others.

    notes : why it does not hold more steps.
    """

    steps: tuple[Step, ...]
    stream: Stream
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    workers: int
    notes: tuple[str, ...] = ()
    releases: tuple[int, ...] = ()

    def releasing(self, slots: tuple[int, ...]) -> Region:
        """The region with these slots to release."""
        return replace(self, releases=slots)

    @property
    def node(self) -> str:
        """The node whose result comes last."""
        return self.steps[-1].node

    @property
    def who(self) -> str:
        """What is named where it is not known which of the steps failed."""
        return _together(self.steps)

    @property
    def scratch_bytes(self) -> int:
        """Bytes that the workers borrow for values that live no longer than a tile, and in their kernels."""
        tile = min(self.stream.tile, self.stream.size)
        each = tile * sum(self.stream.widths[buffer] for buffer in self.stream.buffers) + self.stream.workspace(tile)
        return min(self.workers, -(-self.stream.size // tile)) * -(-each // CHUNK) * CHUNK


@dataclass(frozen=True, slots=True)
class Together:
    """Independent steps that run at the same time, by so many threads."""

    steps: tuple[Step, ...]
    workers: int
    releases: tuple[int, ...] = ()

    def releasing(self, slots: tuple[int, ...]) -> Together:
        """The steps with these slots to release."""
        return replace(self, releases=slots)

    @property
    def node(self) -> str:
        """The node whose result comes last."""
        return self.steps[-1].node

    @property
    def who(self) -> str:
        """What is named where it is not known which of the steps failed."""
        return _together(self.steps)

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that the steps read."""
        return tuple(slot for step in self.steps for slot in flat(step.reads))

    @property
    def writes(self) -> tuple[int, ...]:
        """The slots that they write."""
        return tuple(slot for step in self.steps for slot in step.writes)


Stage = Step | Region | Together


@dataclass(frozen=True)
class Program:
    """A run laid out for one set of input shapes. Slots hold values; some slots have a buffer of their own.

    peak_bytes : the most that a run holds beside its inputs, outputs and what kernels take for themselves included, and
        values whose shapes only the run decides left out.
    max_bytes : the most that it may hold, those values included; None for any.
    """

    types: tuple[TensorType, ...]
    stages: tuple[Stage, ...]
    feeds: Mapping[str, int]
    constants: Mapping[int, Any]
    outputs: Mapping[str, int]
    buffer_of: Mapping[int, int]
    buffer_sizes: tuple[int, ...]
    in_place: frozenset[int]
    peak_bytes: int
    max_bytes: int | None = None

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all stages."""
        return tuple(step for stage in self.stages for step in steps_of(stage))

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def moved(self, stage: Stage) -> tuple[int, int]:
        """Bytes of the arrays that a stage reads and writes."""
        reads = flat(stage.reads)
        writes = () if isinstance(stage, Step) and stage.how == "view" else stage.writes
        read, written = (sum(nbytes(self.types[s]) for s in set(own) if self.types[s].known) for own in (reads, writes))
        return read if writes else 0, written

    @property
    def buffer_bytes(self) -> int:
        """Bytes of the buffers, which are kept from run to run."""
        return sum(self.buffer_sizes)


def _together(steps: Sequence[Step]) -> str:
    return steps[-1].who + (f" with {_count(len(steps) - 1, 'other')}" if len(steps) > 1 else "")


def steps_of(stage: Stage) -> tuple[Step, ...]:
    """The steps of a stage."""
    return (stage,) if isinstance(stage, Step) else stage.steps


def _lines(program: Program) -> Iterator[str]:
    """A line for each step, those of a region under its own, then the sums."""
    name = _names(program)
    rows: list[tuple[str, ...] | str] = []
    for stage in program.stages:
        if isinstance(stage, Region):
            rows.append(_heading(stage, program))
        elif isinstance(stage, Together):
            rows.append(f"{len(stage.steps)} steps at the same time by {min(stage.workers, len(stage.steps))} threads")
        for step in steps_of(stage):
            rows.append(
                (
                    "  " * (not isinstance(stage, Step)) + step.node,
                    f"{type(step.block).__name__}({', '.join(name(slot) for slot in flat(step.reads))})",
                    " ".join(str(program.types[slot]) for slot in step.writes),
                    _place(stage, step, program),
                )
            )
        if isinstance(stage, Region):
            rows += [f"  {note}" for note in stage.notes]
    cells = [row for row in rows if not isinstance(row, str)]
    widths = [*(max((len(row[i]) for row in cells), default=0) for i in range(3)), 0]
    for row in rows:
        yield row if isinstance(row, str) else "  ".join(map(str.ljust, row, widths)).rstrip()
    regions = sum(isinstance(stage, Region) for stage in program.stages)
    counts = [_count(len(cells), "step"), *([_count(regions, "region")] if regions else [])]
    moved = sum(program.moved(stage)[0] + program.moved(stage)[1] for stage in program.stages)
    size = f" of {program.buffer_bytes} bytes" if program.buffer_sizes else ""
    yield (
        f"{', '.join(counts)}, {_count(len(program.buffer_sizes), 'buffer')}{size}; "
        f"{moved} bytes read and written, {program.peak_bytes} held at most"
        + ("" if all(type_.known for type_ in program.types) else ", and values of shapes that the run decides")
    )


def _count(count: int, what: str) -> str:
    return f"{count} {what}" + "s" * (count != 1)


def _names(program: Program) -> Callable[[int], str]:
    """What a slot is called: by its feed, its step, or its value."""
    names = {slot: feed for feed, slot in program.feeds.items()}
    for step in program.steps:
        for i, (slot, port) in enumerate(zip(step.writes, step.block.signature.outputs, strict=True)):
            names[slot] = step.node + (f".{port}" if i else "")

    def name(slot: int) -> str:
        if slot in program.constants:
            value = np.asarray(program.constants[slot])
            return str(value) if value.size == 1 else f"const{list(value.shape)}"
        return names.get(slot, f"%{slot}")

    return name


def _heading(region: Region, program: Program) -> str:
    read, written = program.moved(region)
    threads = f" by {region.workers} threads" if region.workers > 1 else ""
    return f"{region.stream.heading}{threads}, {read} bytes read, {written} written"


def _place(stage: Stage, step: Step, program: Program) -> str:
    """Where a step's first result is."""
    slot = step.writes[0] if step.writes else None
    if slot is None:
        return ""
    if isinstance(stage, Region) and slot in stage.stream.registers:
        return "register"
    if isinstance(stage, Region) and slot in stage.stream.scratch:
        return f"scratch {stage.stream.scratch[slot]}"
    if isinstance(stage, Region) and slot in stage.stream.homes:
        return "scratch in an output"
    if slot in program.buffer_of:
        return f"buffer {program.buffer_of[slot]}" + ", in place" * (slot in program.in_place)
    return {"view": "view"}.get(step.how, "new array")
