"""NumPy as a careful hand writes it for one purpose: what no framework can be much better than without compiling."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np

from .models import RANGES, RATE
from .timing import Run


def adds(x: Any, y: Any, count: int) -> Run:
    """So many calls of the ufunc, and nothing else."""
    out, add = np.empty_like(x), np.add

    def run() -> Any:
        for _ in repeat(None, count):
            add(x, y, out)

    return run


def chain(x: Any) -> Run:
    """The chain of 10, each over the whole array, in a buffer that is there before."""
    out = np.empty_like(x)

    def run() -> Any:
        np.multiply(x, np.float32(0.5), out)
        np.add(out, np.float32(1.0), out)
        np.abs(out, out)
        np.minimum(out, np.float32(2.0), out)
        np.subtract(out, np.float32(0.75), out)
        np.square(out, out)
        np.negative(out, out)
        np.maximum(out, np.float32(-1.0), out)
        np.add(out, np.float32(0.5), out)
        return np.maximum(out, np.float32(0.0), out)

    return run


def matmuls(weights: dict[str, Any], image: Any) -> Run:
    """The five matrix products of the step, which any implementation must do."""
    w1, w2 = weights["w1"], weights["w2"]
    hidden, logits = image @ w1, image @ w1 @ w2
    by_w1, by_w2, by_hidden = np.empty_like(w1), np.empty_like(w2), np.empty_like(hidden)

    def run() -> Any:
        np.matmul(image, w1, hidden)
        np.matmul(hidden, w2, logits)
        np.matmul(hidden.T, logits, by_w2)
        np.matmul(logits, w2.T, by_hidden)
        np.matmul(image.T, by_hidden, by_w1)

    return run


def train_mlp(weights: dict[str, Any], image: Any, label: Any) -> Run:
    """A step of the classifier with fake quantization, its gradient written out by hand."""
    w1, b1, w2, b2 = (weights[name].copy() for name in ("w1", "b1", "w2", "b2"))
    fake1, fake2, fake_hidden = Fake(w1, "w1"), Fake(w2, "w2"), Fake(image @ w1, "hidden")
    rate, rows, batch = np.float32(RATE), np.arange(len(label)), np.float32(len(label))
    hidden, by_w1, by_w2 = np.empty_like(fake_hidden.out), np.empty_like(w1), np.empty_like(w2)

    def run() -> Any:
        q1, q2 = fake1(w1), fake2(w2)
        np.matmul(image, q1, hidden)
        np.add(hidden, b1, hidden)
        np.maximum(hidden, np.float32(0), hidden)
        active = hidden > 0
        quantized = fake_hidden(hidden)
        logits = quantized @ q2
        logits += b2
        logits -= logits.max(1, keepdims=True)
        picked = logits[rows, label]
        np.exp(logits, logits)
        sums = logits.sum(1)
        loss = (np.log(sums) - picked).mean()
        logits /= sums[:, None]
        logits[rows, label] -= 1
        logits /= batch
        by_hidden = logits @ q2.T
        by_hidden *= active
        fake_hidden.mask(by_hidden)
        for w, fake, slope in ((w2, fake2, np.matmul(quantized.T, logits, by_w2)),
                               (w1, fake1, np.matmul(image.T, by_hidden, by_w1))):  # fmt: skip
            fake.mask(slope)
            np.multiply(slope, rate, slope)
            np.subtract(w, slope, w)
        np.subtract(b1, rate * by_hidden.sum(0), b1)
        np.subtract(b2, rate * logits.sum(0), b2)
        return loss

    return run


class Fake:
    """Fake quantization of arrays of one shape in a fixed range."""

    def __init__(self, like: Any, name: str):
        low, high = (np.float32(end) for end in RANGES[name])
        self.scale = np.float32((high - low) / np.float32(255))
        self.zero = np.floor(np.float32(-low / self.scale) + np.float32(0.5))
        self.low, self.high = -self.zero * self.scale, (np.float32(255) - self.zero) * self.scale
        self.out, self.inside, self.work = np.empty_like(like), np.empty(like.shape, bool), np.empty(like.shape, bool)

    def __call__(self, x: Any) -> Any:
        out = self.out
        np.greater_equal(x, self.low, self.inside)
        np.less_equal(x, self.high, self.work)
        np.logical_and(self.inside, self.work, self.inside)
        np.clip(x, self.low, self.high, out)
        np.subtract(out, self.low, out)
        np.divide(out, self.scale, out)
        np.subtract(out, self.zero - np.float32(0.5), out)
        np.floor(out, out)
        return np.multiply(out, self.scale, out)

    def mask(self, slope: Any) -> None:
        """Take out the slopes of values outside of the range."""
        np.multiply(slope, self.inside, slope)
