"""What a graph is made of: nodes, the links between them, and refs, which are wires of one graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from dataflow.core import conversion
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.ports import Literal, flat
from dataflow.core.shapes import TensorType
from dataflow.core.typing_rules import OperandType
from dataflow.core.wire import Wire
from dataflow.graph.declared_range import Ends, shown

if TYPE_CHECKING:
    from dataflow.graph.graph import Graph


@dataclass(frozen=True, eq=False, slots=True)
class Ref(Wire):
    """One output of a node in a graph. Arithmetic on it adds nodes."""

    graph: Graph
    node: str
    port: str

    @property
    def type(self) -> TensorType:
        """Dtype and shape of the output, and its value where that is known before the run."""
        return self.graph._nodes[self.node].types[self.port]

    @property
    def wire(self) -> str:
        """As a graph file writes it: ``node``, or ``node.port`` where it is not the node's first output."""
        first = next(iter(self.graph._nodes[self.node].types))
        return self.node if self.port == first else f"{self.node}.{self.port}"

    def __repr__(self) -> str:
        return f"<{self.wire}: {self.type}>"


@dataclass(frozen=True, slots=True)
class Link:
    """The source of a wire: a node and its output port. It belongs to no graph, so nodes can be shared."""

    node: str
    port: str


NodeInput = Link | Literal | tuple[Link | Literal, ...] | None  # a tuple if variadic, None if left out


@dataclass(frozen=True, slots=True)
class Node:
    """A block in a graph: its name, the operand on each input port, the type of each output.

    ``range`` is that of its first output, if the user declares one.
    """

    name: str
    block: Block
    inputs: Mapping[str, NodeInput]
    types: Mapping[str, TensorType]
    doc: str = ""
    range: Ends | None = None
    sources: tuple[str, ...] = field(init=False, repr=False, compare=False)  # the nodes that feed it, each once

    def __post_init__(self) -> None:
        names: dict[str, None] = {}
        for value in self.inputs.values():
            if isinstance(value, Link):
                names[value.node] = None
            elif isinstance(value, tuple):
                names |= {operand.node: None for operand in value if isinstance(operand, Link)}
        object.__setattr__(self, "sources", tuple(names))

    @property
    def who(self) -> str:
        """The name of the node in messages, ``node 'y' (AddV2)``."""
        return f"node '{self.name}' ({type(self.block).__name__})"

    @property
    def described(self) -> str:
        """The types of its outputs, with the range of the first one if it is declared."""
        first, *others = map(str, self.types.values()) if self.types else ("",)
        return ", ".join([first if self.range is None else f"{first} in {shown(self.range)}", *others])

    @property
    def identity(self) -> Any:
        """What makes it equal to another node beside the name."""
        return self.block, dict(self.inputs), self.doc, self.range

    @property
    def first(self) -> Link:
        """The link from its first output."""
        return Link(self.name, next(iter(self.types)))

    def typed(self, outputs: Iterable[TensorType]) -> Node:
        """The node with other types of its outputs; by `dataclasses.replace` it takes twice as long."""
        types = dict(zip(self.types, outputs, strict=True))
        return Node(self.name, self.block, self.inputs, types, self.doc, self.range)

    def link(self, port: str) -> Link:
        """The link on an input port that a wire stands on."""
        return cast(Link, self.inputs[port])

    def operands(self) -> list[Link | Literal]:
        """The links and literals on the input ports, one by one."""
        return flat(self.inputs.values())


def node_input(operand: Any, type_: OperandType) -> NodeInput:
    """An operand as a node stores it: a wire as a link, a number or array as a literal of its inferred dtype."""
    if type_ is None:
        return None
    return tuple(map(_link, operand, type_)) if isinstance(type_, tuple) else _link(operand, type_)


def _link(operand: Ref | Literal | Array, type_: TensorType) -> Link | Literal:
    if isinstance(operand, Ref):
        return Link(operand.node, operand.port)
    return Literal(conversion.frozen(type_.value))
