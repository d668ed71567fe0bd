"""What a block that lets codes pass does to channels, found by letting their numbers pass."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.quantized import Passes
from dataflow.core.shapes import Shape
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node

_ANY = 16  # size that stands for one that is not known


def moved_channels(graph: Graph, node: Node, axis: int, count: int) -> tuple[int, Array] | None:
    """Where channels along an axis of what passes come out: the axis, and the number of the channel at each place.

    None where elements of several channels lie side by side in other ways, or become one.
    """

    def numbers(shape: tuple[int, ...]) -> Array:
        along = axis % len(shape)
        made: Array = np.broadcast_to(
            np.arange(count, dtype=np.int32).reshape([-1 if i == along else 1 for i in range(len(shape))]), shape
        )
        return made

    found, mirrored = _passed(graph, node, numbers), _passed(graph, node, lambda shape: -numbers(shape))
    if found is None or mirrored is None or not np.array_equal(found, -mirrored):
        return None
    for place in range(found.ndim):
        order = found[tuple(slice(None) if i == place else 0 for i in range(found.ndim))]
        spread = order.reshape([-1 if i == place else 1 for i in range(found.ndim)])
        if np.array_equal(np.broadcast_to(spread, found.shape), found):
            return place, order
    return None


def folded(before: Shape, after: Shape) -> int | None:
    """How many values become one where dims of a shape are folded; None where that is not known."""
    if before is None or after is None:
        return None
    left = [d for d in before if d != 1]
    for dim in after:
        if dim in left:
            left.remove(dim)
    known = [d for d in left if isinstance(d, int)]
    return prod(known) if len(known) == len(left) else None


def pads_with_zeros(graph: Graph, node: Node) -> bool:
    """Whether a block puts zeros beside what passes."""
    found = _passed(graph, node, lambda shape: np.ones(shape, np.int32))
    return found is None or not found.all()


def _passed(graph: Graph, node: Node, value: Callable[[tuple[int, ...]], Array]) -> Array | None:
    """What the first output is for such values on the ports that pass; None where it cannot be told."""
    role = node.block.quantized_as
    assert isinstance(role, Passes)
    arrays: list[Any] = []
    for port, type_ in zip(node.inputs, graph.operand_types(node), strict=True):
        if port in role.ports:
            group = type_ if isinstance(type_, tuple) else (type_,)
            shapes = [None if t is None or t.shape is None else t.shape for t in group]
            if None in shapes:
                return None
            made = [
                value(tuple(d if isinstance(d, int) else 1 if i == 0 else _ANY for i, d in enumerate(shape or ())))
                for shape in shapes
            ]
            arrays.append(tuple(made) if isinstance(type_, tuple) else made[0])
        elif type_ is None or (isinstance(type_, tuple) or type_.value is None):
            if type_ is not None:
                return None
            arrays.append(None)
        else:
            arrays.append(type_.value)
    try:
        result = node.block(*arrays)
    except DataflowError:
        return None
    return np.asarray(result[0] if isinstance(result, tuple) else result)
