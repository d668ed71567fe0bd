"""What is changed while a training goes on: the learning rate, and parameters of the graph file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from dataflow.core.attrs import show
from dataflow.core.errors import GraphError, GraphFileError
from dataflow.graph.graph import Graph
from dataflow.graphfile.load import read
from dataflow.graphfile.origins import looks_secret
from dataflow.training.train_section import Train
from dataflow.training.trained_with import changed_keys

NOTED = "changed"  # the key of the notes of a checkpoint
_MAY_CHANGE = ("optimizer: inputs", "schedule: attrs", "clip")  # keys of the `train` section
Plain = str | int | float | bool | list["Plain"] | None


@dataclass(frozen=True)
class Change:
    """What holds from the step after ``step`` on: a learning rate, parameters, or both.

    >>> print(Change(12, 0.01, {"num_bits": 4}))
    step 12: learning rate 0.01, num_bits 4
    """

    step: int
    rate: float | None = None
    params: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.step, int) or not isinstance(self.params, Mapping):
            raise GraphError(f"a change must have a step and params, got {self.step!r} and {self.params!r}")
        if self.rate is None and not self.params:
            raise GraphError("a change must have a learning rate or params, got neither; give rate=... or params={...}")
        if secret := [name for name in self.params if looks_secret(name)]:
            raise GraphError(f"param '{secret[0]}' may be a secret, which checkpoints do not keep; train anew with it")
        if self.rate is not None:
            number = isinstance(self.rate, int | float) and not isinstance(self.rate, bool)
            if not number or not math.isfinite(self.rate) or self.rate < 0:
                raise GraphError(f"the learning rate must be a finite number from 0, got {self.rate!r}")

    def __str__(self) -> str:
        told = [] if self.rate is None else [f"learning rate {self.rate:g}"]
        told += [f"{name} {show(value)}" for name, value in self.params.items()]
        return f"step {self.step}: {', '.join(told)}"

    @property
    def plain(self) -> dict[str, object]:
        """As a checkpoint notes it."""
        return {"step": self.step, "rate": self.rate, "params": dict(self.params)}

    @classmethod
    def of(cls, notes: Mapping[str, object]) -> Self:
        """The change that a checkpoint notes; ValueError where it is none."""
        try:
            return cls(**notes)  # type: ignore[arg-type]
        except TypeError as error:
            raise ValueError(str(error)) from None


def changes_of(notes: Mapping[str, Any]) -> list[Change]:
    """The changes that a checkpoint notes; ValueError where it says nonsense."""
    return [Change.of(each) for each in notes.get(NOTED, ())]


def in_all(changes: Iterable[Change]) -> tuple[float | None, dict[str, Plain]]:
    """The learning rate and the parameters after these changes, one after another; None for the rate as it is."""
    rate, params = None, dict[str, Plain]()
    for change in changes:
        rate = rate if change.rate is None else change.rate
        params |= change.params
    return rate, params


def with_params(graph: Graph, params: Mapping[str, Plain]) -> Graph:
    """The graph that the file of a graph says with other parameters; the file is taken as it was when it was read.

    Raises GraphError where the graph came from no file, where it then has other variables or data, and GraphFileError
    where the parameters do not fit.
    """
    source = graph.layout.source
    if source is None:
        raise GraphError(
            f"graph '{graph.name}': only a graph of a file can be changed by params, got one that was made in Python"
        )
    context = read(source.path, {**source.params, **params}, texts=source.texts)
    if problems := context.problems():
        raise GraphFileError(problems)
    made, told = context.graph, ", ".join(params)
    before, after = (
        {name: (dict(node.types), node.block.attrs()) for name, node in each.nodes.items() if node.block.stateful}
        for each in (graph, made)
    )
    if other := [name for name in {**before, **after} if before.get(name) != after.get(name)]:
        raise GraphError(f"params {told}: variables must stay as they are while training, got another '{other[0]}'")
    for what, old, new in (
        ("inputs", graph.inputs, made.inputs),
        ("outputs", [*graph.outputs], [*made.outputs]),
        ("the data section", graph.sections.get("data"), made.sections.get("data")),
    ):
        if old != new:
            raise GraphError(f"params {told}: {what} must stay as they are while training, got others; train anew")
    return made


def check_train(before: Train, after: Train) -> None:
    """Raise GraphError where a `train` section differs from another in more than may change between two steps."""
    for name, old, new in changed_keys(before, after):
        if not any(name == key or name.startswith(f"{key}: ") for key in _MAY_CHANGE):
            raise GraphError(
                f"train: {name}: must stay as it is while training, got {show(new)} after {show(old)}; train anew"
            )
