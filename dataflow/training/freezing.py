"""Variables that are frozen after some epochs: which they are, and the graph in which they keep their values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from dataflow.core.errors import GraphError
from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput
from dataflow.training.optimizer_nodes import trained
from dataflow.training.train_section import Train


def frozen(graph: Graph, train: Train, epoch: int) -> set[str]:
    """The variables that keep their values once so many epochs are done."""
    patterns = [pattern for each in train.freeze if each.after <= epoch for pattern in each.variables]
    kept = (name for name, node in graph.nodes.items() if node.block.stateful)
    return {name for name in kept if any(fnmatchcase(name, pattern) for pattern in patterns)}


def phases(train: Train, epochs: int) -> list[int]:
    """The numbers of epochs done from which on other variables are frozen than before, 0 first."""
    return sorted({0, *(each.after for each in train.freeze if each.after < epochs)})


def wrong_to_freeze(graph: Graph, train: Train, epochs: int) -> str:
    """Why a training of so many epochs cannot freeze what it should, nothing where it can."""
    for epoch in phases(train, epochs) if train.freeze else ():
        still = frozen(graph, train, epoch)
        if not {*trained(graph, train)} - still:
            return (
                f"train 'freeze' must leave a variable to train in each of {epochs} epochs, got none in epoch "
                f"{epoch + 1}; freeze fewer, or end earlier"
            )
        try:
            at_rest(graph, still)
        except GraphError as error:
            return str(error)
    return ""


def at_rest(graph: Graph, names: Collection[str]) -> Graph:
    """The graph without the nodes that change these variables; who read what they gave reads the variable.

    A block that keeps statistics of batches in variables, all of which are among them, goes by those.
    """
    held = {name for name in names if name in graph.updates}
    if not held:
        return graph
    left_out = {graph.updates[name].node for name in held}
    moved = {graph.updates[name]: Link(name, graph.ref(name).port) for name in held}
    result = graph.bare()
    result.outputs = {name: moved.get(link, link) for name, link in graph.outputs.items()}
    for node in graph.nodes.values():
        if node.name in left_out:
            _check_alone(graph, node, held)
            continue
        statistics = _statistics(graph, node)
        if not left_out.isdisjoint(node.sources):
            node = replace(node, inputs={port: _read(value, moved) for port, value in node.inputs.items()})
        if statistics and statistics <= held:
            attrs = node.block.attrs() | {node.block.training: False}
            node = result.retyped(replace(node, block=type(node.block)(**attrs)))
        result.insert(node)
    return result


def _check_alone(graph: Graph, node: Node, held: set[str]) -> None:
    """Raise GraphError where a node that is left out changes a variable that is not frozen."""
    for port in node.block.assigns:
        variable = node.inputs[port]
        if isinstance(variable, Link) and variable.node not in held:
            raise GraphError(
                f"train 'freeze': {node.who} changes '{variable.node}' with a variable that is frozen; freeze both"
            )


def _read(value: NodeInput, moved: Mapping[Link, Link]) -> NodeInput:
    def now(one: Link | Literal) -> Link | Literal:
        return moved.get(one, one) if isinstance(one, Link) else one

    return tuple(map(now, value)) if isinstance(value, tuple) else None if value is None else now(value)


def _statistics(graph: Graph, node: Node) -> set[str]:
    """The variables in which a node keeps what it takes from batches: it reads them, and makes their next values."""
    if not node.block.training:
        return set()
    return {name for name in node.sources if name in graph.updates and node.name in _makers(graph, name)}


def _makers(graph: Graph, variable: str) -> set[str]:
    return graph.ancestors([graph.updates[variable].node])
