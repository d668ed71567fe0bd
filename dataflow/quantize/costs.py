"""What layers cost: multiplications, the bits that they take, and the bytes of weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from dataflow.core.quantized import Passes, Product, Quantizer
from dataflow.graph.node import Link, Node
from dataflow.quantize.grids import grid_of
from dataflow.quantize.model import Model, fixed_nodes

FLOAT = 32  # bits of what is not quantized


@dataclass(frozen=True)
class Cost:
    """What one layer, a node that multiplies, costs for one row.

    macs : multiplications, each with an addition; None where a size is not known before the run.
    weights : how many there are; 0 where both operands depend on the row.
    weight_bits, value_bits : widths of the operands, 32 where they are not quantized.
    """

    node: str
    macs: int | None
    weights: int
    weight_bits: int
    value_bits: int

    @property
    def bytes(self) -> int:
        """Bytes of the weights, packed."""
        return -(-self.weights * self.weight_bits // 8)

    @property
    def bops(self) -> int | None:
        """Bit operations: multiplications times the widths of both operands."""
        return None if self.macs is None else self.macs * self.weight_bits * self.value_bits


def costs(model: Model) -> list[Cost]:
    """The cost of each layer of a graph, in the order of its nodes."""
    fixed = fixed_nodes(model.graph)
    return [
        _cost(model, node, fixed) for node in model.graph.nodes.values() if isinstance(node.block.quantized_as, Product)
    ]


def _cost(model: Model, node: Node, fixed: set[str]) -> Cost:
    graph, role = model.graph, node.block.quantized_as
    links = [node.inputs[port] for port in (role.x, role.weights)]
    types = [graph.deref(link).type if isinstance(link, Link) else None for link in links]
    bits = [_bits(model, link, fixed) for link in links]
    known = isinstance(links[1], Link) and links[1].node in fixed
    shape, weights = next(iter(node.types.values())).shape, types[1].shape if types[1] is not None else None
    return Cost(node.name, _macs(role, shape, weights), _size(weights) or 0 if known else 0, bits[1], bits[0])


def _macs(role: Product, shape: tuple[object, ...] | None, weights: tuple[object, ...] | None) -> int | None:
    """Multiplications for a row: for each element of the output as many as weights make it."""
    if shape is None or weights is None or len(shape) < 2:
        return None
    outputs, channels, size = _size(shape[1:]), shape[role.channels], _size(weights)
    if outputs is None or size is None or not isinstance(channels, int) or not channels:
        return None
    each = size // channels if role.depthwise or len(weights) <= len(shape) else weights[role.summed]
    return outputs * each if isinstance(each, int) else None


def _size(shape: tuple[object, ...] | None) -> int | None:
    sizes = [d for d in shape or () if isinstance(d, int)]
    return prod(sizes) if shape is not None and len(sizes) == len(shape) else None


def _bits(model: Model, link: object, fixed: set[str]) -> int:
    """The width of the values on a wire, which may have passed through blocks that move them."""
    while isinstance(link, Link):
        node = model.graph.nodes[link.node]
        role = node.block.quantized_as
        if isinstance(role, Quantizer):
            return width_of(model, node, fixed)
        link = node.inputs[role.ports[0]] if isinstance(role, Passes) and len(role.ports) == 1 else None
    return FLOAT


def width_of(model: Model, node: Node, fixed: set[str]) -> int:
    """The bits of the codes of a quantizer: what its block says, or what its grid takes."""
    said = getattr(node.block, "num_bits", None)
    if isinstance(said, int):
        return said
    grid = grid_of(model, node, fixed)
    return FLOAT if grid is None else grid.bits
