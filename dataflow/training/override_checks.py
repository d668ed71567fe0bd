"""What overrides make of a training: another value is minimized than the file says, or nothing is trained."""

from __future__ import annotations

import warnings

from dataflow.core.errors import GraphError, way_out
from dataflow.graph.gradient import reached
from dataflow.graph.graph import Graph
from dataflow.graph.overrides import Overrides
from dataflow.training.optimizer_nodes import trained
from dataflow.training.train_section import Train


def check_overridden(written: Graph, graph: Graph, train: Train, overrides: Overrides) -> None:
    """Warn where a graph with overrides minimizes another value; GraphError where no variable of it is trained."""
    goal = train.minimize or ""
    if not reached(graph, goal, trained(graph, train)):
        back = way_out("leave out what cuts it off", page="take back what cuts it off")
        raise GraphError(
            f"training with {overrides}: a gradient of '{goal}' must arrive at a variable, got none, so that nothing "
            f"would be trained; {back}"
        )
    before, now = written.ref(goal), graph.ref(goal)
    if now.node != before.node:
        warnings.warn(
            f"training with {overrides}: what is minimized as '{goal}' is '{now.wire}', which stood on its input",
            stacklevel=3,
        )
