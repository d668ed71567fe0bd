"""Fusion: steps that run together, tile by tile, become regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.ports import flat, map_port
from dataflow.core.shapes import Shape, TensorType
from dataflow.core.typing_rules import OperandType
from dataflow.engine.fusion_groups import Group, fusion_groups, with_operands
from dataflow.engine.region import Region
from dataflow.engine.settings import Settings
from dataflow.engine.slots import Read
from dataflow.engine.steps import Step, Storage, TiledStep
from dataflow.engine.tiling import Layout, Operand, Tiling, fewest, tiling
from dataflow.engine.view_layout import source_shape_in_step


def fuse(
    steps: Sequence[Step],
    types: Sequence[TensorType],
    sizes: Sequence[int],
    constants: Mapping[int, Array],
    outputs: set[int],
    settings: Settings,
) -> list[Step | Region]:
    """Steps and regions in the order in which they run, without views that only regions look through.

    ``types`` and ``sizes`` are those of the slots, in bytes, -1 where the run decides; ``outputs`` are the slots that
    are needed when all steps have run.
    """
    return _Fusion(steps, types, sizes, constants, outputs, settings).stages()


class _Fusion:
    def __init__(
        self,
        steps: Sequence[Step],
        types: Sequence[TensorType],
        sizes: Sequence[int],
        constants: Mapping[int, Array],
        outputs: set[int],
        settings: Settings,
    ):
        self.steps, self.types, self.sizes, self.constants = steps, types, sizes, constants
        self.outputs, self.settings = outputs, settings
        self.compiled = settings.compiled
        # of a view on all elements of another value in their order: that value, and the shape in which they broadcast
        self.sources: dict[int, tuple[int, tuple[int, ...]]] = {}
        self.tilings: dict[int, Tiling] = {}  # of the steps that go by tiles
        large = [i for i, step in enumerate(steps) if step.storage is not Storage.VIEW and self._is_large(step)]
        for step in steps if large else ():
            if step.storage is Storage.VIEW:
                self._view(step)
        for i in large:
            if isinstance(made := self._tiling(steps[i]), Tiling):
                self.tilings[i] = made
        if not settings.fuse:  # sums go by tiles all the same, so that their bits do not depend on it
            self.tilings = {i: made for i, made in self.tilings.items() if any(steps[i].block.reduces)}

    def _view(self, step: Step) -> None:
        source, slot = step.reads[0], step.writes[0]
        if not isinstance(source, int):
            return
        root, shape = self._source(source)
        if shape != self.types[source].shape:
            return
        if (made := source_shape_in_step(step, self.types, self.constants)) is not None:
            self.sources[slot] = root, made

    def _source(self, slot: int) -> tuple[int, Shape]:
        """The value behind the views on a slot, and the shape in which its elements broadcast to the slot's."""
        return self.sources.get(slot, (slot, self.types[slot].shape))

    def _is_large(self, step: Step) -> bool:
        """Whether all sizes are known and one of them is large enough for tiles."""
        sizes = [self.sizes[slot] for slot in (*flat(step.reads), *step.writes)]
        return max(sizes, default=0) > fewest(self.compiled) and min(sizes) >= 0

    def _tiling(self, step: Step) -> Tiling | str | None:
        types, sources = (self._port_types(step, past) for past in (False, True))
        return tiling(step.block, types, [self.types[slot] for slot in step.writes], self.compiled, sources)

    def _port_types(self, step: Step, past_views: bool) -> list[OperandType]:
        """The types of what a step reads, or of the values behind the views on it."""

        def type_of(slot: int) -> TensorType:
            type_ = self.types[slot]
            shape = self._source(slot)[1] if past_views else type_.shape
            return TensorType(type_.dtype, shape, self.constants.get(slot))

        return [map_port(type_of, read) for read in step.reads]

    def stages(self) -> list[Step | Region]:
        if not self.tilings:
            return list(self.steps)
        self.folded = {
            slot
            for i in self.tilings
            for slot, ufunc in zip(self.steps[i].writes, self.steps[i].block.reduces, strict=True)
            if ufunc is not None
        }
        names = [step.node for step in self.steps]
        reads, writes = [step.reads for step in self.steps], [step.writes for step in self.steps]
        origin = {slot: root for slot, (root, shape) in self.sources.items() if shape == self.types[slot].shape}
        groups = fusion_groups(names, reads, writes, self.folded, self.tilings, origin, self.settings.fuse)
        for group in groups:
            if self._is_one_fold(group):
                group.unit = 0
                del self.tilings[group.steps[0]]
        self.reads_past_views = {i: self._past_views(i) for i in self.tilings}
        self.readers: dict[int, set[int]] = {}  # of each slot the groups that run, by their first steps
        stages: list[Step | Region] = []
        for group in reversed(groups):  # those that read a view come before it
            step = self.steps[group.steps[0]]
            if step.storage is Storage.VIEW and not (step.writes[0] in self.outputs or step.writes[0] in self.readers):
                continue
            for i in group.steps:
                for slot in flat(self.reads_past_views.get(i, self.steps[i].reads)):
                    self.readers.setdefault(slot, set()).add(group.steps[0])
            stages.append(self._region(group) if group.unit else step)
        return stages[::-1]

    def _is_one_fold(self, group: Group) -> bool:
        """Whether a group is a step that folds one tile: its kernel does the same without a region around it."""
        first, *others = group.steps
        block = self.steps[first].block
        by_kernel = not self.compiled or block.compiled_partials is None
        return not others and by_kernel and all(block.reduces) and 0 < group.size <= group.folds

    def _past_views(self, i: int) -> tuple[Read, ...]:
        """What a step reads by tiles, with the values behind views in place of these where their elements align."""
        tiling = self.tilings[i]
        slots = iter([self._past_view(slot, own, tiling) for slot, own in with_operands(self.steps[i].reads, tiling)])
        return tuple(map_port(lambda _: next(slots), read) for read in self.steps[i].reads)

    def _past_view(self, slot: int, operand: Operand | None, tiling: Tiling) -> int:
        root, shape = self._source(slot)
        by_tiles = operand is not None and operand.layout in (Layout.ALONG, Layout.ACROSS)
        return root if by_tiles and tiling.elements(operand) == prod(shape) else slot  # type: ignore[arg-type]

    def _region(self, group: Group) -> Region:
        steps = tuple(self._tiled(i) for i in group.steps)
        written = [slot for step in steps for slot in step.writes]
        outputs = [s for s in written if s in self.outputs or self.readers.get(s, set()) - {group.steps[0]}]
        inputs = [s for s in dict.fromkeys(s for step in steps for s in flat(step.reads)) if s not in written]
        storage = {slot: dtypes.storage(self.types[slot].dtype) for slot in (*inputs, *written)}
        threads, notes = self.settings.threads, tuple(dict.fromkeys(group.notes))
        return Region(steps, tuple(inputs), tuple(outputs), storage, threads, self.compiled, notes)

    def _tiled(self, i: int) -> TiledStep:
        """A step as a region runs it."""
        step, reads = self.steps[i], self.reads_past_views[i]
        return TiledStep(step.node, step.block, reads, step.writes, Storage.TILE, tiling=self.tilings[i])
