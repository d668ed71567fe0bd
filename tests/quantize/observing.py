"""A calibration of a small network, for tests of statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from quantize.nets import residual

from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.calibration import Calibration, Observed
from dataflow.quantize.model import Model
from dataflow.quantize.statistics import Statistics
from dataflow.quantize.statistics_file import write_statistics
from dataflow.training.array_split import ArraySplit

RUN = 512  # rows at a time, where the graph says nothing else


def observed(graph: Graph, *names: str) -> dict[str, Observed]:
    return {name: Observed(Link(name, next(iter(graph.nodes[name].types)))) for name in names}


Whole = tuple[Calibration, Statistics, bytes]  # a calibration, what it found, and that as a file
WIRES = ("x", "first_relu", "joined")


def drawn(rows: int, seed: int = 0) -> Array:
    made: Array = np.random.default_rng(seed).standard_normal((rows, 8)).astype(np.float32)
    return made


def calibration(values: Array, samples: int | None = None) -> Calibration:
    model = Model.of(residual())
    return Calibration(model, ArraySplit(model.graph, "train", {"x": values}), observed(model.graph, *WIRES), samples)


def written(statistics: Statistics, folder: Path) -> bytes:
    write_statistics(folder / "made.stats.npz", statistics)
    return (folder / "made.stats.npz").read_bytes()
