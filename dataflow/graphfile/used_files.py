"""The files that a graph takes arrays from: those of its nodes, and those that its sections name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graphfile import sections
from dataflow.graphfile.arrays import origin


def used_files(graph: Graph) -> list[Path]:
    """The files, each once, those of nodes first."""
    found: dict[Path, None] = {}
    for node in graph.nodes.values():
        literals = [operand.value for operand in node.operands() if isinstance(operand, Literal)]
        for value in (*literals, *node.block.attrs().values()):
            if isinstance(value, np.ndarray) and (place := origin(value)):
                found[Path(place[0])] = None
    return list(found | dict.fromkeys(files_of_sections(graph)))


def files_of_sections(graph: Graph) -> list[Path]:
    """The files that sections name, each once."""
    found: dict[Path, None] = {}

    def keep(path: str) -> str:
        found[Path(path)] = None
        return path

    for name, section in graph.sections.items():
        if name in sections.names():
            sections.declaration(name).with_paths(section, keep)
    return list(found)
