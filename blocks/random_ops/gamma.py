"""Gamma distributed numbers, and their derivative by the shape of the distribution."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.sampling import draw_each
from blocks.kernels.static_shape import INDEX, sizes
from blocks.random_ops.seeded_base import Seeded
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Elementwise, Opaque
from dataflow.core.random import CHUNK, Key
from dataflow.core.shapes import Shape
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

SMALL = 10  # alpha below which the series is best for samples above it too
LARGE = 1e4  # alpha from which the expansion in its inverse is exact to twelve digits
ROUNDS = 3000  # enough for any alpha below that
CHECKED = 4  # rounds after which it is looked who is done
SAMPLES = 1 << 13  # whose slopes are computed together
BYTES = 30 * 8  # that each of them takes at most


class RandomGamma(Seeded, Opaque):
    """Random numbers of gamma distributions, with density ``x ** (alpha - 1) * exp(-x) / gamma(alpha)``.

    Each number of `alpha` has an array of shape `shape` of its own. Where it is 0 they are 0, infinite they are
    infinite, below 0 or NaN they are NaN. Drawn in float64 and rounded.

    >>> RandomGamma()([3], [0.5, 2.0]).shape
    (3, 2)

    Source: tf.random.gamma.
    """

    T, S = dtypes.floating[1:], INDEX
    shape = In("S", "how many are drawn for each number of `alpha`, as a shape", shape=("rank",), static=True)
    alpha = In("T", "the distribution's shape, which is also its mean, any shape")
    output = Out("T", "random numbers; `shape` followed by the shape of `alpha`")
    smooth = False  # every node draws numbers of its own, so a call tells nothing about the slope of a node

    def shape_of(self, shape: TensorType, alpha: TensorType) -> Shape:
        size = sizes(self, "shape", shape)
        return None if size is None or alpha.shape is None else size + alpha.shape

    def bind(self, memory: Workspace, shape: TensorType, alpha: TensorType) -> Kernel:
        (made,), dtype = self.infer(shape, alpha), dtypes.storage(alpha.dtype)
        memory.borrowed += 25 * prod(alpha.sizes) + 41 * min(prod(made.sizes), CHUNK)

        def kernel(shape: Array, alpha: Array, out: Array | None = None, key: Key | None = None) -> Array:
            alphas = alpha.reshape(-1).astype(np.float64)
            proper = (alphas > 0) & (alphas < np.inf)
            drawn = np.where(proper, alphas, 1)
            constant = np.where(alphas >= 0, alphas, np.nan)  # all numbers of the other distributions

            def sample(generator: np.random.Generator, positions: Array) -> Array:
                own = positions % alphas.size
                return np.where(proper[own], generator.standard_gamma(drawn[own]), constant[own])

            out = np.empty(made.sizes, dtype) if out is None else out
            return draw_each(key or Key(), out, sample, self.seed, self.seed2)

        return kernel

    def grad(self, shape: Wire, alpha: Wire, output: Wire, dy: Wire) -> tuple[None, Wire]:
        return None, dy * RandomGammaGrad()(alpha, output)


class RandomGammaGrad(Elementwise):
    """Derivative of a gamma distributed number by the distribution's shape, ``d sample / d alpha`` at a fixed quantile.

    It is ``-(dF / dalpha) / (dF / dsample)`` of the distribution function ``F``; NaN where `alpha` is not above 0 or
    `sample` is below 0. Computed in float64 and rounded; TensorFlow's series ends earlier in float32, and in float64
    the two agree to 11 digits.

    >>> RandomGammaGrad()(1.0, [0.5, 2.0]).round(4)
    array([0.807 , 1.6317], dtype=float32)

    Source: tf.raw_ops.RandomGammaGrad.
    """

    T = dtypes.floating[1:]
    alpha = In("T", "the distribution's shape; broadcasts with `sample`")
    sample = In("T", "numbers drawn from it")
    output = Out("T", "the slope; the broadcast shape of `alpha` and `sample`")

    def kernel(self, alpha: Array, sample: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty(np.broadcast_shapes(alpha.shape, sample.shape), alpha.dtype)
        return in_parts(_slope, out, alpha, sample, size=SAMPLES)

    def workspace(self, alpha: TensorType, sample: TensorType) -> int:
        return part_bytes(BYTES, alpha, sample, size=SAMPLES)

    grad = None


def _slope(alpha: Array, sample: Array, out: Array) -> None:
    a, x = np.broadcast_arrays(alpha, sample)
    slope = np.full(a.shape, np.nan)
    slope[(a > 0) & (x == 0)] = 0
    large = (a >= LARGE) & (np.abs(a.astype(np.float64) - x) < a / 2)
    # where alpha is small the series is more exact, and takes fewer rounds, for samples somewhat above it too
    above = x > np.where(a < SMALL, a + np.sqrt(a) + 2, a)
    proper = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x) & ~large
    groups = ((large & (a < np.inf), _by_expansion), (proper & above, _by_fraction), (proper & ~above, _by_series))
    for group, compute in groups:
        if group.any():
            slope[group] = compute(a[group].astype(np.float64), x[group].astype(np.float64))
    out[...] = slope


def _by_series(a: Array, x: Array) -> Array:
    """From ``F = x ** a * exp(-x) / gamma(a + 1) * (1 + x / (a + 1) + x ** 2 / (a + 1) / (a + 2) + ...)``."""
    totals, slopes, places = np.empty_like(a), np.empty_like(a), np.arange(a.size)
    total, slope, r, near = np.ones_like(a), np.zeros_like(a), a.copy(), x
    term, dterm, work = total.copy(), slope.copy(), np.empty_like(a)  # the last term, and its derivative by a
    for count in range(1, ROUNDS + 1):
        r += 1
        dterm -= np.divide(term, r, work)
        dterm *= near
        dterm /= r
        term *= near
        term /= r
        total += term
        slope += dterm
        if count % CHECKED and count < ROUNDS:
            continue
        # what is added to sums that are complete is too little to change them
        more = np.abs(dterm) > np.multiply(np.abs(slope, work), 1e-17, work)
        more |= term > np.multiply(total, 1e-17, work)
        if _few(more) or count == ROUNDS:
            totals[places], slopes[places] = total, slope
            places = places[more]
            total, slope, r, near, term, dterm, work = (v[more] for v in (total, slope, r, near, term, dterm, work))
            if not places.size:
                break
    return -(slopes + totals * (np.log(x) - _digamma(a + 1))) * x / a


def _by_fraction(a: Array, x: Array) -> Array:
    """From the continued fraction of ``(1 - F) * gamma(a) * exp(x) / x ** a``, for samples above ``a``.

    It is ``1 / (b0 + f1 / (b1 + f2 / (b2 + ...)))`` with ``bn = x + 1 - a + 2 * n`` and ``fn = n * (a - n)``.
    Numerators ``p`` and denominators ``q`` follow from the two before, and so do their derivatives by ``a``.
    """
    b = x + 1 - a
    p0, q0, dp0, dq0 = np.zeros_like(a), np.ones_like(a), np.zeros_like(a), np.zeros_like(a)
    p1, q1, dp1, dq1 = np.ones_like(a), b.copy(), np.zeros_like(a), -np.ones_like(a)
    values, slopes, places = np.empty_like(a), np.empty_like(a), np.arange(a.size)
    shape, last, running = a, np.full_like(a, np.inf), np.ones(a.shape, np.bool_)
    value, work = np.empty_like(a), np.empty_like(a)
    for n in range(1, ROUNDS):
        b += 2
        factor = n * (shape - n)
        for v0, v1, dv0, dv1 in ((p0, p1, dp0, dp1), (q0, q1, dq0, dq1)):  # the last two become those before
            dv0 *= factor
            np.subtract(np.multiply(b, dv1, work), v1, work)
            np.add(work, dv0, dv0)
            dv0 += np.multiply(v0, n, work)
            v0 *= factor
            v0 += np.multiply(b, v1, work)
        p0, p1, dp0, dp1, q0, q1, dq0, dq1 = p1, p0, dp1, dp0, q1, q0, dq1, dq0
        scale = 1 / np.maximum(np.abs(q1), np.abs(dq1))  # or they would overflow
        for v in (p0, p1, dp0, dp1, q0, q1, dq0, dq1):
            v *= scale
        np.divide(p1, q1, value)
        slope = np.divide(np.subtract(dp1, np.multiply(value, dq1, work), work), q1)
        last -= slope
        done = np.abs(last, last) <= np.multiply(np.abs(slope, work), 1e-16, work)
        last = slope
        done &= running
        if n == ROUNDS - 1:
            done = running
        if done.any():
            values[places[done]], slopes[places[done]] = value[done], slope[done]
            running ^= done
            if _few(running):
                places = places[running]
                b, shape, last, value, work, p0, p1, dp0, dp1, q0, q1, dq0, dq1 = (
                    v[running] for v in (b, shape, last, value, work, p0, p1, dp0, dp1, q0, q1, dq0, dq1)
                )
                running = running[running]
                if not places.size:
                    break
    return (slopes + values * (np.log(x) - _digamma(a))) * x


def _few(running: Array) -> bool:
    """Whether so many are done that it pays to leave them out."""
    return bool(8 * np.count_nonzero(running) <= 7 * running.size)


def _by_expansion(a: Array, x: Array) -> Array:
    """From the expansion (Cornish and Fisher) of ``x`` by the normal quantile ``z`` and powers of ``a ** -0.5``."""
    s = 1 / np.sqrt(a)
    target = (x - a) * s
    z = target
    for _ in range(30):
        step = (_expanded(z, s) - target) / (1 + 2 / 3 * z * s)
        z = z - step
    _, c2, c3, c4 = _coefficients(z)
    return 1 + s * (z / 2 - s * s * (c2 / 2 + s * (c3 + s * 1.5 * c4)))


def _expanded(z: Array, s: Array) -> Array:
    c1, c2, c3, c4 = _coefficients(z)
    return z + s * (c1 + s * (c2 + s * (c3 + s * c4)))


def _coefficients(z: Array) -> tuple[Array, Array, Array, Array]:
    z2 = z * z
    return (
        (z2 - 1) / 3,
        z * (z2 - 7) / 36,
        (16 - z2 * (3 * z2 + 7)) / 810,
        z * (9 * z2 * z2 + 256 * z2 - 433) / 38880,
    )


def _digamma(x: Array) -> Array:
    """The derivative of ``log(gamma(x))``, for ``x`` above 0."""
    shift = np.zeros_like(x)
    y = x.copy()
    for _ in range(10):
        small = y < 10
        shift = np.where(small, shift - 1 / y, shift)
        y = np.where(small, y + 1, y)
    r = 1 / (y * y)
    tail = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12))))))
    return shift + np.log(y) - 0.5 / y - tail
