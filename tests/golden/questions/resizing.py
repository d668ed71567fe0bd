"""What to ask about resized images and their gradients."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .asking import Question, asks
from .gathering import numbers

SIZES = [((4, 6), (2, 3)), ((2, 3), (5, 4)), ((3, 3), (3, 3)), ((1, 1), (3, 2)), ((5, 7), (1, 1)), ((7, 5), (3, 8))]
ATTRS = [(False, False), (True, False), (False, True)]


def _attrs(corners: bool, half: bool) -> dict[str, bool]:
    return {"align_corners": corners, "half_pixel_centers": half}


@asks("ResizeBilinearGrad", "ResizeBicubicGrad", ulps=None, wide=1e-6)
def resize(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64"):
        for after, before in SIZES:
            for corners, half in ATTRS:
                batch, channels = int(random.integers(1, 3)), int(random.integers(1, 4))
                given = {
                    "grads": numbers(random, (batch, *after, channels), "float32"),
                    "original_image": np.zeros((batch, *before, channels), dtype),
                }
                name = f"{dtype}_{after[0]}x{after[1]}_to_{before[0]}x{before[1]}_{corners}_{half}"
                yield Question(name, _attrs(corners, half), given)


@asks("ResizeNearestNeighborGrad", ulps=None, relative=1e-6)
def nearest(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int32", "uint8"):
        for after, before in SIZES:
            for corners, half in ATTRS:
                batch, channels = int(random.integers(1, 3)), int(random.integers(1, 4))
                grads = numbers(random, (batch, *after, channels), dtype)
                name = f"{dtype}_{after[0]}x{after[1]}_to_{before[0]}x{before[1]}_{corners}_{half}"
                yield Question(name, _attrs(corners, half), {"grads": grads, "size": np.array(before, np.int32)})


def _images(random: np.random.Generator, *dtypes: str) -> Iterator[Question]:
    for dtype in dtypes:
        for after, before in SIZES:
            for corners, half in ATTRS:
                images = numbers(random, (int(random.integers(1, 3)), *before, int(random.integers(1, 4))), dtype)
                name = f"{dtype}_{before[0]}x{before[1]}_to_{after[0]}x{after[1]}_{corners}_{half}"
                given = {"images": images, "size": np.array(after, np.int32)}
                yield Question(name, _attrs(corners, half), given, slopes=dtype == "float32")


@asks("ResizeNearestNeighbor")
def nearest_forward(random: np.random.Generator) -> Iterator[Question]:
    yield from _images(random, "float32", "float64", "int32", "uint8")


@asks("ResizeBilinear", "ResizeBicubic", ulps=None, relative=3e-6)
def resize_forward(random: np.random.Generator) -> Iterator[Question]:
    yield from _images(random, "float32", "float64", "int32", "uint8")
