"""Whether the sections of a graph fit it: the checks that their packages registered, all findings at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dataflow.core.errors import GraphError, Problem
from dataflow.graph.graph import Graph
from dataflow.graphfile import sections
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.record import parsed
from dataflow.graphfile.sections import Check, Path, Section
from dataflow.graphfile.tree import Document, Place, Value


@dataclass(frozen=True)
class Finding:
    """What is wrong with a section, and the keys that lead to the place in it."""

    section: str
    path: Path
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


def findings(graph: Graph, files: bool = False) -> list[Finding]:
    """What is wrong with the sections of a graph; with ``files`` also whether the files they name can be used."""
    return _found(graph, lambda declared: (declared.check, declared.check_files if files else None))


def _found(graph: Graph, checks: Callable[[Section], Iterable[Check | None]]) -> list[Finding]:
    found: list[Finding] = []
    for name in sections.names():
        if graph.sections.get(name) is None:
            continue
        try:
            section = parsed(graph, name)
        except ValueError as error:
            found.append(Finding(name, (), str(error)))
            continue

        def report(path: Path, message: str, hint: str = "", name: str = name) -> None:
            found.append(Finding(name, path, message, hint))

        for check in checks(sections.declared(name)):
            if check is not None:
                check(graph, section, report)
    return found


def header_problems(context: LoadContext) -> list[Problem]:
    """What the headers of the data files that a loaded graph names tell against it, at their places in its file.

    Nothing where something else is wrong with it, as it may then not have the inputs that it should.
    """
    if context.problems() or not context.sections:
        return []
    document = replace(context.document, problems={})
    report_findings(_found(context.graph, lambda declared: (declared.check_headers,)), context, document)
    return sorted(document.problems.values())


def report_findings(found: Iterable[Finding], context: LoadContext, document: Document) -> None:
    """Note what was found in the sections of a loaded graph where it stands in its file."""
    for finding in found:
        value, key = context.sections[finding.section]
        document.report(place_of(value, key, finding.path), finding.message, finding.hint)


def check_sections(graph: Graph, files: bool = False) -> None:
    """Raise GraphError that lists, a line each, what is wrong with the sections of a graph."""
    raise_findings(graph, findings(graph, files))


def raise_findings(graph: Graph, found: list[Finding]) -> None:
    """Raise GraphError that lists what was found, if anything was."""
    if found:
        raise GraphError("\n".join(f"graph '{graph.name}': {finding}" for finding in found))


def place_of(section: Value, key: Place, path: Path) -> Place:
    """Where a path leads in a section of a file whose own key stands at ``key``.

    That is the value where it is there, else the nearest key above it.
    """
    value, place = section, key
    for step in path:
        inner = value.data
        if isinstance(step, int) and isinstance(inner, list) and 0 <= step < len(inner):
            value = inner[step]
            place = value.place
        elif isinstance(inner, dict) and step in inner:
            place, value = value.keys[str(step)], inner[step]
        elif not isinstance(inner, dict | list):  # the short form of a mapping
            return value.place
        else:
            return place
    return place if isinstance(value.data, dict) else value.place
