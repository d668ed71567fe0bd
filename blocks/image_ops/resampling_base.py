"""Resampling by nearest, bilinear and bicubic interpolation: the pixels and weights that make a resized pixel."""

from __future__ import annotations

import numpy as np

from blocks.kernels.resample import Taps
from dataflow.core.block import Block, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Dim

f32 = np.float32
STEPS = 1024  # places between two pixels in the table of cubic weights, as in the reference


class Resampling(Opaque, abstract=True):
    """Resizing or its gradient; rows and columns are treated alike, one after the other."""

    align_corners: bool = attr("the centers of the corner pixels of both images lie on each other", default=False)
    half_pixel_centers: bool = attr("a pixel's center is half a pixel from its border, not on it", default=False)

    def check(self) -> None:
        if self.align_corners and self.half_pixel_centers:
            raise self.error("attrs 'align_corners' and 'half_pixel_centers' must not both be on, got both")

    def taps(self, size: int, resized: int) -> Taps:
        """Pairs of the index of a pixel and its weight, each for every pixel of the resized image."""
        raise TypeError(f"{type(self).__name__}: must have a method taps, got none; write one")

    def places(self, size: int, resized: int, shift: float) -> Array:
        """Where the resized image's pixels lie in the image, in float32 as the reference computes it."""
        corners = self.align_corners and resized > 1
        scale = f32(size - 1) / f32(resized - 1) if corners else f32(size) / f32(resized)
        index = np.arange(resized, dtype=f32)
        return (index + f32(0.5)) * scale - f32(shift) if self.half_pixel_centers else index * scale


class Nearest(Resampling, abstract=True):
    """The nearest pixel alone."""

    def taps(self, size: int, resized: int) -> Taps:
        place = self.places(size, resized, 0)
        # ties go away from zero
        nearest = np.floor(place + f32(0.5)) if self.align_corners else np.floor(place)
        return [(np.clip(nearest.astype(np.int64), 0, size - 1), np.ones(resized, f32))]


class Bilinear(Resampling, abstract=True):
    """The pixels before and behind."""

    def taps(self, size: int, resized: int) -> Taps:
        place = self.places(size, resized, 0.5)
        floor = np.floor(place)
        before = np.maximum(floor, 0).astype(np.int64)
        behind = np.minimum(np.ceil(place), size - 1).astype(np.int64)
        part = place - floor
        return [(before, f32(1) - part), (behind, part)]


class Bicubic(Resampling, abstract=True):
    """Two pixels before and two behind."""

    def taps(self, size: int, resized: int) -> Taps:
        place = self.places(size, resized, 0.5)
        first = np.floor(place)
        part = np.rint((place - first) * STEPS).astype(np.int64)
        near, far = _cubic(-0.5 if self.half_pixel_centers else -0.75)
        weights = np.stack([far[part], near[part], near[STEPS - part], far[STEPS - part]])
        index = first.astype(np.int64) + np.arange(-1, 3)[:, None]
        bounded = np.clip(index, 0, size - 1)
        if self.half_pixel_centers:  # pixels outside count for nothing; else the border counts for them
            weights[index != bounded] = 0
            total = weights[0] + weights[1] + weights[2] + weights[3]
            counts = np.abs(total) >= f32(1000) * np.finfo(f32).tiny
            weights[:, counts] *= f32(1) / total[counts]
        return list(zip(bounded, weights, strict=True))


def _cubic(a: float) -> tuple[Array, Array]:
    """The weights of the nearer and the farther two pixels, by the distance in steps."""
    x = np.arange(STEPS + 1, dtype=f32) / f32(STEPS)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    x = x + 1
    return near, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


def image_shape(block: Block, port: str, given: TensorType) -> tuple[Dim, ...]:
    """The shape of images, unknown dims where the rank is not known; BlockError unless it has four dims and pixels."""
    shape = (None,) * 4 if given.shape is None else given.shape
    if len(shape) != 4:
        raise block.error(f"input '{port}' must be images, [batch, height, width, channels], got {given}")
    if 0 in shape[1:3]:
        raise block.error(f"input '{port}' must have pixels, got {given}")
    return shape


def given_size(block: Block, size: TensorType) -> tuple[Dim, Dim]:
    """Height and width as the port ``size`` has them; BlockError where they are not positive."""
    if size.value is None:
        return None, None
    height, width = map(int, size.value)
    if min(height, width) <= 0:
        raise block.error(f"input 'size' must be at least 1, got {[height, width]}")
    return height, width
