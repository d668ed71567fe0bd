"""The two forms of a region: the calls that a tile takes, and where the values between them are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core.columns import column_count
from dataflow.core.dtypes import name_of
from dataflow.core.shapes import TensorType
from dataflow.core.typing_rules import OperandType
from dataflow.engine.render_numba import Loop, calls
from dataflow.engine.render_numpy import TileText
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.steps import TiledStep
from dataflow.engine.tile_scratch import tile_scratch
from dataflow.engine.tiling import WIDE, Layout, grain_of

if TYPE_CHECKING:
    from dataflow.engine.region import Region

SHARES = 2  # parts of a thread's work, so that all threads end at about the same time
LONG = 1 << 22  # elements of a compiled call: between calls a run may be interrupted or cancelled


class Form:
    """How a region runs on a tile: by the kernels of its steps, or by compiled loops for those that have elements.

    calls : the steps and loops, in their order.
    scratch : where the values of a tile are.
    arrays : the slots of the arrays that lie beside the tiles.
    """

    def __init__(self, region: Region, compiled: bool):
        self.region, self.compiled = region, compiled
        self.calls: tuple[TiledStep | Loop, ...] = region.steps
        if compiled:
            self.calls = calls(region.steps, region.dtypes, region.outputs)
        self.scratch = tile_scratch(self.calls, region.dtypes, region.outputs, region.folded)
        if compiled and region.taken:
            memory = {slot: self.scratch.in_output.get(slot, slot) for call in self.calls for slot in call.writes}
            taken = {slot: region.taken[own] for slot, own in memory.items() if own in region.taken}
            self.calls = tuple(each.in_place(taken) if isinstance(each, Loop) else each for each in self.calls)
        self.arrays = list(dict.fromkeys(slot for call in self.calls for slot in self._arrays(call)))
        self.texts: dict[int, TileText] = {}

    def _arrays(self, call: TiledStep | Loop) -> Iterator[int]:
        """The slots of arrays that a call reads and writes."""
        for step in call.steps if isinstance(call, Loop) else (call,):
            for slot, operand in zip_ports(step.reads, step.tiling.operands):
                if slot is not None and operand.layout in (Layout.ALONG, Layout.ACROSS) and not self.is_inside(slot):
                    yield slot
        for slot in call.writes:
            slot = self.scratch.in_output.get(slot, slot)
            if slot not in self.region.folded and slot not in self.scratch.buffers:
                yield slot

    def is_inside(self, slot: int) -> bool:
        """Whether the value in a slot is made by the region and does not outlive the tile."""
        return slot in self.registers or slot in self.scratch.buffers or slot in self.scratch.in_output

    @cached_property
    def length(self) -> int:
        """Elements that are computed at once: at most a tile, or more where a compiled call takes many.

        Where nothing is folded shares of the workers need not be whole tiles.
        """
        size, tile, workers = self.region.size, self.region.tile, self.region.workers
        if self.is_one_call:
            shares = max(SHARES * workers if workers > 1 else 0, -(-size // LONG))
        elif self.region.folded or workers == 1:
            return tile
        else:
            shares = workers * -(-size // (workers * tile))
        grain = tile if self.region.folded else grain_of(self.region.unit)
        return -(-size // shares // grain) * grain

    @cached_property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """The first element and the number of those that are computed at once, in order.

        Where values are folded, a tile that is shorter than the others comes by itself, unless it has as many columns.
        """
        size, length, tile = self.region.size, self.length, self.region.tile
        end = size - size % tile if self.region.folded and not self._fills_columns(size % tile) else size
        found = [(start, min(length, end - start)) for start in range(0, end, length)]
        return (*found, (end, size - end)) if end < size else tuple(found)

    def _fills_columns(self, count: int) -> bool:
        """Whether a compiled call takes so few elements beside whole tiles, as they are folded in as many columns."""
        unit = self.region.unit
        return self.is_one_call and column_count(count, unit) == column_count(self.region.tile, unit)

    @cached_property
    def looped(self) -> set[int]:
        """The numbers of the steps that run in compiled loops."""
        loops = [call for call in self.calls if isinstance(call, Loop)]
        return {i for loop in loops for i in range(loop.first, loop.first + len(loop.steps))}

    @cached_property
    def registers(self) -> set[int]:
        """Values that only live inside compiled loops."""
        loops = [call for call in self.calls if isinstance(call, Loop)]
        made = {slot for loop in loops for step in loop.steps for slot in step.writes}
        return made.difference(self.region.folded, *(loop.results for loop in loops))

    def writer(self, slot: int) -> int:
        """The number of the first step that writes into the memory of an output."""
        steps, inside = self.region.steps, self.scratch.in_output
        return next(i for i, step in enumerate(steps) if any(slot in (w, inside.get(w)) for w in step.writes))

    @cached_property
    def compiles(self) -> bool:
        """Whether all loops could be compiled."""
        return all(call.function is not None for call in self.calls if isinstance(call, Loop))

    def text(self, count: int) -> TileText:
        """What is done for a tile of this many elements."""
        if count not in self.texts:
            self.texts[count] = TileText(self, count)
        return self.texts[count]

    def failing(self, error: Exception) -> int:
        """The step whose kernel raised an error; the first one where none did."""
        found = (text.failing(error.__traceback__) for text in self.texts.values())
        return next((step for step in found if step is not None), 0)

    @cached_property
    def is_one_call(self) -> bool:
        """Whether one compiled call does all the work of a tile, which may then be given many tiles at a time."""
        first, *others = self.calls
        if others or self.scratch.widths or not self.compiled:
            return False
        if isinstance(first, Loop):
            return True
        return first.block.compiled_partials is not None and first.tiling.unit <= WIDE

    def bytes_of(self, tile: int) -> int:
        """Bytes of scratch and of workspace that a tile takes."""
        return tile * sum(self.scratch.widths) + self._workspace(tile)

    def _workspace(self, tile: int) -> int:
        """Bytes that the kernels take for themselves for a tile; compiled ones take next to nothing.

        What is repeated for kernels that need contiguous arrays is kept from tile to tile.
        """
        most = repeated = 0
        for step in self.calls:
            if isinstance(step, Loop) or (self.compiled and step.block.compiled_partials is not None):
                continue
            if step.block.bind is None:  # what binds goes by tiles in its partials alone
                unit = step.tiling.unit
                shape = (tile // unit, unit) if all(step.reduces) and unit > 1 else (tile,)
                most = max(most, step.block.workspace(*(self._tile_type(slot, shape) for slot in step.reads)))
            if not isinstance(step.block.kernel_for(self.region.dtypes[step.writes[0]]), np.ufunc):
                repeated += sum(self.region.dtypes[slot].itemsize for slot, scalar in step.short if not scalar)
        return most + repeated * tile

    def _tile_type(self, slot: Read, shape: tuple[int, ...]) -> OperandType:
        return TensorType(name_of(self.region.dtypes[slot]), shape) if isinstance(slot, int) else None
