"""Quantizers put into a graph by a recipe: on the weights and on the values that layers read, and biases rounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dataflow.core.errors import DataflowError, way_out
from dataflow.core.quantized import Product
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.layout import Layout
from dataflow.graph.node import Link, Node, Ref
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.grids import grid_of
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.quantizers import Quantized, free_name, quantize_activations, quantize_weights
from dataflow.quantize.recipe import described
from dataflow.quantize.section import Activations, Quantization, Weights
from dataflow.quantize.sites import Site, bias_sites, find_sites
from dataflow.quantize.weight_ranges import weight_ends

Range = tuple[float, float]


def insert_quantizers(model: Model, recipe: Quantization, ranges: Mapping[Link, Range]) -> Model:
    """The model with a quantizer on every wire that the recipe asks for, its range in variables beside it.

    ranges : the lowest and the highest value of each wire that is read by layers, see `activation_wires`.

    Nodes keep their names; the quantizer of ``w`` is called ``w_q``, its range ``w/max`` and ``w/min``. Layers that
    read one wire share its quantizer; what else reads the wire, and outputs, get it as it is. A wire that comes from a
    quantizer already gets none, so to insert them twice changes nothing. Biases of layers both of whose operands are
    quantized are rounded to the grid of their sums where the recipe has ``bias``.
    """
    sites = find_sites(model.graph, recipe)
    if not sites:
        return model.noted("no quantizer inserted: there is no layer without")
    biases = (
        {node.name: (port, product) for node, port, product in bias_sites(model.graph, recipe)} if recipe.bias else {}
    )
    inserting = _Inserting(model, recipe, ranges, sites, biases)
    made = model.rebuilt(inserting.node)
    graph = made.graph
    graph.layout = inserting.layout
    return replace(made, graph=graph).noted(*inserting.notes)


@dataclass
class _Inserting:
    model: Model
    recipe: Quantization
    ranges: Mapping[Link, Range]
    sites: list[Site]
    biases: Mapping[str, tuple[str, Node]]

    def __post_init__(self) -> None:
        self.layout: Layout = self.model.graph.layout
        self.notes: list[str] = []
        self.made: dict[int, Quantized] = {}
        self.of_port: dict[tuple[str, str], list[Site]] = {}
        for site in self.sites:
            for reader in site.readers:
                self.of_port.setdefault(reader, []).append(site)

    def node(self, new: Rebuild, node: Node) -> None:
        """Copy a node; first put in the quantizers that it is the first to read."""
        changed: dict[str, Any] = {}
        before = len(new.result.nodes)
        for port in node.inputs:
            for site in self.of_port.get((node.name, port), ()):
                if id(site) not in self.made:
                    self.made[id(site)] = self._quantizer(new, site)
                changed[port] = _with(
                    changed.get(port, new.operand(node, port)), new.ref(site.link), self.made[id(site)].wire
                )
        if node.name in self.biases:
            port, product = self.biases[node.name]
            if (bias := self._bias(new, node, port, product)) is not None:
                changed[port] = bias
        if added := [*new.result.nodes][before:]:
            self._comment(node, added)
        new.copy(node, inputs=changed)

    def _quantizer(self, new: Rebuild, site: Site) -> Quantized:
        wire, name = new.ref(site.link), _stem(new.result, site.link)
        if isinstance(settings := site.settings, Weights):
            weights = self.model.value(site.link)
            if wrong := weights.size - int(np.count_nonzero(np.isfinite(weights))):
                reader = site.readers[0][0]
                skip = way_out(f"--skip {reader}", page=f"write {reader} at 'leave as they are'")
                raise DataflowError(
                    f"'{new.graph.deref(site.link).wire}': weights must be finite, got {wrong} of {weights.size} that "
                    f"are not; train anew, or {skip}"
                )
            assert site.axis is not None and site.summed is not None
            ends = weight_ends(weights, settings, site.axis, site.summed)
            made = quantize_weights(new, wire, name, settings, ends, site.axis, site.summed, self.recipe.learn)
        else:
            made = quantize_activations(new, wire, name, settings, self.ranges[site.link], self.recipe.learn)
        self._spell(made.wire.node, settings)
        return made

    def _spell(self, node: str, settings: Weights | Activations) -> None:
        """Let the width of a quantizer be a param of the file, where it is that of the whole recipe."""
        kind = "weights" if isinstance(settings, Weights) else "activations"
        whole = getattr(self.recipe, kind)
        if whole is None or whole.bits != settings.bits:
            return
        param = f"{kind.removesuffix('s')}_bits"
        doc = f"width of the {'weights' if kind == 'weights' else 'values that layers read'}"
        self.layout = self.layout.spelled(("nodes", node, "attrs", "num_bits"), f"${param}")
        self.layout = self.layout.spelled(("params", param), {"type": "int", "default": whole.bits, "doc": doc})

    def _bias(self, new: Rebuild, node: Node, port: str, product: Node) -> Ref | None:
        role = product.block.quantized_as
        assert isinstance(role, Product) and self.recipe.bias is not None
        (x,), (weights,) = (self.of_port[product.name, port] for port in (role.x, role.weights))
        bits = self.recipe.bias.bits
        if not self._fits(new, node.link(port), (x, weights), role, bits):
            self.notes.append(f"{node.name}: its bias stays as it is, beyond {bits} bits in steps of its sums")
            return None
        scales = [self.made[id(site)].scale(new) for site in (x, weights)]
        for scale, site in zip(scales, (x, weights), strict=True):
            if "num_bits" in new.result.nodes[scale.node].block.signature.attrs:
                self._spell(scale.node, site.settings)
        if (
            role.depthwise
            and scales[1].type.rank
            and (times := self.model.graph.deref(weights.link).type.sizes[-1]) > 1
        ):
            # as many outputs of each input channel have its scale
            order = np.repeat(np.arange(scales[1].type.sizes[0], dtype=np.int32), times)
            scales[1] = new.add(blocks["Gather"](), [scales[1], order], name=free_name(new, f"{scales[1].node}s"))
        link = node.link(port)
        block = blocks["QuantizeBias"](num_bits=bits)
        made: Ref = new.add(block, [new.ref(link), *scales], name=free_name(new, f"{_stem(new.result, link)}_q"))
        return made

    def _fits(self, new: Rebuild, bias: Link, sites: tuple[Site, Site], role: Product, bits: int) -> bool:
        """Whether a bias lies within the grid of the sums, so that rounding does not cut it off."""
        made, fixed = Model.of(new.result), fixed_nodes(new.result)
        value, steps = self.model.value(bias).astype(np.float64), []
        for site in sites:
            grid = grid_of(made, made.graph.nodes[self.made[id(site)].wire.node], fixed)
            assert grid is not None
            steps.append(grid.scale)
        if role.depthwise and steps[1].ndim:
            steps[1] = np.repeat(steps[1], len(value) // len(steps[1]))
        with np.errstate(all="ignore"):
            codes = np.abs(np.rint(value / (steps[0] * steps[1])))
        return bool(np.all(codes < 2 ** (bits - 1)))

    def _comment(self, node: Node, added: list[str]) -> None:
        sites = [site for port in node.inputs for site in self.of_port.get((node.name, port), ())]
        weights = next((site.settings for site in sites if isinstance(site.settings, Weights)), None)
        activations = next((site.settings for site in sites if isinstance(site.settings, Activations)), None)
        words = described(weights, activations) or "bias on the grid of its sums"
        self.layout = self.layout.commented(added, f"{node.name}: {words}")
        self.notes.append(f"{node.name}: {words}")


def _with(operand: object, old: Ref, new: Ref) -> object:
    """What stands on a port, with one wire replaced by another."""
    if isinstance(operand, tuple):
        return tuple(_with(each, old, new) for each in operand)
    same = isinstance(operand, Ref) and (operand.node, operand.port) == (old.node, old.port)
    return new if same else operand


def _stem(graph: Graph, link: Link) -> str:
    """The name of a wire as a part of names."""
    return graph.deref(link).wire.replace(".", "_")
