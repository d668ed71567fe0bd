"""Networks with rows that they are exported with."""

from __future__ import annotations

import numpy as np
from quantize.nets import quantized

from dataflow.graph.graph import Graph
from dataflow.quantize.model import Model
from dataflow.training.array_split import ArraySplit


def rows_of(graph: Graph, rows: int = 20) -> ArraySplit:
    """Random rows for the input ``x``."""
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    return ArraySplit(graph, "x", {"x": np.random.default_rng(9).standard_normal((rows, *sizes)).astype(np.float32)})


def prepared(graph: Graph, bits: int = 8, **recipe: object) -> tuple[Model, ArraySplit]:
    """The quantized graph and rows."""
    data = rows_of(graph)
    return quantized(graph, bits, data.rows()["x"], **recipe), data
