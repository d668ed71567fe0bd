"""Lowering: a quantized graph as one that computes with integers between its quantizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dataflow.core.errors import DataflowError
from dataflow.core.quantized import Addition, Averages, Clamp, Grid, Passes, Product, Quantizer
from dataflow.core.registry import blocks
from dataflow.graph.node import Link, Node, Ref
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.bounds import derive_bounds
from dataflow.quantize.channels import folded, moved_channels, pads_with_zeros
from dataflow.quantize.forms import (
    Form,
    are_alike,
    as_sums,
    farthest,
    largest_sum,
    quantized,
    requantized,
    rescaled,
    stored_as,
    sum_type,
    terms,
    with_room,
)
from dataflow.quantize.grids import grid_of
from dataflow.quantize.lowered_wires import LoweredWires
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.quantizers import free_name
from dataflow.quantize.sites import bias_of

SPARE = 30  # bits of int32 sums of which one operand of an addition may use all but one


@dataclass(frozen=True)
class Lowered:
    """A graph that computes with integers, and the form of each of its nodes that carries some."""

    model: Model
    forms: Mapping[str, Form]


def lower(model: Model, rounding: str = "half_up", power_of_two: bool = False) -> Lowered:
    """The graph of a model with integers from each quantizer to the next.

    Products multiply codes and give sums (int32, or int64 where `derive_bounds` does not prove that those are enough),
    to which biases are added on their grid; a quantizer turns sums into codes by FixedPointRequantize with this
    rounding, by a multiplier of 31 bits or a power of two. Nodes keep their names. What has no form among integers
    computes with real numbers, between DequantizeLinear and the next quantizer; a note says why. Outputs are real
    numbers as before.

    Raises DataflowError where the graph has no quantizer.
    """
    lowering = _Lowering(model, rounding, power_of_two)
    if not any(isinstance(node.block.quantized_as, Quantizer) for node in model.graph.nodes.values()):
        raise DataflowError(
            f"graph '{model.graph.name}': must have quantizers to be lowered, got none; quantize it first"
        )
    made = model.rebuilt(lowering.node, lowering.wires.outputs)
    sections = {name: section for name, section in made.graph.sections.items() if name != "train"}
    if "quantization" in sections:
        sections["quantization"] = {**sections["quantization"], "rounding": rounding}
    made.graph.sections = sections
    forms = {form.wire.node: form for form in lowering.wires.forms.values() if form.wire.node in made.graph.nodes}
    return Lowered(made.noted(*lowering.notes), forms)


@dataclass
class _Lowering:
    model: Model
    rounding: str
    power_of_two: bool
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fixed = fixed_nodes(self.model.graph)
        self.wires = LoweredWires(self.model, self.fixed)
        self.widths = {width.node.name: width.derived for width in derive_bounds(self.model).widths if width.derived}

    def node(self, new: Rebuild, node: Node) -> None:
        """Write a node with integers where that is possible, otherwise as it is."""
        role = node.block.quantized_as
        if node.name in self.fixed:
            if isinstance(role, Quantizer):
                self.wires.wait(new, node)
            else:
                self.wires.copy(new, node)
            return
        bias = bias_of(self.model.graph, node, self.fixed)
        made: Form | str | None = None  # a text says why there is no form
        if bias is not None:
            made = self._bias(new, node, *bias)
        elif isinstance(role, Quantizer):
            made = self._quantizer(new, node, role)
        elif isinstance(role, Product):
            made = self._product(new, node, role)
        elif isinstance(role, Clamp):
            made = self._clamp(new, node, role)
        elif isinstance(role, Passes):
            made = self._passes(new, node, role)
        elif isinstance(role, Addition):
            made = self._addition(new, node, role)
        elif isinstance(role, Averages):
            made = self._averages(new, node, role)
        if isinstance(made, Form):
            self.wires.forms[node.first] = made
            new.drop(node)
        else:
            if made:
                self.notes.append(f"{node.name} computes with real numbers: {made}")
            self.wires.copy(new, node)

    # -- quantizers -----------------------------------------------------------------------------------------------

    def _quantizer(self, new: Rebuild, node: Node, role: Quantizer) -> Form | str:
        grid = grid_of(self.model, node, self.fixed)
        if grid is None:
            return "its range depends on the values"
        if grid.scale.ndim or not float(grid.scale) > 0:
            return "it has a range for each channel" if grid.scale.ndim else "its range is empty"
        form = self.wires.forms.get(node.link(role.x))
        if form is None:
            return quantized(new, node, [self.wires.operand(new, v) for v in node.inputs.values()], grid)
        if form.same_grid(grid) and not form.is_cut:
            return replace(form, wire=new.add(blocks["Identity"](), [form.wire], name=node.name))
        if grid.signs:  # 0 is no code, so sums are not rounded to one
            return quantized(new, node, [self.wires.operand(new, v) for v in node.inputs.values()], grid)
        return requantized(new, form, grid, node.name, self.rounding, self.power_of_two)

    # -- blocks ---------------------------------------------------------------------------------------------------

    def _product(self, new: Rebuild, node: Node, role: Product) -> Form | str:
        x, link = self.wires.forms.get(node.link(role.x)), node.inputs[role.weights]
        if x is None or x.grid is None or x.is_cut:
            return "what it reads has no codes"
        block = node.block.on_codes
        if block is None:
            return "there is no integer block for it"
        if not isinstance(link, Link):
            return "its weights are written on its port; make them a variable"
        known = self.wires.codes(link)
        if known is None:
            other = self.wires.forms.get(link)
            if other is None or other.grid is None or other.is_cut:
                return "its weights have no codes"
            wire, grid = other.wire, other.grid
            most = terms(self.model.graph.deref(link).type, role) * farthest(x.grid) * farthest(grid)
        else:
            codes, grid = known
            if grid.group is not None:
                return "its weights have a step for each group"
            if grid.scale.ndim and (grid.axis or 0) % codes.ndim != role.axis % codes.ndim:
                return "its weights have a step for each of other channels than those that it gives"
            wire = self.wires.constant(new, link, codes.astype(stored_as(grid)))
            most = largest_sum(codes, grid, x, role)
        scale, zero_point = x.scale * grid.scale, grid.zero_point
        if role.depthwise and grid.scale.ndim:
            times = self.model.graph.deref(link).type.sizes[-1]
            scale, zero_point = np.repeat(scale, times), np.repeat(zero_point, times)
        zeros = [
            np.int32(x.zero_point) if x.zero_point else None,
            zero_point.astype(np.int32) if np.any(zero_point) else None,
        ]
        most = self._proven(node, most)
        if (out_type := sum_type(most)) != "int32":
            block = type(block)(**{**block.attrs(), "out_type": out_type})
        made = new.add(block, [x.wire, wire, *zeros], name=node.name, doc=node.doc)
        scale = scale.reshape(()) if scale.size == 1 else scale  # of one channel: that of all, wherever they move
        return Form(made, scale, axis=role.channels if scale.ndim else None, most=most)

    def _proven(self, node: Node, most: int) -> int:
        """The largest magnitude of the sums of a node, less if its bounds prove that."""
        width = self.widths.get(node.name)
        return most if width is None else min(most, 2 ** (width - 1) - 1)

    def _bias(self, new: Rebuild, node: Node, port: str, product: Node) -> Form | str:
        form = self.wires.forms.get(product.first)
        if form is None or form.grid is not None or form.is_cut:
            return "what it is added to has no sums"
        link = node.link(port)
        value = self.model.value(link).astype(np.float64)
        with np.errstate(all="ignore"):
            codes = np.rint(value / form.scale)
        largest = np.abs(codes).max(initial=0.0)
        if not largest < 2**53:
            return "its bias is beyond what float64 counts in steps of the sums"
        form = with_room(new, form, self._proven(node, form.most + int(largest)), node.name)
        dtype = form.wire.dtype
        if not isinstance(self.model.graph.nodes[link.node].block.quantized_as, Quantizer):
            self.notes.append(f"{node.name}: its bias is rounded to the grid of the sums")
        added = self.wires.constant(new, link, codes.astype(dtype))
        operands = [added if p == port else form.wire for p in node.inputs]
        return replace(form, wire=new.add(node.block, operands, name=node.name, doc=node.doc))

    def _clamp(self, new: Rebuild, node: Node, role: Clamp) -> Form | None:
        form = self.wires.forms.get(node.link(role.x))
        if form is None:
            return None
        low, high = max(form.low, role.low), min(form.high, role.high)
        if form.grid is None and not form.is_cut and (role.low, role.high) == (0.0, np.inf):
            return replace(form, wire=new.add(node.block, [form.wire], name=node.name, doc=node.doc))
        return replace(form, low=low, high=high)

    def _passes(self, new: Rebuild, node: Node, role: Passes) -> Form | str | None:
        given, names = self.wires.read(node, role.ports)
        if not given:
            return None
        if len(given) < len(names):
            return "some of what it reads has no codes"
        if len(given) > 1 and not are_alike(given):
            grid = self._next_grid(node)
            if grid is None:
                return "what it reads is on several grids, and no quantizer follows"
            given = [
                requantized(new, form, grid, free_name(new, name), self.rounding, self.power_of_two)
                for form, name in zip(given, names, strict=True)
            ]
        if any(form.zero_point for form in given) and pads_with_zeros(self.model.graph, node):
            given = [as_sums(new, form, node.name) for form in given]
        form = given[0]
        if form.scale.ndim:
            moved = moved_channels(self.model.graph, node, form.axis or 0, len(form.scale))
            if moved is None:
                return "its channels have a step each, and it mixes them"
            axis, order = moved
            form = replace(form, axis=axis, scale=form.scale[order])
        wires = iter(given)
        inputs: list[Any] = []
        for port, value in node.inputs.items():
            if port not in role.ports:
                inputs.append(self.wires.operand(new, value))
            elif isinstance(value, tuple):
                inputs.append([next(wires).wire for _ in value])
            else:
                inputs.append(next(wires).wire)
        made = new.add(node.block, inputs, name=node.name, doc=node.doc)
        if not isinstance(made, Ref):
            return "it has several outputs"
        return replace(form, wire=made, most=max(each.most for each in given))

    def _next_grid(self, node: Node) -> Grid | None:
        """The grid of the one quantizer that reads what a node gives, perhaps by blocks that let codes pass."""
        grids = []
        for reader in self.model.graph.nodes.values():
            if node.name not in reader.sources:
                continue
            role = reader.block.quantized_as
            if isinstance(role, Quantizer):
                grids.append(grid_of(self.model, reader, self.fixed))
            elif isinstance(role, Passes | Clamp):
                grids.append(self._next_grid(reader))
            else:
                return None
        return grids[0] if len(grids) == 1 and grids[0] is not None and not grids[0].scale.ndim else None

    def _addition(self, new: Rebuild, node: Node, role: Addition) -> Form | str | None:
        given, names = self.wires.read(node, role.ports)
        if not given:
            return None
        if len(given) < len(names) or any(form.grid is None or form.is_cut for form in given):
            return "some of what it adds has no codes"
        widest = max(form.grid.bits for form in given if form.grid is not None)
        finer = SPARE - widest - (len(given) - 1).bit_length()
        scale = max(float(form.scale) for form in given) / 2**finer
        wires = [rescaled(new, form, scale, name, self.rounding) for form, name in zip(given, names, strict=True)]
        made = new.add(node.block, wires if len(role.ports) > 1 else [wires], name=node.name, doc=node.doc)
        return Form(made, np.asarray(scale), exact=False, most=2**SPARE)

    def _averages(self, new: Rebuild, node: Node, role: Averages) -> Form | str | None:
        form, block = self.wires.forms.get(node.link(role.x)), node.block.on_codes
        if form is None:
            return None
        if block is None or form.scale.ndim or form.is_cut:
            return "there is no integer block for it"
        before, after = self.model.graph.deref(node.link(role.x)).type.shape, next(iter(node.types.values())).shape
        count = folded(before, after)
        if count is None:
            return "how many values it takes the mean of is not known"
        sums = as_sums(new, form, node.name)
        sums = with_room(new, sums, sums.most * count, node.name)
        operands = [sums.wire if port == role.x else self.wires.operand(new, v) for port, v in node.inputs.items()]
        made = new.add(block, operands, name=node.name, doc=node.doc)
        return Form(made, np.asarray(form.scale / count), most=sums.most)
