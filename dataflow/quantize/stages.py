"""A quantized graph with only some of its quantizers, and the float graph that it is measured against."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from dataflow.core.quantized import Quantizer, Scaled
from dataflow.core.registry import blocks
from dataflow.graph.node import Node, Ref
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.grids import grid_of
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.sites import bias_of


def quantizers(model: Model) -> dict[str, str]:
    """The quantizers of a graph by name, and what each rounds: ``weights``, ``values`` or a ``bias``."""
    graph, fixed = model.graph, fixed_nodes(model.graph)
    biases = set()
    for node in graph.nodes.values():
        if (pair := bias_of(graph, node, fixed)) is not None:
            biases.add(node.link(pair[0]).node)
    found = {}
    for node in graph.nodes.values():
        if isinstance(node.block.quantized_as, Quantizer):
            found[node.name] = "values" if node.name not in fixed else "bias" if node.name in biases else "weights"
    return found


def with_only(model: Model, kept: Collection[str], clipped: Collection[str] = ()) -> Model:
    """The model in which only some quantizers round, and some others cut off at the ends of their grids."""
    fixed = fixed_nodes(model.graph)

    def each(new: Rebuild, node: Node) -> None:
        role = node.block.quantized_as
        if not isinstance(role, Quantizer) or node.name in kept:
            new.copy(node)
            return
        operand = new.operand(node, role.x)
        grid = grid_of(model, node, fixed) if node.name in clipped else None
        if grid is not None and not grid.scale.ndim:
            ends = [float(v) for v in grid.values(np.array([grid.low, grid.high]))]
            operand = new.add(blocks["ClipByValue"](), [operand, *ends], name=node.name)
        if isinstance(operand, Ref):
            new.drop(node)
            new.move(node.first, operand)
        else:
            new.copy(node)

    return model.rebuilt(each)


def reference_of(model: Model, source: Model | None = None) -> Model:
    """The float graph that a quantized one is measured against, with the same names.

    It is the source, its normalization folded where that of the quantized graph is. Without a source, or where that has
    not the variables of the quantized graph, it is the quantized graph without its quantizers.
    """
    plain = with_only(model, ())
    if source is None:
        return plain
    if not any(isinstance(node.block.quantized_as, Scaled) for node in model.graph.nodes.values()):
        source = fold_batch_norm(source)
    shapes = [{name: value.shape for name, value in each.values.items()} for each in (plain, source)]
    if any(shapes[1].get(name) != shape for name, shape in shapes[0].items()):
        return plain
    return replace(source, notes=())
