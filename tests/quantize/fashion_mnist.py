"""What quantization costs on Fashion-MNIST.

``python -m tests.quantize.fashion_mnist FOLDER [--seeds N] [--keep FOLDER]``

``FOLDER`` has the four IDX files, as the Debian package ``dataset-fashion-mnist`` puts them into
``/usr/share/datasets/fashion-mnist``. Each seed trains ``graphs/fashion_mnist/cnn.yaml`` with all training images;
``--keep`` keeps its checkpoints for the next time. A line for each way to quantize: the points of accuracy lost on all
test images by the latest variables, mean and standard deviation over the seeds, and whether the mean and one standard
error more are within the limit. All of it takes half an hour of one processor.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.quantize.model import Model
from dataflow.quantize.pipeline import quantize
from dataflow.quantize.recipe import recipe
from dataflow.training.data import split
from dataflow.training.trainer import Trainer

GRAPH = Path(__file__).parents[2] / "graphs" / "fashion_mnist" / "cnn.yaml"
SEEN = 2048  # rows that ranges, biases and roundings follow from
EPOCHS = 2  # of training with quantizers


class Way(NamedTuple):
    """A way to quantize, and the points that it may cost."""

    name: str
    weights: int
    activations: int
    limit: float
    rounding: str = "nearest"
    correct: bool = False
    learn: str | None = None


WAYS = (
    Way("8, 8 bits", 8, 8, 0.3),
    Way("4, 8 bits, biases corrected", 4, 8, 0.6, correct=True),
    Way("3, 8 bits, AdaRound", 3, 8, 1.0, rounding="adaround"),
    Way("2, 8 bits, AdaRound", 2, 8, 3.0, rounding="adaround"),
    Way("4, 4 bits, LSQ", 4, 4, 0.6, learn="lsq"),
    Way("2, 8 bits, LSQ", 2, 8, 1.3, learn="lsq"),
    Way("2, 2 bits, LSQ", 2, 2, 3.5, learn="lsq"),
)


def trained(seed: int, kept: Path) -> dict[str, Array]:
    """The variables of the network, trained with a seed, or those that were kept."""
    trainer = Trainer(flow.load(GRAPH, training=True, seed=seed), kept / f"seed{seed}", resume=True)
    for _ in trainer.run():
        pass
    return {name: value for name, value in trainer.state.items() if not name.startswith("train/")}


def accuracy(graph: Graph, values: dict[str, Array]) -> float:
    """Percent of the test images."""
    kept = {name: values[name] for name, node in graph.nodes.items() if node.block.stateful}
    rows = split(flow.load(GRAPH), "test").rows()
    return 100 * float(flow.run(graph, rows, state=flow.State(graph, values=kept))["accuracy"])


def lost(way: Way, values: dict[str, Array], seed: int) -> float:
    """The points that a way to quantize costs."""
    graph = flow.load(GRAPH)
    plain: dict[str, Any] = {
        "weights": {"bits": way.weights, "rounding": way.rounding},
        "activations": {"bits": way.activations},
        "learn": way.learn,
    }
    made = quantize(graph, recipe(plain), values, split(graph, "train"), samples=SEEN, correct=way.correct).model
    found = dict(made.values)
    if way.learn is not None:
        found = learned(made, seed, 0.002 if 2 in (way.weights, way.activations) else 0.001)
    return accuracy(graph, values) - accuracy(made.graph, found)


def learned(model: Model, seed: int, rate: float) -> dict[str, Array]:
    """The variables of a quantized network after it was trained again."""
    graph = model.graph.copy()
    schedule = {"block": "CosineDecay", "attrs": {"initial_learning_rate": rate, "decay_steps": "end"}}
    graph.sections["train"] = {**graph.sections["train"], "schedule": schedule, "epochs": EPOCHS, "seed": seed}
    trainer = Trainer(graph, values=model.values)
    for _ in trainer.run():
        pass
    return dict(trainer.state)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the four IDX files are")
    parser.add_argument("--seeds", type=int, default=5, help="how many networks are trained")
    parser.add_argument("--keep", type=Path, help="where their checkpoints are kept")
    options = parser.parse_args()
    os.environ["DATAFLOW_DATA_ROOT"] = str(options.folder)
    with TemporaryDirectory() as folder:
        nets = [trained(seed, options.keep or Path(folder)) for seed in range(options.seeds)]
        right = [accuracy(flow.load(GRAPH), values) for values in nets]
        print(f"real numbers: {np.mean(right):.2f} % ({min(right):.2f} to {max(right):.2f})", flush=True)
        failed = 0
        for way in WAYS:
            points = np.array([lost(way, values, seed) for seed, values in enumerate(nets)])
            error = points.std(ddof=1) / np.sqrt(len(points)) if len(points) > 1 else 0.0
            within = points.mean() + error <= way.limit
            failed += not within
            spread = f" ± {points.std(ddof=1):.2f}" if len(points) > 1 else ""
            told = "within" if within else "NOT within"
            print(f"{way.name}: {points.mean():+.2f}{spread}, {told} {way.limit}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
