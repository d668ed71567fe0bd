"""Targets of calibration: the wires whose range a quantizer needs, and the variables in which quantizers keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Product, Quantizer
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, Ref
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.calibration import Observed
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.section import Activations, Quantization, Weights
from dataflow.quantize.sites import find_sites

DEFAULT = Quantization(weights=Weights(), activations=Activations())


@dataclass(frozen=True, eq=False)
class Target:
    """A wire, and the quantizer that rounds its values, there already or to come.

    quantizer : the node that is there; None where it is to come.
    variables : the variables in which it keeps its range, by port.
    symmetric : whether its range is from ``-m`` to ``m``.
    method : how the range is found.
    """

    wire: str
    observed: Observed
    quantizer: Node | None
    bits: int
    symmetric: bool
    method: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def values(self, low: Array, high: Array) -> dict[str, Array]:
        """The values of the variables for a range; where all that was seen is 0.0, of one from 0.0 to 1.0."""
        if self.quantizer is None:
            return {}
        return {self.variables[port]: value for port, value in _covering(self.quantizer.block, low, high).items()}

    def grid(self, low: Array, high: Array, bits: int | None = None) -> Grid:
        """The grid of the quantizer for a range; of one to come with these bits, if they are given."""
        if self.quantizer is None:
            block = blocks["FakeQuantSymmetric" if self.symmetric else "FakeQuantWithMinMaxVars"](
                num_bits=bits or self.bits
            )
        else:
            block = self.quantizer.block
        found = block.grid(None, *_in_order(block, _covering(block, low, high)))
        assert found is not None  # or it would be no target
        return found


def _covering(block: Block, low: Array, high: Array) -> dict[str, Array]:
    return block.covering(low, np.asarray(np.where(low == high, np.float32(1), high), np.float32))


def _in_order(block: Block, ports: Mapping[str, Array]) -> list[Array]:
    return [ports[port] for port in block.signature.inputs if port in ports]


def find_targets(graph: Graph, recipe: Quantization | None = None) -> list[Target]:
    """The quantizers of a graph that keep their range in variables; in a graph without any, those of a recipe.

    What is known before the run, such as weights, is no target.
    """
    recipe = recipe or DEFAULT
    method = (recipe.activations or Activations()).range
    fixed = fixed_nodes(graph)
    found = [target for node in graph.nodes.values() if (target := _of_quantizer(graph, node, fixed, method))]
    if found or any(isinstance(node.block.quantized_as, Quantizer) for node in graph.nodes.values()):
        return found
    return [
        Target(
            graph.deref(site.link).wire,
            Observed(site.link, _channels(graph, site.readers[0][0])),
            None,
            site.settings.bits,
            site.settings.symmetric,
            site.settings.range,
        )
        for site in find_sites(graph, recipe)
        if isinstance(site.settings, Activations)
    ]


def _of_quantizer(graph: Graph, node: Node, fixed: set[str], method: str) -> Target | None:
    """The target of a quantizer; None where another node is given, or its range is not in variables."""
    role = node.block.quantized_as
    if not isinstance(role, Quantizer) or not isinstance(link := node.inputs[role.x], Link) or link.node in fixed:
        return None
    variables = {
        port: value.node
        for port, value in node.inputs.items()
        if isinstance(value, Link) and port != role.x and graph.nodes[value.node].block.stateful
    }
    shapes = {next(iter(graph.nodes[name].types.values())).shape for name in variables.values()}
    shape = shapes.pop() if len(shapes) == 1 else None
    if shape is None or len(shape) > 1:
        return None
    sizes = tuple(size for size in shape if isinstance(size, int))
    ports = _covering(node.block, np.full(sizes, -1, np.float32), np.ones(sizes, np.float32))
    if ports.keys() != variables.keys() or (grid := node.block.grid(None, *_in_order(node.block, ports))) is None:
        return None
    wire, apart = graph.deref(link).wire, grid.axis is not None
    readers = (n.name for n in graph.nodes.values() if node.name in n.sources)
    axis = grid.axis if grid.axis is not None else _channels(graph, next(readers, node.name))
    return Target(
        f"{wire} by channel" if apart else wire,
        Observed(link, axis, apart),
        node,
        grid.bits,
        grid.low < 0 and not grid.zero_point.any(),
        method,
        variables,
    )


def _channels(graph: Graph, reader: str) -> int:
    """The axis of channels of what a node reads."""
    role = graph.nodes[reader].block.quantized_as
    return role.channels if isinstance(role, Product) else -1


def without_quantizers(model: Model) -> Model:
    """The model in which what read a quantizer reads what it read: the wires keep their names."""

    def each(new: Rebuild, node: Node) -> None:
        role = node.block.quantized_as
        if isinstance(role, Quantizer):
            operand = new.operand(node, role.x)
            if isinstance(operand, Ref):
                new.drop(node)
                new.move(node.first, operand)
                return
        new.copy(node)

    return model.rebuilt(each)
