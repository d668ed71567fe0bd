"""Graph -> YAML text, and files written so that a crash leaves the old one or the new one."""

from __future__ import annotations

import contextlib
import filecmp
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from dataflow import dtypes
from dataflow.attrs import plain
from dataflow.block import Block
from dataflow.errors import DataflowError, GraphError
from dataflow.graph import Graph, Link, Node
from dataflow.graphfile.arrays import Arrays, origin
from dataflow.graphfile.emit import block, entry, escaped
from dataflow.graphfile.files import project_of, reason
from dataflow.signature import Literal

MAX_INLINE = 1000  # elements that a file shows; larger arrays are saved beside it
_SECTIONS = ("data", "train")


def save(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a graph file.

    Arrays that came from files are named, not copied; other large ones are saved beside as ``<stem>.npz``, or
    ``<stem>-2.npz`` and so on where that is another file: none is ever overwritten.
    """
    target = Path(os.path.realpath(os.fspath(path)))
    store = Store(target.parent, target.stem)
    lines = list(_lines(graph, store.collect(graph)))
    if store.new:
        name = store.write()
        lines = list(_lines(graph, store.references(name)))
    write_text(target, "\n".join(lines) + "\n")


def text(graph: Graph) -> str:
    """What `save` writes into the current folder: the file with parameters set and sub-graphs written out."""
    store = Store(Path.cwd(), graph.name)
    return "\n".join(_lines(graph, store.collect(graph))) + "\n"
