"""A graph run otherwise than it is written: nodes bypassed, frozen or forced, and only as far as one of them.

Each function takes a graph and gives another one; what the graph was read from stays as it is.

>>> import dataflow as flow
>>> graph = flow.Graph("line")
>>> x = graph.input("x", "float32", ["N"])
>>> half = graph.add(flow.blocks["Multiply"](), [x, 0.5], name="half")
>>> graph.output("y", graph.add(flow.blocks["Square"](), [half], name="square"))
>>> flow.run(bypassed(graph, "half"), x=[2.0])["y"]
array([4.], dtype=float32)
>>> flow.run(forced(graph, {"half": 3.0}), x=[2.0])["y"]
array([9.], dtype=float32)
>>> flow.run(up_to(graph, "half"), x=[2.0])
{'half': array([1.], dtype=float32)}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core import conversion, dtypes, shapes
from dataflow.core.attrs import show
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, listing, way_out
from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType, fits
from dataflow.graph.graph import Graph
from dataflow.graph.layout import Use
from dataflow.graph.node import Link, Node, Ref
from dataflow.graph.readers import readers
from dataflow.graph.rebuild import Rebuild

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Overrides:
    """What is bypassed, frozen and forced together, whatever came first; see the functions of these names."""

    bypassed: Sequence[str] = ()
    frozen: Mapping[str, ArrayLike] = field(default_factory=dict)
    forced: Mapping[str, ArrayLike] = field(default_factory=dict)

    def of(self, graph: Graph) -> Graph:
        """The graph with all of them."""
        graph = bypassed(forced(graph, self.forced), *self.bypassed)
        return frozen(graph, self.frozen)  # last: it takes out what only a frozen node reads

    def __str__(self) -> str:
        """In words, for those who read of what was run: ``bypass relu, freeze w, force x=0.5``."""
        forced = (f"{name}={show(value)}" for name, value in self.forced.items())
        nodes = dict.fromkeys(name.partition(".")[0] for name in self.frozen)  # of several ports one name
        told = {"bypass": self.bypassed, "freeze": nodes, "force": forced}
        return ", ".join(f"{what} {name}" for what, names in told.items() for name in names)


NO_OVERRIDES = Overrides()


def bypassed(graph: Graph, *names: str) -> Graph:
    """The graph without these nodes: who read the first output of one gets what stands on its first input.

    Raises GraphError where a node has no input, where another output of it is read, or where its readers do not take
    what they get.
    """
    for name in names:
        with _told(f"bypass of '{name}'"):
            used = graph.layout.uses.get(name) if name not in graph.nodes else None
            graph = _bypassed(graph, _node(graph, name)) if used is None else _without_use(graph, name, used)
    return graph


def frozen(graph: Graph, values: Mapping[str, ArrayLike]) -> Graph:
    """The graph with arrays in place of nodes, which do not run: by node, or by port, ``norm.mean``, of several.

    Raises GraphError where an array is not of the dtype and shape of its port, where another port of a node is read
    that no array is given for, and for nodes that can be fed.
    """
    given: dict[str, dict[str, Array]] = {}
    for name, value in values.items():
        with _told(f"freezing of '{name}'"):
            ref = graph.ref(name)
            given.setdefault(ref.node, {})[ref.port] = _fitting(value, ref.type)
    for name, arrays in given.items():
        with _told(f"freezing of '{name}'"):
            graph = _frozen(graph, _node(graph, name), arrays)
    return graph


def forced(graph: Graph, values: Mapping[str, ArrayLike]) -> Graph:
    """The graph in which the readers of a port get another value: a number, or an array that broadcasts to it.

    The node stays, and only its shape is needed; what its readers get is the node ``<node>/forced``. Raises GraphError
    where a value cannot be of the port's dtype or broadcast to its shape.
    """
    for name, value in values.items():
        with _told(f"forcing of '{name}'"):
            graph = _forced(graph, graph.ref(name), value)
    return graph


def up_to(graph: Graph, name: str) -> Graph:
    """The graph whose outputs are those of one node, or one port of it, without what they do not need.

    The outputs are called as wires are, ``norm`` and ``norm.mean``. All inputs stay, so that it is fed as before.
    """
    ref = graph.ref(name)
    if "." not in name and name in graph.nodes:
        links = {graph.deref(link).wire: link for port in graph.nodes[name].types for link in [Link(name, port)]}
    elif "." not in name and name in graph.layout.uses:
        outputs = graph.layout.uses[name].outputs
        links = {f"{name}.{port}" if i else name: link for i, (port, link) in enumerate(outputs.items())}
    else:
        links = {ref.wire: Link(ref.node, ref.port)}
    result = graph.bare()
    keep = graph.ancestors(link.node for link in links.values()) | {*graph.inputs}
    for node in graph.nodes.values():
        if node.name in keep:
            result.insert(node)
    result.outputs = links
    return result


@contextmanager
def _told(what: str) -> Iterator[None]:
    """A ``with`` block whose errors begin with what was being done."""
    try:
        yield
    except GraphError as error:
        raise type(error)(f"{what}: {error}") from error


def _node(graph: Graph, name: str) -> Node:
    node = graph.nodes[graph.ref(name).node]
    if node.block.feedable and not node.block.stateful:
        feed = way_out(f"feed it, {node.name}=...", f"feed it, -i {node.name}=FILE", "force a value on its port")
        raise GraphError(f"{node.who} is an input, which is not computed; {feed}")
    return node


def _check_unread(graph: Graph, node: Node, given: Mapping[str, object]) -> None:
    """Raise GraphError if a port of the node is read for which nothing is given."""
    read = readers(graph)
    left = [port for port in node.types if Link(node.name, port) in read and port not in given]
    if left:
        reader = read[Link(node.name, left[0])][0]
        raise GraphError(f"{node.who}: its output {listing(left, 'and')} would have no value, and {reader} reads it")


def _bypassed(graph: Graph, node: Node) -> Graph:
    first = next(iter(node.inputs), None)
    if first is None or not node.types or node.inputs[first] is None:
        raise GraphError(f"{node.who} must have an input to hand on, got none")
    _check_unread(graph, node, {node.first.port: None})

    def replaced(new: Rebuild) -> None:
        operand = new.operand(node, first)
        if isinstance(operand, tuple):
            operand = operand[0]
        if isinstance(operand, Literal):
            operand = new.add(blocks["Const"](value=operand.value), name=node.name)
        new.move(node.first, operand)
        new.drop(node)

    return _with(graph, node, replaced)


def _without_use(graph: Graph, name: str, used: Use) -> Graph:
    """The graph without one that a node of the file used as its block."""
    source, (given, *_) = next(iter(used.inputs.values()), None), used.outputs.values()
    if source is None:
        raise GraphError(f"'{name}' must have an input to hand on, got none")
    inside = {each for each in graph.nodes if each.startswith(f"{name}/")}
    for link, who in readers(graph).items():
        if link.node in inside and link != given and (outside := [each for each in who if each not in inside]):
            raise GraphError(f"another output of '{name}' would have no value, and {outside[0]} reads it")
    new = Rebuild(graph)
    for node in graph.nodes.values():
        if node.name not in inside or node.name == source.node:
            new.copy(node)
        else:
            new.drop(node)
        if node.name == given.node:
            new.move(given, new.ref(source))
    return new.finish()


def _frozen(graph: Graph, node: Node, arrays: Mapping[str, Array]) -> Graph:
    _check_unread(graph, node, arrays)

    def replaced(new: Rebuild) -> None:
        for port, array in arrays.items():
            name = node.name if port == node.first.port else f"{node.name}/{port}"
            new.move(Link(node.name, port), new.add(blocks["Const"](value=array), name=name))
        new.drop(node)

    return _with(graph, node, replaced)


def _forced(graph: Graph, ref: Ref, value: ArrayLike) -> Graph:
    node, array = graph.nodes[ref.node], _converted(value, ref.type)

    def replaced(new: Rebuild) -> None:
        new.copy(node)
        port, name = new.ref(Link(ref.node, ref.port)), f"{ref.node}/forced"
        if port.dtype in dtypes.floating + dtypes.complexes:
            made = new.add(blocks["BroadcastLike"](), [Literal(array), port], name=name)
        else:
            known = port.type.known
            sizes = Literal(np.array(port.type.sizes, np.int64)) if known else new.add(blocks["Shape"](), [port])
            made = new.add(blocks["BroadcastTo"](), [Literal(array), sizes], name=name)
        new.move(Link(ref.node, ref.port), made)

    return _with(graph, node, replaced)


def _with(graph: Graph, node: Node, replace: Callable[[Rebuild], None]) -> Graph:
    """The graph with one node replaced."""
    new = Rebuild(graph)
    for each in graph.nodes.values():
        if each.name == node.name:
            replace(new)
        else:
            new.copy(each)
    return new.finish()


def _converted(value: ArrayLike, type_: TensorType) -> Array:
    try:
        return conversion.array(value, type_.dtype)
    except conversion.ConversionError as error:
        raise GraphError(f"the value {error}") from None


def _fitting(value: ArrayLike, type_: TensorType) -> Array:
    array = _converted(value, type_)
    if not fits(array.shape, type_.shape):
        raise GraphError(f"the value must have shape {shapes.show(type_.shape)}, got {shapes.show(array.shape)}")
    return array
