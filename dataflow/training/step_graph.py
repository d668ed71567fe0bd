"""The training step as a graph: a graph with its `train` section written out as gradient and update blocks.

Nothing of a step is hidden. The slots of optimizers, powers and the counter of steps are variables like any other; all
new nodes are called ``train/...``, after the variable that they train, and ``grad/...``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.errors import GraphError, listing, nearest
from dataflow.core.ports import In, Literal
from dataflow.core.registry import blocks
from dataflow.core.roles import Gradient, LearningRate, PowerOf, Setting, Slot, StepNumber, Variable
from dataflow.graph.gradient import reverse
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Ref
from dataflow.graphfile.block_use import BlockUse
from dataflow.training.train_section import Train, train_section

_WIRED = Variable | Slot | Gradient  # roles of ports that no user sets


def expand(graph: Graph) -> Graph:
    """The graph of one training step: the outputs of the graph, and each variable changed by the optimizer.

    Raises GraphError where the `train` section does not fit the graph.
    """
    train = train_section(graph)
    if train is None:
        raise GraphError(f"graph '{graph.name}' has no 'train' section; write what to minimize and the optimizer")
    if train.minimize is None or train.optimizer is None:
        key = "optimizer" if train.minimize else "minimize"
        raise GraphError(f"graph '{graph.name}': train: '{key}' must be given, got nothing")
    return _Expansion(graph, train, train.minimize, train.optimizer).build()


def trained(graph: Graph, goal: str, names: Sequence[str] | None) -> list[str]:
    """The variables to train: those that are named, or all trainable ones that the goal depends on."""
    kept = [n for n, node in graph.nodes.items() if node.block.stateful]
    if names is not None:
        for name in names:
            if name not in kept:
                hint = nearest(name, kept) or f"it has {listing(kept, 'and')}"
                raise GraphError(f"graph '{graph.name}': train: no variable '{name}'; {hint}")
        return list(names)
    before = graph.ancestors([graph.ref(goal).node])
    found = [n for n in kept if n in before and graph.nodes[n].block.trainable and _floats(graph, n)]  # type: ignore[attr-defined]
    if not found:
        raise GraphError(f"graph '{graph.name}': train: '{goal}' must depend on a variable, got none")
    return found


def _floats(graph: Graph, name: str) -> bool:
    return graph.ref(name).dtype in dtypes.floating


class _Expansion:
    def __init__(self, graph: Graph, train: Train, goal: str, optimizer: BlockUse):
        self.source, self.train, self.goal, self.optimizer = graph, train, goal, optimizer
        self.graph = graph
        self.shared: dict[str, Ref] = {}  # counters and powers, by name

    def build(self) -> Graph:
        names = trained(self.source, self.goal, self.train.variables)
        graph, target, slopes = reverse(self.source, self.goal, names)
        self.graph = graph
        graph.outputs = {**self.source.outputs}
        graph.outputs.setdefault(self.goal, Link(target.node, target.port))
        graph.sections = {key: value for key, value in self.source.sections.items() if key != "train"}
        slopes = self._clipped(slopes)
        for name, slope in slopes.items():
            self._apply(name, slope)
        graph.scope = ""
        return graph

    def _apply(self, name: str, slope: Ref) -> None:
        kind, given = self._kind(self.optimizer.block), self.optimizer.inputs
        ports = kind.signature.inputs
        for port in given:
            if port not in ports or isinstance(ports[port].role, _WIRED):
                free = [name for name, declared in ports.items() if not isinstance(declared.role, _WIRED)]
                hint = nearest(port, free) or f"it has {listing(free, 'and')}"
                raise GraphError(f"train: optimizer {kind.__name__} has no input '{port}' to set; {hint}")
        block = kind(**self.optimizer.attrs)
        variable = self.graph.ref(name)
        operands = [self._operand(block, port, name, variable, slope, given) for port in ports.values()]
        self.graph.add(block, operands, name=f"train/{name}/apply")

    def _kind(self, name: str) -> type[Block]:
        kind = blocks[name]
        if not _is_optimizer(kind):
            usable = [name for name, block in blocks.items() if _is_optimizer(block)]
            raise GraphError(f"train: optimizer must be a block that applies a gradient, got {name}; {listing(usable)}")
        return kind

    def _operand(
        self, block: Block, port: In, name: str, variable: Ref, slope: Ref, given: Mapping[str, Any]
    ) -> Ref | Literal:
        """What stands on a port of the optimizer of the variable ``name``."""
        match port.role:
            case Variable():
                return variable
            case Gradient():
                return slope
            case Slot(initial):
                return self._slot(f"train/{name}/{port.name}", initial, variable)
            case LearningRate() if self.train.schedule is not None:
                return self._cast(self._rate(self.train.schedule), variable.dtype)
            case StepNumber():
                return self._counter()
            case PowerOf(base=base) if port.name not in given:
                return self._power(port.name, self._value(block, block.signature.inputs[base], given), variable.dtype)
        return self._value(block, port, given)

    def _slot(self, name: str, value: float, variable: Ref) -> Ref:
        """A variable of the same shape that the optimizer keeps."""
        shape, dtype = self._shape(variable), variable.dtype
        if not value:
            return self.graph.variable(name, initializer="zeros", shape=shape, dtype=dtype, trainable=False)
        return self.graph.variable(name, np.full(shape, value, dtypes.storage(dtype)), trainable=False)

    def _value(self, block: Block, port: In, given: Mapping[str, Any]) -> Ref | Literal:
        """What the user set on a port, a wire or a number, or its default."""
        value = given.get(port.name, port.role.default if isinstance(port.role, Setting) else None)
        if value is None:
            raise GraphError(f"train: optimizer {type(block).__name__}: input '{port.name}' must be given, got nothing")
        return self.graph.ref(value) if isinstance(value, str) else Literal(value)

    def _shape(self, variable: Ref) -> tuple[int, ...]:
        if not variable.type.known:
            raise GraphError(f"train: variable '{variable.node}' must have a known shape, got {variable.type}")
        return variable.shape  # type: ignore[return-value]

    # -- what all variables share -------------------------------------------------------------------------------

    def _counter(self) -> Ref:
        """The number of this step, from 1."""
        if "step" not in self.shared:
            before = self.graph.variable("train/step", np.zeros((), np.int64), trainable=False)
            self.shared["step"] = self.graph.add(blocks["AssignAdd"](), [before, Literal(1)], name="train/next_step")
        return self.shared["step"]

    def _power(self, port: str, base: Ref | Literal, dtype: str) -> Ref:
        """A factor to the power of the number of this step."""
        name = f"train/{port}" if dtype == "float32" else f"train/{port}_{dtype}"
        if name not in self.shared:
            before = self.graph.variable(name, np.ones((), dtypes.storage(dtype)), trainable=False)
            after = self.graph.add(blocks["Multiply"](), [before, base], name=f"{name}_next")
            self.shared[name] = self.graph.add(blocks["Assign"](), [before, after], name=f"{name}_assign")
        return self.shared[name]

    def _rate(self, schedule: BlockUse) -> Ref:
        """The learning rate of this step by the schedule."""
        if "rate" not in self.shared:
            block = blocks[schedule.block](**schedule.attrs)
            self.shared["rate"] = self.graph.add(block, [self._counter()], name="train/learning_rate")
        return self.shared["rate"]

    def _cast(self, ref: Ref, dtype: str) -> Ref:
        cast: Ref = ref if ref.dtype == dtype else blocks["Cast"](DstT=dtype)(ref)
        return cast

    def _clipped(self, slopes: dict[str, Ref]) -> dict[str, Ref]:
        """The gradients, clipped by value, by the norm of each or by their global norm."""
        if self.train.clip is None:
            return slopes
        kind, limit = self.train.clip.bound
        result = {}
        everything = None
        if kind == "global_norm":
            self.graph.scope = "train/clip/"
            everything = _root([_squares(ref) for ref in slopes.values()])
        for name, ref in slopes.items():
            self.graph.scope = f"train/{name}/clip/"
            if kind == "value":
                result[name] = blocks["ClipByValue"]()(ref, -limit, limit)
                continue
            norm = _root([_squares(ref)]) if everything is None else everything
            result[name] = ref * (limit / blocks["Maximum"]()(norm, limit))
        self.graph.scope = ""
        return result


def _is_optimizer(block: type[Block]) -> bool:
    return any(isinstance(port.role, Gradient) for port in block.signature.inputs.values())


def _squares(ref: Ref) -> Any:
    return blocks["Sum"]()(blocks["Square"]()(ref), list(range(ref.type.rank or 0)))


def _root(squares: list[Any]) -> Any:
    return blocks["Sqrt"]()(squares[0] if len(squares) == 1 else blocks["AddN"]()(squares))
