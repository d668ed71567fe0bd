"""Where NaN and infinities come from: a step done once more, node by node, until the first of them is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import RunError, listing
from dataflow.engine.fates import Event
from dataflow.engine.plan import Plan, State
from dataflow.engine.settings import Settings
from dataflow.graph.graph import Graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Draft:
    """What a step does to a state, for as long as it is not known whether the step is good."""

    def __init__(self, state: State):
        self.variables, self.seed, self.step = state.variables, state.seed, state.step
        self.changed: Mapping[str, Array] = {}

    def commit(self, changed: Mapping[str, Array]) -> None:
        """Keep the next values of the variables aside."""
        self.changed = changed


class _Found(Exception):
    """The search is over."""


@dataclass
class _Search:
    """The first infinity and the first NaN among the values that come one after another."""

    graph: Graph
    infinite: str = ""
    missing: str = ""

    def look(self, who: str, value: ArrayLike) -> None:
        array = np.asarray(value)
        if _is_finite(array):
            return
        missing = int(np.isnan(array).sum())
        infinite = int(np.isinf(array).sum())
        told = " and ".join(f"{kind} in {count:,}" for kind, count in (("NaN", missing), ("inf", infinite)) if count)
        if missing and not self.missing:
            self.missing = f"{who}: {told} of {array.size:,}"
            raise _Found
        if infinite and not self.infinite:
            self.infinite = f"{who}: {told} of {array.size:,}"

    def trace(self, event: Event) -> None:
        for value in event.values.values():
            node = self.graph.nodes.get(event.node)
            self.look(node.who if node is not None else f"node '{event.node}'", value)


def remedy(feeds: Mapping[str, Array], from_data: bool) -> str:
    """What to do about it: NaN and infinities in what is fed are no matter of the learning rate.

    from_data : whether the inputs are fed from the graph's `data` section.
    """
    bad = [name for name, value in feeds.items() if not _is_finite(value)]
    if not bad:
        return "give a lower learning rate or 'clip', or say by 'on_nan' what to do then"
    which = listing([f"'{name}'" for name in bad], "and")
    gone = [name for name in bad if np.isnan(feeds[name]).any()]
    if gone and from_data:
        named = listing([f"'{name}'" for name in gone], "and")
        return f"say by 'missing' in the data section what takes the place of NaN in {named}"
    return f"give {which} finite values"


def _is_finite(value: ArrayLike) -> bool:
    array = np.asarray(value)
    return dtypes.name_of(array.dtype) not in dtypes.floating + dtypes.complexes or bool(np.isfinite(array).all())


def origin(graph: Graph, feeds: Mapping[str, Array], state: State) -> str:
    """What first became infinite and what first became NaN in a step, in topological order.

    ``graph`` is that of the step. The same feeds, variables, seed and number of the step give the same bits; each value
    is looked at and let go. Constants are not looked at: they were the same in steps that were good.
    """
    search = _Search(graph)
    plan = Plan(graph, steps=True, settings=Settings.of(threads=1, kernels="numpy", fuse=False))
    try:
        for name, value in feeds.items():
            search.look(f"input '{name}'", value)
        for name, value in state.variables.items():
            search.look(f"variable '{name}'", value)
        plan.run(feeds, trace=search.trace, state=Draft(state))
    except _Found:
        pass
    except RunError as error:
        return str(error)
    first = [told for told in (search.infinite, search.missing) if told]
    return "; then in ".join(first) or "no node when the step was done once more"


def error_of_step(
    graph: Graph,
    where: str,
    wrong: Sequence[str],
    found: Mapping[str, float],
    feeds: Mapping[str, Array],
    state: State,
    from_data: bool,
) -> RunError:
    """The error that says what is not finite in a step, and where it comes from.

    where : the epoch and the step. wrong : what is not finite; ``found`` has the values. from_data : as in `remedy`.
    """
    told = ", ".join(f"'{name}' {found[name]}" if name in found else "a gradient that is not" for name in wrong)
    return RunError(
        f"graph '{graph.name}': train: {where}: values must be finite, got {told}; first in "
        f"{origin(graph, feeds, state)}; {remedy(feeds, from_data)}"
    )


def check_variables(graph: Graph, state: State, where: str) -> None:
    """Raise RunError where the last step made a variable infinite, before it gets into a checkpoint.

    ``graph`` is that of the step, ``where`` the epoch and the step.
    """
    for name, value in state.variables.items():
        node = graph.nodes.get(f"train/{name}/apply")
        if node is not None and not np.isfinite(value).all():
            raise RunError(
                f"graph '{graph.name}': train: {where}: variable '{name}' must be finite, got another value from "
                f"{node.who}; give a lower learning rate"
            )
