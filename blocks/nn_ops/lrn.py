"""Normalization of each element by those of the channels beside it."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from dataflow.block import In, Out, attr
from dataflow.kinds import Opaque

_SLAB = 1 << 15  # elements that are worked on at once, few enough to stay in the cache


class LocalResponse(Opaque, abstract=True):
    """What the normalization and its gradient share."""

    T = ("float32", "bfloat16", "float16")
    depth_radius: int = attr("how many channels on each side belong to the sum", default=5, ge=0)
    bias: float = attr("added to the sum; keeps it from 0", default=1.0)
    alpha: float = attr("factor of the sum", default=1.0)
    beta: float = attr("power of the sum", default=0.5)

    def neighbours(self, channels: int) -> Any:
        """A matrix with ones where two channels are near enough to belong to each other's sum."""
        place = np.arange(channels)
        return (np.abs(place[:, None] - place) <= self.depth_radius).astype(np.float32)

    def norm(self, x: Any, near: Any) -> Any:
        """``bias + alpha * sum(x ** 2)`` over the neighbours."""
        norm = np.square(x) @ near
        norm *= np.float32(self.alpha)
        norm += np.float32(self.bias)
        return norm

    def scale(self, norm: Any) -> Any:
        """``norm ** -beta``."""
        if self.beta == 1:
            return np.reciprocal(norm)
        if self.beta == 0.5:
            return np.reciprocal(np.sqrt(norm))
        logs = np.log(norm)
        logs *= np.float32(-self.beta)
        return np.exp(logs, logs)


def _slabs(*batches: Any) -> Iterator[list[Any]]:
    """The batches in pieces ``[positions, channels]`` that stay in the cache while they are worked on."""
    channels = batches[0].shape[3]
    rows = [batch.reshape(prod(batch.shape[:3]), channels) for batch in batches]
    step = max(1, _SLAB // max(1, channels))
    for start in range(0, len(rows[0]), step):
        yield [each[start : start + step] for each in rows]


class LRN(LocalResponse):
    """Local response normalization, ``input / (bias + alpha * sum(input ** 2)) ** beta`` over nearby channels.

    NaN and infinities spoil all channels of their position.

    >>> LRN(depth_radius=1)([[[[2.0, 2.0, 0.0]]]]).round(3)
    array([[[[0.667, 0.667, 0.   ]]]], dtype=float32)

    Source: tf.nn.local_response_normalization.
    """

    input = In("T", "values, channels last", shape=("N", "H", "W", "C"))
    output = Out("T", "same shape as `input`", shape=("N", "H", "W", "C"))

    def kernel(self, input: Any, out: Any = None) -> Any:
        near = self.neighbours(input.shape[3])
        y = np.empty(input.shape, input.dtype) if out is None else out
        for given, result in _slabs(input, y):
            x = given.astype(np.float32, copy=False)
            np.multiply(x, self.scale(self.norm(x, near)), result, casting="unsafe")
        return y

    def grad(self, input: Any, output: Any, dy: Any) -> Any:
        return LRNGrad(**self.attrs())(dy, input, output)


class LRNGrad(LocalResponse):
    """Gradient of LRN, ``dy * norm ** -beta - 2 * alpha * beta * x * sum(dy * y / norm)`` over nearby channels.

    ``norm`` is ``bias + alpha * sum(x ** 2)``, with ``dy`` for ``input_grads``, ``x`` for ``input_image`` and ``y`` for
    ``output_image``. No second gradient flows.

    >>> LRNGrad(depth_radius=0)([[[[27.0]]]], [[[[0.0]]]], [[[[0.0]]]])
    array([[[[27.]]]], dtype=float32)

    Source: tf.raw_ops.LRNGrad.
    """

    input_grads = In("T", "gradient by the output of the LRN", shape=("N", "H", "W", "C"))
    input_image = In("T", "what the LRN took", shape=("N", "H", "W", "C"))
    output_image = In("T", "what the LRN gave", shape=("N", "H", "W", "C"))
    output = Out("T", "gradient by its input", shape=("N", "H", "W", "C"))

    def kernel(self, input_grads: Any, input_image: Any, output_image: Any, out: Any = None) -> Any:
        near = self.neighbours(input_image.shape[3])
        dx = np.empty(input_image.shape, input_image.dtype) if out is None else out
        for *given, result in _slabs(input_grads, input_image, output_image, dx):
            dy, x, y = (a.astype(np.float32, copy=False) for a in given)
            norm = self.norm(x, near)
            share = (dy * y / norm) @ near
            share *= x
            share *= np.float32(2 * self.alpha * self.beta)
            np.subtract(dy * self.scale(norm), share, result, casting="unsafe")
        return dx

    grad = None
