"""What quantization costs a trained network: ways to quantize it, measured for several seeds, against limits."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.quantize import recipe as recipes
from dataflow.quantize.answers import answers
from dataflow.quantize.measures import decibels
from dataflow.quantize.model import Model
from dataflow.quantize.pipeline import Quantized, quantize
from dataflow.quantize.rows import run_rows
from dataflow.training.array_split import ArraySplit
from dataflow.training.data import split
from dataflow.training.trainer import Trainer

from .quantization_lowered import lowered_figures

Figures = dict[str, float]
BETTER_LOW = ("drop", "largest")  # figures whose limits are from above
FOR_ALL = ("largest", "rule")  # figures whose limits hold for every seed; those of others for the mean and its error
LOWERED = {"worst": 99.9, "mean": 99.99, "largest": 1.0, "same": 99.9, "rule": 100.0}


@dataclass(frozen=True)
class Way:
    """A way to quantize, in the short forms of ``dataflow quantize``, and its limits by figure.

    A mean must be within its limit by its standard error: ``drop`` from above, ``sqnr`` and ``same`` from below.
    """

    weights: str
    activations: str
    rounding: str = "nearest"
    correct: bool = False
    equalized: bool = False
    learn: str | None = None
    limits: Figures = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What is done, in a line."""
        told = [f"weights {self.weights}", f"values {self.activations}"]
        told += [self.rounding] if self.rounding != "nearest" else []
        told += ["equalized"] if self.equalized else []
        told += ["biases corrected"] if self.correct else []
        told += [f"learned by {self.learn}"] if self.learn else []
        return ", ".join(told)

    @property
    def plain(self) -> dict[str, Any]:
        """The recipe; biases are rounded to the grid of the sums, as by default."""
        found: dict[str, Any] = {"bias": {}, "learn": self.learn}
        found["weights"] = {**(recipes.weights(self.weights) or {}), "rounding": self.rounding}
        found["activations"] = recipes.activations(self.activations)
        return {key: value for key, value in found.items() if value is not None}

    @property
    def low(self) -> bool:
        """Whether anything has at most 2 bits."""
        return any(self.plain[kind]["bits"] <= 2 for kind in ("weights", "activations"))


RANGES = (  # ways that differ in how ranges are found
    *(Way(f"4/{per}:{method}", "8:mse") for per in ("tensor", "channel", "group32") for method in ("min_max", "mse")
        if (per, method) != ("channel", "mse")),
    *(Way("8/channel:mse", f"{bits}:{method}") for bits in (8, 4)
        for method in ("min_max", "percentile:99.99", "percentile:99.9", "entropy")),
    Way("8/channel:mse", "4:mse"),
    Way("4/channel:min_max", "8:mse", correct=True),
    Way("4/channel:mse", "8:mse", equalized=True),
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """A network and how it is measured.

    splits : what is compared with the float network; accuracy is that of the last one.
    samples : rows that ranges, biases and roundings follow from; all of the training split by default.
    epochs : of training with quantizers. lowered : the ways whose integer graphs are measured too.
    limits : of the float network.
    """

    path: Path
    splits: Sequence[str]
    ways: Sequence[Way]
    epochs: int
    samples: int | None = None
    lowered: Sequence[Way] = ()
    limits: Figures = field(default_factory=dict)


class Network:
    """A network trained with a seed, its latest variables, and the rows that it is measured with."""

    def __init__(self, task: Task, seed: int, kept: Path):
        self.task, self.seed = task, seed
        self.graph = flow.load(task.path)
        trainer = Trainer(flow.load(task.path, training=True, seed=seed), kept / f"seed{seed}", resume=True)
        for _ in trainer.run():
            pass
        self.model = Model.of(self.graph, {name: trainer.state[name] for name in flow.State(self.graph)})
        parts = [split(self.graph, name).rows() for name in task.splits]
        self.tested = len(next(iter(parts[-1].values())))
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        self.rows = ArraySplit(self.graph, "rows", joined)
        self.exact = self.logits(self.model)

    def logits(self, model: Model) -> Array:
        """The answers for all rows."""
        (link,) = answers(self.graph)
        made: Array = np.concatenate([values[link] for values in run_rows(model, self.rows, [link])])
        return made

    def accuracy(self, logits: Array) -> float:
        """Percent of the rows of the last split."""
        label = self.rows.rows()["label"][-self.tested :]
        return 100 * float(np.mean(logits[-self.tested :].argmax(-1) == label))

    def quantized(self, way: Way) -> Quantized:
        """The network quantized, before it is trained again."""
        task, data = self.task, split(self.graph, "train")
        return quantize(
            self.graph,
            recipes.recipe(way.plain),
            self.model.values,
            data,
            samples=task.samples,
            equalized=way.equalized,
            correct=way.correct,
        )

    def figures(self, way: Way) -> Figures:
        """Points of accuracy lost, signal to noise of the answers in dB, percent of rows answered as by the float."""
        model = self.quantized(way).model
        if way.learn is not None:
            model = self.learned(model, 0.002 if way.low else 0.001)
        logits = self.logits(model)
        exact = self.exact.astype(np.float64)
        return {
            "drop": self.accuracy(self.exact) - self.accuracy(logits),
            "sqnr": decibels(float(np.sum(exact**2)), float(np.sum((logits - exact) ** 2))),
            "same": 100 * float(np.mean(logits.argmax(-1) == exact.argmax(-1))),
        }

    def lowered(self, way: Way) -> Figures:
        """How far the integer graph is from the quantized one."""
        return lowered_figures(self.quantized(way).model, self.rows)

    def learned(self, model: Model, rate: float) -> Model:
        """The quantized network trained again, along a cosine from a rate; its latest variables."""
        graph = model.graph.copy()
        schedule = {"block": "CosineDecay", "attrs": {"initial_learning_rate": rate, "decay_steps": "end"}}
        train = {**graph.sections["train"], "schedule": schedule, "epochs": self.task.epochs, "seed": self.seed}
        graph.sections = {**graph.sections, "train": train}
        trainer = Trainer(graph, values=model.values)
        for _ in trainer.run():
            pass
        return Model.of(model.graph, {name: trainer.state[name] for name in model.values})


class Kept:
    """Figures by seed and by what was done, a line of JSON each, in a file that grows as they come."""

    def __init__(self, path: Path):
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.found: dict[tuple[int, str], Figures] = {}
        for line in lines:
            seed, name, figures = json.loads(line)
            self.found[seed, name] = figures

    def add(self, seed: int, step: Step, network: Network) -> None:
        """Measure a step, and keep its figures and the seconds of processor time that it took."""
        began = time.process_time()
        figures = {**step.measure(network), "seconds": time.process_time() - began}
        self.found[seed, step.name] = figures
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([seed, step.name, figures]) + "\n")


