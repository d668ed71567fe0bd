"""Blocks called on arrays: composites on large ones by a plan of their body, all others by `dataflow.engine.eager`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dataflow.core.block import Block
from dataflow.core.body import Arrays, Body
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array, name_of
from dataflow.core.errors import BlockError, RunError
from dataflow.core.ports import Literal, flat, map_port
from dataflow.core.random import Key
from dataflow.core.shapes import TensorType
from dataflow.engine import eager
from dataflow.engine.jit import compile_loop
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.engine.tiling import COMPILED
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput

__all__ = ["WHOLE", "compile_loop", "compute"]

WHOLE = COMPILED - 1  # elements of arrays up to which kernels run on whole arrays
_MOST = 64  # plans that are kept
_plans: dict[tuple[Body, Settings], Plan] = {}


def compute(block: Block, arrays: Sequence[Arrays], outputs: Sequence[TensorType], **key: Key) -> list[Any]:
    """The outputs, of the given types, of a block for arrays in port order; with a ``key``, as that of a node.

    Raises what the kernel raises.
    """
    if key or not isinstance(block, Composite) or all(array.size <= WHOLE for array in flat(arrays)):
        return eager.compute(block, arrays, outputs, **key)
    wanted = block.body_for(arrays), Settings.of()
    plan = _plans.get(wanted)
    if plan is None:
        if len(_plans) >= _MOST:
            _plans.clear()
        plan = _plans[wanted] = _planned(block, arrays, outputs)
    try:
        return list(plan.run(dict(_fed(block, arrays))).values())
    except RunError as error:
        if isinstance(error.__cause__, BlockError):
            with block.errors_named():
                raise error.__cause__ from None
        raise


def _fed(block: Block, arrays: Sequence[Arrays]) -> Iterator[tuple[str, Array]]:
    """The inputs of the plan by name: all but those of static ports, which are part of it."""
    for port, given in zip(block.signature.inputs.values(), arrays, strict=True):
        for i, array in enumerate(() if port.static else flat([given])):
            yield f"in/{port.name}_{i}", array


def _planned(block: Composite, arrays: Sequence[Arrays], outputs: Sequence[TensorType]) -> Plan:
    """The plan of a graph of this block alone."""
    graph = Graph(block.node_name)
    feeds = _fed(block, arrays)

    def fed(_: Array) -> Link:
        name, array = next(feeds)
        ref = graph.input(name, name_of(array.dtype), array.shape)
        return Link(ref.node, ref.port)

    inputs: dict[str, NodeInput] = {}
    for port, given in zip(block.signature.inputs.values(), arrays, strict=True):
        inputs[port.name] = map_port(Literal if port.static else fed, given)
    node = Node(block.node_name, block, inputs, dict(zip(block.signature.outputs, outputs, strict=True)))
    graph.insert(node)
    graph.outputs = {port: Link(node.name, port) for port in node.types}
    return Plan(graph)
