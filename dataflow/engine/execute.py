"""Execution of a program: its memory, every call bound to it, and the loop over these calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from functools import cached_property, partial
from operator import length_hint
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.blas import one_thread
from dataflow.core.dtypes import Array
from dataflow.core.errors import RunError
from dataflow.core.numpy_state import FixedNumpyState
from dataflow.core.run_errors import memory_message, run_error
from dataflow.core.shapes import TensorType, nbytes
from dataflow.engine.calls import Calls
from dataflow.engine.program import SMALL, Program
from dataflow.engine.stages import Stage
from dataflow.engine.steps import Storage
from dataflow.engine.tile_loop import StepError
from dataflow.engine.watching import HookError


class Execution:
    """The memory of one run at a time, with every call of a program bound to it.

    Raises RunError that names the node whose memory or whose call cannot be had.
    """

    def __init__(self, program: Program):
        self.program = program
        memory = [self._buffer(*numbered) for numbered in enumerate(program.buffer_sizes)]
        # values that share a buffer and a type share the array: NumPy sees that it is the same, and need not compare
        arrays: dict[tuple[int, TensorType], Array] = {}
        self.values: list[Any] = [None] * len(program.types)  # by slot
        for slot, value in program.constants.items():
            self.values[slot] = value
        for slot, buffer in program.buffer_of.items():
            key = buffer, program.types[slot]
            if key not in arrays:
                arrays[key] = _array(memory[buffer], program.types[slot])
            self.values[slot] = arrays[key]
        self.copied = {n: s for n, s in program.feeds.items() if nbytes(program.types[s]) <= SMALL}
        self.lent = {n: s for n, s in program.feeds.items() if n not in self.copied}
        for name, slot in self.copied.items():
            self.values[slot] = self._input(name, program.types[slot])
        self.fixed = {slot for slot, value in enumerate(self.values) if value is not None}  # the same in all runs
        # entered once for the whole run: entering it again in each matrix product then costs next to nothing
        large = any(step.block.uses_cores and sum(program.bytes_moved(step)) > SMALL for step in program.steps)
        self.blas_threads = one_thread if large else nullcontext()
        adds = any(step.block.contiguous_inputs or any(step.block.reduces) for step in program.steps)
        # where nothing is summed the buffer size does not matter, and errstate takes half the time
        self.numpy_state = FixedNumpyState if adds else partial(np.errstate, all="ignore")
        self.bound = Calls(program, self.values, self.fixed)
        self.calls: list[Callable[[], Any]] = []
        self.stages: list[Stage] = []
        with FixedNumpyState():  # views are made here, of uninitialized memory
            for stage in program.stages:
                try:
                    call = self.bound.of(stage)
                except Exception as error:
                    raise self._failed(stage, error) from error
                if call is not None:
                    self.calls.append(call)
                    self.stages.append(stage)
        self.transient = [s for s in range(len(self.values)) if s not in self.fixed]

    def _input(self, name: str, type_: TensorType) -> Array:
        try:
            return _array(np.empty(nbytes(type_), np.uint8), type_)
        except Exception as error:
            raise RunError(f"input '{name}': {memory_message(error, [type_])}") from error

    def _buffer(self, number: int, size: int) -> Array:
        try:
            return np.empty(size, np.uint8)
        except Exception as error:
            held = [slot for slot, buffer in self.program.buffer_of.items() if buffer == number]
            largest = max(held, key=lambda slot: nbytes(self.program.types[slot]))
            step = next(step for step in self.program.steps if largest in step.writes)
            raise self._failed(step, error) from error

    def run(
        self,
        feeds: Mapping[str, Array],
        follow: Callable[[Execution, Iterator[Callable[[], object]]], None] | None = None,
        seed: int = 0,
        steps_done: int = 0,
    ) -> dict[str, Array]:
        """The outputs by name, for inputs of the program's types.

        ``follow`` makes the calls in place of the loop here, and may look at what they do. ``seed`` and ``steps_done``
        decide the random numbers. Raises RunError that names the node whose kernel fails, the cause of a HookError, and
        Cancelled.
        """
        values, self.bound.seed, self.bound.steps_done = self.values, seed, steps_done
        for name, slot in self.copied.items():
            values[slot][...] = feeds[name]
        for name, slot in self.lent.items():
            values[slot] = feeds[name]
        calls = iter(self.calls)
        try:
            with self.numpy_state(), self.blas_threads:
                if follow is not None:
                    follow(self, calls)
                for call in calls:
                    call()
            return self._outputs()
        except RunError:
            raise
        except HookError as error:
            raise error.__cause__ or error from None
        except StepError as error:
            raise self._failed(self._running(calls).steps[error.index], error.__cause__) from error.__cause__
        except Exception as error:
            raise self._failed(self._running(calls), error) from error
        finally:
            for slot in self.transient:
                values[slot] = None

    def _running(self, calls: Iterator[Callable[[], object]]) -> Any:
        """The stage whose call the iterator gave last."""
        return self.stages[len(self.calls) - length_hint(calls) - 1]

    @cached_property
    def watched_after(self) -> dict[int, list[tuple[str, int]]]:
        """The names and slots of watched ports by the call that makes their values; -1 for those there before."""
        made = {slot: i for i, stage in enumerate(self.stages) for slot in stage.writes}
        for step in self.program.steps:
            if step.storage is Storage.VIEW and step.writes[0] not in made:  # made once and for all
                made[step.writes[0]] = made.get(step.reads[0], -1)  # type: ignore[arg-type]
        found: dict[int, list[tuple[str, int]]] = {}
        for name, slot in self.program.watched.items():
            found.setdefault(made.get(slot, -1), []).append((name, slot))
        return found

    def shown(self, slot: int) -> Array:
        """A value to look at, which later runs leave as it is."""
        value: Array = self.values[slot]
        if slot in self.fixed and slot not in self.program.constants:
            once = value[tuple(slice(None if stride else 1) for stride in value.strides)]  # without what repeats
            return np.broadcast_to(np.array(once), value.shape)
        shown = value.view()
        shown.flags.writeable = False
        return shown

    def _outputs(self) -> dict[str, Array]:
        """Arrays that are the caller's own: what is kept here, or belongs to someone else, is copied."""
        outputs: dict[str, Array] = {}
        others = {id(self.values[slot]) for slot in self.lent.values()}
        for name, slot in self.program.outputs.items():
            value = self.values[slot]
            if slot in self.fixed or value.base is not None or id(value) in others:
                value = self._copy(name, slot)
            else:
                others.add(id(value))
            outputs[name] = value
        return outputs

    def _copy(self, name: str, slot: int) -> Array:
        value = self.values[slot]
        if slot not in self.fixed and not self.program.types[slot].known:
            self.bound.dynamic.admit(f"output '{name}'", [TensorType.of(value)], value.nbytes)
        try:
            return np.array(value)
        except Exception as error:
            raise RunError(f"output '{name}': {memory_message(error, [TensorType.of(value)])}") from error

    def _failed(self, stage: Stage, error: BaseException | None) -> RunError:
        return run_error(stage, error, [self.program.types[slot] for slot in stage.writes])


def _array(memory: Array, type_: TensorType) -> Array:
    return memory[: nbytes(type_)].view(dtypes.storage(type_.dtype)).reshape(type_.sizes)
