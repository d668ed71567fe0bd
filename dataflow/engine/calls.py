"""Calls: every stage of a program as a call without arguments, bound to the values of an execution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from dataflow.core import dtypes, thread_pool
from dataflow.core.dtypes import Array, DType
from dataflow.core.ports import flat
from dataflow.core.random import Key
from dataflow.core.scratch import aligned
from dataflow.core.workspace import Workspace
from dataflow.engine.binding import bound_types
from dataflow.engine.dynamic_shapes import DynamicShapes
from dataflow.engine.memory_order import common_order
from dataflow.engine.program import Program
from dataflow.engine.region import Region
from dataflow.engine.result_pool import results
from dataflow.engine.slots import Read
from dataflow.engine.stages import Parallel, Stage
from dataflow.engine.steps import Step, Storage
from dataflow.engine.tile_loop import StepError, TileLoop


class Calls:
    """Makes the call of each stage, one after the other.

    values : by slot; the calls read and write there.
    fixed : slots whose arrays are the same in all runs; those of views that are made here come to them.
    seed, steps_done : with a node's name they decide its random numbers.
    """

    def __init__(self, program: Program, values: list[Any], fixed: set[int]):
        self.program, self.values, self.fixed = program, values, fixed
        self.seed = self.steps_done = 0
        self.dynamic = DynamicShapes(program, values)
        self.memory = Workspace()  # what the kernels of a stage are bound to

    @cached_property
    def space(self) -> Array:
        """The memory to which kernels are bound, one after the other."""
        return aligned(self.program.bound_bytes)

    def of(self, stage: Stage) -> Callable[[], Any] | None:
        """The call of a stage; None for a view that is made here, once and for all."""
        if isinstance(stage, Region):
            return self._region(stage)
        self.memory = Workspace(self.space, self.program.compiled)
        if isinstance(stage, Parallel):
            return partial(self._parallel, stage, [self._called(step) for step in stage.steps])
        return self._bind(stage)

    def _kernel(self, step: Step) -> Callable[..., Any]:
        """The kernel of a step, bound if it can be, and with a key if it draws random numbers."""
        kernel: Callable[..., Any]
        if (types := bound_types(step, self.program.types, self.program.constants)) is not None:
            kernel = step.block.bind(self.memory, *types)
        elif step.storage is Storage.OUT:
            kernel = step.block.kernel_for(dtypes.storage(self.program.types[step.writes[0]].dtype))
        else:
            kernel = step.block.kernel
        if not step.block.takes_key:
            return kernel
        return lambda *args, **out: kernel(*args, **out, **self._key(step))

    def _bind(self, step: Step) -> Callable[[], Any] | None:
        """The call of a step, on arrays where these are fixed; None for a view that is made here, once and for all."""
        fixed_inputs = all(slot in self.fixed for slot in flat(step.reads))
        args = [_value(self.values, read) for read in step.reads]
        view = step.storage is Storage.VIEW and fixed_inputs
        if view and all(slot in self.program.constants for slot in flat(step.reads[1:])):
            value = step.block.kernel(*args)
            if np.may_share_memory(value, args[0]):
                self.values[step.writes[0]] = value
                self.fixed.add(step.writes[0])
                return None
        block, early = step.block, fixed_inputs
        if block.contiguous_inputs and early:
            early = all(a is b for a, b in zip(flat(args), flat(block.in_order(args)), strict=True))
        if step.storage is Storage.OUT and early and all(slot in self.fixed for slot in step.writes):
            out, *others = [self.values[slot] for slot in step.writes]
            call = self._kernel(step)
            if isinstance(call, np.ufunc):
                return partial(call, *args, out)  # by position: by name it takes half as long again
            if not block.precomputed_ports or self._precomputes_constants(step):
                call = partial(call, *block.kernel_args(args), out=out)
                return partial(_run_into, call, others) if others else call
        return self._called(step)

    def _called(self, step: Step) -> Callable[[], None]:
        """The call of a step whose arrays are looked up in each run."""
        types = self.program.types
        storage = [dtypes.storage(types[slot].dtype) for slot in step.writes]
        if not all(types[slot].known for slot in (*flat(step.reads), *step.writes)):
            return partial(self._dynamic_shapes, step, storage)
        call = self._kernel(step)
        if step.storage is Storage.OUT:
            if isinstance(call, np.ufunc) and len(step.writes) == 1:
                return self._ufunc_call(call, flat(step.reads), step.writes[0], step.releases)
            return partial(self._out, step, call, self._allocator(step.writes[0]), step.writes[1:])
        return partial(self._new, step, call, storage)

    def _ufunc_call(
        self, ufunc: np.ufunc, reads: Sequence[int], slot: int, releases: Sequence[int]
    ) -> Callable[[], None]:
        """The call of a ufunc whose arrays are looked up in each run."""
        values, allocate = self.values, None if slot in self.fixed else self._allocator(slot)
        released = [slot for slot in releases if slot not in self.fixed]

        def call() -> None:
            if allocate is not None:
                values[slot] = allocate()
            ufunc(*[values[read] for read in reads], values[slot])
            for dead in released:
                values[dead] = None

        return call

    def _out(self, step: Step, call: Callable[..., Any], allocate: Callable[..., Array], others: Sequence[int]) -> None:
        """Run a step that writes its first output into an array that is there."""
        values, slot = self.values, step.writes[0]
        args = [_value(values, read) for read in step.reads]
        if step.block.precomputed_ports or step.block.contiguous_inputs:
            args = step.block.kernel_args(args)
        if slot not in self.fixed:
            values[slot] = allocate()
        made = call(*args, out=values[slot])
        if others:
            self._store(others, made[1:], [dtypes.storage(self.program.types[s].dtype) for s in others])
        if step.releases:
            self._release(step)

    def _new(self, step: Step, call: Callable[..., Any], storage: Sequence[DType]) -> None:
        """Run a step that makes its output arrays itself."""
        args = step.block.kernel_args([_value(self.values, read) for read in step.reads])
        made = call(*args)
        self._store(step.writes, made if isinstance(made, tuple) else (made,), storage)
        if step.releases:
            self._release(step)

    def _store(self, slots: Sequence[int], made: Sequence[Any], storage: Sequence[DType]) -> None:
        """Keep the arrays that a step made, copied to where slots are fixed."""
        values = self.values
        for slot, dtype, result in zip(slots, storage, made, strict=True):
            if slot not in self.fixed:
                values[slot] = np.asarray(result, dtype)
            elif result is not values[slot]:
                values[slot][...] = result

    def _precomputes_constants(self, step: Step) -> bool:
        """Whether all that ``precompute`` takes is constant, so that it is called once and for all."""
        ports = zip(step.block.signature.inputs, step.reads, strict=True)
        return all(read in self.program.constants for name, read in ports if name in step.block.precomputed_ports)

    def _region(self, stage: Region) -> Callable[[], None]:
        """The call of a region, which allocates outputs that have no buffer."""
        values, loop = self.values, TileLoop(stage, self.values, self.fixed, self.program.constants)
        made = [(slot, self._allocator(slot)) for slot in stage.writes if slot not in self.fixed]
        alike = self.program.ordered_alike.get(stage.writes[0])

        def call() -> None:
            slot, order = 0, common_order([values[slot] for slot in alike]) if alike else None
            try:
                for slot, allocate in made:
                    values[slot] = allocate() if order is None else allocate(order=order)
            except Exception as error:
                raise StepError(next(i for i, s in enumerate(stage.steps) if slot in s.writes)) from error
            loop.run(order)
            if stage.releases:
                self._release(stage)

        return call

    def _parallel(self, stage: Parallel, calls: Sequence[Callable[[], object]]) -> None:
        """Run independent steps in several threads; of those that fail the first one's error is raised."""
        failed: dict[int, Exception] = {}
        shared = thread_pool.SharedIterator(enumerate(calls))

        def work() -> None:
            for i, call in shared:
                try:
                    call()
                except Exception as error:
                    failed[i] = error

        thread_pool.run_in_threads(work, min(stage.workers, len(calls)))
        if failed:
            raise StepError(min(failed)) from failed[min(failed)]
        self._release(stage)

    def _allocator(self, slot: int) -> Callable[..., Array]:
        """What makes an array for a value that the caller gets, or gives that of the input that it is written over."""
        if (taken := self.program.taken_over.get(slot)) is not None:
            return lambda **_: self.values[taken]
        type_ = self.program.types[slot]
        return results.allocator(type_.sizes, dtypes.storage(type_.dtype))

    def _release(self, stage: Stage) -> None:
        for slot in stage.releases:
            if slot not in self.fixed:
                self.values[slot] = None

    def _dynamic_shapes(self, step: Step, storage: Sequence[DType]) -> None:
        """Run a step whose shapes are not all known before."""
        args = [_value(self.values, read) for read in step.reads]
        self._store(step.writes, self.dynamic.run(step, args, self._key(step)), storage)
        self._release(step)

    def _key(self, step: Step) -> dict[str, Key]:
        """The keyword with the key by which a step draws random numbers, if it does."""
        return {"key": Key(self.seed, step.node, self.steps_done)} if step.block.takes_key else {}


def _run_into(call: Callable[[], Sequence[Array]], others: Sequence[Array]) -> None:
    """Run a kernel that writes its first output, and copy the others to where they are read."""
    for target, result in zip(others, call()[1:], strict=True):
        if result is not target:
            target[...] = result


def _value(values: Sequence[Any], read: Read) -> Any:
    if isinstance(read, tuple):
        return tuple(values[slot] for slot in read)
    return None if read is None else values[read]
