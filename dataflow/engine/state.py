"""State: the values of variables between steps. A step reads them, and at its end changes all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dataflow.core import conversion
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, listing
from dataflow.core.shapes import fits, show
from dataflow.engine.plan import Plan
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link


class State:
    """The values of a graph's variables, and the number of steps that were run with them.

    Parameters
    ----------
    graph : variables start from their initial values; random ones are drawn by ``seed`` and the variable's name.
    values : values to start from instead, by name.

    Raises
    ------
    GraphError
        Where a value is for no variable, or does not fit its dtype and shape.

    Examples
    --------
    >>> import dataflow as flow
    >>> graph = flow.Graph("counter")
    >>> n = graph.variable("n", 1.0)
    >>> graph.output("n", flow.blocks["AssignAdd"]()(n, 2.0))
    >>> state = flow.State(graph)
    >>> [float(flow.run(graph, state=state)["n"]) for _ in range(3)], state.step
    ([3.0, 5.0, 7.0], 3)
    """

    def __init__(self, graph: Graph, seed: int = 0, values: Mapping[str, Any] | None = None):
        self.seed, self.step = seed, 0
        self.variables: dict[str, Array] = {}
        given = dict(values or {})
        kept = {n: node for n, node in graph.nodes.items() if node.block.stateful}
        if unknown := [name for name in given if name not in kept]:
            raise GraphError(f"graph '{graph.name}' has no variable '{unknown[0]}'; it has {listing(kept, 'and')}")
        initial = graph.copy()
        initial.outputs = {n: Link(n, next(iter(node.types))) for n, node in kept.items() if n not in given}
        self.variables = Plan(initial).run({}, seed=seed) if initial.outputs else {}
        for name, value in given.items():
            declared = next(iter(kept[name].types.values()))
            try:
                array = np.array(conversion.array(value, declared.dtype))
            except conversion.ConversionError as error:
                raise GraphError(f"variable '{name}' {error}") from None
            if not fits(array.shape, declared.shape):
                raise GraphError(f"variable '{name}' must have shape {show(declared.shape)}, got {show(array.shape)}")
            self.variables[name] = array
        self.variables = {name: self.variables[name] for name in kept}

    def commit(self, changed: Mapping[str, Array]) -> None:
        """End a step: give the variables their next values."""
        self.variables.update(changed)
        self.step += 1
