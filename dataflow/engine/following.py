"""A run that is looked at: watched values are shown, what becomes of each node is told, and a flag may end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core import cancellation
from dataflow.core.dtypes import Array
from dataflow.core.ports import flat
from dataflow.core.shapes import nbytes
from dataflow.engine.fates import Event, Fates
from dataflow.engine.stages import Stage, steps_of
from dataflow.engine.steps import Step, Storage
from dataflow.engine.watching import HookError, Hooks

if TYPE_CHECKING:
    from dataflow.engine.execute import Execution


def follow(execution: Execution, calls: Iterator[Callable[[], object]], hooks: Hooks, fates: Fates) -> None:
    """Make the calls of an execution one by one, and tell the hooks of each.

    fates : of the nodes, where there is a trace. Raises HookError with what a hook raised, and Cancelled.
    """
    following = _Following(execution, hooks, fates)
    with cancellation.cancelled_by(hooks.cancel):
        following.show(-1)
        following.tell(following.without_steps)
        for done, call in enumerate(calls):
            cancellation.check()
            began = time.perf_counter()
            call()
            seconds = time.perf_counter() - began
            following.tell(lambda: following.after(execution.stages[done], seconds))  # noqa: B023
            following.show(done)
        cancellation.check()


class _Following:
    def __init__(self, execution: Execution, hooks: Hooks, fates: Fates):
        self.execution, self.hooks, self.fates = execution, hooks, fates
        self.left: dict[str, int] = {}  # steps to come of each node, and of its parts
        self.spent: dict[str, Event] = {}  # seconds so far of nodes that have parts
        for stage in execution.stages if hooks.trace is not None else ():
            for step in steps_of(stage):
                owner = fates.parts.get(step.node, step.node)
                self.left[owner] = self.left.get(owner, 0) + 1

    def show(self, done: int) -> None:
        """Show the watched values that are there once a call is done; -1 for those there before."""
        if self.hooks.observe is None:
            return
        for name, slot in self.execution.watched_after.get(done, ()):
            try:
                self.hooks.observe(name, self.execution.shown(slot))
            except Exception as error:
                raise HookError from error

    def tell(self, events: Callable[[], Iterator[Event]]) -> None:
        """Tell events, if anyone listens."""
        if self.hooks.trace is None:
            return
        for event in events():
            try:
                self.hooks.trace(event)
            except Exception as error:
                raise HookError from error

    def without_steps(self) -> Iterator[Event]:
        """The events of nodes and parts that no call runs."""
        called = {step.node for stage in self.execution.stages for step in steps_of(stage)}
        return (event for event in self.fates.values() if event.node not in called and event.node not in self.left)

    def after(self, stage: Stage, seconds: float) -> Iterator[Event]:
        """The events of the steps of a stage that took so long, and of the nodes that they are the last parts of."""
        steps = steps_of(stage)
        moved = [self._bytes(step) for step in steps]
        for step, own in zip(steps, moved, strict=True):
            share = seconds * own / sum(moved) if sum(moved) else seconds / len(steps)
            event = replace(
                self.fates[step.node], seconds=share, estimated=len(steps) > 1, values=self._values(stage, step)
            )
            owner = self.fates.parts.get(step.node, step.node)
            if owner != step.node:
                yield event
            self.left[owner] -= 1
            if (whole := self._whole(owner, event)) and not self.left[owner]:
                yield whole

    def _whole(self, owner: str, event: Event) -> Event:
        """What is known of a node, of which a step or a part is done."""
        before = self.spent.get(owner)
        whole = self.spent[owner] = replace(
            self.fates[owner],
            seconds=(event.seconds or 0.0) + (before.seconds or 0.0 if before else 0.0),
            estimated=event.estimated or (before is not None and before.estimated),
            values=event.values if event.node == owner else {},
        )
        return whole

    def _bytes(self, step: Step) -> int:
        """Bytes that a step reads and writes; 1 for a view."""
        if step.storage is Storage.VIEW:
            return 1
        types = self.execution.program.types
        return sum(nbytes(types[s]) for s in {*flat(step.reads), *step.writes} if types[s].known)

    def _values(self, stage: Stage, step: Step) -> Mapping[str, Array]:
        """The values that a step made, as far as they are kept, by port."""
        found: dict[str, Array] = {}
        for port, slot in zip(step.block.signature.outputs, step.writes, strict=True):
            value = self.execution.values[slot]
            if slot in stage.writes and isinstance(value, np.ndarray):
                found[port] = value.view()
                found[port].flags.writeable = False
        return found
