"""Numbers for inputs that nothing feeds, so that a graph without data shows what it does: the same each time."""

from __future__ import annotations

import zlib

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph

ROWS = 16  # of dims that have a name
SIZE = 4  # of dims that have none
WHY = "made up, as nothing feeds it: random numbers of its type; give the graph a data section"


def made_up(graph: Graph, name: str) -> Array:
    """Random numbers of the type of an input, in its range where that is declared.

    Else floats are of a normal distribution, whole numbers from 0 to 9 as far as the dtype has these.
    """
    node, type_ = graph.nodes[name], graph.inputs[name]
    dims = (ROWS,) if type_.shape is None else type_.shape
    shape = [dim if isinstance(dim, int) else ROWS if isinstance(dim, str) else SIZE for dim in dims]
    rng, storage = np.random.default_rng(zlib.crc32(name.encode())), dtypes.storage(type_.dtype)
    if type_.dtype == "bool":
        return rng.random(shape) < 0.5
    if type_.dtype in dtypes.whole:
        least, most = dtypes.limits(type_.dtype)
        low, high = (max(0, least), min(9, most)) if node.range is None else map(round, node.range)
        return rng.integers(low, high, shape, endpoint=True).astype(storage)
    if storage.kind == "c":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(storage)
    values = rng.normal(size=shape) if node.range is None else rng.uniform(*node.range, size=shape)
    return dtypes.rounded(values, storage)
