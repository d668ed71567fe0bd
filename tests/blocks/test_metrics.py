"""Metrics and losses: what they refuse, what they equal by other ways of counting, how they run in graphs."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import Graph, blocks, gradient, run
from dataflow.conformance.equality import same
from dataflow.core.errors import BlockError, GraphError

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 2, 500).astype(np.float32)
SCORES = np.clip(RANDOM.normal(0.5 + 0.2 * LABELS, 0.25), 0, 1).astype(np.float32)


def test_every_metric_and_loss_says_what_is_better():
    measured = [block for block in blocks.values() if block.__module__.startswith("blocks.metric_ops")]
    told = {block.__name__: block.better for block in measured}
    assert told.pop("ConfusionMatrix") == ""
    assert set(told.values()) == {"max", "min"}
    assert {name for name, better in told.items() if better == "min"} == {
        "MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError",
    }  # fmt: skip
    assert blocks["CategoricalCrossentropy"].better == "min"


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "Accuracy", "BinaryCrossentropy"])
def test_labels_in_a_column_are_not_compared_with_every_prediction(name):
    flat = blocks[name]()(LABELS, SCORES)
    assert same(blocks[name]()(LABELS[:, None], SCORES), flat)
    with pytest.raises(BlockError, match=rf"^{name}: input 'y_true' must have shape \[500\], got \[3\]$"):
        blocks[name]()(LABELS[:3], SCORES)


def test_in_a_graph_whose_sizes_are_not_known_before_the_run_neither():
    graph = Graph()
    y_true, y_pred = (graph.input(name, "float32", [None]) for name in ("y_true", "y_pred"))
    graph.output("mse", blocks["MeanSquaredError"]()(y_true, y_pred, name="mse"))
    assert run(graph, y_true=[1.0, 2.0], y_pred=[1.0, 4.0])["mse"] == 2.0
    with pytest.raises(GraphError, match="node 'mse/reshape_like'"):
        run(graph, y_true=[1.0], y_pred=[1.0, 4.0])


def test_precision_and_recall_are_counted():
    for threshold in (0.25, 0.5, 0.75):
        said = threshold < SCORES
        right = np.count_nonzero(said & (LABELS == 1))
        assert blocks["Precision"](thresholds=threshold)(LABELS, SCORES) == np.float32(right / np.count_nonzero(said))
        assert blocks["Recall"](thresholds=threshold)(LABELS, SCORES) == np.float32(right / LABELS.sum())


def test_nothing_predicted_is_a_precision_of_zero():
    assert blocks["Precision"]()([1.0, 0.0], [0.1, 0.2]) == 0


def test_the_area_is_the_chance_that_a_positive_is_above_a_negative():
    grid = np.ceil(SCORES * 199) / 199  # between two thresholds no order is seen
    positive, negative = grid[LABELS == 1][:, None], grid[LABELS == 0]
    chance = np.mean((positive > negative) + 0.5 * (positive == negative))
    assert blocks["AUC"]()(LABELS, SCORES) == pytest.approx(chance, rel=1e-6)
    assert blocks["AUC"]()(1 - LABELS, SCORES) == pytest.approx(1 - chance, rel=1e-6)


def test_labels_may_be_of_any_dtype():
    for kind in ("bool", "uint8", "int64", "float16"):
        for name in ("AUC", "Precision", "Recall"):
            assert same(blocks[name]()(LABELS.astype(kind), SCORES), blocks[name]()(LABELS, SCORES))


@pytest.mark.parametrize(
    ("name", "attrs", "text"),
    [
        ("AUC", {"thresholds": 0.5}, "AUC: attr 'thresholds' must be a list of numbers in [0, 1], got 0.5"),
        (
            "AUC",
            {"thresholds": [0.5, 2.0]},
            "AUC: attr 'thresholds' must be a list of numbers in [0, 1], got [0.5, 2.0]",
        ),
        (
            "Recall",
            {"thresholds": [-1.0]},
            "Recall: attr 'thresholds' must be one or more numbers in [0, 1], got [-1.0]",
        ),
        ("Precision", {"top_k": 0}, "Precision: attr 'top_k' must be at least 1, got 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, attrs, text):
    with pytest.raises(BlockError) as refused:
        blocks[name](**attrs)
    assert str(refused.value) == text


def test_a_class_that_is_not_there_is_an_error():
    with pytest.raises(BlockError, match=r"^ConfusionMatrix: in its body, TensorScatterAdd: input 'indices' must"):
        blocks["ConfusionMatrix"](num_classes=2)([0, 2], [0, 1])


def test_counts_of_a_confusion_matrix_may_be_weights():
    made = blocks["ConfusionMatrix"](num_classes=2, dtype="float32")([0, 1, 1], [0, 1, 1], np.float32([0.5, 2, 3]))
    assert made.tolist() == [[0.5, 0.0], [0.0, 5.0]]


def test_a_class_with_a_weight_of_zero_does_not_count():
    logits = RANDOM.normal(size=(6, 3)).astype(np.float32)
    classes = np.array([0, 1, 2, 1, 0, 2])
    weights = np.float32([1, 0, 1])
    loss = blocks["SparseCategoricalCrossentropy"](from_logits=True, reduction="mean_with_sample_weight")
    kept = classes != 1
    assert loss(classes, logits, class_weight=weights) == loss(classes[kept], logits[kept])


def test_smoothed_labels_pull_logits_together():
    graph = Graph()
    logits = graph.input("logits", "float64", ["N", 4])
    block = blocks["CategoricalCrossentropy"](from_logits=True, label_smoothing=0.2)
    graph.output("loss", block(np.eye(4)[[0, 2]], logits))
    x = RANDOM.normal(size=(2, 4))
    chances = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    wanted = (chances - (np.eye(4)[[0, 2]] * 0.8 + 0.05)) / 2
    np.testing.assert_allclose(run(gradient(graph, of="loss", wrt=["logits"]), logits=x)["grad_logits"], wanted)


def test_examples_that_are_ignored_have_no_gradient_even_where_they_are_not_finite():
    graph = Graph()
    logits = graph.input("logits", "float32", [3, 2])
    block = blocks["SparseCategoricalCrossentropy"](from_logits=True, ignore_class=-1)
    graph.output("loss", block(np.array([0, -1, 1]), logits))
    given = np.float32([[0.0, 0.0], [np.nan, np.inf], [0.0, 0.0]])
    found = run(gradient(graph, of="loss", wrt=["logits"]), logits=given)
    assert found["loss"] == np.float32(np.log(2))
    assert found["grad_logits"].tolist() == [[-0.25, 0.25], [0.0, 0.0], [0.25, -0.25]]


def test_logits_far_from_zero_keep_their_last_digits():
    loss = blocks["BinaryCrossentropy"](from_logits=True, reduction="none")
    made = loss(np.float32([[1.0], [0.0]]), np.float32([[20.0], [-20.0]]))
    np.testing.assert_allclose(made, np.log1p(np.exp(-20.0)), rtol=1e-6)
