"""Proven bounds: between which ends every value of a graph lies, and how wide its integer accumulators must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from dataflow.core.bounding import bounded
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.core.ports import Literal, map_port
from dataflow.core.quantized import Product
from dataflow.core.ranges import Accumulator, Range, Units
from dataflow.graph.declared_range import shown
from dataflow.graph.node import Link, Node
from dataflow.quantize.model import Model

EXACT = 2**24  # whole numbers up to here are exact in float32, and so are sums that stay within


@dataclass(frozen=True, eq=False)
class Width:
    """How wide the accumulator of a node's sums must be, in signed bits.

    by_type : for any codes of the widths that the factors have.
    derived : for those that can come in; both hold for partial sums in any order.
    ends : those that it may reach on the way, in whole steps; ``sums`` has those of whole sums. None, with ``why``,
        where sums are no whole numbers.
    """

    node: Node
    accumulator: Accumulator | None
    sums: Units | None = None
    why: str = ""

    @property
    def ends(self) -> tuple[int, int] | None:
        """The lowest and the highest that it may reach."""
        return None if self.accumulator is None else _outermost(self.accumulator.low, self.accumulator.high)

    @property
    def derived(self) -> int | None:
        """Bits for what can come in."""
        return None if self.ends is None else bits(*self.ends)

    @property
    def by_type(self) -> int | None:
        """Bits for any codes of the factors' widths."""
        found = self.accumulator
        return None if found is None else bits(*_outermost(found.least, found.most))

    @property
    def exact_in_float32(self) -> bool:
        """Whether float32 holds every partial sum."""
        return self.ends is not None and max(map(abs, self.ends)) <= EXACT

    def fits(self, width: int) -> bool:
        """Whether it is proven that so many bits are enough."""
        return self.derived is not None and self.derived <= width


@dataclass(frozen=True, eq=False)
class Bounds:
    """The range of each wire of a graph, and the width of each accumulator in it, in the order of the nodes."""

    model: Model
    ranges: Mapping[Link, Range]
    widths: list[Width] = field(default_factory=list)

    @property
    def assumed(self) -> list[Link]:
        """The wires of which nothing is known but their dtype."""
        return [link for link, range in self.ranges.items() if range.origin == "assumed"]


def bits(low: int, high: int) -> int:
    """The width of the signed integers between two ends.

    >>> bits(-128, 127), bits(0, 128), bits(0, 0)
    (8, 9, 1)
    """
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0) + 1


def derive_bounds(model: Model) -> Bounds:
    """The range of each wire, from the declared ranges of inputs and nodes and the values of the variables.

    Raises GraphError where a declared range has nothing in common with what is derived.
    """
    ranges: dict[Link, Range] = {}
    widths: list[Width] = []
    for node in model.graph.nodes.values():
        found = _cut(node, _outputs(model, node, ranges))
        ranges |= {Link(node.name, port): range for port, range in zip(node.types, found, strict=True)}
        widths += _widths(node, found, ranges)
    return Bounds(model, ranges, widths)


def _outputs(model: Model, node: Node, ranges: Mapping[Link, Range]) -> list[Range]:
    types = [*node.types.values()]
    value = model.values.get(node.name)
    if value is not None:
        return [Range.of(value)]
    if node.block.feedable:
        return [Range.of_type(type_) for type_ in types]

    def given(operand: object) -> Range:
        return ranges[operand] if isinstance(operand, Link) else Range.of(_literal(operand))

    return bounded(node.block, [map_port(given, operand) for operand in node.inputs.values()], types)


def _literal(operand: object) -> Array:
    assert isinstance(operand, Literal)
    return np.asarray(operand.value)


def _cut(node: Node, found: list[Range]) -> list[Range]:
    """The ranges, the first one cut to what is declared."""
    if node.range is None:
        return found
    first = found[0].within(*node.range)
    if first is None:
        ends = shown(_floats(found[0]))
        raise GraphError(
            f"{node.who}: range must have something in common with what follows from its inputs, {ends}, "
            f"got {shown(node.range)}; correct it, or leave it out"
        )
    return [first, *found[1:]]


def _floats(range: Range) -> tuple[float, float]:
    return float(np.min(range.low)), float(np.max(range.high))


def _widths(node: Node, found: list[Range], ranges: Mapping[Link, Range]) -> Iterator[Width]:
    role = node.block.quantized_as
    if found and found[0].accumulator is not None:
        yield Width(node, found[0].accumulator, found[0].whole)
    elif isinstance(role, Product):
        missing = [
            port
            for port in (role.x, role.weights)
            if isinstance(link := node.inputs[port], Link) and ranges[link].whole is None
        ]
        why = f"input '{missing[0]}' is not quantized" if missing else "steps differ within a sum"
        yield Width(node, None, why=why)


def _outermost(low: Array, high: Array) -> tuple[int, int]:
    return int(np.min(low)), int(np.max(high))
