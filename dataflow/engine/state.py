"""State: the values of variables between steps. A step reads them, and at its end changes all of them or none."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, cropped
from dataflow.engine import state_file
from dataflow.engine.matching import match
from dataflow.engine.plan import Plan
from dataflow.files import Unreadable
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class State(Mapping[str, Array]):
    """The values of a graph's variables by name, and the number of steps that were run with them.

    Parameters
    ----------
    graph : variables start from their initial values; random ones are drawn by ``seed`` and the variable's name.
    values : values to start from instead, by name.

    Raises
    ------
    GraphError
        Where values are for no variable, or do not fit its dtype and shape; all of them are listed.

    Examples
    --------
    >>> import dataflow as flow
    >>> graph = flow.Graph("counter")
    >>> n = graph.variable("n", 1.0)
    >>> graph.output("n", flow.blocks["AssignAdd"]()(n, 2.0))
    >>> state = flow.State(graph)
    >>> [float(flow.run(graph, state=state)["n"]) for _ in range(3)], state.step
    ([3.0, 5.0, 7.0], 3)
    >>> float(state["n"])
    7.0
    """

    def __init__(self, graph: Graph, seed: int = 0, values: Mapping[str, ArrayLike] | None = None):
        graph = as_graph(graph, "flow.State(graph)")
        self.seed, self.step = seed, 0
        matched = match(graph, values or {})
        if wrong := [*matched.misfits, *matched.left_over]:
            raise GraphError("\n".join(wrong))
        kept = {n: node for n, node in graph.nodes.items() if node.block.stateful}
        initial = graph.copy()
        initial.outputs = {n: Link(n, next(iter(node.types))) for n, node in kept.items() if n not in matched.values}
        drawn = Plan(initial).run({}, seed=seed) if initial.outputs else {}
        found = matched.values | drawn
        self.variables: dict[str, Array] = {name: found[name] for name in kept}

    def commit(self, changed: Mapping[str, Array]) -> None:
        """End a step: give the variables their next values."""
        self.variables.update(changed)
        self.step += 1

    def digest(self) -> str:
        """SHA-256 of the names, dtypes, shapes and bits of the variables."""
        found = hashlib.sha256()
        for name, array in sorted(self.variables.items()):
            found.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
            found.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
        return f"sha256:{found.hexdigest()}"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write variables, seed and number of steps into an .npz or .safetensors file, all of it or nothing."""
        state_file.write_variables(path, self.variables, {"seed": self.seed, "step": self.step})

    @classmethod
    def load(cls, graph: Graph, path: str | os.PathLike[str]) -> State:
        """The state that `save` has written; seed and step are 0 where another program wrote the file.

        Raises DataflowError where the file is damaged, and GraphError that lists all variables that are missing, left
        over, or of another dtype or shape.
        """
        state_file.check_ending(path)
        try:
            variables, metadata = state_file.read_variables(path)
        except Unreadable as error:
            raise DataflowError(f"{os.fspath(path)}: is no whole state file: {error}") from None
        if problems := match(graph, variables).problems:
            raise GraphError("\n".join(f"{os.fspath(path)}: {problem}" for problem in problems))
        step, seed = metadata.get("step", 0), metadata.get("seed", 0)
        if type(step) is not int or type(seed) is not int or not 0 <= step < 2**63:
            raise DataflowError(
                f"{os.fspath(path)}: seed and step must be whole numbers, got {cropped(f'{seed} and {step}')}"
            )
        state = cls(graph, seed, variables)
        state.step = step
        return state

    def __getitem__(self, name: str) -> Array:
        return self.variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)

    __eq__, __hash__ = object.__eq__, object.__hash__  # arrays of equal states need not be equal by ==
