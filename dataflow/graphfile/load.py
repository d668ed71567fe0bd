"""`load` and `check`: a graph file, with its parameters set and its sub-graphs written out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from dataflow.core.errors import GraphFileError, Problem, cropped, listing, way_out
from dataflow.graph.arguments import as_path
from dataflow.graph.gc_pause import gc_paused
from dataflow.graph.graph import Graph
from dataflow.graph.layout import Layout
from dataflow.graphfile.arrays import Arrays
from dataflow.graphfile.graph_file import GraphFile
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.nodes import GraphBuilder
from dataflow.graphfile.origins import given_origins
from dataflow.graphfile.paths import Location
from dataflow.graphfile.section_checks import findings, report_findings
from dataflow.graphfile.tree import BROKEN, Document, Stop


def load(path: str | os.PathLike[str], /, **params: object) -> Graph:
    """The graph of a file.

    Raises GraphFileError that lists every problem with its line and column.
    """
    context = read(as_path(path, "flow.load(path)"), params, keep=False)
    if problems := context.problems():
        raise GraphFileError(problems)
    return context.graph


def check(path: str | os.PathLike[str], /, **params: object) -> list[Problem]:
    """Every problem of a file, in the order of its lines, and of the data files that it names."""
    return read(path, params, files=True).problems()


def defaults(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The parameters of a file and their defaults; None where there is none."""
    context, params = LoadContext(path), {}
    with suppress(Stop):
        params = context.top()[1].params
    return {name: None if param.required else param.default for name, param in params.items()}


@gc_paused()
def read(
    path: str | os.PathLike[str],
    params: Mapping[str, Any] = MappingProxyType({}),
    files: bool = False,
    origins: bool = False,
    text: str | Document | None = None,
    texts: Mapping[str, str | Document] = MappingProxyType({}),
    arrays: Arrays | None = None,
    outside: bool = True,
    keep: bool = True,
) -> LoadContext:
    """The graph of a file and the problems with it; with ``files`` also with the data files that it names.

    Where something is wrong, the graph has the nodes that are right. With ``origins`` the context also says where each
    value comes from. A ``text``, or what was parsed of it, is read in place of the file, which need not be there; graph
    files whose ``texts`` are given, by their real paths, and ``arrays`` that are there already, are not read either.
    Data files that parameters name may lie ``outside`` of the project. Unless it is to ``keep`` them, the context lets
    go of the nodes as the file has them, which take more memory than those of the graph.
    """
    if text is not None:
        with suppress(ValueError):  # which is reported below
            texts = {**texts, str(Location.of(path).real): text}
    given = [value for value in params.values() if isinstance(value, str)] if outside else []
    context = LoadContext(path, origins, given, texts, arrays)
    context.set_by_caller, context.lets_go = frozenset(params), not keep
    with suppress(Stop):
        file, definition = context.top()
        if not definition.broken:
            context.graph.name = definition.name or file.real.stem
            context.graph.doc = definition.doc
            sources = given_origins(definition, params) if origins else None
            context.values = values = _given(definition, params)
            reader = GraphBuilder(context, definition, file, values, origins=sources)
            reader.add_inputs()
            for name, ref in reader.build().items():
                context.graph.output(name, ref)
            reader.add_sections()
            context.graph.layout = Layout(context.source(params), uses=context.uses)
            if not context.problems():
                report_findings(findings(context.graph, files), context, definition.document)
    return context


def _given(definition: GraphFile, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each parameter for a caller in Python; BROKEN where it is wrong or missing."""
    values: dict[str, Any] = {}
    report, params = definition.document.report, definition.params
    for name in given:
        if name not in params:
            having = f"it has {listing(params, 'and')}" if params else "it has none"
            hint = definition.document.hints.nearest(name, params) or having
            report(definition.place, f"the graph has no param '{cropped(name)}'", hint)
    for name, param in params.items():
        try:
            values[name] = param.parse(given[name]) if name in given else param.default
        except ValueError as error:
            values[name] = BROKEN
            report(param.place, f"param '{name}' {error}")
        if param.required and name not in given:
            give = way_out(f"write flow.load(path, {name}=...)", f"write -p {name}=...", "give it in the tab Run")
            report(param.place, f"param '{name}' has no default and must be given, got nothing", give)
    return values
