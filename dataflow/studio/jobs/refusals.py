"""Errors as the page is told of them: what is wrong, where, and a way out."""

from __future__ import annotations

import re

from dataflow.core.errors import DataflowError, GraphFileError, Problem, reason, visible

_NODE = re.compile(r"(?:.*?: )?node '((?:[^'\\]|\\.)+)'")


def refusal(error: BaseException) -> dict[str, object]:
    """The `Refusal` of an error."""
    message, hint = parted(error)
    problems = error.problems if isinstance(error, GraphFileError) else []
    return {"message": message, "hint": hint, "problems": [plain(problem) for problem in problems]}


def problem(error: BaseException) -> dict[str, object]:
    """The `Problem` of an error in a run: the first one of a file, or at the node that the message names."""
    if isinstance(error, GraphFileError) and error.problems:
        return plain(error.problems[0])
    message, hint = parted(error)
    place: dict[str, object] = {"path": "", "line": 0, "column": 0}
    return {"message": message, "hint": hint, **place, "node": _node(message), "port": ""}


def plain(found: Problem) -> dict[str, object]:
    """The `Problem` of a mistake in a graph file."""
    place: dict[str, object] = {"path": found.path, "line": found.line, "column": found.column}
    return {"message": found.message, "hint": found.hint, **place, "node": _node(found.message), "port": ""}


def parted(error: BaseException) -> tuple[str, str]:
    """What is wrong, and the way out that the message ends with; "" where it has none."""
    if isinstance(error, GraphFileError) and error.problems:
        return error.problems[0].message, error.problems[0].hint
    if isinstance(error, DataflowError):
        message, _, hint = str(error).rpartition("; ")
        return (message, hint) if message else (hint, "")
    if isinstance(error, MemoryError):
        return "must have more memory than there is", "run fewer rows"
    if isinstance(error, OSError):
        return visible(reason(error)), ""
    return visible(f"a fault of the studio: {type(error).__name__}: {error}"), "the terminal says where"


def _node(message: str) -> str:
    """The node that a message is about, by its full name; "" for none."""
    named = _NODE.match(message)
    return named[1] if named else ""
