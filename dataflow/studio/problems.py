"""Problems of a graph file where a page shows them: at a node, and at an input or attr of it."""

from __future__ import annotations

import re

from dataflow.core.errors import Problem
from dataflow.graphfile.graph_file import GraphFile
from dataflow.graphfile.tree import Place, Value
from dataflow.studio.desk import Desk

_NODE = re.compile(r"\bnode '([^'/]+)/")
_PORT = re.compile(r"\b(?:input|attr)s? '([^']+)'")


def placed(problem: Problem, desk: Desk, file: GraphFile) -> dict[str, object]:
    """A problem as JSON has it, with the node of the shown file that it is about."""
    node, port = "", ""
    if problem.path == desk.location:
        node = _node_at(file.nodes, (problem.line, problem.column))
        found = _PORT.search(problem.message)
        port = found[1] if node and found else ""
    elif (found := _NODE.search(problem.message)) and found[1] in file.nodes.data:
        node = found[1]
    return {
        "message": problem.message,
        "hint": problem.hint,
        "path": desk.project.shown(problem.path),
        "line": problem.line,
        "column": problem.column,
        "node": node,
        "port": port,
    }


def _node_at(nodes: Value, place: Place) -> str:
    """The node whose entry has a place: the last that begins before it, unless another section does too."""
    found = ""
    for name, begin in nodes.keys.items():
        if begin <= place:
            found = name
    return found if found and place <= _end(nodes.data[found]) else ""


def _end(value: Value) -> Place:
    """Where the last part of a value begins."""
    parts = [*value.keys.values(), value.place]
    inner = value.data.values() if isinstance(value.data, dict) else value.data if isinstance(value.data, list) else ()
    return max([*parts, *(_end(each) for each in inner)])
