"""The part of a lowered graph that computes with integers, as a list of steps from codes to sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.ports import Literal, flat
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.quantize.grids import grid_of
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.rows import run_rows
from dataflow.quantize.section import quantization_section
from dataflow.quantize.verify import is_quantized
from dataflow.training.array_split import RowSplit

TO_REALS = "DequantizeLinear"  # the block by which a lowered graph leaves integers


@dataclass(frozen=True)
class Numbers:
    """What integers stand for: ``(integer - zero_point) * scale``, with a scale and perhaps a zero point per channel.

    Channels lie along ``axis``. ``low`` and ``high`` are the ends of codes; None of sums, and where they are not known.
    """

    scale: Array
    zero_point: Array
    axis: int | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Step:
    """A node of the integer part; on each port the names of the arrays that it reads, constants or other nodes."""

    node: Node
    reads: Mapping[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """The name of the node."""
        return self.node.name

    @property
    def block(self) -> str:
        """The name of its block."""
        return type(self.node.block).__name__


@dataclass(frozen=True)
class IntegerNet:
    """The integer part of a graph.

    inputs : the nodes that give its first codes, ``steps`` what computes with them, in an order that it can run in.
    outputs : the wires that are real numbers afterwards.
    constants : what steps read beside each other, by name.
    numbers : what integers stand for, where that is known: of a quantized graph everywhere, of a lowered one where
        it meets real numbers.
    """

    model: Model
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, Array]
    numbers: Mapping[str, Numbers]

    @property
    def name(self) -> str:
        """The name of the graph."""
        return self.model.graph.name

    @property
    def rounding(self) -> list[str]:
        """The ways in which sums are rounded, each once."""
        found = [str(getattr(step.node.block, "rounding", "")) for step in self.steps]
        return [*dict.fromkeys(mode for mode in found if mode)]

    def operands(self, step: Step, values: Mapping[str, Array]) -> list[Any]:
        """What a step's block is called with, from the values of the nodes before it: None where nothing stands."""
        given: list[Any] = []
        for port, names in step.reads.items():
            arrays = tuple(values[name] if name in values else self.constants[name] for name in names)
            is_variadic = isinstance(step.node.inputs[port], tuple)
            given.append(arrays if is_variadic else arrays[0] if arrays else None)
        return given

    def trace(self, data: RowSplit, samples: int | None) -> dict[str, Array]:
        """The values of the inputs and of all steps for rows, spread evenly over the split; all rows by default."""
        graph = self.model.graph
        links = [graph.nodes[name].first for name in (*self.inputs, *(step.name for step in self.steps))]
        parts = list(run_rows(self.model, data, links, samples))
        return {link.node: np.concatenate([part[link] for part in parts]) for link in links}


def integer_net(model: Model) -> IntegerNet:
    """The integer part of a lowered graph; one that is quantized is lowered first, in the rounding of its section.

    Raises DataflowError where a graph has none, or where real numbers come between its parts.
    """
    numbers: dict[str, Numbers] = {}
    if is_quantized(model):
        quantized, section = model, quantization_section(model.graph)
        lowered = lower(model) if section is None else lower(model, section.rounding)
        model = lowered.model
        for name, form in lowered.forms.items():
            ends = (None, None) if form.grid is None else (form.grid.low, form.grid.high)
            numbers[name] = Numbers(form.scale, np.asarray(form.zero_point), form.axis, *ends)
        numbers |= _weights(quantized)
    graph, fixed = model.graph, fixed_nodes(model.graph)
    leaving = [node for node in graph.nodes.values() if type(node.block).__name__ == TO_REALS]
    if not leaving:
        raise DataflowError(
            f"graph '{graph.name}': must compute with integers to be exported, got none; "
            "quantize it, or write `dataflow lower`"
        )
    outputs = [link for node in leaving if isinstance(link := node.inputs["x"], Link) and link.node not in fixed]
    used = _used(graph, fixed, outputs)
    inputs = [name for name in graph.nodes if name in used and _begins(graph, fixed, graph.nodes[name])]
    for node in leaving:
        link = node.link("x")
        if link.node in used and link.node not in numbers:
            numbers[link.node] = _told(node, model)
    for name in inputs:
        if name not in numbers and (given := _codes_of(model, fixed, graph.nodes[name])) is not None:
            numbers[name] = given
    constants: dict[str, Array] = {}
    steps = [
        Step(node, _reads(model, fixed, node, constants))
        for node in graph.nodes.values()
        if node.name in used and node.name not in inputs
    ]
    names = dict.fromkeys(link.node for link in outputs)
    return IntegerNet(model, tuple(inputs), tuple(steps), tuple(names), constants, numbers)


def _weights(model: Model) -> dict[str, Numbers]:
    """What the codes of weights and biases stand for, by the names of their quantizers."""
    fixed, found = fixed_nodes(model.graph), {}
    for node in model.graph.nodes.values():
        grid = grid_of(model, node, fixed) if node.name in fixed else None
        if grid is not None and grid.group is None:
            found[node.name] = Numbers(grid.scale, grid.zero_point, grid.axis, grid.low, grid.high)
    return found


def _begins(graph: Graph, fixed: set[str], node: Node) -> bool:
    """Whether a node gives integers of real numbers, or is an input of the graph."""
    links = [v for v in node.operands() if isinstance(v, Link) and v.node not in fixed]
    return node.block.feedable or any("int" not in graph.deref(link).type.dtype for link in links)


def _used(graph: Graph, fixed: set[str], outputs: list[Link]) -> set[str]:
    """The nodes of the integer part: from what leaves it back to where real numbers come in."""
    used: set[str] = set()
    waiting = [link.node for link in outputs]
    while waiting:
        name = waiting.pop()
        if name in used:
            continue
        node = graph.nodes[name]
        used.add(name)
        if not _begins(graph, fixed, node):
            waiting += [source for source in node.sources if source not in fixed]
    return used


def _reads(model: Model, fixed: set[str], node: Node, constants: dict[str, Array]) -> dict[str, tuple[str, ...]]:
    """What stands on the ports of a node; what is constant is added to the constants by name."""
    found: dict[str, tuple[str, ...]] = {}
    for port, value in node.inputs.items():
        names = []
        for i, each in enumerate([] if value is None else flat([value])):
            if isinstance(each, Link) and each.node not in fixed:
                names.append(each.node)
                continue
            name = each.node if isinstance(each, Link) else f"{node.name}.{port}" + f".{i}" * isinstance(value, tuple)
            if name not in constants:
                constants[name] = np.asarray(each.value) if isinstance(each, Literal) else model.value(each)
            names.append(name)
        found[port] = tuple(names)
    return found


def _codes_of(model: Model, fixed: set[str], node: Node) -> Numbers | None:
    """What a block that makes codes of real numbers says of them."""
    arrays: list[Array | None] = []
    for value in node.inputs.values():
        if isinstance(value, Link):
            arrays.append(model.value(value) if value.node in fixed else None)
        else:
            arrays.append(np.asarray(getattr(value, "value", value)))
    grid = node.block.grid(*arrays)
    return None if grid is None else Numbers(grid.scale, grid.zero_point, grid.axis, grid.low, grid.high)


def _told(node: Node, model: Model) -> Numbers:
    """What a block that leaves integers says of those that it reads."""
    scale, zero_point = (
        model.value(value) if isinstance(value, Link) else np.asarray(getattr(value, "value", 0))
        for value in (node.inputs["scale"], node.inputs["zero_point"])
    )
    axis = node.block.attrs().get("axis")
    return Numbers(np.asarray(scale, np.float64), np.asarray(zero_point), axis if scale.ndim else None)
