"""The training step as a graph: a graph with its `train` section written out as gradient and update blocks.

Nothing of a step is hidden. The slots of optimizers, powers and the counter of steps are variables like any other; all
new nodes are called ``train/...``, after the variable that they train, and ``grad/...``.
"""

from __future__ import annotations

from functools import reduce

from dataflow.core.errors import GraphError
from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.graph.gradient import reverse
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Ref
from dataflow.graphfile.section_checks import check_sections
from dataflow.training.batch_sizes import all_steps
from dataflow.training.clipping import clipped
from dataflow.training.freezing import at_rest, frozen
from dataflow.training.optimizer_nodes import RATE, OptimizerNodes, trained
from dataflow.training.train_section import END, Optimizer, Train, train_section

FINITE = "train/finite"  # the output of the step that says whether all gradients are


def expand(graph: Graph) -> Graph:
    """The graph of one training step: the outputs of the graph, and each variable changed by the optimizer.

    Raises GraphError where the `train` section does not fit the graph.
    """
    check_sections(graph)
    train, optimizer = required(graph)
    ends = train.schedule is not None and train.schedule.attrs.get(END) == "end"
    return step_graph(graph, train, optimizer, all_steps(graph, train) if ends else 1)


def required(graph: Graph) -> tuple[Train, Optimizer]:
    """The section, and the optimizer in it; GraphError where what training needs is not there."""
    train = train_section(graph)
    if train is None:
        raise GraphError(f"graph '{graph.name}' has no 'train' section; write what to minimize and the optimizer")
    if train.minimize is None or train.optimizer is None:
        key = "optimizer" if train.minimize else "minimize"
        raise GraphError(f"graph '{graph.name}': train: '{key}' must be given, got nothing")
    return train, train.optimizer


def step_graph(
    graph: Graph, train: Train, optimizer: Optimizer, steps: int, epoch: int = 0, rate: float | None = None
) -> Graph:
    """The graph of one training step out of so many, where the section is known to fit the graph.

    After so many epochs, what is frozen then is so in it. The variables are the same in every epoch, those that the
    optimizer keeps for others that are frozen by then among them.
    """
    goal, first, still = train.minimize or "", frozen(graph, train, 0), frozen(graph, train, epoch)
    graph, names = at_rest(graph, still), [name for name in trained(graph, train) if name not in first]
    result, _, slopes = reverse(*_averaged(graph, goal), [name for name in names if name not in still])
    result.outputs = {**graph.outputs}
    result.outputs.setdefault(goal, _link(graph.ref(goal)))
    result.sections = {key: value for key, value in graph.sections.items() if key != "train"}
    nodes = OptimizerNodes(result, optimizer, train.schedule, steps, rate)
    if train.on_nan != "continue":
        result.outputs[FINITE] = _link(_all_finite(result, [*slopes.values()]))
    if train.clip is not None:
        slopes = clipped(result, train.clip, slopes)
    for name in names:
        nodes.add(name, slopes.get(name, result.ref(name)))
    result.drop(f"train/{name}/apply" for name in names if name in still)
    if (told := nodes.rate()) is not None:
        result.outputs[RATE] = _link(told)
    result.scope = ""
    return result


def _averaged(graph: Graph, goal: str) -> tuple[Graph, str]:
    """The graph and the wire to differentiate: of a value per row, a node that takes the mean."""
    ref = graph.ref(goal)
    if not ref.type.rank:
        return graph, goal
    graph = graph.copy()
    mean = graph.add(blocks["Mean"](), [graph.ref(goal), Literal([0])], name="train/minimize")
    return graph, mean.wire


def _all_finite(graph: Graph, slopes: list[Ref]) -> Ref:
    """Whether all gradients are finite: a node for each of their dtypes, and what joins them."""
    by_dtype: dict[str, list[Ref]] = {}
    for slope in slopes:
        by_dtype.setdefault(slope.dtype, []).append(slope)
    graph.scope = "train/"
    each = [blocks["AllFinite"]()(same) for _, same in sorted(by_dtype.items())]
    found: Ref = reduce(blocks["LogicalAnd"](), each)
    graph.scope = ""
    return found


def _link(ref: Ref) -> Link:
    return Link(ref.node, ref.port)
