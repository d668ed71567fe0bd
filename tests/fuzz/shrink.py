"""A smaller case that goes wrong in the same way: one output, and of its graph only what it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dataflow import Graph
from dataflow.core import dtypes
from dataflow.graph.node import Link

from .case import Case
from .compare import Finding, differing, scaled
from .reference import node_by_node


def shrunk(case: Case, finding: Finding) -> Case:
    """The case with fewer outputs and nodes, as long as the same goes wrong under the setting."""
    with scaled(case):
        for name in list(case.graph.outputs):
            one = replace(case, graph=case.graph.copy())
            one.graph.outputs = {name: case.graph.outputs[name]}
            if _wrong(one, finding):
                case = _earliest(one, finding)
                break
        tried: set[str] = set()
        while (node := _next(case, tried)) is not None:
            tried.add(node)
            smaller = _cut(case, node)
            if smaller is not None and _wrong(smaller, finding):
                case = smaller
        return replace(case, graph=_needed(case))


def _earliest(case: Case, finding: Finding) -> Case:
    """The case with the first of its values that is wrong as its output."""
    for node in _needed(case).order():
        for port in node.types if node.sources else ():
            one = replace(case, graph=case.graph.copy())
            one.graph.outputs = {"end": Link(node.name, port)}
            if _wrong(one, finding):
                return one
    return case


def _wrong(case: Case, finding: Finding) -> bool:
    expected = [node_by_node(case.graph, feeds) for feeds in case.feeds]
    found = differing(case, finding.setting, expected) if finding.setting else []
    return bool(found) and found[0].kind == finding.kind


def _next(case: Case, tried: set[str]) -> str | None:
    """The node nearest to the outputs that has not been tried."""
    needed = _needed(case)
    return next((n.name for n in reversed(needed.order()) if n.name not in tried and n.sources), None)


def _needed(case: Case) -> Graph:
    """The graph without the nodes that its outputs do not need."""
    graph = case.graph.copy()
    graph.drop(set(graph.nodes) - graph.ancestors(link.node for link in graph.outputs.values()))
    return graph


def _cut(case: Case, name: str) -> Case | None:
    """The case with the values of a node fed; None where they cannot be."""
    if any(link.node == name for link in case.graph.outputs.values()):
        return None
    needed = _needed(case)
    node = needed.nodes[name]
    watched = needed.copy()
    watched.outputs = {port: Link(name, port) for port in node.types}
    feeds = []
    for given in case.feeds:
        values, failures = node_by_node(watched, given)
        if failures:
            return None
        feeds.append({_fed(name, port): value for port, value in values.items()} | given)
    graph = needed.bare()
    links: dict[Any, Link] = {}
    for other in needed.order():
        if other.name == name:
            for port, type_ in node.types.items():
                ref = graph.input(_fed(name, port), dtypes.name_of(dtypes.storage(type_.dtype)), type_.shape)
                links[Link(name, port)] = Link(ref.node, ref.port)
        else:
            inputs: dict[str, Any] = {
                port: tuple(links.get(v, v) for v in value) if isinstance(value, tuple) else links.get(value, value)
                for port, value in other.inputs.items()
            }
            graph.insert(replace(other, inputs=inputs))
    graph.outputs = dict(needed.outputs)
    made = replace(case, graph=graph, feeds=feeds)
    graph = _needed(made)
    return replace(made, graph=graph, feeds=[{n: v for n, v in given.items() if n in graph.nodes} for given in feeds])


def _fed(name: str, port: str) -> str:
    return f"{name.replace('/', '_')}_{port}_"
