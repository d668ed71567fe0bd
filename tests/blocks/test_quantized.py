"""Blocks that compute with quantized numbers, where the reference has no kernel, or one that goes wrong."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core.block import TensorType
from dataflow.core.bounding import bounded
from dataflow.core.errors import BlockError
from dataflow.core.ranges import Range

random = np.random.default_rng(3)
RANGES = [(-1.0, 1.0), (0.0, 8.0), (-20.0, -3.0), (2.0, 90.0), (-4.0, 1e-3)]


def levels(dtype, *shape):
    info = np.iinfo(dtype)
    return random.integers(info.min, info.max, shape, dtype, endpoint=True)


def values(q, low, high):
    """The values of numbers, as Dequantize has them."""
    return blocks["Dequantize"](mode="MIN_FIRST")(q, low, high)


@pytest.mark.parametrize(("low", "high"), RANGES)
@pytest.mark.parametrize(("out_type", "dtype"), [("quint8", np.uint8), ("qint32", np.int32)])
def test_a_ceiling_of_6_is_that_of_relu6_and_an_endless_one_is_none(out_type, dtype, low, high):
    q = levels(dtype, 500)
    with_ceiling = blocks["QuantizedReluX"](out_type=out_type)
    for ceiling, other in ((6.0, "QuantizedRelu6"), (np.inf, "QuantizedRelu")):
        for got, wanted in zip(
            with_ceiling(q, ceiling, low, high), blocks[other](out_type=out_type)(q, low, high), strict=True
        ):
            np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("ceiling", [0.3, 1.7, 3.0])
def test_values_stay_between_0_and_the_ceiling(ceiling):
    q = np.arange(256, dtype=np.uint8)
    made = blocks["QuantizedReluX"]()(q, ceiling, -2.0, 4.0)
    step = 6 / 255
    wanted = np.clip(values(q, -2.0, 4.0), 0, ceiling)
    assert np.abs(values(*made) - wanted).max() <= step / 2 + 1e-6


SHAPES = [((2, 3), (2, 1)), ((3, 1), (1, 4)), ((2, 1, 3), (4, 1)), ((5, 1, 2), (5, 3, 1)), ((2, 0), (2, 1)), ((), (0,))]


@pytest.mark.parametrize(("first", "second"), SHAPES)
@pytest.mark.parametrize("name", ["QuantizedMul", "QuantizedAdd"])
def test_operands_broadcast_in_every_way(name, first, second):
    """The reference refuses some of these, and of others leaves parts unset or repeats the wrong ones."""
    x, y = levels(np.uint8, *first), levels(np.uint8, *second)
    ends = (-1.0, 3.0, -0.5, 0.25)
    whole = [np.broadcast_to(q, np.broadcast_shapes(first, second)) for q in (x, y)]
    for got, wanted in zip(blocks[name]()(x, y, *ends), blocks[name]()(*whole, *ends), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_products_are_those_of_the_values():
    x, y = levels(np.uint8, 40, 30), levels(np.uint8, 30)
    z = blocks["QuantizedMul"]()(x, y, -1.0, 3.0, -0.5, 0.25)
    step = float(z.max_z) / 2**31
    assert np.isclose(step, 4 / 255 * 0.75 / 255)
    np.testing.assert_allclose(z.z * step, values(x, -1.0, 3.0) * values(y, -0.5, 0.25), atol=1e-6)


def test_sums_are_those_of_the_values():
    x, y = levels(np.uint8, 40, 30), levels(np.uint8, 30)
    wanted = values(x, -1.0, 3.0) + values(y, -0.5, 0.25)
    for made in (
        blocks["QuantizedAdd"]()(x, y, -1.0, 3.0, -0.5, 0.25),
        blocks["QuantizedBiasAdd"](out_type="qint32")(x, y, -1.0, 3.0, -0.5, 0.25),
    ):
        np.testing.assert_allclose(values(*made), wanted, atol=0.02)


def test_no_channels_give_nothing():
    made = blocks["QuantizedBiasAdd"](out_type="qint32")(
        np.zeros((2, 0), np.uint8), np.zeros(0, np.uint8), -1.0, 1.0, -1.0, 2.0
    )
    assert made.output.shape == (2, 0)
    assert made.max_out == 2.0**18


def test_means_of_windows_too_large_for_float32_are_exact():
    x = np.full((1, 300, 300, 2), 255, np.uint8)
    x[0, 0, 0] = 254
    pool = blocks["QuantizedAvgPool"](ksize=[1, 300, 300, 1], strides=[1, 300, 300, 1], padding="VALID")
    assert pool(x, 0.0, 1.0).output.ravel().tolist() == [254, 254]
    x[0, 0, 0] = 255
    assert pool(x, 0.0, 1.0).output.ravel().tolist() == [255, 255]


def test_products_of_batch_norm_saturate():
    """The reference wraps around from 512.0 on."""
    scale = {"v": (1.0, 1.0), "m": (0.0, 0.0), "beta": (0.0, 0.0), "gamma": (1e6, 1e6)}
    inputs = {"t": np.array([0, 255], np.uint8).reshape(1, 1, 2, 1), "t_min": -1000.0, "t_max": 1000.0}
    for port, (low, high) in scale.items():
        inputs |= {port: np.zeros(1, np.uint8), f"{port}_min": low, f"{port}_max": high}
    attrs = {"out_type": "qint32", "variance_epsilon": 0.0, "scale_after_normalization": True}
    made = blocks["QuantizedBatchNormWithGlobalNormalization"](**attrs)(**inputs)
    assert made.result.ravel().tolist() == [-(2**31) // 2048, (2**31 - 1) // 2048]


def test_images_are_normalized_one_by_one():
    x = levels(np.uint8, 3, 40, 50, 6)
    block = blocks["QuantizedInstanceNorm"](output_range_given=True, given_y_min=-3.0, given_y_max=3.0)
    together = block(x, -1.0, 2.0).y
    for image, made in zip(x, together, strict=True):
        np.testing.assert_array_equal(block(image[None], -1.0, 2.0).y[0], made)
    found = values(together, -3.0, 3.0)
    assert np.abs(found.mean((1, 2))).max() < 0.01
    assert np.abs(found.std((1, 2)) - 1).max() < 0.01


def test_floats_are_resized_as_ever_and_their_range_stays():
    images = random.normal(size=(2, 5, 4, 3)).astype(np.float32)
    for half in (False, True):
        made = blocks["QuantizedResizeBilinear"](half_pixel_centers=half)(images, [7, 3], -1.0, 2.0)
        plain = blocks["ResizeBilinear"](half_pixel_centers=half)(images, [7, 3])
        np.testing.assert_array_equal(made.resized_images, plain)
        assert (made.out_min, made.out_max) == (-1.0, 2.0)


def convolved(x, filter, stride, padding):
    """Sums over windows that are centered on the input, in Python's integers; what is padded is 0."""
    (_, *sizes, _), (*window, _, _) = x.shape, filter.shape
    made, origins = [], []
    for size, reach in zip(sizes, window, strict=True):
        count = -(-size // stride) if padding == "SAME" else (size - reach) // stride + 1
        beyond = (count - 1) * stride + reach - size
        made.append(count)
        origins.append(-int((beyond + (padding == "VALID")) / 2))
    y = np.zeros((len(x), *made, filter.shape[-1]), np.int64)
    for b, i, j, o in np.ndindex(y.shape):
        for di, dj in np.ndindex(*window):
            row, column = origins[0] + i * stride + di, origins[1] + j * stride + dj
            if 0 <= row < sizes[0] and 0 <= column < sizes[1]:
                y[b, i, j, o] += int(np.dot(x[b, row, column], filter[di, dj, :, o]))
    return y


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("window", "stride"), [((3, 2), 1), ((1, 1), 2), ((2, 1), 4), ((1, 2), 5)])
@pytest.mark.parametrize(("low", "high", "zero"), [(-1.0, 1.0, 128), (-3.0, -1.0, 383), (2.0, 4.0, -255)])
def test_padding_stands_for_0_wherever_the_range_lies(padding, window, stride, low, high, zero):
    """The reference pads with another number where that of 0.0 is above 255."""
    x, filter = levels(np.uint8, 2, 7, 9, 3), levels(np.uint8, *window, 3, 2)
    made = blocks["QuantizedConv2D"](strides=[1, stride, stride, 1], padding=padding)(x, filter, low, high, 0.0, 1.0)
    wanted = convolved(x.astype(np.int64) - zero, filter.astype(np.int64), stride, padding)
    np.testing.assert_array_equal(made.output, wanted)


