"""Digests of what statistics follow from: a graph, the values of its variables, and rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np

from dataflow.core.dtypes import Array, name_of
from dataflow.graph.graph import Graph
from dataflow.training.array_split import RowSplit
from dataflow.training.data import Split
from dataflow.training.trained_with import digest_of_split, node_digest


def data_digest(graph: Graph, data: RowSplit, name: str) -> str:
    """A digest of a split: of its values where they are in memory, else of what is said of its files."""
    own: str = getattr(data, "digest", "")
    if own or not isinstance(data, Split):
        return own
    section = dict(graph.sections.get("data") or {})
    section.setdefault(name, {"path": data.splits[data.name].path})
    told = json.dumps(data.fitted, sort_keys=True, default=str)
    return hashlib.sha256((digest_of_split(section, name) + told).encode()).hexdigest()


def graph_digest(graph: Graph) -> str:
    """A digest of the nodes; of a variable its type counts, and not how its first value is made."""
    digest = hashlib.sha256()
    for name, node in sorted(graph.nodes.items()):
        told = f"variable {node.types[node.first.port]}" if node.block.stateful else node_digest(node)
        digest.update(f"{name} {told}\n".encode())
    return digest.hexdigest()


def values_digest(values: Mapping[str, Array]) -> str:
    """A digest of arrays and their names."""
    digest = hashlib.sha256()
    for name, array in sorted(values.items()):
        digest.update(f"{name} {name_of(array.dtype)} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
