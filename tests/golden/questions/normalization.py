"""What to ask about batch normalization, local response normalization and their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .asking import Question, asks

SHAPES = ((2, 3, 4, 5), (1, 1, 1, 3), (4, 2, 2, 1), (0, 2, 2, 3), (3, 1, 5, 17))
NOTHING = np.zeros(0, "float32")


def batch(random: np.random.Generator, shape: tuple[int, ...], first: bool) -> dict[str, Any]:
    """A batch far from mean 0 and variance 1, and what goes with its channels."""
    count = shape[-1]
    x = random.normal(size=shape) * random.uniform(0.5, 4, count) + random.normal(size=count) * 5
    x = (np.moveaxis(x, -1, 1) if first else x).astype("float32")
    scale, offset, mean = random.normal(size=(3, count)).astype("float32")
    variance = random.uniform(0.5, 3, count).astype("float32")
    return {"x": np.ascontiguousarray(x), "scale": scale, "offset": offset, "mean": mean, "variance": variance}


def formats(shape: tuple[int, ...], volumes: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "NHWC", shape
    yield "NCHW", shape
    if volumes and shape[1] > 1:
        yield "NDHWC", (*shape[:2], 2, *shape[2:])
        yield "NCDHW", (*shape[:2], 2, *shape[2:])


def batches(random: np.random.Generator, volumes: bool) -> Iterator[Question]:
    for shape in SHAPES:
        for data_format, dims in formats(shape, volumes):
            inputs = batch(random, dims, data_format.startswith("NC"))
            name = f"{data_format}_{'x'.join(map(str, dims))}"
            sloped = inputs["x"].size > 0 or len(dims) == 4  # else, and for fixed volumes, the reference drops a dim
            empty = {"mean": NOTHING, "variance": NOTHING}
            yield Question(f"{name}_train", {"data_format": data_format}, inputs | empty, slopes=sloped)
            running = {"data_format": data_format, "exponential_avg_factor": 0.25, "epsilon": 0.01}
            yield Question(f"{name}_running", running, inputs, slopes=sloped)
            fixed = {"data_format": data_format, "is_training": False}
            yield Question(f"{name}_fixed", fixed, inputs, slopes=len(dims) == 4)


@asks("FusedBatchNorm", "FusedBatchNormV2", ulps=None, relative=2e-6)
def normalized(random: np.random.Generator) -> Iterator[Question]:
    yield from batches(random, volumes=False)


@asks("FusedBatchNormV3", ulps=None, relative=2e-6)
def normalized_volumes(random: np.random.Generator) -> Iterator[Question]:
    yield from batches(random, volumes=True)
    inputs = batch(random, (2, 3, 3, 4), first=False)
    for factor in (0.0, 2.0):
        yield Question(f"factor_{factor}", {"exponential_avg_factor": factor}, inputs)


def backward(random: np.random.Generator, volumes: bool) -> Iterator[Question]:
    for shape in SHAPES:
        for data_format, dims in formats(shape, volumes):
            first = data_format.startswith("NC")
            inputs = batch(random, dims, first)
            x = inputs["x"].astype("float64")
            others = tuple(i for i in range(x.ndim) if i != (1 if first else x.ndim - 1))
            mean, variance = (x.mean(others), x.var(others)) if x.size else (inputs["mean"], inputs["variance"])
            inputs = {
                "y_backprop": random.normal(size=x.shape).astype("float32"),
                "x": inputs["x"],
                "scale": inputs["scale"],
                "reserve_space_1": mean.astype("float32"),
                "reserve_space_2": variance.astype("float32"),
                "reserve_space_3": np.zeros((), "float32"),
            }
            name = f"{data_format}_{'x'.join(map(str, dims))}"
            attrs = {"data_format": data_format, "epsilon": 0.001}
            if x.size or len(dims) == 4:  # of empty volumes the reference drops a dim
                yield Question(f"{name}_train", attrs, inputs, slopes=bool(x.size))
            if not first and len(dims) == 4:  # the others the reference does in training only
                yield Question(f"{name}_fixed", attrs | {"is_training": False}, inputs, slopes=bool(x.size))


@asks("FusedBatchNormGrad", "FusedBatchNormGradV2", ulps=None, relative=2e-6)
def gradient(random: np.random.Generator) -> Iterator[Question]:
    yield from backward(random, volumes=False)


@asks("FusedBatchNormGradV3", ulps=None, relative=2e-6)
def gradient_of_volumes(random: np.random.Generator) -> Iterator[Question]:
    yield from backward(random, volumes=True)


SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"depth_radius": 0},
    {"depth_radius": 2, "beta": 0.75, "alpha": 0.1, "bias": 2.0},
    {"depth_radius": 1, "beta": 1.0},
    {"depth_radius": 100, "beta": 0.5, "alpha": 0.01},
    {"depth_radius": 3, "beta": -0.5, "bias": 0.5},
)


@asks("LRN", ulps=None, relative=1e-6)
def local_response(random: np.random.Generator) -> Iterator[Question]:
    for i, attrs in enumerate(SETTINGS):
        for shape in ((2, 3, 2, 7), (1, 1, 1, 1), (0, 2, 2, 3), (1, 2, 2, 0), (1, 2, 1, 20)):
            input = random.normal(size=shape).astype("float32") * 2
            yield Question(f"{i}_{'x'.join(map(str, shape))}", attrs, {"input": input}, slopes=True)


@asks("LRNGrad", ulps=None, relative=2e-6)
def local_response_gradient(random: np.random.Generator) -> Iterator[Question]:
    for i, attrs in enumerate(SETTINGS):
        for shape in ((2, 3, 2, 7), (1, 1, 1, 1), (0, 2, 2, 3), (1, 2, 1, 20)):
            arrays = random.normal(size=(3, *shape)).astype("float32")
            inputs = dict(zip(("input_grads", "input_image", "output_image"), arrays, strict=True))
            yield Question(f"{i}_{'x'.join(map(str, shape))}", attrs, inputs)
