"""A sample as a graph: the block as one node, its arrays fed through graph inputs or written as constants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dataflow.conformance.samples import Sample
from dataflow.core.dtypes import Array
from dataflow.core.ports import In
from dataflow.core.shapes import Shape, TensorType
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref


def wired(sample: Sample, known: bool = True) -> tuple[Graph, list[Ref], dict[str, Array]]:
    """The graph, a wire per output of the block, and the feeds: every input that is not static, by port and position.

    Where ``known`` is false the shapes of the graph inputs are left to the run.
    """
    graph, feeds = Graph("check"), {name: array for name, _, array, _ in fed(sample)}
    inputs: dict[str, list[Any]] = {port: [] for port in sample.block.signature.inputs}
    for name, port, array, type_ in fed(sample):
        shape: Shape = array.shape if known else (None,) * array.ndim
        kept = port.name in sample.block.assigns
        source = graph.variable(name, dtype=type_.dtype, shape=shape) if kept else None
        inputs[port.name].append(graph.input(name, type_.dtype, shape) if source is None else source)
    operands: list[Any] = []
    for port, value in zip(sample.block.signature.inputs.values(), sample.arrays, strict=True):
        wires = inputs[port.name]
        operands.append(tuple(wires) if isinstance(value, tuple) else wires[0] if wires else value)
    result = graph.add(sample.block, operands, name="node")
    refs = [] if result is None else [result] if isinstance(result, Ref) else list(result)
    return graph, refs, feeds


def fed(sample: Sample) -> Iterator[tuple[str, In, Array, TensorType]]:
    """Name, port, array and type of every value that is not static."""
    ports = sample.block.signature.inputs.values()
    for port, value, type_ in zip(ports, sample.arrays, sample.types, strict=True):
        if not port.static and value is not None:
            values, types = (value, type_) if isinstance(value, tuple) else ((value,), (type_,))
            for i, (array, each) in enumerate(zip(values, types, strict=True)):
                yield f"{port.name}_{i}", port, array, each
