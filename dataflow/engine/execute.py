"""The memory of one run at a time, and every call of a program bound to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from operator import length_hint
from typing import Any

import numpy as np

from dataflow.core import dtypes, thread_pool
from dataflow.core.blas import one_thread
from dataflow.core.errors import RunError
from dataflow.core.numpy_state import FixedNumpyState
from dataflow.core.ports import flat
from dataflow.core.random import Key
from dataflow.core.run_errors import memory_message, run_error
from dataflow.core.shapes import TensorType, nbytes
from dataflow.engine.late_shapes import Late
from dataflow.engine.program import SMALL, Program, Region, Stage, Step, Together
from dataflow.engine.result_pool import results
from dataflow.engine.tile_loop import PieceError

Trace = Callable[[str, float, Sequence[Any]], None]


class _Traced(Exception):
    """What traces a run failed; the cause is what it raised."""


class Frame:
    """The memory of one run at a time, and every call bound to it."""

    def __init__(self, made: Program):
        self.program = made
        memory = [self._buffer(*numbered) for numbered in enumerate(made.buffer_sizes)]
        # values that share a buffer and a type share the array: NumPy knows it for the same, and need not compare
        arrays: dict[Any, np.ndarray[Any, Any]] = {}
        self.values: list[Any] = [None] * len(made.types)
        for slot, value in made.constants.items():
            self.values[slot] = value
        for slot, buffer in made.buffer_of.items():
            key = buffer, made.types[slot]
            if key not in arrays:
                arrays[key] = _array(memory[buffer], made.types[slot])
            self.values[slot] = arrays[key]
        self.copied = {n: s for n, s in made.feeds.items() if nbytes(made.types[s]) <= SMALL}
        self.lent = {n: s for n, s in made.feeds.items() if n not in self.copied}
        for name, slot in self.copied.items():
            self.values[slot] = self._input(name, made.types[slot])
        self.fixed = {slot for slot, value in enumerate(self.values) if value is not None}
        self.passing = [s for s in range(len(self.values)) if s not in self.fixed]
        self.late = Late(made, self.values)
        # held for the whole run, so that not each product, which holds it too, has to begin and end that
        large = any(step.block.uses_cores and sum(made.moved(step)) > SMALL for step in made.steps)
        self.held = one_thread if large else nullcontext()
        adds = any(step.block.contiguous_inputs or any(step.block.reduces) for step in made.steps)
        self.arithmetic = FixedNumpyState if adds else partial(np.errstate, all="ignore")  # which takes half the time
        self.seed = self.count = 0  # of the run, and of the steps before it: they decide random numbers
        self.calls: list[Callable[[], Any]] = []
        self.stages: list[Stage] = []
        with FixedNumpyState():  # to see whether a kernel gives a view, it is run on whatever memory holds
            for stage in made.stages:
                try:
                    call = self._call(stage)
                except Exception as error:
                    raise self._failed(stage, error) from error
                if call is not None:
                    self.calls.append(call)
                    self.stages.append(stage)

    def _input(self, name: str, type_: TensorType) -> Any:
        try:
            return _array(np.empty(nbytes(type_), np.uint8), type_)
        except Exception as error:
            raise RunError(f"input '{name}': {memory_message(error, [type_])}") from error

    def _buffer(self, number: int, size: int) -> Any:
        try:
            return np.empty(size, np.uint8)
        except Exception as error:
            held = [slot for slot, buffer in self.program.buffer_of.items() if buffer == number]
            largest = max(held, key=lambda slot: nbytes(self.program.types[slot]))
            step = next(step for step in self.program.steps if largest in step.writes)
            raise self._failed(step, error) from error

    def run(
        self, feeds: Mapping[str, Any], trace: Trace | None = None, seed: int = 0, steps: int = 0
    ) -> dict[str, Any]:
        values, self.seed, self.count = self.values, seed, steps
        for name, slot in self.copied.items():
            values[slot][...] = feeds[name]
        for name, slot in self.lent.items():
            values[slot] = feeds[name]
        calls = iter(self.calls)
        try:
            with self.arithmetic(), self.held:
                if trace is not None:
                    self._traced(calls, trace)
                for call in calls:
                    call()
            return self._outputs()
        except RunError:
            raise
        except _Traced as error:
            raise error.__cause__ or error from None
        except PieceError as error:
            raise self._failed(self._at(calls).steps[error.piece], error.__cause__) from error.__cause__
        except Exception as error:
            raise self._failed(self._at(calls), error) from error
        finally:
            for slot in self.passing:
                values[slot] = None

    def _at(self, calls: Any) -> Any:
        """The stage whose call came last of those that have begun."""
        return self.stages[len(self.calls) - length_hint(calls) - 1]

    def _traced(self, calls: Iterable[Callable[[], Any]], trace: Trace) -> None:
        for call in calls:
            step = self._at(calls)
            start = time.perf_counter()
            call()
            seconds = time.perf_counter() - start
            # copies, as the memory is used again; and whose error it is shows by where it was raised
            made = [np.array(self.values[slot]) for slot in step.writes]
            try:
                trace(step.node, seconds, made)
            except Exception as error:
                raise _Traced from error

    def _outputs(self) -> dict[str, Any]:
        """Arrays that are the caller's own: what stays here or belongs to someone else is copied."""
        outputs: dict[str, Any] = {}
        others = {id(self.values[slot]) for slot in self.lent.values()}
        for name, slot in self.program.outputs.items():
            value = self.values[slot]
            if slot in self.fixed or value.base is not None or id(value) in others:
                value = self._copy(name, slot)
            else:
                others.add(id(value))
            outputs[name] = value
        return outputs

    def _copy(self, name: str, slot: int) -> Any:
        value = self.values[slot]
        if not self.program.types[slot].known:
            self.late.admit(f"output '{name}'", [TensorType.of(value)], value.nbytes)
        try:
            return np.array(value)
        except Exception as error:
            raise RunError(f"output '{name}': {memory_message(error, [TensorType.of(value)])}") from error

    def _failed(self, stage: Stage, error: BaseException | None) -> RunError:
        return run_error(stage, error, [self.program.types[slot] for slot in stage.writes])

    def _call(self, stage: Stage) -> Callable[[], Any] | None:
        if isinstance(stage, Region):
            return partial(self._stream, stage)
        if isinstance(stage, Together):
            return partial(self._together, stage, [self._called(step) for step in stage.steps])
        return self._bind(stage)

    def _bind(self, step: Step) -> Callable[[], Any] | None:
        fixed_inputs = all(slot in self.fixed for slot in flat(step.reads))
        args = [_value(self.values, read) for read in step.reads]
        if step.how == "view" and fixed_inputs and all(s in self.program.constants for s in flat(step.reads[1:])):
            value = step.block.kernel(*args)
            if np.may_share_memory(value, args[0]):
                self.values[step.writes[0]] = value
                self.fixed.add(step.writes[0])
                self.passing.remove(step.writes[0])
                return None
        block, early = step.block, fixed_inputs and not step.block.takes_key
        if block.contiguous_inputs and early:
            early = all(a is b for a, b in zip(flat(args), flat(block.in_order(args)), strict=True))
        if step.how == "into" and early and len(step.writes) == 1 and step.writes[0] in self.fixed:
            out = self.values[step.writes[0]]
            call = block.kernel_for(out.dtype)
            if isinstance(call, np.ufunc):
                return partial(call, *args, out)  # by position: by name it costs half as much again
            if not block.precomputed_ports:
                return partial(call, *args, out=out)
            if self._prepared_early(step):
                return partial(call, *step.block.kernel_args(args), out=out)
        return self._called(step)

    def _called(self, step: Step) -> Callable[[], None]:
        """The call of a step whose arrays are looked up in each run."""
        types, storage = self.program.types, [dtypes.storage(self.program.types[s].dtype) for s in step.writes]
        if not all(types[slot].known for slot in (*flat(step.reads), *step.writes)):
            return partial(self._late, step, storage)
        if step.how == "into" and not step.block.takes_key:
            return partial(self._into, step, step.block.kernel_for(storage[0]), step.writes[0], step.writes[1:])
        return partial(self._new, step, storage)

    def _into(self, step: Step, call: Callable[..., Any], slot: int, others: Sequence[int]) -> None:
        """Run a step that writes its first array into memory."""
        values = self.values
        args = [_value(values, read) for read in step.reads]
        if step.block.precomputed_ports or step.block.contiguous_inputs:
            args = step.block.kernel_args(args)
        if slot not in self.fixed:
            values[slot] = self._fresh(slot)
        made = call(*args, out=values[slot])
        if others:
            self._keep(others, made[1:], [dtypes.storage(self.program.types[s].dtype) for s in others])
        if step.releases:
            self._release(step)

    def _new(self, step: Step, storage: Sequence[Any]) -> None:
        """Run a step that makes its arrays itself."""
        args = step.block.kernel_args([_value(self.values, read) for read in step.reads])
        made = step.block.kernel(*args, **self._key(step))
        self._keep(step.writes, made if isinstance(made, tuple) else (made,), storage)
        if step.releases:
            self._release(step)

    def _keep(self, slots: Sequence[int], made: Sequence[Any], storage: Sequence[Any]) -> None:
        """Put what was made where it belongs."""
        values = self.values
        for slot, dtype, result in zip(slots, storage, made, strict=True):
            if slot not in self.fixed:
                values[slot] = np.asarray(result, dtype)
            elif result is not values[slot]:
                values[slot][...] = result

    def _prepared_early(self, step: Step) -> bool:
        """Whether all that ``prepare`` needs is constant, so that it is done once and for all."""
        ports = zip(step.block.signature.inputs, step.reads, strict=True)
        return all(read in self.program.constants for name, read in ports if name in step.block.precomputed_ports)

    def _stream(self, region: Region) -> None:
        """Run a region; what it writes for others is made here where it has no buffer."""
        for slot in region.writes:
            if slot not in self.fixed:
                try:
                    self.values[slot] = self._fresh(slot)
                except Exception as error:
                    raise PieceError(next(i for i, s in enumerate(region.steps) if slot in s.writes)) from error
        region.stream.run(self.values, region.workers)
        self._release(region)

    def _together(self, stage: Together, calls: Sequence[Callable[[], Any]]) -> None:
        """Run independent steps by several threads; of those that fail the first one's error is raised."""
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
            raise PieceError(min(failed)) from failed[min(failed)]
        self._release(stage)

    def _fresh(self, slot: int) -> np.ndarray[Any, Any]:
        """An array for a value that leaves the frame."""
        type_ = self.program.types[slot]
        shape: Any = type_.shape
        return results.empty(shape, dtypes.storage(type_.dtype))

    def _release(self, stage: Stage) -> None:
        for slot in stage.releases:
            if slot not in self.fixed:
                self.values[slot] = None

    def _late(self, step: Step, storage: Sequence[Any]) -> None:
        """Run a step of which some shapes are known only now."""
        args = [_value(self.values, read) for read in step.reads]
        self._keep(step.writes, self.late.run(step, args, self._key(step)), storage)
        self._release(step)

    def _key(self, step: Step) -> dict[str, Key]:
        """What decides the random numbers of a step, where it draws any."""
        return {"key": Key(self.seed, step.node, self.count)} if step.block.takes_key else {}


def _array(memory: np.ndarray[Any, Any], type_: TensorType) -> np.ndarray[Any, Any]:
    shape: Any = type_.shape
    return memory[: nbytes(type_)].view(dtypes.storage(type_.dtype)).reshape(shape)


def _value(values: Sequence[Any], read: Any) -> Any:
    if isinstance(read, tuple):
        return tuple(values[slot] for slot in read)
    return None if read is None else values[read]
