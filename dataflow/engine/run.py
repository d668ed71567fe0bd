"""Run a graph: inputs in, outputs out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.engine.feeds import check_ambiguity
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings
from dataflow.engine.state import State
from dataflow.engine.watching import ALL, Observe, Trace, Watch, is_all, watched_ports
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def run(
    graph: Graph,
    feeds: Mapping[str, ArrayLike] | None = None,
    /,
    state: State | None = None,
    max_bytes: int | None = None,
    trace: Trace | None = None,
    seed: int | None = None,
    watch: Watch = None,
    observe: Observe | None = None,
    cancel: CancelFlag | None = None,
    **named: ArrayLike,
) -> dict[str, Array]:
    """The outputs of a graph, by name, for these inputs.

    With a ``state`` the run is a step: variables have the values in it, and at the end those that nodes such as Assign
    give them. Without one they have their initial values. Variables and inputs with a default may be fed too. The plan
    is kept with the graph, one per set of shapes. A run that would hold more than ``max_bytes`` beside its inputs is
    refused; threads and kernels are those of the environment (`dataflow.engine.settings.Settings`). ``watch``
    is that of `dataflow.engine.plan.plan`; ``trace``, ``seed``, ``observe`` and ``cancel`` are those of
    `dataflow.engine.plan.Plan.run`. An input that is called as an option must be in the dict.

    Raises
    ------
    GraphError
        When a feed is missing, unknown, or of another dtype or shape than declared.
    RunError
        When a kernel fails; the message names the node. The state is then what it was.
    Cancelled
        When ``cancel`` is set before the run is done. The state is then what it was.
    """
    graph = as_graph(graph, "flow.run(graph, ...)")
    if max_bytes is not None or watch is not None:
        check_ambiguity(graph, feeds, max_bytes=max_bytes, watch=watch)
    ports = [*watched_ports(graph, watch)]
    key = ("plan", state is not None, max_bytes, is_all(watch), *ports)
    outputs, planned = graph.cache.get(key, (None, None))
    if planned is None or outputs != graph.outputs:  # a dict that the caller may change
        planned = Plan(graph, state is not None, Settings.of(max_bytes=max_bytes), ALL if is_all(watch) else ports)
        graph.cache[key] = dict(graph.outputs), planned
    found: dict[str, Array] = planned.run(feeds, trace, state, seed, observe, cancel, **named)
    return found
