"""A region: fused blocks that run one after the other on each tile, while it is in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from dataflow.core import thread_pool
from dataflow.core.cancellation import cancellable
from dataflow.core.dtypes import Array, DType, name_of
from dataflow.core.evaluator import WIDE
from dataflow.core.shapes import TensorType
from dataflow.core.typing_rules import OperandType
from dataflow.engine.render_numba import Loop, function, loops
from dataflow.engine.render_numpy import TileText
from dataflow.engine.slots import Read, zip_ports
from dataflow.engine.tile_loop import Fold, StepError, TileRun
from dataflow.engine.tiled_op import TiledOp
from dataflow.engine.tiling import Layout, grain_of, tile_of

SHARES = 2  # parts of a thread's work, so that all threads end at about the same time
SHARED = 3 << 19  # elements of a compiled region from which threads share it; all that NumPy takes by tiles they share
GRAINS = 8  # that are worth another thread
LONG = 1 << 22  # elements of a compiled call: between calls a run may be interrupted or cancelled


def fewest_shared(compiled: bool) -> int:
    """Elements of a region from which sharing it among threads saves time."""
    return SHARED if compiled else 0


class Region:
    """Blocks that run one after the other on each tile.

    dtypes : of all slots.
    outputs : the slots that outlive the tiles.
    scratch : the scratch buffer of each value that does not.
    widths : bytes of an element in each scratch buffer.
    output_as_scratch : for values without a scratch buffer the output whose memory they use until it is written.
    compiled : whether to use compiled kernels where there are some.
    """

    def __init__(
        self,
        ops: Sequence[TiledOp],
        dtypes: Mapping[int, DType],
        outputs: Set[int],
        scratch: Mapping[int, int] = MappingProxyType({}),
        widths: Sequence[int] = (),
        output_as_scratch: Mapping[int, int] = MappingProxyType({}),
        compiled: bool = False,
    ):
        self.ops, self.dtypes, self.outputs = ops, dtypes, outputs
        self.scratch, self.widths, self.output_as_scratch, self.compiled = scratch, widths, output_as_scratch, compiled
        self.rendered: dict[tuple[int, bool], TileText] = {}
        self.size = ops[0].tiling.size  # elements
        self.tile = tile_of(max(op.tiling.unit for op in ops))  # elements of a tile
        self.folded = {
            slot: ufunc for op in ops for slot, ufunc in zip(op.writes, op.reduces, strict=True) if ufunc is not None
        }
        # ops of which an output that is folded is needed: all that they fold is finalized together
        self.folding = [op for op in ops if any(slot in outputs for slot in op.writes if slot in self.folded)]
        self.folds = {s: ufunc for s, ufunc in self.folded.items() if any(s in op.writes for op in self.folding)}
        self.arrays = list(dict.fromkeys(slot for op in ops for slot in self._arrays(op)))
        self.precomputing = [(i, slots) for i, op in enumerate(ops) if (slots := op.precomputed_slots)]
        late = {i for i, _ in self.precomputing}
        self.element_args = [() if i in late else self._element_args(i, None) for i in range(len(ops))]
        self.remembered: dict[int, tuple[Any, Any]] = {}  # by op: what `precompute` gave, and the element args from it

    def _arrays(self, op: TiledOp) -> Iterator[int]:
        """The slots of arrays that lie beside the tiles."""
        for slot, operand in zip_ports(op.reads, op.tiling.operands):
            inside = slot is None or slot in self.output_as_scratch or slot in self.scratch
            if slot is not None and not inside and operand.layout in (Layout.ALONG, Layout.ACROSS):
                yield slot
        for slot in op.writes:
            slot = self.output_as_scratch.get(slot, slot)
            if slot not in self.folded and slot not in self.scratch:
                yield slot

    def __getstate__(self) -> dict[str, Any]:
        compiled = ("functions", "loops", "_loops", "compiles", "all_at_once")  # made again where it is unpickled
        return {name: value for name, value in self.__dict__.items() if name not in compiled} | {
            "rendered": {},
            "remembered": {},
        }

    def tile_text(self, count: int, compiled: bool) -> TileText:
        """What is done for a tile of this many elements."""
        if (count, compiled) not in self.rendered:
            self.rendered[count, compiled] = TileText(self, count, compiled)
        return self.rendered[count, compiled]

    def failing(self, error: Exception) -> int:
        """The op whose kernel raised an error; the first one where none did."""
        found = (text.failing(error.__traceback__) for text in self.rendered.values())
        return next((op for op in found if op is not None), 0)

    @cached_property
    def _loops(self) -> list[Loop | int]:
        """The ops by index, and the loops that they form as far as can be seen without compiling them."""
        return loops(self.ops, self.dtypes, self.outputs)

    @cached_property
    def loops(self) -> list[Loop | int]:
        """The ops by index, and the loops that could be compiled."""
        made: list[Loop | int] = []
        for item in self._loops:
            if isinstance(item, int) or item.ops[0] in self.functions:
                made.append(item)
            else:
                made += item.ops
        return made

    @cached_property
    def functions(self) -> dict[int, Any]:
        """The function of each loop that could be compiled, by its first op."""
        made = {loop.ops[0]: function(self.ops, self.dtypes, loop) for loop in self._loops if isinstance(loop, Loop)}
        return {op: one for op, one in made.items() if one is not None}

    @cached_property
    def compiles(self) -> bool:
        """Whether every loop could be compiled, so that values within need no memory."""
        return len(self.functions) == sum(isinstance(item, Loop) for item in self._loops)

    def workspace(self, tile: int) -> int:
        """Bytes that the kernels take for themselves for a tile; compiled ones take next to nothing.

        What is repeated for kernels that need contiguous arrays is kept from tile to tile.
        """
        most = repeated = 0
        for op in self.ops:
            compiled = self.compiled and op.block.compiled_kernel is not None
            if not compiled and op.block.bind is None:  # what binds goes by tiles in its partials alone
                unit = op.tiling.unit
                shape = (tile // unit, unit) if all(op.reduces) and unit > 1 else (tile,)
                most = max(most, op.block.workspace(*(self._tile_type(slot, shape) for slot in op.reads)))
            if not isinstance(op.block.kernel_for(self.dtypes[op.writes[0]]), np.ufunc):
                repeated += sum(self.dtypes[slot].itemsize for slot, scalar in op.short if compiled or not scalar)
        return most + repeated * tile

    @cached_property
    def buffers(self) -> list[int]:
        """The scratch buffers that are used: values in a compiled loop need none."""
        written: list[int] = []
        for item in self._loops if self.compiled else range(len(self.ops)):
            written += item.results if isinstance(item, Loop) else self.ops[item].writes
        return sorted({self.scratch[slot] for slot in written if slot in self.scratch})

    def _tile_type(self, slot: Read, shape: tuple[int, ...]) -> OperandType:
        return TensorType(name_of(self.dtypes[slot]), shape) if isinstance(slot, int) else None

    @cached_property
    def all_at_once(self) -> bool:
        """Whether one compiled call does all the work of a tile."""
        return self._is_one_call(self.loops)

    def _is_one_call(self, items: Sequence[Loop | int]) -> bool:
        """Whether these are one compiled call, which may then be given many tiles at a time."""
        first, *others = items
        if others or self.buffers:
            return False
        if isinstance(first, Loop):
            return True
        op = self.ops[first]
        return op.block.compiled_kernel is not None and op.tiling.unit <= WIDE and not op.short

    def heading(self, workers: int) -> str:
        """How the elements are divided among threads: ``4 tiles of 524288 elements``."""
        if self.compiled and self._is_one_call(self._loops):
            return f"compiled loop of {self.size} elements"
        tile = min(self.step(workers, False), self.size)
        count = -(-self.size // tile)
        return f"{count} tile{'s' * (count > 1)} of {tile} elements"

    @cached_property
    def registers(self) -> set[int]:
        """Values that only live inside compiled loops."""
        if not self.compiled:
            return set()
        compiled = [item for item in self._loops if isinstance(item, Loop)]
        written = {slot for loop in compiled for i in loop.ops for slot in self.ops[i].writes}
        return written.difference(*(loop.results for loop in compiled))

    @property
    def most_workers(self) -> int:
        """How many threads may share the work: of tiles that are folded each has one."""
        return -(-self.size // (self.tile if self.folded else GRAINS * grain_of(1)))

    def step(self, workers: int, compiled: bool) -> int:
        """Elements that are computed at once: at most a tile, or more where a compiled call takes many.

        Where nothing is folded shares of the workers need not be whole tiles.
        """
        at_once = compiled and self.all_at_once
        if workers == 1:
            shares = -(-self.size // LONG) if at_once else 0
        elif at_once:
            shares = max(SHARES * workers, -(-self.size // LONG))
        else:
            shares = 0 if self.folded else workers * -(-self.size // (workers * self.tile))
        grain = self.tile if self.folded else grain_of(max(op.tiling.unit for op in self.ops))
        return -(-self.size // shares // grain) * grain if shares else self.tile

    def run(self, values: list[Any], workers: int) -> None:
        """Fill the output arrays that stand in ``values``, by slot, with at most this many threads.

        Raises StepError with the index of the op whose kernel fails.
        """
        run, workers = TileRun(self, values), min(workers, self.most_workers)
        step = self.step(workers, run.compiled)
        self.tile_text(min(step, self.size), run.compiled)  # compiled once, before there are threads
        starts = iter(range(0, self.size, step))
        if workers > 1:
            shared = thread_pool.SharedIterator(starts)
            thread_pool.run_in_threads(lambda: run.work(shared, step), workers)
        else:
            run.work(cancellable(starts), step)
        for op in self.folding:
            try:
                self._finalize(op, [run.folds.get(slot) for slot in op.writes], values)
            except Exception as error:
                raise StepError(self.ops.index(op)) from error

    def _finalize(self, op: TiledOp, folds: Sequence[Fold | None], values: list[Any]) -> None:
        """Write the outputs that an op makes of its folded partials."""
        totals = op.block.finalize([fold and fold.total for fold in folds], self.size // op.tiling.unit)
        for slot, fold, total in zip(op.writes, folds, totals, strict=True):
            if fold is not None and slot in self.outputs:
                out = values[slot]
                out[...] = total if np.ndim(total) == 0 else total.reshape(out.shape)

    def precomputed(self, op: int, arrays: Sequence[Array]) -> tuple[Any, Any]:
        """What ``precompute`` of an op's block gives for these arrays, and the element args from it."""
        made, known = self.ops[op].block.precomputed(arrays), self.remembered.get(op)
        if known is None or known[0] is not made:
            known = self.remembered[op] = (made, self._element_args(op, made))
        return known

    def _element_args(self, op: int, precomputed: object) -> tuple[Any, ...] | None:
        """The scalars that an op's element function takes beside its inputs; None where it cannot be compiled."""
        if not self.compiled:
            return ()
        first: Any = next((self.dtypes[slot] for slot in self.ops[op].reads if isinstance(slot, int)), None)
        block = self.ops[op].block
        own = block.compiled_kernel is not None
        if block.element is None and not own:
            return ()
        made = block.element_args(first, precomputed)
        in_no_loop = made is None and not block.precomputed_ports and not own
        return () if in_no_loop else made
