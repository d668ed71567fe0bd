"""What to ask about losses and about the largest of each row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import SIGNED, UNSIGNED, label, numbers, singles

FLOATS = ("float32", "float64")


@asks("L2Loss", ulps=None, relative=1e-6)
def squared_length(random: np.random.Generator) -> Iterator[Question]:
    for name, _, t in singles(random, FLOATS, numbers):
        yield Question(name, {}, {"t": t}, slopes=True)
    for dtype in FLOATS:
        yield Question(f"{dtype}_many", {}, {"t": numbers(random, dtype, (30, 40))})


def rows(random: np.random.Generator, dtype: str) -> Iterator[tuple[str, np.ndarray]]:
    """Logits: ordinary, one class, no rows, many classes, and so large that their exponentials overflow."""
    for shape in ((1, 1), (3, 4), (0, 3), (5, 1), (2, 150)):
        yield f"{dtype}_{shape[0]}x{shape[1]}", numbers(random, dtype, shape)
    yield f"{dtype}_large", np.array([[1000, 0, -1000], [500, 500, 499], [-3e4, -3e4, -3e4 + 1]], dtype)
    yield f"{dtype}_endless", np.array([[np.inf, 0, 0], [np.nan, 0, 0], [-np.inf, 0, 0], [-np.inf] * 3], dtype)


@asks("SoftmaxCrossEntropyWithLogits", ulps=None, relative=1e-6)
def dense(random: np.random.Generator) -> Iterator[Question]:
    for dtype in FLOATS:
        for name, logits in rows(random, dtype):
            labels = random.dirichlet(np.ones(logits.shape[1]), len(logits)).astype(dtype)
            inputs = {"features": logits, "labels": labels}
            yield Question(name, {}, inputs, slopes="endless" not in name)
        for i, (a, b) in enumerate([((3, 4), (4,)), ((3, 4), (1, 4)), ((1, 4), (3, 4)), ((4,), (3, 4)), ((3, 4), ())]):
            labels = random.random(b).astype(dtype)
            yield Question(f"{dtype}_broadcast_{i}", {}, {"features": numbers(random, dtype, a), "labels": labels})
        one_hot = np.eye(4, dtype=dtype)[[0, 3, 1]]
        yield Question(f"{dtype}_hot", {}, {"features": numbers(random, dtype, (3, 4)), "labels": one_hot}, slopes=True)


@asks("SparseSoftmaxCrossEntropyWithLogits", ulps=None, relative=1e-6)
def sparse(random: np.random.Generator) -> Iterator[Question]:
    for dtype in FLOATS:
        for name, logits in rows(random, dtype):
            for kind in ("int32", "int64"):
                labels = random.integers(0, logits.shape[1], len(logits)).astype(kind)
                inputs = {"features": logits, "labels": labels}
                yield Question(f"{name}_{kind}", {}, inputs, slopes="endless" not in name)


@asks("InTopK")
def among(random: np.random.Generator) -> Iterator[Question]:
    for k in (-1, 0, 1, 2, 5, 20):
        for kind in ("int32", "int64"):
            predictions = random.integers(0, 6, (40, 8)).astype("float32")
            predictions[::9, 2], predictions[1::9, 3] = np.nan, -np.inf
            targets = random.integers(-1, 9, 40).astype(kind)
            yield Question(f"{kind}_{k}", {"k": k}, {"predictions": predictions, "targets": targets})
        empty = {"predictions": np.zeros((0, 3), "float32"), "targets": np.zeros(0, "int32")}
        yield Question(f"empty_{k}", {"k": k}, empty)


@asks("TopKV2")
def largest(random: np.random.Generator) -> Iterator[Question]:
    for dtype in (*FLOATS, *SIGNED, *UNSIGNED, "float16", "bfloat16"):
        for shape, k in (((12,), 1), ((3, 40), 5), ((2, 3, 7), 7), ((4, 5), 0), ((0, 5), 2), ((3, 40), 30)):
            x = numbers(random, dtype, shape, 2.0 if dtype in FLOATS else 1.0)
            name = f"{dtype}_{'x'.join(map(str, shape))}_{k}"
            inputs = {"input": x, "k": np.array(k, "int32")}
            yield Question(name, {}, inputs, slopes=dtype in FLOATS)
            if dtype in FLOATS:
                yield Question(f"{name}_ties", {}, inputs | {"input": np.rint(x)}, slopes=True)
    edges = np.array([[0.0, -0.0, np.inf, -np.inf, 1.0, np.inf, -0.0, 0.0]], "float32")
    for k in range(9):
        yield Question(f"edges_{k}", {}, {"input": edges, "k": np.array(k, "int32")})
    for kind in ("int16", "int32", "int64"):
        inputs = {"input": numbers(random, "float32", (3, 9)), "k": np.array(4, kind)}
        yield Question(f"index_{kind}", {"index_type": kind}, inputs)
    for k in (1, 6):  # between these the reference gives them in the order of its heap
        inputs = {"input": random.permutation(6).astype("float32"), "k": np.array(k, "int32")}
        yield Question(f"unsorted_{k}", {"sorted": False}, inputs)


REDUCTIONS = ("sum_over_batch_size", "mean_with_sample_weight", "sum", "none")
EXAMPLES = ((3, 2), (9, 4))


def weighted(random: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """No weights; weights of examples, of classes, and both."""
    by_example = {"sample_weight": random.random(shape[0]).astype(dtype)}
    by_class = {"class_weight": random.random(shape[1]).astype(dtype)}
    yield from (("", {}), ("_weighted", by_example), ("_classes", by_class), ("_both", by_example | by_class))


def probabilities(random: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Any:
    """Rows that sum to 1; if there are several the first is certain."""
    rows = random.dirichlet(np.ones(shape[1]), shape[0])
    rows[: len(rows) > 1] = np.eye(shape[1])[0]
    return rows.astype(dtype)


@asks("CategoricalCrossentropy", ulps=None, relative=1e-6)
def categorical(random: np.random.Generator) -> Iterator[Question]:
    for dtype, shape, logits, smooth in product(FLOATS, EXAMPLES, (False, True), (0.0, 0.1, 1.0)):
        for i, (name, weights) in enumerate(weighted(random, dtype, shape)):
            y_true = np.eye(shape[1])[random.integers(0, shape[1], shape[0])].astype(dtype)
            y_pred = (numbers if logits else probabilities)(random, dtype, shape)
            attrs = {"from_logits": logits, "label_smoothing": smooth, "reduction": REDUCTIONS[i]}
            title = f"{dtype}_{label(shape)}_{'logits_' * logits}{smooth}{name}"
            yield Question(title, attrs, {"y_true": y_true, "y_pred": y_pred, **weights}, slopes=True)


@asks("SparseCategoricalCrossentropy", ulps=None, relative=1e-6)
def sparse_categorical(random: np.random.Generator) -> Iterator[Question]:
    for dtype, shape, logits, ignored in product(FLOATS, EXAMPLES, (False, True), (None, 1, -1)):
        for i, (name, weights) in enumerate(weighted(random, dtype, shape)):
            y_true = random.integers(-1 if ignored == -1 else 0, shape[1], shape[0])
            if ignored == -1 and "class_weight" in weights:
                continue  # the reference looks for the weight of class -1
            y_pred = (numbers if logits else probabilities)(random, dtype, shape)
            attrs = {"from_logits": logits, "ignore_class": ignored, "reduction": REDUCTIONS[i]}
            title = f"{dtype}_{label(shape)}_{'logits_' * logits}{ignored}{name}"
            yield Question(title, attrs, {"y_true": y_true, "y_pred": y_pred, **weights}, slopes=True)


@asks("BinaryCrossentropy", ulps=None, relative=1e-6)
def binary(random: np.random.Generator) -> Iterator[Question]:
    for dtype, shape, logits, smooth in product(FLOATS, ((5, 1), (7, 3)), (False, True), (0.0, 0.1)):
        for i, weighing in enumerate((False, False, True, True)):
            y_true = random.integers(0, 2, shape).astype(dtype)
            y_pred = numbers(random, dtype, shape, 5.0) if logits else random.random(shape).astype(dtype)
            y_pred[0] = 0.0
            weights = {"sample_weight": random.random(shape[0]).astype(dtype)} if weighing else {}
            attrs = {"from_logits": logits, "label_smoothing": smooth, "reduction": REDUCTIONS[i]}
            title = f"{dtype}_{label(shape)}_{'logits_' * logits}{smooth}_{REDUCTIONS[i]}"
            yield Question(title, attrs, {"y_true": y_true, "y_pred": y_pred, **weights}, slopes=True)