@pytest.mark.parametrize(("low", "high", "zero"), [(2.0, 3.0, -510), (300.0, 301.0, -76500)])
def test_long_sums_wrap_around_and_are_exact(low, high, zero):
    a, b = levels(np.uint8, 3, 100_000), levels(np.uint8, 100_000, 2)
    made = blocks["QuantizedMatMul"]()(a, b, low, high, 0.0, 1.0).out
    wanted = (a.astype(np.int64) - zero) @ b.astype(np.int64)
    assert abs(wanted).max() > 2**31
    np.testing.assert_array_equal(made, wanted.astype(np.int32))


def test_a_range_that_is_far_from_0_is_refused():
    q = levels(np.uint8, 2, 2)
    with pytest.raises(BlockError, match=r"^QuantizedMatMul: input 'b' must lie within 1048576 steps of 0\.0, got the"):
        blocks["QuantizedMatMul"]()(q, q, 0.0, 1.0, 5000.0, 5001.0)


def test_no_images_give_none():
    made = blocks["QuantizedConv2D"](strides=[1, 1, 1, 1], padding="SAME")(
        np.zeros((0, 4, 4, 1), np.uint8), levels(np.uint8, 2, 2, 1, 3), 0.0, 1.0, 0.0, 1.0
    )
    assert made.output.shape == (0, 4, 4, 3)


