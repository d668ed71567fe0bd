"""A region: fused steps that run one after the other on each tile, while it is in the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array, DType, compute
from dataflow.core.scratch import CHUNK
from dataflow.engine.element_args import ElementArgs
from dataflow.engine.form import Form
from dataflow.engine.slots import zip_ports
from dataflow.engine.steps import SeveralSteps, TiledStep
from dataflow.engine.tiling import Layout, grain_of, tile_of

SHARED = 3 << 19  # elements of a compiled region from which threads share it; all that NumPy takes by tiles they share
GRAINS = 8  # that are worth another thread


@dataclass(frozen=True)
class Region(SeveralSteps):
    """Steps that run one after the other on each tile.

    reads, writes : slots that are read from outside, and those that outlive the tiles.
    dtypes : of the slots.
    threads : that may share the tiles.
    compiled : whether to use compiled kernels where there are some.
    notes : why it holds no more steps.
    taken : outputs that are written over an input, and that input.
    """

    steps: tuple[TiledStep, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    dtypes: Mapping[int, DType]
    threads: int = 1
    compiled: bool = False
    notes: tuple[str, ...] = ()
    taken: Mapping[int, int] = field(default_factory=dict, kw_only=True)

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}  # what is derived is made again

    def in_place(self, taken: Mapping[int, int]) -> Region:
        """The region that writes outputs over inputs: ``taken`` has the input for an output, both by slot."""
        return replace(self, taken=taken) if taken else self

    @cached_property
    def outputs(self) -> frozenset[int]:
        """The slots that outlive the tiles."""
        return frozenset(self.writes)

    @cached_property
    def size(self) -> int:
        """Elements in all."""
        return self.steps[0].tiling.size

    @cached_property
    def unit(self) -> int:
        """Elements that no tile divides."""
        return max(step.tiling.unit for step in self.steps)

    @cached_property
    def tile(self) -> int:
        """Elements of a tile."""
        return tile_of(self.unit)

    @cached_property
    def folded(self) -> dict[int, np.ufunc]:
        """The ufunc that folds the partials in each slot that is folded."""
        pairs = (pair for step in self.steps for pair in zip(step.writes, step.reduces, strict=True))
        return {slot: ufunc for slot, ufunc in pairs if ufunc is not None}

    @cached_property
    def folding(self) -> list[tuple[int, TiledStep]]:
        """The steps, by number, of which an output that is folded is needed: one finalizes all that it folds."""
        needed = self.outputs & self.folded.keys()
        return [(i, step) for i, step in enumerate(self.steps) if not needed.isdisjoint(step.writes)]

    @cached_property
    def folds(self) -> dict[int, np.ufunc]:
        """Those of `folded` that are needed."""
        return {slot: self.folded[slot] for _, step in self.folding for slot in step.writes if slot in self.folded}

    @cached_property
    def any_order(self) -> bool:
        """Whether elements may be computed in any order: each output has one for one of each array of its size."""
        pairs = (pair for step in self.steps for pair in zip_ports(step.reads, step.tiling.operands))
        precomputed = {slot for step in self.steps for slot in step.precomputed_slots}
        beside = (own for slot, own in pairs if slot is not None and slot not in precomputed)
        one_each = all(
            own.layout is not Layout.WHOLE and not (own.dims and own.layout is Layout.ACROSS) for own in beside
        )
        return self.unit == 1 and not self.folded and one_each

    @cached_property
    def numpy(self) -> Form:
        """The form that runs the kernel of each step."""
        return Form(self, False)

    @cached_property
    def jit(self) -> Form:
        """The form that runs compiled loops."""
        return Form(self, True)

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms that a run may take: the first one, unless it cannot be compiled or values do not suit it."""
        return (self.jit, self.numpy) if self.compiled else (self.numpy,)

    def writer(self, slot: int) -> int:
        """The number of the first step that writes into the memory of an output, in any form."""
        return min(form.writer(slot) for form in self.forms)

    # -- how it is shared -----------------------------------------------------------------------------------------

    @cached_property
    def workers(self) -> int:
        """How many threads share the work: of tiles that are folded each has one."""
        threads = self.threads if self.size >= fewest_shared(self.compiled) else 1
        return min(threads, -(-self.size // (self.tile if self.folded else GRAINS * grain_of(1))))

    @property
    def heading(self) -> str:
        """How the elements are divided among threads: ``4 tiles of 524288 elements``."""
        threads = f" by {self.workers} threads" if self.workers > 1 else ""
        planned = self.forms[0]
        if planned.is_one_call:
            return f"compiled loop of {self.size} elements{threads}"
        tile = min(planned.length, self.size)
        count = -(-self.size // tile)
        return f"{count} tile{'s' * (count > 1)} of {tile} elements{threads}"

    @property
    def scratch_bytes(self) -> int:
        """Bytes of scratch that the workers borrow, for values of one tile and for their kernels."""
        each = max(form.bytes_of(min(form.length, self.size)) for form in self.forms)
        return self.workers * -(-each // CHUNK) * CHUNK

    # -- numbers of elements ---------------------------------------------------------------------------------------

    @cached_property
    def precomputing(self) -> list[tuple[int, list[Any]]]:
        """The steps by number that precompute something, and the slots that they need for it."""
        return [(i, slots) for i, step in enumerate(self.steps) if (slots := step.precomputed_slots)]

    @cached_property
    def element_args(self) -> list[ElementArgs]:
        """The element args of each step, as last made."""
        late = {i for i, _ in self.precomputing}
        return [
            self._element_args(i, None) if i not in late else ElementArgs(None, None) for i in range(len(self.steps))
        ]

    def precomputed(self, i: int, arrays: Sequence[Array]) -> ElementArgs:
        """What ``precompute`` of a step's block gives for these arrays, and the element args from it."""
        made, known = self.steps[i].block.precomputed(arrays), self.element_args[i]
        if known.made is not made:
            known = self.element_args[i] = self._element_args(i, made)
        return known

    def _element_args(self, i: int, made: object) -> ElementArgs:
        if not self.compiled:
            return ElementArgs(made, ())
        block, reads = self.steps[i].block, self.steps[i].reads
        first: Any = next((compute(self.dtypes[slot]) for slot in reads if isinstance(slot, int)), None)
        return ElementArgs(made, None if block.element is None else block.element_args(first, made))


def fewest_shared(compiled: bool) -> int:
    """Elements of a region from which sharing it among threads saves time."""
    return SHARED if compiled else 0
