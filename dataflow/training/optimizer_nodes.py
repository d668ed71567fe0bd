"""The blocks that apply gradients: which variables they train, and what stands on each of their ports."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.errors import GraphError
from dataflow.core.ports import In, Literal
from dataflow.core.registry import blocks
from dataflow.core.roles import Gradient, LearningRate, PowerOf, Setting, Slot, StepNumber, Variable
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.training.clipping import cast
from dataflow.training.train_section import END, Optimizer, Override, Schedule, Train

RATE = "train/learning_rate"  # the node of a schedule, and the output of the step that is the rate
_WIRED = Variable | Slot | Gradient  # roles of ports that no user sets


def settable(block: type[Block]) -> dict[str, In]:
    """The inputs of an optimizer that a user may set."""
    return {name: port for name, port in block.signature.inputs.items() if not isinstance(port.role, _WIRED)}


def rate_port(block: type[Block]) -> In | None:
    """The input of an optimizer that takes the learning rate."""
    return next((port for port in settable(block).values() if isinstance(port.role, LearningRate)), None)


def overrides_of(optimizer: Optimizer, name: str) -> list[Override]:
    """The overrides that fit a variable."""
    return [o for o in optimizer.overrides if any(fnmatchcase(name, pattern) for pattern in o.variables)]


def is_frozen(optimizer: Optimizer, name: str) -> bool:
    """Whether a variable keeps its value: the last override that fits it says so."""
    found = [o.frozen for o in overrides_of(optimizer, name)]
    return bool(found) and found[-1]


def trained(graph: Graph, train: Train) -> list[str]:
    """The variables to train: those named, or all trainable ones that the minimized value depends on; none frozen."""
    names = train.variables
    if names is None:
        before = graph.ancestors([graph.ref(train.minimize or "").node])
        names = tuple(n for n in _variables(graph) if n in before and is_trainable(graph, n))
    return [name for name in names if train.optimizer is None or not is_frozen(train.optimizer, name)]


def is_trainable(graph: Graph, name: str) -> bool:
    """Whether a variable may be trained: it is said to be trainable, and of a floating dtype."""
    return bool(graph.nodes[name].block.trainable) and graph.ref(name).dtype in dtypes.floating  # type: ignore[attr-defined]


def _variables(graph: Graph) -> list[str]:
    return [name for name, node in graph.nodes.items() if node.block.stateful]


def constant_rate(optimizer: Optimizer) -> float | None:
    """The learning rate where it is a number that no schedule changes."""
    port = rate_port(blocks[optimizer.block])
    value = None if port is None else optimizer.inputs.get(port.name, _default(port))
    return float(value) if isinstance(value, int | float) else None


def _default(port: In) -> Any:
    return port.role.default if isinstance(port.role, Setting) else None


class OptimizerNodes:
    """Adds the nodes that train variables to a graph.

    steps : the number of all steps, for schedules.
    fixed_rate : the learning rate in place of that of the schedule or the optimizer. A schedule goes on counting.
    """

    def __init__(
        self,
        graph: Graph,
        optimizer: Optimizer,
        schedule: Schedule | None,
        steps: int,
        fixed_rate: float | None = None,
    ):
        self.graph, self.optimizer, self.schedule, self.steps = graph, optimizer, schedule, steps
        self.fixed_rate = fixed_rate
        self.kind = blocks[optimizer.block]
        self.shared: dict[object, Ref] = {}  # counters and powers

    def add(self, name: str, slope: Ref) -> None:
        """Add the node that trains a variable by this gradient."""
        variable = self.graph.ref(name)
        overridden: dict[str, Any] = {}
        for override in overrides_of(self.optimizer, name):
            overridden |= override.inputs
        operands = [
            self._operand(port, name, variable, slope, overridden) for port in self.kind.signature.inputs.values()
        ]
        self.graph.add(self.kind(**self.optimizer.attrs), operands, name=f"train/{name}/apply")

    def rate(self) -> Ref | None:
        """The learning rate of the step where it is a wire."""
        if self.fixed_rate is not None:
            return None
        if self.schedule is not None:
            return self._rate(self.schedule)
        port = rate_port(self.kind)
        given = None if port is None else self.optimizer.inputs.get(port.name)
        return self.graph.ref(given) if isinstance(given, str) else None

    def _operand(self, port: In, name: str, variable: Ref, slope: Ref, overridden: Mapping[str, Any]) -> Ref | Literal:
        """What stands on a port of the optimizer of the variable ``name``."""
        given = {**self.optimizer.inputs, **overridden}
        match port.role:
            case Variable():
                return variable
            case Gradient():
                return slope
            case Slot(initial):
                return self._slot(f"train/{name}/{port.name}", initial, variable)
            case LearningRate() if self.schedule is not None and port.name not in overridden:
                rate = self._rate(self.schedule)
                return cast(rate, variable.dtype) if self.fixed_rate is None else Literal(self.fixed_rate)
            case LearningRate() if self.fixed_rate is not None and port.name not in overridden:
                return Literal(self.fixed_rate)
            case StepNumber():
                return self._counter()
            case PowerOf(base=base) if port.name not in given:
                return self._power(port.name, self._value(self.kind.signature.inputs[base], given), variable.dtype)
        return self._value(port, given)

    def _slot(self, name: str, value: float, variable: Ref) -> Ref:
        """A variable of the same shape that the optimizer keeps."""
        if not variable.type.known:
            raise GraphError(f"train: variable '{variable.node}' must have a known shape, got {variable.type}")
        shape, dtype = variable.type.sizes, variable.dtype
        if not value:
            return self.graph.variable(name, initializer="zeros", shape=shape, dtype=dtype, trainable=False)
        return self.graph.variable(name, np.full(shape, value, dtypes.storage(dtype)), trainable=False)

    def _value(self, port: In, given: Mapping[str, Any]) -> Ref | Literal:
        """What the user set on a port, a wire or a number, or its default."""
        value = given.get(port.name, _default(port))
        return self.graph.ref(value) if isinstance(value, str) else Literal(value)

    # -- what all variables share -------------------------------------------------------------------------------

    def _counter(self) -> Ref:
        """The number of this step, from 1."""
        if "step" not in self.shared:
            before = self.graph.variable("train/step", np.zeros((), np.int64), trainable=False)
            self.shared["step"] = self.graph.add(blocks["AssignAdd"](), [before, Literal(1)], name="train/next_step")
        return self.shared["step"]

    def _power(self, port: str, base: Ref | Literal, dtype: str) -> Ref:
        """A factor to the power of the number of this step; variables with the same base share it."""
        key = port, dtype, base.wire if isinstance(base, Ref) else str(base)
        if key not in self.shared:
            name = f"train/{port}" if dtype == "float32" else f"train/{port}_{dtype}"
            others = sum(other[:2] == key[:2] for other in self.shared if isinstance(other, tuple))
            name += f"_{others + 1}" if others else ""
            before = self.graph.variable(name, np.ones((), dtypes.storage(dtype)), trainable=False)
            after = self.graph.add(blocks["Multiply"](), [before, base], name=f"{name}_next")
            self.shared[key] = self.graph.add(blocks["Assign"](), [before, after], name=f"{name}_assign")
        return self.shared[key]

    def _rate(self, schedule: Schedule) -> Ref:
        """The learning rate of this step by the schedule."""
        if "rate" not in self.shared:
            block = scheduled(schedule, self.steps)
            self.shared["rate"] = self.graph.add(block, [self._counter()], name=RATE)
        return self.shared["rate"]


def scheduled(schedule: Schedule, steps: int) -> Block:
    """The block of a schedule; ``decay_steps: end`` becomes the number of the steps after the warm-up."""
    attrs, kind = dict(schedule.attrs), blocks[schedule.block]
    if attrs.get(END) == "end":
        declared = kind.signature.attrs.get("warmup_steps")
        warm = attrs.get("warmup_steps", declared.default if declared else 0)
        attrs[END] = max(1, steps - warm)
    return kind(**attrs)
