"""What calibration finds for each target: its range and grid, what lies outside, and the graph that has the ranges."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataflow.core.attrs import plain
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.quantized import Grid
from dataflow.graph.graph import Graph
from dataflow.graphfile.edit import edit
from dataflow.quantize.model import Model
from dataflow.quantize.ranges import check_finite, clipped, range_of
from dataflow.quantize.statistics import Seen, Statistics
from dataflow.quantize.targets import Target

_WRITTEN = 16  # numbers that are written into a graph file itself


@dataclass(frozen=True, eq=False)
class Found:
    """The range found for a target, and how much of what was seen lies more than half a step outside its grid."""

    target: Target
    seen: Seen
    method: str
    low: Array
    high: Array
    grid: Grid
    clipped: float

    @property
    def told(self) -> dict[str, Any]:
        """All of it as plain data."""
        quantizer = self.target.quantizer
        return {
            "wire": self.target.wire,
            "quantizer": quantizer.name if quantizer is not None else None,
            "bits": self.grid.bits,
            "method": self.method,
            "min": self.low.tolist(),
            "max": self.high.tolist(),
            "scale": self.grid.scale.tolist(),
            "zero_point": self.grid.zero_point.tolist(),
            "clipped": self.clipped,
            "values": self.seen.total,
            "not_finite": self.seen.not_finite,
        }


def find_ranges(
    targets: Iterable[Target], statistics: Statistics, method: str | None = None, bits: int | None = None
) -> list[Found]:
    """The range of each target, by its own method and width or by these.

    Raises GraphError where nothing was seen on its wire, and DataflowError where the method does not fit.
    """
    return [_found(target, statistics.wires[target.wire], method or target.method, bits) for target in targets]


def _found(target: Target, seen: Seen, method: str, bits: int | None) -> Found:
    check_finite(target.wire, seen)
    low, high = range_of(seen, method, bits or target.bits, target.symmetric)
    grid = target.grid(low, high, bits)
    ends = [grid.scale * (code - grid.zero_point) for code in (grid.low - 0.5, grid.high + 0.5)]
    return Found(target, seen, method, low, high, grid, clipped(seen, *map(np.asarray, ends)))


def write_ranges(path: str | os.PathLike[str], found: Sequence[Found]) -> None:
    """Write the ranges into a graph file, all or none: the first values of the variables change, a line each.

    Raises DataflowError where a variable is not in this file itself, or has many channels.
    """
    file = edit(path)
    nodes = file.tree.get("nodes", {})
    for each in found:
        for name, value in each.target.values(each.low, each.high).items():
            if name not in nodes:
                raise DataflowError(
                    f"{path}: variable '{name}' must be in this file to be written in place, but is in a graph that it "
                    "includes; -o writes a file with all of it"
                )
            if value.size > _WRITTEN:
                raise DataflowError(
                    f"{path}: variable '{name}' must have {_WRITTEN} numbers at most to be written in place, "
                    f"got {value.size}; -o writes them beside the graph"
                )
            file.set(f"{name}.initvalues", plain(value))
    file.save()


def with_ranges(graph: Graph, found: Sequence[Found]) -> Graph:
    """The graph whose quantizers begin with these ranges; all else in it stays."""
    return Model(
        graph, {name: value for each in found for name, value in each.target.values(each.low, each.high).items()}
    ).baked()
