"""One random graph with what it is fed, all from one seed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from dataflow import blocks, gradient
from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.errors import GradientError
from dataflow.core.kinds import Elementwise, Reduction
from dataflow.engine.elements import FORMULAS
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref

from .growth import Growth, Refused
from .makers import chain, elementwise, reduction, sampled
from .shaping import SHAPING
from .ways import with_next

SMALL, MEDIUM, LARGE = "small", "medium", "large"
SIZES = {  # elements of the main values; small ones go by small tiles
    SMALL: ((1, 127, 128, 129, 255, 256, 257, 600, 1024, 1536), (1, 1, 1, 2, 1, 1, 4, 4, 3, 3)),
    MEDIUM: ((1, 60, 4095, 4096, 4097, 5000, 65536), (1, 1, 1, 1, 6, 4, 6)),
    LARGE: ((524287, 524288, 524289, 600000, 4000000), (1, 2, 6, 7, 0.4)),
}
DTYPES = ("float32", "float64", "bfloat16", "float16", "int32", "int64", "int8", "uint8", "bool", "complex64")
USUAL = (12, 5, 2, 1, 1, 1, 1, 1, 0.5, 0.5)


@dataclass
class Case:
    """A graph with outputs, the values that it is fed at first and then; what blocks crashed on while it grew."""

    seed: int
    scale: str
    graph: Graph
    feeds: list[dict[str, Array]]
    crashes: list[str] = field(default_factory=list)

    @property
    def largest(self) -> int:
        """Elements of the largest value."""
        return max(prod(t.sizes) for node in self.graph.nodes.values() for t in node.types.values() if t.known)


def case(seed: int, scale: str) -> Case | None:
    """The graph of a seed; None where its nodes came to nothing."""
    random = np.random.default_rng((seed, len(scale)))
    sizes, weights = SIZES[scale]
    size = int(random.choice(sizes, p=np.array(weights) / sum(weights)))
    growth = Growth(random, _shapes(random, size), _dtypes(random), most=max((3 if size < 10**6 else 2) * size, 4096))
    nodes = int(random.integers(10, 61)) if size < 200_000 else int(random.integers(10, 26 if size < 10**6 else 14))
    for _ in range(4 * nodes):
        if len(growth.graph.nodes) >= nodes:
            break
        try:
            _grow(growth)
        except Refused:
            continue
    graph = _with_gradient(growth) if growth.chance(0.7) else growth.graph
    _choose_outputs(growth, graph)
    if not graph.outputs:
        return None
    feeds = [{name: np.asarray(make(random)) for name, make in growth.given.items()} for _ in range(2)]
    return Case(seed, scale, graph, feeds, growth.crashes)


def _shapes(random: np.random.Generator, size: int) -> list[tuple[int, ...]]:
    """Shapes of one size, or next to it: flat, rows and columns, four dims with channels last."""
    shapes: list[tuple[int, ...]] = [(size,)]
    for columns in random.choice([2, 3, 4, 7, 16, 128, 1000, size], 2):
        columns = int(columns)
        shapes.append(
            (max(1, size // columns), columns) if random.random() < 0.8 else (columns, max(1, size // columns))
        )
    a, c = (int(v) for v in random.choice([1, 2, 3, 4, 8], 2))
    rest = max(1, size // (a * c))
    rows = max(d for d in (1, 2, 3, 4, 8, 16) if d <= rest)
    shapes.append((a, rows, max(1, rest // rows), c))
    chosen = random.choice(len(shapes), random.integers(1, 4), replace=False)
    return [shapes[i] for i in chosen]


def _dtypes(random: np.random.Generator) -> list[str]:
    return list(dict.fromkeys(random.choice(DTYPES, 2, p=np.array(USUAL) / sum(USUAL))))


FAMILIES: list[list[type[Block]]] = [
    [c for c in (blocks[name] for name in blocks) if issubclass(c, Elementwise)],
    [c for c in (blocks[name] for name in blocks) if issubclass(c, Reduction)] + [blocks["Mean"]],
    [blocks[name] for name in blocks],
]


# those that a compiler may put into one loop
LOOPED = [
    c
    for c in FAMILIES[0]
    if c.element is not None or (getattr(c, "ufunc", None) in {*FORMULAS} and len(c.signature.outputs) == 1)
]


def _grow(growth: Growth) -> Any:
    way = growth.pick(("elementwise", "chain", "reduction", "shaping", "any"), (8, 3, 3, 5, 2))
    if way == "elementwise":
        return elementwise(growth, growth.pick(FAMILIES[0]))
    if way == "chain":
        return chain(growth, LOOPED)
    if way == "reduction":
        return reduction(growth, growth.pick(FAMILIES[1]))
    if way == "shaping":
        return growth.pick(list(SHAPING), list(SHAPING.values()))(growth)
    return sampled(growth, growth.pick(FAMILIES[2]))


def _with_gradient(growth: Growth) -> Graph:
    """The graph with the gradient of a mean or sum of one of its values by some that it depends on."""
    graph = growth.graph
    floats = [ref for ref in growth.wires if ref.dtype in dtypes.floating]
    for _ in range(4):
        if not floats:
            return graph
        of = growth.pick(floats)
        behind = graph.ancestors([of.node])
        wrt = [r.wire for r in floats if r.node in behind and r.node != of.node and "." not in r.wire]
        if not wrt:
            continue
        wrt = sorted({growth.pick(wrt) for _ in range(growth.random.integers(1, 4))})
        try:
            loss = growth.call(growth.pick(("Sum", "Mean")), of, np.arange(len(of.shape), dtype=np.int32))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # zero where it does not depend on it
                return gradient(graph, of=loss.wire, wrt=wrt)
        except (GradientError, Refused):
            continue
    return graph


def _choose_outputs(growth: Growth, graph: Graph) -> None:
    """Ends of the graph, so many that a good part of it is needed, and some values in the middle."""
    read = {source for node in graph.nodes.values() for source in node.sources}
    links = [ref for name in graph.nodes for ref in _refs(graph, name)]
    ends = [ref for ref in links if ref.node not in read]
    needed: set[str] = set()
    share = growth.random.uniform(0.3, 1.0)
    for i in growth.random.permutation(len(ends)):
        if len(needed) >= share * len(graph.nodes):
            break
        graph.output(f"end{i}", ends[i])
        needed |= graph.ancestors([ends[i].node])
    for i in range(growth.random.integers(0, 4)):
        graph.output(f"middle{i}", growth.pick(links))
    with_next(graph)


def _refs(graph: Graph, name: str) -> list[Ref]:
    return [graph.ref(f"{name}.{port}") for port in graph.nodes[name].types]
