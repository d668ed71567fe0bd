"""A program as text: a line for each step, those of a region under its heading, then the totals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core.ports import flat, map_port
from dataflow.core.shapes import TensorType
from dataflow.engine.region import Region
from dataflow.engine.stages import Parallel, Stage, steps_of
from dataflow.engine.steps import Step, Storage, counted

if TYPE_CHECKING:
    from dataflow.engine.program import Program


def lines(program: Program) -> Iterator[str]:
    """A line for each step: its node, block, inputs, types of its outputs and where the first one is; then totals."""
    every = rows(program)
    columns = [row for row in every if not isinstance(row, str)]
    widths = [*(max((len(row[i]) for row in columns), default=0) for i in range(3)), 0]
    for row in every:
        yield row if isinstance(row, str) else "  ".join(map(str.ljust, row, widths)).rstrip()
    yield totals(program)


def loops(program: Program) -> Iterator[list[str]]:
    """The lines of each region's loop, under its heading."""
    name = slot_names(program)
    for stage in program.stages:
        if isinstance(stage, Region):
            form = stage.forms[0]
            _, count = form.parts[0]
            yield [f"# {_heading(stage, program)}", *form.text(count).listing(name)]


def rows(program: Program) -> list[tuple[str, ...] | str]:
    """The cells of each step, which are indented in a region; what is said of several steps is a text."""
    name = slot_names(program)
    found: list[tuple[str, ...] | str] = []
    for stage in program.stages:
        if isinstance(stage, Region):
            found.append(_heading(stage, program))
        elif isinstance(stage, Parallel):
            found.append(f"{len(stage.steps)} steps at the same time by {min(stage.workers, len(stage.steps))} threads")
        for step in steps_of(stage):
            found.append(
                (
                    "  " * (not isinstance(stage, Step)) + step.node,
                    f"{type(step.block).__name__}({', '.join(name(slot) for slot in flat(step.reads))})",
                    " ".join(str(program.types[slot]) for slot in step.writes),
                    _place(stage, step, program),
                )
            )
            if remark := _remark(step, program):
                found.append("  " * (1 + (not isinstance(stage, Step))) + remark)
        if isinstance(stage, Region):
            found += [f"  {note}" for note in stage.notes]
    return found


def slot_names(program: Program) -> Callable[[int], str]:
    """What each slot is called: by its input, its node, or its value."""
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


def totals(program: Program) -> str:
    """How many steps, regions and buffers, and how many bytes they take."""
    regions = sum(isinstance(stage, Region) for stage in program.stages)
    counts = [counted(len(program.steps), "step"), *([counted(regions, "region")] if regions else [])]
    moved = sum(sum(program.bytes_moved(stage)) for stage in program.stages)
    size = f" of {program.buffer_bytes} bytes" if program.buffer_sizes else ""
    return (
        f"{', '.join(counts)}, {counted(len(program.buffer_sizes), 'buffer')}{size}; "
        f"{moved} bytes read and written, {program.peak_bytes} held at most"
        + ("" if all(type_.known for type_ in program.types) else ", and values of shapes that the run decides")
    )


def _heading(region: Region, program: Program) -> str:
    read, written = program.bytes_moved(region)
    return f"{region.heading}, {read} bytes read, {written} written"


def _remark(step: Step, program: Program) -> str:
    """What the block says of how it goes about its inputs."""

    def type_of(slot: int) -> TensorType:
        return replace(program.types[slot], value=program.constants.get(slot))

    remark: Callable[..., str] | None = step.block.remark
    if remark is None or not all(program.types[slot].known for slot in flat(step.reads)):
        return ""
    return remark(*(map_port(type_of, read) for read in step.reads))


def _place(stage: Stage, step: Step, program: Program) -> str:
    """Where a step's first result is."""
    slot = step.writes[0] if step.writes else None
    if slot is None:
        return ""
    if isinstance(stage, Region):
        form = stage.forms[0]
        if slot in form.registers:
            return "register"
        if slot in form.scratch.buffers:
            return f"scratch {form.scratch.buffers[slot]}"
        if slot in form.scratch.in_output:
            return "scratch in an output"
    if step.storage is Storage.VIEW and slot not in program.buffer_of:
        return "view"
    memory = f"buffer {program.buffer_of[slot]}" if slot in program.buffer_of else "new array"
    return memory + ", in place" * (slot in program.in_place)
