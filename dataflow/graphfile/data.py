"""The arrays that the `data` section of a graph names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dataflow.errors import GraphError, UnknownNameError, listing, nearest
from dataflow.graph import Graph
from dataflow.graphfile.arrays import Arrays


def load_data(graph: Graph, split: str | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a split by graph input; of the first split where none is named, of a graph without data none."""
    splits = graph.sections.get("data", {})
    if split is None and not splits:
        return {}
    name = next(iter(splits)) if split is None else split
    if name not in splits:
        hint = nearest(name, splits) or (
            f"it has {listing(splits, 'and')}" if splits else "its file has no 'data' section"
        )
        raise UnknownNameError(f"graph '{graph.name}' has no data '{name}'; {hint}")
    arrays, path = Arrays(), Path(splits[name]["path"])
    try:
        return {feed: np.asarray(arrays.read(path, array)) for feed, array in splits[name]["inputs"].items()}
    except ValueError as error:
        raise GraphError(f"graph '{graph.name}': data '{name}': {error}") from None
