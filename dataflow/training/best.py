"""Which epoch is the best: by what value, whether lower or higher is better, and when waiting for a better one ends."""

from __future__ import annotations

import math
import re

from dataflow.graph.graph import Graph
from dataflow.training.progress import Progress
from dataflow.training.train_section import Train

_HIGHER = {"accuracy", "auc", "precision", "recall", "f1"}  # words in names of metrics
_LOWER = {"loss", "error"}


def mode_of(graph: Graph, train: Train, name: str) -> str:
    """Whether the lowest or the highest value of a metric is best, ``min`` or ``max``; nothing where it is not known.

    What is minimized is best where it is lowest. Of another metric the section says it, or the block that makes it, or
    its name, where all words in it that tell anything tell the same.
    """
    stopping = train.early_stopping
    if stopping is not None and stopping.metric == name and stopping.mode:
        return stopping.mode
    if name == train.minimize:
        return "min"
    link = graph.outputs.get(name)
    if link is not None and (said := graph.nodes[link.node].block.better):
        return said
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    told = [mode for mode, known in (("max", _HIGHER), ("min", _LOWER)) if words & known]
    return told[0] if len(told) == 1 else ""


def judge(progress: Progress, value: float, mode: str, patience: int | None) -> bool:
    """Whether the epoch is the best so far; notes that training is done when patience has run out.

    A value that is NaN or infinite is no best one.
    """
    best = progress.best
    better = math.isfinite(value) and (best is None or (value < best if mode == "min" else value > best))
    if better:
        progress.best, progress.best_epoch = value, progress.epoch + 1
    progress.waited = 0 if better else progress.waited + 1
    progress.done = patience is not None and progress.waited >= patience
    return better
