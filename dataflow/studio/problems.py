"""Problems of graph files where a page shows them: at a node, and at an input or attr of it."""

from __future__ import annotations

from dataflow.core.errors import Problem
from dataflow.graphfile.editing.blame import node_of
from dataflow.graphfile.editing.places import offset, path_at
from dataflow.studio.desk import Desk


def placed(problem: Problem, desk: Desk) -> dict[str, object]:
    """A problem as JSON has it, with the node of the shown file that it is about."""
    root, document = desk.editor.spans, None if desk.scope is None else desk.scope.document
    node, port = "", ""
    if document is not None and problem.path == document.path:
        path = path_at(root, offset(document.text, (problem.line, problem.column)))
        node = str(path[1]) if len(path) > 1 and path[0] in ("nodes", "inputs") else ""
        port = str(path[3]) if node and len(path) > 3 else ""
    elif not desk.view.scope:
        node = node_of(problem, desk.context, root)
    return {
        "message": desk.project.told(problem.message),
        "hint": desk.project.told(problem.hint),
        "path": desk.project.shown(problem.path),
        "line": problem.line,
        "column": problem.column,
        "node": node,
        "port": port,
    }
