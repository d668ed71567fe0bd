"""What so many bits would cost the open graph: quantized in memory and measured on rows that are kept for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.files.stamps import Stamp, stamps
from dataflow.graph.graph import Graph
from dataflow.quantize import recipe as recipes
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.insert import insert_quantizers
from dataflow.quantize.model import Model
from dataflow.quantize.pipeline import ranges_for
from dataflow.quantize.section import Quantization, quantization_section
from dataflow.quantize.stages import reference_of
from dataflow.quantize.trials import Trials
from dataflow.studio.jobs.call import Call, Memory
from dataflow.studio.jobs.quality import EXACT
from dataflow.studio.jobs.source import Source
from dataflow.training.array_split import ArraySplit
from dataflow.training.data import split
from dataflow.training.data.splits import training_split
from dataflow.training.evaluation import evaluate, metrics
from dataflow.training.trained_values import values_of

ROWS = 512  # that are measured, and as many for the ranges, spread evenly over their splits
FLOAT = 0  # the width that leaves values as they are
_MEASURED = ("validation", "validate", "test")


@dataclass(frozen=True)
class Bits:
    """Widths of weights and of the values that layers read, in bits; 0 for float.

    folder : of the checkpoints, from the best of which the variables are.
    """

    source: Source
    folder: Path
    weights: int
    activations: int

    def work(self, call: Call, memory: Memory) -> object:
        """SQNR of the answers in dB, metrics with these widths and in float, and which rows they are of."""
        key = self.source, stamps(self.folder.glob("*.npz"))
        known = memory.slots.get("bits")
        if not isinstance(known, _Known) or known.key != key or known.files != stamps(known.files):
            files = stamps(self.source.files())
            memory.slots["bits"] = known = _Known(key, files, Ready.of(self.source, self.folder))
        return known.ready.measured(self.weights, self.activations)


@dataclass(frozen=True)
class _Known:
    """What was made ready, of which source and checkpoints, and of which files besides."""

    key: tuple[Source, Mapping[Path, Stamp | None]]
    files: Mapping[Path, Stamp | None]
    ready: Ready


@dataclass(frozen=True)
class Ready:
    """A float graph ready to be quantized: with trained values, statistics for ranges, and rows with their answers."""

    trials: Trials
    metrics: Mapping[str, float]
    split: str  # that is measured with

    @classmethod
    def of(cls, source: Source, folder: Path) -> Ready:
        """Of a graph, or of one that is quantized without its quantizers; DataflowError where it has no rows."""
        graph = source.graph()
        values, fitted = values_of(graph, source.path, None, str(folder) if folder.exists() else None, "best")
        section = quantization_section(graph)
        model = Model.of(graph, values)
        base = fold_batch_norm(model) if section is None else reference_of(model)
        recipe = _recipe(section, 8, 8)
        splits = dict(graph.sections.get("data") or {})
        if not splits:
            raise DataflowError(
                f"graph '{graph.name}': must have rows to be measured with, got none; give it a data section"
            )
        measured = next((name for name in _MEASURED if name in splits), list(splits)[-1])
        rows = _some(graph, measured, fitted)
        seen = Trials.seen(base, recipe, _some(graph, training_split(splits), fitted))
        names = metrics(base.graph)
        float_metrics = evaluate(base.graph, rows, names, base.values) if names else {}
        return cls(Trials(base, recipe, rows, seen.statistics), float_metrics, measured)

    def measured(self, weights: int, activations: int) -> dict[str, object]:
        """What the answers and the metrics are with these widths."""
        trials = self.trials
        base, recipe = trials.model, _recipe(trials.recipe, weights, activations)
        ranges = ranges_for(base.graph, recipe, trials.statistics)
        model = insert_quantizers(base, recipe, ranges)
        sqnr = trials.outcome(model).sqnr
        names = list(self.metrics)
        found = evaluate(model.graph, trials.data, names, model.values) if names else {}
        return {
            "sqnr": None if math.isnan(sqnr) else min(EXACT, max(-EXACT, sqnr)),
            "metrics": found,
            "float": dict(self.metrics),
            "rows": trials.data.length,
            "split": self.split,
        }


def _recipe(section: Quantization | None, weights: int, activations: int) -> Quantization:
    """The recipe of a section, or the usual one, with these widths everywhere."""
    plain = {} if section is None else {k: v for k, v in section.given().items() if k not in ("variables", "overrides")}
    for key, bits in (("weights", weights), ("activations", activations)):
        given = plain.pop(key, {})
        if bits != FLOAT:
            plain[key] = {**given, "bits": bits}
    if "weights" in plain and "activations" in plain:
        plain.setdefault("bias", {})
    else:
        plain.pop("bias", None)
    return recipes.recipe(plain)


def _some(graph: Graph, name: str, fitted: Mapping[str, object] | None) -> ArraySplit:
    """Some rows of a split, kept in memory."""
    found = split(graph, name, fitted)
    most = min(found.length, ROWS)
    rows: dict[str, Array] = found.rows(np.arange(most) * found.length // max(most, 1))
    return ArraySplit(graph, name, rows)
