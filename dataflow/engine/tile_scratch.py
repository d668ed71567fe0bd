"""Scratch memory for one tile of a region: which values share it, and which use the memory of an output instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dataflow.core.dtypes import DType
from dataflow.core.ports import flat
from dataflow.engine.memory_plan import FreeList, in_place_input
from dataflow.engine.stages import Step


class TileScratch(NamedTuple):
    """Where the values of one tile are.

    buffers : for each value that does not outlive the tile its scratch buffer.
    widths : bytes per element of each buffer.
    output_as_scratch : for values without a buffer the output whose memory they use until that is written.
    """

    buffers: dict[int, int]
    widths: list[int]
    output_as_scratch: dict[int, int]


def tile_scratch(
    steps: Sequence[Step], storage: Mapping[int, DType], outputs: set[int], folded: set[int], turns: Sequence[int]
) -> TileScratch:
    """Scratch for the steps of a region; ``outputs`` outlive the tile, ``folded`` are kept elsewhere.

    A value that is dead when an output is written may use the output's own memory. Steps with the same number in
    ``turns`` are compiled into one loop, which takes each element through all of them: what one of them reads last, no
    other may overwrite, unless in place.
    """
    last = {slot: i for i, step in enumerate(steps) for slot in flat(step.reads)}
    free_list = FreeList()
    buffer_of: dict[int, int] = {}
    slots_of: dict[int, list[int]] = {}  # of each buffer, in the order in which they have it
    unused: list[int] = []  # slots whose buffers are free once the turn is over
    for i, step in enumerate(steps):
        if i and turns[i] != turns[i - 1]:
            while unused:
                free_list.give_back(buffer_of[unused.pop()])
        dead = [s for s in dict.fromkeys(flat(step.reads)) if last[s] == i and s in buffer_of and s not in outputs]
        for position, slot in enumerate(step.writes):
            if slot in folded:
                continue
            free = {s for s in dead if storage[s] == storage[slot]} if position == 0 else ()
            taken = in_place_input(step, storage[slot], free, {}) if free else None
            if taken is None:
                buffer_of[slot] = free_list.take(storage[slot].itemsize)
            else:
                buffer_of[slot] = buffer_of[taken]
                dead.remove(taken)
            slots_of.setdefault(buffer_of[slot], []).append(slot)
        unused += dead
        unused += [s for s in step.writes if s in buffer_of and s not in last and s not in outputs]
    output_as_scratch: dict[int, int] = {}
    for own in slots_of.values():
        if own[-1] in outputs:
            output_as_scratch |= {s: own[-1] for s in own[:-1] if storage[s] == storage[own[-1]]}
    scratch = {s: b for s, b in buffer_of.items() if s not in outputs and s not in output_as_scratch}
    used = sorted(set(scratch.values()))
    numbers = {slot: used.index(buffer) for slot, buffer in scratch.items()}
    return TileScratch(numbers, [free_list.sizes[b] for b in used], output_as_scratch)
