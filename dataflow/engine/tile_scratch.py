"""Scratch memory for one tile of a region: which values share it, and which use the memory of an output instead."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence, Set
from typing import NamedTuple, Protocol

from dataflow.core.dtypes import DType
from dataflow.core.ports import flat
from dataflow.engine.buffers import FreeList, in_place_input
from dataflow.engine.slots import Read
from dataflow.engine.steps import Step


class Call(Protocol):
    """What is called for a tile: a step, or a compiled loop."""

    @property
    def reads(self) -> tuple[Read, ...]:
        """The slots that it reads from memory."""

    @property
    def writes(self) -> tuple[int, ...]:
        """The slots that it writes to memory."""


class TileScratch(NamedTuple):
    """Where the values of one tile are.

    buffers : for each value that does not outlive the tile its scratch buffer.
    widths : bytes per element of each buffer.
    in_output : for values without a buffer the output whose memory they use until that is written.
    """

    buffers: dict[int, int]
    widths: list[int]
    in_output: dict[int, int]


def tile_scratch(
    calls: Sequence[Call], storage: Mapping[int, DType], outputs: Set[int], folded: Container[int]
) -> TileScratch:
    """Scratch for the calls of a tile; ``outputs`` outlive the tile, ``folded`` are kept elsewhere.

    A value that is dead when an output is written may use the output's own memory.
    """
    last = {slot: i for i, call in enumerate(calls) for slot in flat(call.reads)}
    free_list = FreeList()
    buffer_of: dict[int, int] = {}
    slots_of: dict[int, list[int]] = {}  # of each buffer, in the order in which they have it
    for i, call in enumerate(calls):
        dead = [s for s in dict.fromkeys(flat(call.reads)) if last[s] == i and s in buffer_of and s not in outputs]
        for position, slot in enumerate(call.writes):
            if slot in folded:
                continue
            taken = None
            if position == 0 and isinstance(call, Step):  # loops need memory of their own: they are slow in place
                free = {s for s in dead if storage[s] == storage[slot]}
                taken = in_place_input(call, storage[slot], free, {}) if free else None
            if taken is None:
                buffer_of[slot] = free_list.take(storage[slot].itemsize)
            else:
                buffer_of[slot] = buffer_of[taken]
                dead.remove(taken)
            slots_of.setdefault(buffer_of[slot], []).append(slot)
        for slot in (*dead, *(s for s in call.writes if s in buffer_of and s not in last and s not in outputs)):
            free_list.give_back(buffer_of[slot])
    in_output: dict[int, int] = {}
    for own in slots_of.values():
        if own[-1] in outputs:
            in_output |= {s: own[-1] for s in own[:-1] if storage[s] == storage[own[-1]]}
    scratch = {s: b for s, b in buffer_of.items() if s not in outputs and s not in in_output}
    used = sorted(set(scratch.values()))
    numbers = {slot: used.index(buffer) for slot, buffer in scratch.items()}
    return TileScratch(numbers, [free_list.sizes[b] for b in used], in_output)
