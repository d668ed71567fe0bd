"""A graph with the values of its variables: what passes of quantization take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.registry import blocks
from dataflow.engine.plan import Plan
from dataflow.engine.state import State
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graph.rebuild import Rebuild

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Model:
    """A graph, the value of each of its variables, and what passes have noted, a line each.

    >>> import dataflow as flow
    >>> graph = flow.Graph("line")
    >>> w = graph.variable("w", [2.0, 3.0])
    >>> graph.output("y", w + 1.0)
    >>> model = Model.of(graph, {"w": np.array([4, 5], np.float32)})
    >>> model.value(graph.outputs["y"])
    array([5., 6.], dtype=float32)
    """

    graph: Graph
    values: Mapping[str, Array]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, graph: Graph, values: Mapping[str, ArrayLike] | None = None) -> Model:
        """A graph with these values of its variables, and the initial ones of all others.

        Raises GraphError where values are for no variable, or do not fit its dtype and shape.
        """
        return cls(graph, State(graph, values=values).variables)

    def noted(self, *lines: str) -> Model:
        """With further notes."""
        return replace(self, notes=(*self.notes, *lines))

    def value(self, link: Link) -> Array:
        """The value of a wire that follows from variables and constants alone."""
        return self.evaluate([link])[link]

    def evaluate(self, links: Iterable[Link]) -> dict[Link, Array]:
        """The values of wires that follow from variables and constants alone."""
        wanted = self.graph.copy()
        wanted.outputs = {str(i): link for i, link in enumerate(dict.fromkeys(links))}
        if not wanted.outputs:
            return {}
        used = self.graph.ancestors(link.node for link in wanted.outputs.values())
        found = Plan(wanted).run({name: value for name, value in self.values.items() if name in used})
        return {link: found[name] for name, link in wanted.outputs.items()}

    def rebuilt(self, each: Callable[[Rebuild, Node], None], last: Callable[[Rebuild], None] | None = None) -> Model:
        """The model whose graph is made by calling ``each`` for every node in turn, and ``last`` after them."""
        new = Rebuild(self.graph)
        for node in self.graph.nodes.values():
            each(new, node)
        if last is not None:
            last(new)
        graph = new.finish()
        kept = {name: value for name, value in self.values.items() if name in graph.nodes}
        return replace(self, graph=graph, values=State(graph, values=kept).variables)

    def baked(self) -> Graph:
        """The graph whose variables begin with the values of the model."""

        def each(new: Rebuild, node: Node) -> None:
            value = self.values.get(node.name)
            if value is None or _begins_with(node, value):
                new.copy(node)
                return
            kept = {} if node.block.attrs().get("trainable", True) else {"trainable": False}
            dtype = str(next(iter(node.types.values())).dtype)
            given = {} if value.dtype == np.float32 else {"dtype": dtype}
            new.add(blocks["Variable"](**kept, **given), [value], node.name, node.doc)

        return self.rebuilt(each).graph


def _begins_with(node: Node, value: Array) -> bool:
    """Whether a variable has this initial value already."""
    given = next(iter(node.inputs.values()))
    known = getattr(given, "value", None)
    return known is not None and np.shape(known) == value.shape and bool(np.all(np.asarray(known) == value))


def fixed_nodes(graph: Graph) -> set[str]:
    """The nodes whose values follow from variables and constants alone, the same for all rows of a step."""
    found: set[str] = set()
    for node in graph.nodes.values():
        block = node.block
        if block.stateful or (block.pure and not block.feedable and found.issuperset(node.sources)):
            found.add(node.name)
    return found
