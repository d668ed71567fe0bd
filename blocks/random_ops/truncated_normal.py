"""Normal distributions cut off at ends that are inputs."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.sampling import draw_each
from blocks.kernels.static_shape import INDEX, sizes
from blocks.random_ops.seeded_base import SHAPE, Seeded
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.random import CHUNK, Key
from dataflow.core.shapes import Shape, agree, show
from dataflow.core.workspace import Kernel, Workspace

FAR = 1e150  # standard deviations: the square of more would overflow, and inf - inf is no width
WIDE = 2.5  # width of an interval from which on normal proposals are accepted more often than uniform ones


class ParameterizedTruncatedNormal(Seeded, Opaque):
    """Random numbers of normal distributions cut off at both ends, ``minvals <= output <= maxvals``.

    Each row, ``output[i]``, has a distribution of its own, or all have the same one. One of the ends may be infinite.

    >>> output = ParameterizedTruncatedNormal()([2, 50], [0.0, 9.0], 1.0, [-1.0, 9.5], [1.0, np.inf])
    >>> bool(abs(output[0]).max() <= 1), bool(output[1].min() >= 9.5)
    (True, True)

    Source: tf.random.truncated_normal.
    """

    dtype, T = dtypes.floating, INDEX
    shape = In("T", SHAPE + ", of rank 1 or more", shape=("rank",), static=True)
    means = In("dtype", "mean of the whole distribution; one number, or one per row")
    stdevs = In("dtype", "its standard deviation, above 0; one number, or one per row")
    minvals = In("dtype", "where it begins; one number, or one per row")
    maxvals = In("dtype", "where it ends, above `minvals`; one number, or one per row")
    output = Out("dtype", "random numbers, of shape `shape`")
    grad = None

    def shape_of(self, shape: TensorType, *parameters: TensorType) -> Shape:
        size = sizes(self, "shape", shape)
        if size == ():
            raise self.error("input 'shape' must have at least one size, got none")
        for name, given in zip(("means", "stdevs", "minvals", "maxvals"), parameters, strict=True):
            if given.shape is None or given.shape == () or given.shape == (1,):
                continue
            if len(given.shape) > 1:
                raise self.error(f"input '{name}' must be one number or one per row, got shape {show(given.shape)}")
            if size is not None and not agree(size[0], given.shape[0]):
                raise self.error(f"input '{name}' must be one number or one per row, {size[0]}, got {given.shape[0]}")
        return size

    def bind(self, memory: Workspace, shape: TensorType, *parameters: TensorType) -> Kernel:
        (made,) = self.infer(shape, *parameters)
        size, dtype, count = made.sizes, storage(made.dtype), prod(made.sizes)
        rows, length = size[0] if count else 0, prod(size[1:])
        given = sum(prod(parameter.sizes) for parameter in parameters)
        memory.borrowed += max(49 * rows, 25 * rows + 108 * min(count, CHUNK)) + 8 * given

        def kernel(
            shape: Array,
            means: Array,
            stdevs: Array,
            minvals: Array,
            maxvals: Array,
            out: Array | None = None,
            key: Key | None = None,
        ) -> Array:
            out = np.empty(size, dtype) if out is None else out
            if not count:
                return out
            numbers = (given.reshape(-1).astype(np.float64) for given in (means, stdevs, minvals, maxvals))
            mean, stdev, low, high = (np.broadcast_to(each, rows) for each in numbers)
            self._check(mean, stdev, low, high)
            a, b = (np.clip((end - mean) / stdev, -FAR, FAR) for end in (low, high))
            flipped = a + b < 0  # so that the longer side is above the mean, and what is cut off below it
            sign = np.where(flipped, -1.0, 1.0)
            a, b = np.where(flipped, -b, a), np.where(flipped, -a, b)

            def sample(generator: np.random.Generator, positions: Array) -> Array:
                row = positions // length
                values = mean[row] + stdev[row] * sign[row] * between(generator, a[row], b[row])
                return np.clip(values, low[row], high[row])

            return draw_each(key or Key(), out, sample, self.seed, self.seed2)

        return kernel

    def _check(self, mean: Array, stdev: Array, low: Array, high: Array) -> None:
        if not np.isfinite(mean).all():
            raise self.error(f"input 'means' must be finite, got {mean[~np.isfinite(mean)][0]}")
        if (bad := ~((stdev > 0) & np.isfinite(stdev))).any():
            raise self.error(f"input 'stdevs' must be above 0 and finite, got {stdev[bad][0]}")
        if (bad := ~(low < high)).any():
            raise self.error(f"input 'minvals' must be below 'maxvals', got {low[bad][0]} and {high[bad][0]}")
        if (bad := np.isinf(low) & np.isinf(high)).any():
            raise self.error(
                "input 'minvals' or 'maxvals' must be finite, "
                f"got {low[bad][0]} and {high[bad][0]}; use RandomNormal where nothing is cut off"
            )


def between(generator: np.random.Generator, a: Array, b: Array) -> Array:
    """Numbers of a standard normal distribution between ``a`` and ``b`` each, where ``a + b >= 0``.

    Proposed by a normal, a uniform, or above 0 by an exponential distribution; nearly half of them are accepted.
    """
    values = np.empty(a.shape)
    for group, propose in (
        ((a <= 0) & (b - a >= WIDE), _by_normal),
        ((a <= 0) & (b - a < WIDE), _by_uniform),
        (a > 0, _by_exponential),
    ):
        pending = np.flatnonzero(group)
        while pending.size:
            proposed, accepted = propose(generator, a[pending], b[pending])
            values[pending] = proposed
            pending = pending[~accepted]
    return values


def _by_normal(generator: np.random.Generator, a: Array, b: Array) -> tuple[Array, Array]:
    z = generator.standard_normal(a.size)
    return z, (a <= z) & (z <= b)


def _by_uniform(generator: np.random.Generator, a: Array, b: Array) -> tuple[Array, Array]:
    z = a + (b - a) * generator.random(a.size)
    return z, np.log(generator.random(a.size)) <= -0.5 * z * z


def _by_exponential(generator: np.random.Generator, a: Array, b: Array) -> tuple[Array, Array]:
    """The tail of Robert (1995), with proposals that end at ``b``."""
    rate = (a + np.hypot(a, 2)) / 2
    z = a - np.log1p(generator.random(a.size) * np.expm1(-rate * (b - a))) / rate
    nearest = np.minimum(rate, b)  # where the proposals fit best
    fit = (nearest - z) * (nearest + z - 2 * rate) / 2
    return z, np.log(generator.random(a.size)) <= fit
