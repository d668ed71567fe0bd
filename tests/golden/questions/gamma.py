"""What to ask about the slope of gamma distributed numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .asking import Question, asks


# the reference counts in the dtype itself, so that in float32 it is a few hundred ulps off
@asks("RandomGammaGrad", ulps=None, relative=2e-4, wide=1e-11)
def slopes(random: np.random.Generator) -> Iterator[Question]:
    for dtype, count in (("float32", 40), ("float64", 300)):
        for low, high in ((0.05, 1.0), (1.0, 10.0), (10.0, 100.0)):
            alpha = random.uniform(low, high, count).astype(dtype)
            inputs = {"alpha": alpha, "sample": random.standard_gamma(alpha).astype(dtype)}
            yield Question(f"{dtype}_to_{high:g}", {}, inputs)
        column = np.array([[0.5], [3.0]], dtype)
        yield Question(f"{dtype}_broadcast", {}, {"alpha": column, "sample": np.array([0.25, 1.0, 4.0], dtype)})
        yield Question(f"{dtype}_scalar", {}, {"alpha": np.array(2.0, dtype), "sample": np.array(1.5, dtype)})
        yield Question(f"{dtype}_empty", {}, {"alpha": np.ones((0, 1), dtype), "sample": np.ones(3, dtype)})
        outside = np.array([[1.0, 0.0], [1.0, -1.0], [0.0, 1.0], [-1.0, 1.0], [np.nan, 1.0]], dtype).T
        yield Question(f"{dtype}_outside", {}, {"alpha": outside[0], "sample": outside[1]})
