"""Sites: the wires of a graph on which a recipe puts quantizers, and who reads them then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dataflow.core import dtypes
from dataflow.core.errors import DataflowError, way_out
from dataflow.core.ports import flat
from dataflow.core.quantized import Addition, Averages, Bias, Passes, Product, Quantizer
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.quantize.model import fixed_nodes
from dataflow.quantize.recipe import activations_of, weights_of
from dataflow.quantize.section import Activations, Quantization, Weights


@dataclass
class Site:
    """A wire that gets a quantizer, by these settings, and the input ports that read it from then on.

    ``axis`` of weights is that of the output channels, ``summed`` the one along which groups lie.
    """

    link: Link
    settings: Weights | Activations
    axis: int | None = None
    summed: int | None = None
    readers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_weights(self) -> bool:
        """Whether the values are known before the run."""
        return isinstance(self.settings, Weights)


def find_sites(graph: Graph, recipe: Quantization) -> list[Site]:
    """The sites of a graph in the order of the nodes that read them; a wire that is on a grid already has none.

    Raises DataflowError where nodes read a wire with different widths and the recipe does not allow that.
    """
    fixed = fixed_nodes(graph)
    sites: dict[tuple[Any, ...], Site] = {}
    for node in _integer_nodes(graph, recipe):
        for port, weights in _ports(graph, node, fixed):
            settings = weights_of(recipe, node.name) if weights else activations_of(recipe, node.name)
            if settings is None:
                continue
            for link in flat([node.inputs[port]]):
                if not isinstance(link, Link) or _on_grid(graph, link) or (link.node in fixed) != weights:
                    continue
                axes = (
                    (role.axis, role.summed) if weights and isinstance(role := node.block.quantized_as, Product) else ()
                )
                alike = isinstance(settings, Weights) and settings.per == "tensor"  # whatever the axes are
                key = (link, () if alike else axes, *settings.__dict__.values())
                site = sites.setdefault(key, Site(link, settings, *axes))
                site.readers.append((node.name, port))
    found = list(sites.values())
    if not recipe.separate:
        _check_widths(graph, found)
    return found


def activation_wires(graph: Graph, recipe: Quantization) -> list[Link]:
    """The wires whose values must be seen to quantize a graph, each once."""
    return list(dict.fromkeys(site.link for site in find_sites(graph, recipe) if not site.is_weights))


def bias_sites(graph: Graph, recipe: Quantization) -> list[tuple[Node, str, Node]]:
    """The nodes that add a bias to a product whose sums are on a grid: node, port of the bias, product."""
    found = []
    fixed = fixed_nodes(graph)
    quantized: dict[str, set[bool]] = {}
    for site in find_sites(graph, recipe):
        if isinstance(site.settings, Weights) and site.settings.per == "group":
            continue
        for reader, _ in site.readers:
            quantized.setdefault(reader, set()).add(site.is_weights)
    for node in graph.nodes.values():
        pair = bias_of(graph, node, fixed)
        if pair is not None and quantized.get(pair[1].name) == {True, False}:
            found.append((node, *pair))
    return found


def bias_of(graph: Graph, node: Node, fixed: set[str]) -> tuple[str, Node] | None:
    """The port on which a node adds a bias to a product, and that product; None of other nodes."""
    role = node.block.quantized_as
    if isinstance(role, Bias):
        pairs = [(role.x, role.bias)]
    elif isinstance(role, Addition) and len(role.ports) == 2:  # a sum with a value that is known before
        first, second = role.ports
        pairs = [(first, second), (second, first)]
    else:
        return None
    for x, bias in pairs:
        product, added = node.inputs[x], node.inputs[bias]
        if not isinstance(product, Link) or not isinstance(added, Link) or added.node not in fixed:
            continue
        source = graph.nodes[product.node]
        if graph.nodes[added.node].types[added.port].rank == 1 and _is_by_channel(graph, role, source, added):
            return bias, source
    return None


def _is_by_channel(graph: Graph, role: Bias | Addition, product: Node, added: Link) -> bool:
    """Whether numbers that are added to what a node gives are one for each of its output channels."""
    of, shape = product.block.quantized_as, next(iter(product.types.values())).shape
    if not isinstance(of, Product) or shape is None:
        return isinstance(of, Product) and isinstance(role, Bias) and role.channels == of.channels
    if isinstance(role, Bias):
        return role.channels % len(shape) == of.channels % len(shape)
    (size,) = graph.deref(added).type.shape or (None,)
    return of.channels % len(shape) == len(shape) - 1 and size == shape[-1]


def _integer_nodes(graph: Graph, recipe: Quantization) -> list[Node]:
    """The nodes that are to compute with integers: products, and sums and means between one product and another."""
    products = [
        node.name
        for node in graph.nodes.values()
        if isinstance(node.block.quantized_as, Product)
        and next(iter(node.types.values())).dtype in dtypes.floating
        and (weights_of(recipe, node.name) or activations_of(recipe, node.name))
    ]
    before, after = graph.ancestors(products), graph.descendants(products)
    fixed = fixed_nodes(graph)
    between = {
        name
        for name in before & after
        if isinstance(graph.nodes[name].block.quantized_as, Addition | Averages)
        and bias_of(graph, graph.nodes[name], fixed) is None
    }
    return [node for node in graph.nodes.values() if node.name in between or node.name in products]


def _ports(graph: Graph, node: Node, fixed: set[str]) -> list[tuple[str, bool]]:
    """The input ports whose values are rounded, and whether they are weights."""
    role = node.block.quantized_as
    if isinstance(role, Product):
        ports = [role.x, role.weights]
        return [(port, isinstance(link := node.inputs[port], Link) and link.node in fixed) for port in ports]
    if isinstance(role, Averages):
        return [(role.x, False)]
    return [(port, False) for port in role.ports]


def _on_grid(graph: Graph, link: Link) -> bool:
    """Whether a wire comes from a quantizer, perhaps by blocks that let its codes pass."""
    node = graph.nodes[link.node]
    role = node.block.quantized_as
    if isinstance(role, Quantizer):
        return True
    if isinstance(role, Passes) and len(role.ports) == 1:
        source = node.inputs[role.ports[0]]
        return isinstance(source, Link) and _on_grid(graph, source)
    return False


def _check_widths(graph: Graph, sites: list[Site]) -> None:
    first: dict[Link, Site] = {}
    for site in sites:
        other = first.setdefault(site.link, site)
        if other.is_weights == site.is_weights and other.settings.__dict__ != site.settings.__dict__:
            who = graph.deref(site.link).wire
            (reader, _), (before, _) = site.readers[0], other.readers[0]
            separate = way_out(", or --separate for a quantizer each", page="")
            raise DataflowError(
                f"'{who}' must be read with one width, got {other.settings.bits} bits for {before} and "
                f"{site.settings.bits} for {reader}; give both the same{separate}"
            )
