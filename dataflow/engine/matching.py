"""Values from elsewhere, matched by name with the variables of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dataflow.core import conversion
from dataflow.core.dtypes import Array
from dataflow.core.errors import instead, nearest
from dataflow.core.shapes import fits, show
from dataflow.graph.graph import Graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass
class Matched:
    """The values that fit variables of a graph, and what does not fit."""

    values: dict[str, Array] = field(default_factory=dict)
    misfits: list[str] = field(default_factory=list)  # a message for each value of another dtype or shape
    left_over: list[str] = field(default_factory=list)  # a message for each value for no variable
    missing: list[str] = field(default_factory=list)  # the variables without a value

    @property
    def problems(self) -> list[str]:
        """A message for all that differs."""
        missing = [f"variable '{name}' must be given, got nothing" for name in self.missing]
        return [*self.misfits, *self.left_over, *missing]


def match(graph: Graph, values: Mapping[str, ArrayLike]) -> Matched:
    """Match values by name with the variables of a graph; those taken are copies."""
    declared = {name: next(iter(n.types.values())) for name, n in graph.nodes.items() if n.block.stateful}
    missing = [name for name in declared if name not in values]
    found = Matched(missing=missing)
    for name, type_ in declared.items():
        if name not in values:
            continue
        try:
            array = np.array(conversion.array(values[name], type_.dtype))
        except conversion.ConversionError as error:
            found.misfits.append(f"variable '{name}' {error}")
            continue
        if fits(array.shape, type_.shape):
            found.values[name] = array
        else:
            found.misfits.append(f"variable '{name}' must have shape {show(type_.shape)}, got {show(array.shape)}")
    for name in values:
        if name not in declared:
            hint = nearest(name, missing) or instead(name, declared)
            found.left_over.append(f"graph '{graph.name}' has no variable '{name}'; {hint}")
    return found
