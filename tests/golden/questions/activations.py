"""What to ask about smooth and leaky activations and their gradient blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .asking import Question, asks
from .inputs import FLOATS as EVERY_FLOAT
from .inputs import label, numbers, singles, stored

FLOATS = ("float32", "float64")
EDGES = [-np.inf, -60.0, -17.0, -14.0, -13.5, -2.0, -0.5, -0.0, 0.0, 0.5, 13.5, 14.0, 17.0, 36.0, 60.0, np.inf, np.nan]


def features(random: np.random.Generator, name: str, dtypes: tuple[str, ...] = FLOATS) -> Iterator[Question]:
    for case, dtype, x in singles(random, dtypes, numbers):
        yield Question(case, {}, {name: x}, slopes=dtype in FLOATS)
    for dtype in dtypes:
        yield Question(f"{dtype}_edges", {}, {name: np.array(EDGES).astype(stored(dtype))})
        yield Question(f"{dtype}_many", {}, {name: numbers(random, dtype, (200,))}, slopes=dtype in FLOATS)
        yield Question(f"{dtype}_near_zero", {}, {name: (-(10.0 ** random.uniform(-9, 0, 200))).astype(stored(dtype))})


@asks("Elu", "Selu", "Softplus", ulps=4)
def curved(random: np.random.Generator) -> Iterator[Question]:
    yield from features(random, "features")


@asks("Softsign", ulps=1)
def fraction(random: np.random.Generator) -> Iterator[Question]:
    yield from features(random, "features")


def gradients(random: np.random.Generator, name: str) -> Iterator[Question]:
    for case, dtype, x in singles(random, FLOATS, numbers):
        yield Question(case, {}, {"gradients": numbers(random, dtype, x.shape), name: x}, slopes=True)
    for dtype in FLOATS:
        dy, x = np.meshgrid(np.array(EDGES).astype(dtype), np.array(EDGES).astype(dtype))
        yield Question(f"{dtype}_edges", {}, {"gradients": dy, name: x})


@asks("EluGrad", "SeluGrad", ulps=1)
def of_outputs(random: np.random.Generator) -> Iterator[Question]:
    yield from gradients(random, "outputs")


@asks("SoftplusGrad", ulps=4)
def of_features(random: np.random.Generator) -> Iterator[Question]:
    yield from gradients(random, "features")


@asks("SoftsignGrad", ulps=2)
def of_softsign(random: np.random.Generator) -> Iterator[Question]:
    for question in gradients(random, "features"):
        yield question._replace(slopes=False)  # the reference has none


ALPHAS = (0.2, 0.0, 1.0, 2.5, -0.5, 0.1, 1e-9)


@asks("LeakyRelu")
def leaky(random: np.random.Generator) -> Iterator[Question]:
    yield from features(random, "features")
    for alpha in ALPHAS:
        for dtype in EVERY_FLOAT:
            x = np.concatenate([np.array(EDGES), random.normal(size=60)]).astype(stored(dtype))
            yield Question(f"{dtype}_alpha_{alpha}", {"alpha": alpha}, {"features": x})
        x = random.normal(size=(2, 3)).astype("float32")
        yield Question(f"slopes_{alpha}_{label(x.shape)}", {"alpha": alpha}, {"features": x}, slopes=True)


@asks("LeakyReluGrad")
def leaky_gradient(random: np.random.Generator) -> Iterator[Question]:
    yield from gradients(random, "features")
    for alpha in ALPHAS:
        for dtype in EVERY_FLOAT:
            dy, x = random.normal(size=(2, 3, 20)).astype(stored(dtype))
            inputs = {"gradients": dy, "features": x}
            yield Question(f"{dtype}_{alpha}", {"alpha": alpha}, inputs, slopes=dtype in FLOATS)
