"""Encodings: the range and grid of every quantizer as JSON, for tools that quantize a graph of their own."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from dataflow.core.errors import DataflowError
from dataflow.core.quantized import Grid, Quantizer
from dataflow.quantize.grids import grid_of
from dataflow.quantize.model import Model, fixed_nodes

FORM, VERSION = "dataflow encodings", 1


def encodings(model: Model) -> str:
    """The encodings of a quantized graph: by the names of quantizers, what they round to.

    ``min`` and ``max`` are the values of the lowest and the highest code, ``offset`` the lowest code less the zero
    point, so that ``min = offset * scale``: one number each, or a list with one for each channel along ``axis``.

    Raises DataflowError where a graph has no quantizer whose grid is known.
    """
    graph, fixed = model.graph, fixed_nodes(model.graph)
    found: dict[str, dict[str, Any]] = {"activations": {}, "parameters": {}}
    for node in graph.nodes.values():
        role, grid = node.block.quantized_as, grid_of(model, node, fixed)
        if grid is not None and isinstance(role, Quantizer):
            kind = "parameters" if node.name in fixed else "activations"
            tensor = graph.deref(node.link(role.x)).wire
            found[kind][node.name] = {"tensor": tensor, **encoding(grid)}
    if not any(found.values()):
        raise DataflowError(
            f"graph '{graph.name}': must have quantizers to export encodings, got none; "
            "give the quantized graph, not the lowered one"
        )
    return json.dumps({"format": FORM, "version": VERSION, "graph": graph.name, **found}, indent=1) + "\n"


def encoding(grid: Grid) -> dict[str, Any]:
    """What an encoding says of a grid."""
    offset = grid.low - grid.zero_point
    ends = (offset * grid.scale, (grid.high - grid.zero_point) * grid.scale)
    told = {"bits": grid.bits, "min": ends[0], "max": ends[1], "scale": grid.scale, "offset": offset}
    plain: dict[str, Any] = {name: np.asarray(value).tolist() for name, value in told.items()}
    plain |= {"low": grid.low, "high": grid.high, "zero_point": grid.zero_point.tolist()}
    more = {"axis": grid.axis, "group": grid.group}
    return plain | {name: value for name, value in more.items() if value is not None}
