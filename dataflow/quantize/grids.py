"""The grids of quantizers in a graph."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid, Quantizer
from dataflow.graph.node import Link, Node
from dataflow.quantize.model import Model


def grid_of(model: Model, node: Node, fixed: set[str]) -> Grid | None:
    """The grid of a quantizer; None of other nodes, and where it depends on the inputs of the graph.

    ``fixed`` has the nodes that do not, see `fixed_nodes`.
    """
    role = node.block.quantized_as
    if not isinstance(role, Quantizer):
        return None
    known = node.name in fixed  # then a range may follow from the values too
    links = {p: v for p, v in node.inputs.items() if isinstance(v, Link) and (p != role.x or known)}
    if not fixed.issuperset(link.node for link in links.values()):
        return None
    found = model.evaluate(links.values())
    arrays: list[Array | None] = []
    for port, value in node.inputs.items():
        if port in links:
            arrays.append(found[links[port]])
        else:
            arrays.append(None if value is None or port == role.x else np.asarray(getattr(value, "value", value)))
    return node.block.grid(*arrays)