@dataclass(frozen=True)
class Step:
    """What is done with each network, and the limits of its figures."""

    name: str
    measure: Callable[[Network], Figures]
    limits: Figures = field(default_factory=dict)


def steps(task: Task) -> list[Step]:
    """What is measured: the float network, each way to quantize it, and integer graphs."""
    return [
        Step("float", lambda network: {"accuracy": network.accuracy(network.exact)}, task.limits),
        *(Step(way.name, partial(Network.figures, way=way), way.limits) for way in task.ways),
        *(Step(f"{way.name}, lowered", partial(Network.lowered, way=way), LOWERED) for way in task.lowered),
    ]


def measured(todo: Sequence[Step], task: Task, seeds: int, kept: Path) -> Iterator[tuple[Step, list[Figures]]]:
    """Each step with the figures of each seed. Seeds run one after another, and what is kept is not run again."""
    kept.mkdir(parents=True, exist_ok=True)
    results = Kept(kept / "figures.jsonl")
    for seed in range(seeds):
        missing = [step for step in todo if (seed, step.name) not in results.found]
        network = Network(task, seed, kept) if missing else None
        for step in missing:
            assert network is not None
            results.add(seed, step, network)
        print(f"seed {seed} is measured", file=sys.stderr, flush=True)
    for step in todo:
        yield step, [results.found[seed, step.name] for seed in range(seeds)]


def told(step: Step, figures: Sequence[Figures]) -> tuple[str, bool]:
    """A line with mean, standard error and worst seed of each figure, and whether all limits are kept."""
    parts, fine = [], True
    for key in figures[0]:
        values = np.array([each[key] for each in figures])
        if key == "seconds":
            parts.append(f"{values.mean():.1f} s")
            continue
        error = float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
        sign = 1 if key in BETTER_LOW else -1
        worst = sign * float((sign * values).max())
        part = f"{key} {values.mean():+.3f} ± {error:.3f} (worst {worst:+.3f})"
        if (limit := step.limits.get(key)) is not None:
            at_end = worst if key in FOR_ALL else float(values.mean()) + sign * error
            held = sign * at_end <= sign * limit
            part += f" {'within' if held else 'NOT within'} {limit:g}"
            fine &= held
        parts.append(part)
    return f"{step.name}: " + "; ".join(parts), fine


def main(task: Task, description: str) -> int:
    """Measure and print; 1 where a limit is not kept, 2 where nothing can be measured."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("kept", type=Path, help="keeps networks and figures; what is there is not run again")
    parser.add_argument("--seeds", type=int, default=5, help="how many networks are trained")
    parser.add_argument("--data-root", type=Path, help="where the files of the data are, if not in the repository")
    parser.add_argument("--limited", action="store_true", help="measure only what has a limit")
    options = parser.parse_args()
    if options.data_root is not None:
        os.environ["DATAFLOW_DATA_ROOT"] = str(options.data_root)
    todo, failed = [step for step in steps(task) if step.limits or not options.limited], 0
    try:
        for step, figures in measured(todo, task, options.seeds, options.kept):
            line, fine = told(step, figures)
            failed += not fine
            print(line, flush=True)
    except flow.DataflowError as error:
        print(error, file=sys.stderr)
        return 2
    return int(failed > 0)
