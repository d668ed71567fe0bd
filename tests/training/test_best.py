"""The best epoch: which values are best, and when waiting ends."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.training.best import judge, mode_of
from dataflow.training.progress import Progress
from dataflow.training.train_section import Train
from dataflow.training.trainer import Trainer
from training.line import bits


class Score(flow.blocks["Relu"]):
    """A block that says that more is better."""

    better = "max"


@pytest.mark.parametrize(
    "name, mode",
    [
        ("accuracy", "max"), ("top_5_accuracy", "max"), ("AUC", "max"), ("val.f1", "max"), ("recall", "max"),
        ("precision", "max"), ("error", "min"), ("mean_error", "min"), ("xent_loss", "min"),
        ("accuracy_loss", ""), ("score", ""), ("lossless", ""), ("errors", ""), ("inaccuracy", ""),
    ],
)  # fmt: skip
def test_names_that_tell_it(name, mode):
    assert mode_of(flow.Graph(), Train(minimize="goal"), name) == mode


def test_the_section_tells_it_before_the_block_and_the_block_before_the_name():
    graph = flow.Graph("g")
    graph.output("error", Score()(graph.input("x")))
    assert mode_of(graph, Train(minimize="loss"), "error") == "max"
    stopping = {"metric": "error", "patience": 1, "mode": "min"}
    assert mode_of(graph, Train(minimize="loss", early_stopping=stopping), "error") == "min"
    assert mode_of(graph, Train(minimize="accuracy"), "accuracy") == "min"


@pytest.mark.parametrize(
    "mode, values, best, done",
    [
        ("min", [3.0, 2.0, 2.0, 2.5], [1, 2, 2, 2], [False, False, False, True]),
        ("max", [3.0, 2.0, 4.0, 4.0], [1, 1, 3, 3], [False] * 4),
        ("min", [math.nan, 5.0, math.nan, -math.inf], [0, 2, 2, 2], [False, False, False, True]),
        ("max", [math.inf, math.nan], [0, 0], [False, True]),
    ],
)
def test_judging(mode, values, best, done):
    progress, found = Progress(), []
    for value, expected in zip(values, best, strict=True):
        before = progress.best_epoch
        better = judge(progress, value, mode, patience=2)
        assert better == (before != expected)
        found.append((progress.best_epoch, progress.done))
        progress.next_epoch()
    assert found == list(zip(best, done, strict=True))
    assert progress.best is None or math.isfinite(progress.best)


def test_without_patience_nothing_ends():
    progress = Progress()
    assert [judge(progress, value, "min", None) for value in (1.0, 2.0, 3.0)] == [True, False, False]
    assert not progress.done and progress.waited == 2


# -- early stopping -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [None, Path("kept")])
def test_the_best_variables_are_put_back(load, folder):
    stopping = "  early_stopping: {metric: loss, patience: 2, restore_best: true}\n"
    seen = []
    trainer = Trainer(load(lambda text: text + stopping, epochs=400, rate=0.5), folder)
    for _ in trainer.run():
        seen.append(bits(trainer.state))
    assert bits(trainer.state) == seen[-3] != seen[-1]
    best = trainer.progress.best_epoch
    assert trainer.ended == f"loss has not improved for 2 epochs; best epoch {best}: loss {trainer.progress.best:.6g}"
    assert best == len(seen) - 2


def test_a_metric_of_which_more_is_better(load):
    def change(text):
        text = text.replace(
            "outputs: {", "  accuracy: {block: Negate, inputs: {x: loss}}\noutputs: {accuracy: accuracy, "
        )
        return text + "  metrics: [accuracy]\n  early_stopping: {metric: accuracy, patience: 3}\n"

    reports = list(Trainer(load(change, epochs=8)).run())
    found = [r.train["accuracy"] for r in reports]
    assert found == [-r.train["loss"] for r in reports] and len(found) == 8
    assert [r.best for r in reports] == [value > max([-np.inf, *found[:i]]) for i, value in enumerate(found)]