def ranges_of(name, attrs, x, others):
    """The ranges of what a block gives of values about one operand, where the others are known."""
    block = blocks[name](**attrs)
    types = block.output_types(block.operand_types([x, *others], TensorType.of))
    low, high = x - (x > 3) * np.uint8(3), x + (x < 250) * np.uint8(5)
    return bounded(block, [Range(low, high, x.shape), *map(Range.of, others)], types)


def test_ranges_of_products_are_those_of_codes():
    ends = [np.float32(end) for end in (-1, 1, 0, 5)]
    a, b = levels(np.uint8, 4, 6), levels(np.uint8, 6, 3)
    x, filter = levels(np.uint8, 1, 5, 5, 2), levels(np.uint8, 3, 3, 2, 4)
    windows = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    zero = np.int32(128)
    for quantized, integer, attrs, operands in (
        ("QuantizedMatMul", "IntegerMatMul", {}, (a, b)),
        ("QuantizedConv2D", "IntegerConv2D", windows, (x, filter)),
    ):
        found, low, high = ranges_of(quantized, attrs, operands[0], [operands[1], *ends])
        (wanted,) = ranges_of(integer, attrs, operands[0], [operands[1], zero, np.int32(0)])
        np.testing.assert_array_equal(found.low, wanted.low)
        np.testing.assert_array_equal(found.high, wanted.high)
        assert (found.accumulator.low == wanted.accumulator.low).all()
        step = 2 / 255 * 5 / 255
        np.testing.assert_allclose([low.value, high.value], [-(2.0**31) * step, 2.0**31 * step], rtol=1e-6)
