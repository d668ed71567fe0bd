"""The graphs behind a file that is shown: with its reverse pass, and as a whole training step."""

from __future__ import annotations

import warnings

from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.graph.gradient import gradient
from dataflow.graph.graph import Graph
from dataflow.graphfile.load_context import LoadContext
from dataflow.training.optimizer_nodes import is_trainable, trained
from dataflow.training.step_graph import expand
from dataflow.training.train_section import train_section


def layer_graph(context: LoadContext, layer: str) -> Graph:
    """The graph of the file with its reverse pass (``gradient``), or of one step of its training (``step``)."""
    if problems := context.problems():
        raise GraphFileError(problems)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that something does not depend on something else is seen in the picture
        return expand(context.graph) if layer == "step" else _reversed(context.graph)


def _reversed(graph: Graph) -> Graph:
    """The graph with the gradient of what it minimizes, else of its first output of floats, by what can be trained.

    Where nothing can, it is by the inputs of floats.
    """
    train = train_section(graph)
    floats = [name for name in graph.outputs if graph.deref(graph.outputs[name]).dtype.startswith("float")]
    goal = train.minimize if train is not None and train.minimize else next(iter(floats), "")
    if not goal:
        raise DataflowError("the gradient must be of an output of floats, got a graph without one; add an output")
    if train is not None and train.minimize:
        names = trained(graph, train)
    else:
        names = [name for name in graph.of_block("Variable") if is_trainable(graph, name)]
    names = names or [name for name in graph.inputs if graph.ref(name).dtype.startswith("float")]
    if not names:
        raise DataflowError("the gradient must be by a variable or an input of floats, got a graph without one")
    return gradient(graph, of=goal, wrt=names)
