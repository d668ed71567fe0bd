"""What to ask about metrics: random predictions of random labels, with weights and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import label, numbers

SHARES: Any = {"ulps": None, "relative": 1e-6}
SHAPES = ((1, 2), (6, 3), (50, 7))


def weights(random: np.random.Generator, count: int, dtype: str = "float32") -> Iterator[tuple[str, dict[str, Any]]]:
    """No weights, weights with zeros among them, and weights that are all zero."""
    some = random.random(count)
    some[::3] = 0.0
    yield "", {}
    yield "_weighted", {"sample_weight": some.astype(dtype)}
    yield "_nothing", {"sample_weight": np.zeros(count, dtype)}


def classes(random: np.random.Generator, shape: tuple[int, int]) -> Any:
    """A class for each row."""
    return random.integers(0, shape[1], shape[0])


def one_hot(random: np.random.Generator, shape: tuple[int, int]) -> Any:
    """A row of zeros with a single one for each row."""
    return np.eye(shape[1], dtype=np.float32)[classes(random, shape)]


@asks("Accuracy", **SHARES)
def equal(random: np.random.Generator) -> Iterator[Question]:
    for dtype, shape in product(("float32", "int32", "int64"), ((9,), (4, 5))):
        y_true, y_pred = (random.integers(0, 3, shape).astype(dtype) for _ in range(2))
        for name, weight in weights(random, shape[0]):
            yield Question(f"{dtype}_{label(shape)}{name}", {}, {"y_true": y_true, "y_pred": y_pred, **weight})
    yield Question("column", {}, {"y_true": np.array([[1], [2], [2]]), "y_pred": np.array([1, 2, 3])})


@asks("BinaryAccuracy", **SHARES)
def sides(random: np.random.Generator) -> Iterator[Question]:
    for shape, threshold in product(((9,), (4, 5)), (0.5, 0.25, 0.0)):
        y_true = random.integers(0, 2, shape).astype(np.float32)
        y_pred = random.integers(0, 5, shape).astype(np.float32) / 4
        for name, weight in weights(random, shape[0]):
            inputs = {"y_true": y_true, "y_pred": y_pred, **weight}
            yield Question(f"{label(shape)}_{threshold}{name}", {"threshold": threshold}, inputs)


@asks("CategoricalAccuracy", **SHARES)
def largest(random: np.random.Generator) -> Iterator[Question]:
    for shape in SHAPES:
        for name, weight in weights(random, shape[0]):
            inputs = {"y_true": one_hot(random, shape), "y_pred": numbers(random, "float32", shape), **weight}
            yield Question(f"{label(shape)}{name}", {}, inputs)


@asks("SparseCategoricalAccuracy", **SHARES)
def classified(random: np.random.Generator) -> Iterator[Question]:
    for kind, shape in product(("int32", "int64"), SHAPES):
        for name, weight in weights(random, shape[0]):
            y_true = classes(random, shape).astype(kind)
            inputs = {"y_true": y_true, "y_pred": np.rint(numbers(random, "float32", shape)), **weight}
            yield Question(f"{kind}_{label(shape)}{name}", {}, inputs)


@asks("TopKCategoricalAccuracy", **SHARES)
def among_largest(random: np.random.Generator) -> Iterator[Question]:
    for shape, k in product(SHAPES, (1, 2, 5)):
        for name, weight in weights(random, shape[0]):
            inputs = {"y_true": one_hot(random, shape), "y_pred": numbers(random, "float32", shape), **weight}
            yield Question(f"{label(shape)}_{k}{name}", {"k": k}, inputs)


@asks("SparseTopKCategoricalAccuracy", **SHARES)
def classes_among_largest(random: np.random.Generator) -> Iterator[Question]:
    for question in among_largest(random):
        y_true = question.inputs["y_true"].argmax(1).astype(np.int32)
        yield question._replace(inputs=question.inputs | {"y_true": y_true})


@asks("MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError", ulps=None, relative=1e-6)
def errors(random: np.random.Generator) -> Iterator[Question]:
    for dtype, shape in product(("float32", "float64"), ((1,), (9,), (40, 5), (2, 3, 4))):
        for name, weight in weights(random, shape[0], dtype):
            if name and len(shape) == 1:
                continue  # to the reference all numbers of a vector are one example
            inputs = {part: numbers(random, dtype, shape) for part in ("y_true", "y_pred")}
            yield Question(f"{dtype}_{label(shape)}{name}", {}, {**inputs, **weight})


@asks("ConfusionMatrix")
def confusion(random: np.random.Generator) -> Iterator[Question]:
    for kind, (count, size), dtype in product(("int32", "int64"), ((0, 3), (20, 4), (5, 9)), ("int32", "float32")):
        inputs = {name: random.integers(0, size, count).astype(kind) for name in ("labels", "predictions")}
        attrs = {"num_classes": size, "dtype": dtype}
        yield Question(f"{kind}_{count}_{size}_{dtype}", attrs, inputs)
        weighted = inputs | {"weights": random.integers(0, 9, count).astype("int32") / np.float32(2)}
        yield Question(f"{kind}_{count}_{size}_{dtype}_weighted", attrs, weighted)


def shown(
    random: np.random.Generator, settings: Sequence[Mapping[str, Any]], shapes: Sequence[tuple[int, ...]]
) -> Iterator[Question]:
    """Predictions that are better than chance, some of them equal to thresholds."""
    for i, (attrs, shape) in enumerate(product(settings, shapes)):
        y_true = random.integers(0, 2, shape).astype(np.float32)
        y_pred = ((random.random(shape) * 2 + y_true) / 3).astype(np.float32)
        y_pred[: len(y_pred) // 3] = np.rint(y_pred[: len(y_pred) // 3] * 8) / 8
        for name, weight in weights(random, shape[0]):
            yield Question(f"{i}_{label(shape)}{name}", dict(attrs), {"y_true": y_true, "y_pred": y_pred, **weight})


@asks("Precision", "Recall", **SHARES)
def thresholded(random: np.random.Generator) -> Iterator[Question]:
    usual: list[dict[str, Any]] = [{}, {"thresholds": 0.25}, {"thresholds": [0.0, 0.5, 0.75, 1.0]}]
    yield from shown(random, usual, ((1,), (30,), (20, 4)))
    narrow: list[dict[str, Any]] = [
        {"top_k": 2},
        {"class_id": 1},
        {"top_k": 1, "class_id": 2},
        {"top_k": 3, "thresholds": [0.2, 0.6]},
    ]
    yield from (q._replace(name=f"narrow_{q.name}") for q in shown(random, narrow, ((20, 4),)))


@asks("AUC", **SHARES)
def areas(random: np.random.Generator) -> Iterator[Question]:
    curves, methods = ("ROC", "PR"), ("interpolation", "minoring", "majoring")
    thresholds: list[dict[str, Any]] = [
        {},
        {"num_thresholds": 5},
        {"thresholds": [0.9, 0.1, 0.3]},
        {"thresholds": [0.25, 0.5, 0.75]},
    ]
    settings = [
        {"curve": curve, "summation_method": method, **given}
        for curve, method, given in product(curves, methods, thresholds)
    ]
    yield from shown(random, settings, ((30,), (20, 4)))
    yield from (q._replace(name=f"logits_{q.name}") for q in shown(random, [{"from_logits": True}], ((30,),)))
