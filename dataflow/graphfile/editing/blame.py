"""What is wrong with a graph since a wire of it was changed, by what its loads before and after found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dataflow.core.errors import Problem
from dataflow.graphfile.editing.changes import Path
from dataflow.graphfile.editing.places import offset, path_at
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.spans import Span
from dataflow.graphfile.tree import BROKEN

_UNFINISHED = re.compile(r"(input|attr)s? .* must be (wired, got nothing|given\b)")
_INSIDE = re.compile(r"node '([^'/]+)/")


def new_problems(before: Sequence[Problem], after: Sequence[Problem]) -> list[Problem]:
    """The problems that were not there before, wherever they stand in the text."""
    known = {(problem.path, problem.message) for problem in before}
    return [problem for problem in after if (problem.path, problem.message) not in known]


def blamed(
    first: LoadContext, before: LoadContext, after: LoadContext, root: Span, targets: Sequence[str]
) -> list[Problem]:
    """The new problems that wires to some of the nodes have made; ``root`` are the spans of the text after.

    What a node still lacks is none, nor what is wrong with another that was not right at ``first``, before all edits
    that are made together.
    """
    was_right = not first.problems()
    found = []
    for problem in new_problems(before.problems(), after.problems()):
        if _UNFINISHED.search(problem.message):
            continue
        name = node_of(problem, after, root)
        known = was_right if not name else name in targets or first.wires.get(name, BROKEN) is not BROKEN
        if known or "cycle: " in problem.message:
            found.append(problem)
    return found


def path_of(problem: Problem, context: LoadContext, root: Span) -> Path:
    """What of the loaded file a problem is about; nothing where it is about another file, or all of this one."""
    document = context.document
    if problem.path != document.path:
        return ()
    return path_at(root, offset(document.text, (problem.line, problem.column)))


def node_of(problem: Problem, context: LoadContext, root: Span) -> str:
    """The node or input of the loaded file that a problem is about, in a graph file that it uses too; else nothing."""
    if problem.path != context.document.path:
        inside = _INSIDE.search(problem.message)
        return inside[1] if inside and inside[1] in context.wires else ""
    path = path_of(problem, context, root)
    return str(path[1]) if len(path) > 1 and path[0] in ("nodes", "inputs") else ""
