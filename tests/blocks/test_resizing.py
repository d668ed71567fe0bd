"""Resizing of images too large to be resized as a whole: each channel is what it is alone, in one part."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.registry import blocks


@pytest.mark.parametrize("name", ["ResizeNearestNeighbor", "ResizeBilinear", "ResizeBicubic"])
@pytest.mark.parametrize("size", [[400, 390], [150, 170]], ids=str)
def test_parts_of_large_images_fit_together(name: str, size: list[int]) -> None:
    images = np.random.default_rng(3).normal(size=(2, 300, 310, 8)).astype(np.float32)
    made = blocks[name]()(images, size)
    for channel in range(8):
        alone = blocks[name]()(images[..., channel : channel + 1].copy(), size)
        assert np.array_equal(made[..., channel : channel + 1], alone)
