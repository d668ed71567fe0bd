"""Graph: nodes wired into a DAG. Adding a node checks its types, so that a graph is always well typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dataflow.core.block import Block
from dataflow.core.display import Shown
from dataflow.core.errors import BlockError, GraphError, UnknownNameError, kind_of, nearest
from dataflow.core.ports import Literal, flat
from dataflow.core.registry import blocks
from dataflow.core.shapes import Dim, TensorType
from dataflow.core.typing_rules import OperandType
from dataflow.graph.declared_range import declared_range
from dataflow.graph.layout import Layout
from dataflow.graph.names import NAME, wrong_name
from dataflow.graph.node import Link, Node, Ref, node_input
from dataflow.graph.node_types import node_types
from dataflow.graph.order import topological

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import ArrayLike

    from dataflow.core.wire import Operand


@dataclass(eq=False)
class Graph(Shown):
    """A DAG of blocks with named outputs. Grows by `input`, `add` and by calling blocks on its wires.

    >>> import dataflow as flow
    >>> graph = flow.Graph("line")
    >>> x = graph.input("x", "float32", ["N"])
    >>> graph.output("y", 2 * x + 1)
    >>> flow.run(graph, x=[1.0, 2.0])["y"]
    array([3., 5.], dtype=float32)
    """

    name: str = "graph"
    doc: str = ""
    outputs: dict[str, Link] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)  # `data` and the like, as the file has them
    scope: str = ""  # prefix of the names that unnamed nodes get
    layout: Layout = field(default_factory=Layout, repr=False)  # how it is written in a file
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)  # plans; emptied when the graph changes
    _nodes: dict[str, Node] = field(default_factory=dict, init=False, repr=False)
    _updates: dict[str, Link] = field(default_factory=dict, init=False, repr=False)
    _counts: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    # -- growing ------------------------------------------------------------------------------------------------

    def input(
        self,
        name: str,
        dtype: str = "float32",
        shape: Sequence[Dim] | int | None = None,
        doc: str = "",
        range: Sequence[float] | None = None,
    ) -> Ref:
        """A graph input, fed at each run: a Placeholder node. Dims are sizes, names (``"N"``) or None.

        ``range`` is ``[low, high]``, between which what is fed lies: a promise, from which bounds are derived.
        """
        ref: Ref = self.add(blocks["Placeholder"](dtype=dtype, shape=shape), name=name, doc=doc, range=range)
        return ref

    def constant(self, value: ArrayLike, dtype: str | None = None, name: str | None = None) -> Ref:
        """A Const node with this value."""
        ref: Ref = self.add(blocks["Const"](value=value, dtype=dtype), name=name)
        return ref

    def variable(self, name: str, value: Operand | None = None, **attrs: object) -> Ref:
        """A Variable node with this first value, or one by ``initializer=``, ``shape=`` and ``dtype=``."""
        ref: Ref = self.add(blocks["Variable"](**attrs), [value], name=name)
        return ref

    def output(self, name: str, wire: Ref | str) -> None:
        """Make a wire an output under this name. Like names of nodes it may have parts joined by /."""
        if not isinstance(name, str):
            raise GraphError(
                f"graph '{self.name}': an output must have a name, got {kind_of(name)}; write output('y', y)"
            )
        if wrong := wrong_name(name):
            raise GraphError(f"output '{name}': {wrong}")
        ref = self.ref(wire) if isinstance(wire, str) else self._own(wire)
        if name in self.outputs:
            raise GraphError(
                f"graph '{self.name}': output '{name}': each name must be used once, got it twice; use another, "
                f"or take the first one out: del graph.outputs['{name}']"
            )
        self.outputs[name] = Link(ref.node, ref.port)
        self.cache.clear()

    def add(
        self,
        block: Block,
        operands: Sequence[Any] = (),
        name: str | None = None,
        doc: str = "",
        range: Sequence[float] | None = None,
    ) -> Any:
        """Append a node; its first output as a Ref, or a named tuple of Refs for several.

        ``range``, if given, is ``[low, high]``, between which the first output lies, as the caller promises. Raises
        GraphError that names the node if a port is not wired or a dtype, a shape or the range does not fit.
        """
        self._check_call(block, operands)
        name = self._fresh(block) if name is None else self._checked(name)
        who = f"node '{name}' ({type(block).__name__})"
        ports = block.signature.inputs
        try:
            operands = block.signature.bind(type(block).__name__, operands, {})
        except BlockError as error:
            raise GraphError(who + str(error).removeprefix(type(block).__name__)) from error
        types, outputs = node_types(
            who, block, operands, lambda o: self._own(o).type if isinstance(o, Ref) else TensorType.of(o)
        )
        if block.assigns:
            self._check_writes(who, block, operands)
        inputs = {p: node_input(o, t) for p, o, t in zip(ports, operands, types, strict=True)}
        types_of = dict(zip(block.signature.outputs, outputs, strict=True))
        try:
            node = Node(name, block, inputs, types_of, doc, declared_range(range, outputs))
        except ValueError as error:
            raise GraphError(f"{who}: range {error}") from None
        self.insert(node)
        refs = [Ref(self, name, port) for port in node.types]
        return block.pack(refs)

    def insert(self, node: Node) -> None:
        """Append a node whose types are known, or put it in place of one; the nodes that feed it must be there."""
        self._nodes[node.name] = node
        for port, output in node.block.assigns.items():
            if isinstance(variable := node.inputs[port], Link):  # in the body of a composite it may be a number
                self._updates[variable.node] = Link(node.name, output)
        self.cache.clear()

    def drop(self, names: Iterable[str]) -> None:
        """Remove nodes; no other node and no output may depend on them."""
        for name in names:
            del self._nodes[name]
        self._updates = {variable: link for variable, link in self._updates.items() if link.node in self._nodes}
        self.cache.clear()

    def _check_call(self, block: object, operands: object) -> None:
        if not isinstance(block, Block):
            raise GraphError(
                f"graph '{self.name}': a block must be added, got {kind_of(block)}; write blocks.Relu(), say"
            )
        if not isinstance(operands, list | tuple):
            raise GraphError(
                f"graph '{self.name}': the operands of {type(block).__name__} must be a list, got {kind_of(operands)}; "
                "call the block on them, or put them in [ ]"
            )

    def _own(self, ref: object) -> Ref:
        if not isinstance(ref, Ref):
            raise GraphError(
                f"graph '{self.name}': a wire must be one that a block gave, or its name, got {kind_of(ref)}; "
                "make a value one with graph.constant"
            )
        if ref.graph is not self:
            raise GraphError(f"graph '{self.name}': wires must be of this graph, got {ref!r} of '{ref.graph.name}'")
        return ref

    def _check_writes(self, who: str, block: Block, operands: Sequence[Any]) -> None:
        """Raise GraphError if a block assigns to what is no variable, or to one that another block assigns to."""
        for port, ref in zip(block.signature.inputs, operands, strict=True):
            if port not in block.assigns:
                continue
            if not isinstance(ref, Ref) or not self._nodes[ref.node].block.stateful:
                got = f"'{ref.wire}'" if isinstance(ref, Ref) else "a number"
                raise GraphError(f"{who}: input '{port}' must be wired to a Variable, which it changes, got {got}")
            if ref.node in self._updates:
                raise GraphError(f"{who}: input '{port}': '{ref.node}' must be changed by one node in a step, got two")

    def _fresh(self, block: Block) -> str:
        stem = self.scope + block.node_name
        name, count = stem, self._counts.get(stem, 0)
        while name in self._nodes:
            count += 1
            name = f"{stem}_{count}"
        self._counts[stem] = count
        return name

    def _checked(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise GraphError(
                f"node '{name}': names must be letters, digits and _ (parts joined by /), starting with a letter"
            )
        if wrong := wrong_name(name):
            raise GraphError(f"node '{name}': {wrong}")
        if name in self._nodes:
            raise GraphError(f"node '{name}': each name must be used once, got it twice; rename one")
        return name

    # -- looking ------------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Nodes by name, in the order added: each comes after those that feed it."""
        return MappingProxyType(self._nodes)

    def latest(self, count: int) -> list[str]:
        """The names of the nodes that were added last, so many, in the order added."""
        return [*islice(reversed(self._nodes), count)][::-1]

    @property
    def wiring(self) -> nx.MultiDiGraph[str]:
        """The nodes as a networkx graph: an edge per wire, keyed by the ports at its ends."""
        import networkx as nx  # late: it takes as long to import as all else

        wiring: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for node in self._nodes.values():
            wiring.add_node(node.name, node=node)
            for port, value in node.inputs.items():
                for i, source in enumerate(flat([value])):
                    if isinstance(source, Link):
                        wiring.add_edge(source.node, node.name, key=(source.port, port, i))
        return wiring

    def ref(self, wire: str) -> Ref:
        """The wire called ``node`` (its first output) or ``node.port``, as in the file; also an output by its name."""
        name, _, port = wire.partition(".")
        if name not in self._nodes:
            link = self.layout.link(wire) or self.outputs.get(wire)
            if link is not None and link.node in self._nodes:
                return self.deref(link)
            hint = nearest(name, [*self._nodes, *self.outputs])
            raise UnknownNameError(f"no node or input named '{name}'" + (f"; {hint}" if hint else ""))
        node = self._nodes[name]
        ports = list(node.types)
        if not ports:
            raise UnknownNameError(f"{node.who} has no outputs to wire")
        if port and port not in ports:
            hint = nearest(port, ports) or f"it has {', '.join(ports)}"
            raise UnknownNameError(f"{node.who} has no output '{port}'; {hint}")
        return Ref(self, name, port or ports[0])

    def deref(self, link: Link) -> Ref:
        """The wire of this graph that a link means."""
        return Ref(self, link.node, link.port)

    def refs(self, node: Node) -> list[Any]:
        """The operand on each input port of a node, with links as wires of this graph."""
        return [tuple(map(self._ref, v)) if isinstance(v, tuple) else self._ref(v) for v in node.inputs.values()]

    def _ref(self, operand: Link | Literal | None) -> Ref | Literal | None:
        return Ref(self, operand.node, operand.port) if isinstance(operand, Link) else operand

    @property
    def updates(self) -> dict[str, Link]:
        """The next value of each variable that a node changes, by the variable's name."""
        return dict(self._updates)

    def operand_types(self, node: Node) -> list[OperandType]:
        """The type of the operand on each input port of a node, as its block takes it."""
        return node.block.operand_types([*node.inputs.values()], self._type_of)

    def retyped(self, node: Node) -> Node:
        """The node with its types inferred anew from those of its sources in this graph."""
        return node.typed(node_types(node.who, node.block, [*node.inputs.values()], self._type_of)[1])

    def _type_of(self, link: Link) -> TensorType:
        return self._nodes[link.node].types[link.port]

    def of_block(self, *names: str) -> dict[str, Node]:
        """The nodes whose block has one of these names."""
        return {n.name: n for n in self._nodes.values() if type(n.block).__name__ in names}

    @property
    def inputs(self) -> dict[str, TensorType]:
        """The graph inputs and their types; PlaceholderWithDefault may be left unfed."""
        nodes = self.of_block("Placeholder", "PlaceholderWithDefault")
        return {name: next(iter(node.types.values())) for name, node in nodes.items()}

    def order(self) -> list[Node]:
        """The nodes in topological order, which does not depend on the order in which they were added."""
        sources = {name: node.sources for name, node in self._nodes.items()}
        return [self._nodes[name] for name in topological(sources)]

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """The named nodes and every node they depend on."""
        found = set(names)
        for node in reversed(self._nodes.values()):
            if node.name in found:
                found.update(node.sources)
        return found

    def descendants(self, names: Iterable[str]) -> set[str]:
        """The named nodes and every node that depends on them."""
        found = set(names)
        for node in self._nodes.values():
            if not found.isdisjoint(node.sources):
                found.add(node.name)
        return found

    def path(self, sources: Iterable[str], target: str) -> list[str]:
        """The nodes on a shortest path from any of the sources to the target, both ends included."""
        import networkx as nx

        routes: Any = nx.multi_source_dijkstra(self.wiring, list(sources), target)[1]
        return list(routes)

    def copy(self) -> Graph:
        """A graph that can grow without changing this one; the nodes are shared."""
        copied = self.bare()
        copied._nodes, copied._updates, copied.outputs = dict(self._nodes), dict(self._updates), dict(self.outputs)
        return copied

    def bare(self) -> Graph:
        """A graph with the name, text, sections and layout of this one but without nodes."""
        return Graph(self.name, self.doc, sections=dict(self.sections), layout=self.layout)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Graph)
            and (self.name, self.doc, self.outputs, self.sections)
            == (other.name, other.doc, other.outputs, other.sections)
            and {n: v.identity for n, v in self._nodes.items()} == {n: v.identity for n, v in other._nodes.items()}
        )

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"cache": {}}

    def __str__(self) -> str:
        rows = [(n.name, type(n.block).__name__, n.described) for n in self.order()]
        widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
        return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows)
