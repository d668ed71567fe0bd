"""A graph file as a block of another: its inputs, outputs and params are the ports and attrs, and its nodes are added
under the name of the node that uses it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from dataflow import dtypes
from dataflow.attrs import show
from dataflow.errors import listing
from dataflow.graph import Ref
from dataflow.graphfile.definition import Definition
from dataflow.graphfile.document import Value, cropped
from dataflow.graphfile.files import confined
from dataflow.graphfile.params import BROKEN
from dataflow.graphfile.read import Draft, Reader, Wires
from dataflow.registry import blocks
from dataflow.shapes import Shape, TensorType, agree
from dataflow.shapes import show as show_shape
from dataflow.signature import In, Literal

MAX_DEPTH = 50
MAX_NODES = 50_000  # that sub-graphs may add: a few files that use each other tenfold would ask for billions


def is_path(name: str) -> bool:
    """Whether a block is named by a file."""
    return name.startswith(("./", "../", "/"))


def add_subgraph(reader: Reader, draft: Draft) -> Wires | None:
    """Adds the nodes of the file that a node names as its block, and gives its outputs; None where it is wrong."""
    opened = _opened(reader, draft)
    if opened is None:
        reader.operands(draft, {})
        return None
    definition, inner = opened
    ports = {name: In("T") for name in definition.inputs.data}
    reader.check_ports(draft, ports, reader.block_name(draft))
    operands = reader.operands(draft, ports)
    return None
