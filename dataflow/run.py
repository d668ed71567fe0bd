"""Running a plan: feeds in, bound calls one after the other, outputs out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import length_hint
from typing import Any

import numpy as np

from dataflow import dtypes
from dataflow.errors import DataflowError, GraphError, RunError, UnknownNameError, nearest
from dataflow.graph import Graph
from dataflow.plan import SMALL, Program, Step, nbytes, program
from dataflow.shapes import TensorType, fits, show
from dataflow.signature import flat

Trace = Callable[[str, float, Sequence[Any]], None]


def run(graph: Graph, feeds: Mapping[str, Any] | None = None, /, **named: Any) -> dict[str, Any]:
    """The outputs of a graph, by name, for these inputs.

    Variables and inputs with a default may be fed too. The plan is kept with the graph, one per set of shapes.

    Raises
    ------
    GraphError
        When a feed is missing, unknown, or of another dtype or shape than declared.
    RunError
        When a kernel fails; the message names the node.
    """
    if "plan" not in graph.cache:
        graph.cache["plan"] = Plan(graph)
    planned: Plan = graph.cache["plan"]
    return planned.run(feeds, **named)


def plan(graph: Graph, /, **shapes: Sequence[int]) -> Plan:
    """A plan of the graph; ``print`` shows its steps once the shapes are known, from the graph or from here."""
    made = Plan(graph)
    if shapes or all(t.known for t in graph.inputs.values()):
        made.at(**shapes)
    return made


class Plan:
    """A graph laid out to run: one program per set of input shapes, made when they first come.

    A plan may be pickled, and run in several threads at once.
    """

    def __init__(self, graph: Graph):
        if not graph.outputs:
            raise GraphError(f"graph '{graph.name}': must have outputs to run, got none; name one with graph.output")
        self.graph = graph.copy()
        self.programs: dict[Any, Program] = {}
        self._idle: dict[Any, list[_Frame]] = {}
        self._feedable = {
            n: next(iter(v.types.values())) for n, v in graph.nodes.items() if v.block.feedable and v.types
        }
        needed = graph.ancestors(link.node for link in graph.outputs.values())
        self._required = [
            n for n in self._feedable if n in needed and all(v is None for v in graph.nodes[n].inputs.values())
        ]

    def run(
        self, feeds: Mapping[str, Any] | None = None, /, trace: Trace | None = None, **named: Any
    ) -> dict[str, Any]:
        """The outputs by name. ``trace`` is called after each step with the node, its seconds and its results."""
        arrays = self._arrays({**(feeds or {}), **named})
        key = tuple((name, array.shape) for name, array in arrays.items())
        frames = self._idle.get(key)
        if frames is None:
            self._program(key, arrays)
            frames = self._idle.setdefault(key, [])
        try:
            frame = frames.pop()
        except IndexError:
            frame = _Frame(self.programs[key])
        outputs = frame.run(arrays, trace)
        frames.append(frame)
        return outputs

    def at(self, **shapes: Sequence[int]) -> Program:
        """The program for inputs of these shapes; inputs whose shape is known already may be left out."""
        types: dict[str, TensorType] = {}
        for name in sorted({*shapes, *self._required}):
            declared = self._declared(name)
            shape = shapes.get(name, declared.shape)
            given = TensorType(declared.dtype, None if shape is None else tuple(shape))
            if not given.known:
                raise GraphError(f"input '{name}' must have a known shape to plan for, got {given}; give {name}=[...]")
            types[name] = given
        self._check(types)
        key = tuple((name, t.shape) for name, t in types.items())
        if key not in self.programs:
            self.programs[key] = program(self.graph, types, self.graph.outputs)
            self._idle[key] = []
        return self.programs[key]

    def _program(self, key: Any, arrays: Mapping[str, Any]) -> None:
        if missing := [n for n in self._required if n not in arrays]:
            raise GraphError(f"input '{missing[0]}' must be fed {self._feedable[missing[0]]}, got nothing")
        self.at(**{name: array.shape for name, array in arrays.items()})

    def _arrays(self, feeds: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
        arrays = {}
        for name in sorted(feeds):
            declared, value = self._declared(name), feeds[name]
            if not isinstance(value, np.ndarray | np.generic):
                try:
                    value = dtypes.literal(value, declared.dtype)
                except (TypeError, ValueError, OverflowError):
                    raise GraphError(f"input '{name}' must be numbers that make {declared}, got {value!r}") from None
            elif value.dtype != dtypes.storage(declared.dtype):
                raise GraphError(
                    f"input '{name}' must be {declared.dtype}, got {value.dtype.name}; convert it with .astype"
                )
            arrays[name] = np.asarray(value)
        return arrays

    def _declared(self, name: str) -> TensorType:
        if name not in self._feedable:
            hint = nearest(name, self._feedable) or f"it has {', '.join(self._feedable) or 'none'}"
            raise UnknownNameError(f"graph '{self.graph.name}' has no input '{name}'; {hint}")
        return self._feedable[name]

    def _check(self, types: Mapping[str, TensorType]) -> None:
        sizes: dict[str, tuple[int, str]] = {}
        for name, type_ in types.items():
            declared = self._feedable[name]
            if not fits(type_.shape, declared.shape):
                raise GraphError(f"input '{name}' must have shape {show(declared.shape)}, got {show(type_.shape)}")
            for dim, size in zip(declared.shape or (), type_.shape or (), strict=False):
                if isinstance(dim, str) and isinstance(size, int):
                    first, owner = sizes.setdefault(dim, (size, name))
                    if first != size:
                        raise GraphError(
                            f"input '{name}' must have size {first} in dim '{dim}' as '{owner}' has, got {size}"
                        )

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_idle": {key: [] for key in self._idle}}

    def __str__(self) -> str:
        if not self.programs:
            unknown = [f"{n}: {self._feedable[n]}" for n in self._required if not self._feedable[n].known]
            return f"no shapes yet for {', '.join(unknown)}; give them with plan.at, or run it"
        return "\n\n".join(
            f"for {', '.join(f'{n}{show(s)}' for n, s in key) or 'no inputs'}\n{made}"
            for key, made in self.programs.items()
        )


class _Frame:
    """The memory of one run at a time, and every call bound to it."""

    def __init__(self, made: Program):
        self.program = made
        memory = [np.empty(size, np.uint8) for size in made.buffer_sizes]
        self.values: list[Any] = [None] * len(made.types)
        for slot, value in made.constants.items():
            self.values[slot] = value
        for slot, buffer in made.buffer_of.items():
            self.values[slot] = _array(memory[buffer], made.types[slot])
        self.copied = {n: s for n, s in made.feeds.items() if nbytes(made.types[s]) <= SMALL}
        self.lent = {n: s for n, s in made.feeds.items() if n not in self.copied}
        for slot in self.copied.values():
            self.values[slot] = _array(np.empty(nbytes(made.types[slot]), np.uint8), made.types[slot])
        self.fixed = {slot for slot, value in enumerate(self.values) if value is not None}
        self.passing = [s for s in range(len(self.values)) if s not in self.fixed]
        self.calls: list[Callable[[], Any]] = []
        self.steps: list[Step] = []
        for step in made.steps:
            if (call := self._bind(step)) is not None:
                self.calls.append(call)
                self.steps.append(step)

    def run(self, feeds: Mapping[str, Any], trace: Trace | None) -> dict[str, Any]:
        values = self.values
        for name, slot in self.copied.items():
            values[slot][...] = feeds[name]
        for name, slot in self.lent.items():
            values[slot] = feeds[name]
        calls = iter(self.calls)
        try:
            with np.errstate(all="ignore"):
                if trace is not None:
                    self._traced(calls, trace)
                for call in calls:
                    call()
            return self._outputs()
        except DataflowError as error:
            step = self._at(calls)
            text = str(error).removeprefix(type(step.block).__name__)
            raise RunError(step.who + (text if text.startswith(":") else f": {text}")) from error
        except Exception as error:
            step = self._at(calls)
            raise RunError(f"{step.who}: {type(error).__name__}: {error}") from error
        finally:
            for slot in self.passing:
                values[slot] = None

    def _at(self, calls: Any) -> Step:
        return self.steps[len(self.calls) - length_hint(calls) - 1]

    def _traced(self, calls: Iterable[Callable[[], Any]], trace: Trace) -> None:
        for call in calls:
            step = self._at(calls)
            start = time.perf_counter()
            call()
            trace(step.node, time.perf_counter() - start, [self.values[s] for s in step.writes])

    def _outputs(self) -> dict[str, Any]:
        """Arrays that are the caller's own: what stays here or belongs to someone else is copied."""
        outputs: dict[str, Any] = {}
        given: list[Any] = []
        for name, slot in self.program.outputs.items():
            value = self.values[slot]
            own = slot not in self.fixed and value.base is None and not any(value is v for v in given)
            if own and not any(value is self.values[s] for s in self.lent.values()):
                given.append(value)
            else:
                value = np.array(value)
            outputs[name] = value
        return outputs

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
        if step.how == "into" and fixed_inputs and len(step.writes) == 1 and step.writes[0] in self.fixed:
            out = self.values[step.writes[0]]
            if not step.block.prepared_ports:
                return partial(step.block.call, *args, out=out)
            if self._prepared_early(step):
                return partial(step.block.call, *step.block.kernel_args(args), out=out)
        return partial(self._late, step, [self.program.types[s] for s in step.writes])

    def _prepared_early(self, step: Step) -> bool:
        """Whether all that ``prepare`` needs is constant, so that it is done once and for all."""
        ports = zip(step.block.signature.inputs, step.reads, strict=True)
        return all(read in self.program.constants for name, read in ports if name in step.block.prepared_ports)

    def _late(self, step: Step, types: Sequence[TensorType]) -> None:
        """Run a step some of whose arrays are known only now."""
        values = self.values
        args = [_value(values, read) for read in step.reads]
        if any(t.shape is None or not t.known for t in types):
            results: Any = step.block(*args)
            results = results if isinstance(results, tuple) else (results,)
        elif step.how == "into" and step.writes[0] in self.fixed:
            results = step.block.kernel(*step.block.kernel_args(args), out=values[step.writes[0]])
        else:
            results = step.block.kernel(*step.block.kernel_args(args))
        if len(step.writes) == 1 and not isinstance(results, tuple):
            results = (results,)
        for slot, type_, result in zip(step.writes, types, results, strict=True):
            if slot not in self.fixed:
                values[slot] = np.asarray(result, dtypes.storage(type_.dtype))
            elif result is not values[slot]:
                values[slot][...] = result
        for slot in step.releases:
            if slot not in self.fixed:
                values[slot] = None


def _array(memory: np.ndarray[Any, Any], type_: TensorType) -> np.ndarray[Any, Any]:
    shape: Any = type_.shape
    return memory[: nbytes(type_)].view(dtypes.storage(type_.dtype)).reshape(shape)


def _value(values: Sequence[Any], read: Any) -> Any:
    if isinstance(read, tuple):
        return tuple(values[slot] for slot in read)
    return None if read is None else values[read]
