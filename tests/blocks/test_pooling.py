"""Pooling and dilation where the reference's CPU has no kernel: other layouts, narrow floats, indices; and misuse."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from blocks.nn_ops.average_pooling import AvgPool, AvgPoolGrad
from blocks.nn_ops.dilation import Dilation2D
from blocks.nn_ops.max_pooling import MaxPool
from blocks.nn_ops.max_pooling_gradient import MaxPoolGrad, MaxPoolGradGrad
from blocks.nn_ops.max_pooling_with_argmax import MaxPoolGradGradWithArgmax, MaxPoolGradWithArgmax, MaxPoolWithArgmax
from blocks.nn_ops.pooling3d import AvgPool3D, AvgPool3DGrad, MaxPool3D, MaxPool3DGrad, MaxPool3DGradGrad
from dataflow.core.errors import BlockError

IMAGE = {"ksize": (1, 3, 2, 1), "strides": (1, 2, 1, 1), "padding": "SAME"}
VOLUME = {"ksize": (1, 3, 2, 1, 1), "strides": (1, 2, 1, 2, 1), "padding": "SAME"}


def first(numbers):
    """A list attr with the channel moved to the front."""
    return (numbers[0], numbers[-1], *numbers[1:-1])


@pytest.mark.parametrize(
    "pool, mean, mean_grad, grad, second, attrs, data_format",
    [
        (MaxPool, AvgPool, AvgPoolGrad, MaxPoolGrad, MaxPoolGradGrad, IMAGE, "NCHW"),
        (MaxPool3D, AvgPool3D, AvgPool3DGrad, MaxPool3DGrad, MaxPool3DGradGrad, VOLUME, "NCDHW"),
    ],
)
def test_channels_first(pool, mean, mean_grad, grad, second, attrs, data_format):
    random = np.random.default_rng(1)
    x, dx = (random.normal(size=(2, 5, 4, 6, 3)[: len(data_format)]).astype(np.float32) for _ in range(2))
    other = attrs | {"ksize": first(attrs["ksize"]), "strides": first(attrs["strides"]), "data_format": data_format}
    back = lambda array: np.moveaxis(array, 1, -1)  # noqa: E731
    front = lambda array: np.moveaxis(array, -1, 1)  # noqa: E731
    y = pool(**attrs)(x)
    dy = random.normal(size=y.shape).astype(np.float32)
    np.testing.assert_array_equal(back(pool(**other)(front(x))), y)
    np.testing.assert_array_equal(back(mean(**other)(front(x))), mean(**attrs)(x))
    found = grad(**other)(front(x), front(y), front(dy))
    np.testing.assert_array_equal(back(found), grad(**attrs)(x, y, dy))
    found = second(**other)(front(x), front(y), front(dx))
    np.testing.assert_array_equal(back(found), second(**attrs)(x, y, dx))
    found = mean_grad(**other)(list(front(x).shape), front(dy))
    np.testing.assert_array_equal(back(found), mean_grad(**attrs)(list(x.shape), dy))


def test_channels_in_fours():
    x = np.random.default_rng(1).integers(-128, 128, (2, 8, 5, 6)).astype(np.int8)
    attrs = {"ksize": first(IMAGE["ksize"]), "strides": first(IMAGE["strides"]), "padding": "VALID"}
    fours = np.moveaxis(x.reshape(2, 2, 4, 5, 6), 2, -1)
    y = MaxPool(**attrs, data_format="NCHW_VECT_C")(fours)
    np.testing.assert_array_equal(
        np.moveaxis(y, -1, 2).reshape(2, 8, *y.shape[2:4]), MaxPool(**attrs, data_format="NCHW")(x)
    )


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("index", ["int32", "int64"])
def test_indices_agree_with_values(whole, index):
    random = np.random.default_rng(2)
    x, dx = random.integers(0, 5, (2, 2, 5, 6, 3)).astype(np.float32)
    y, argmax = MaxPoolWithArgmax(**IMAGE, include_batch_in_index=whole, Targmax=index)(x)
    assert argmax.dtype == index
    dy = random.normal(size=y.shape).astype(np.float32)
    by_place = MaxPoolGradWithArgmax(**IMAGE, include_batch_in_index=whole)(x, dy, argmax)
    np.testing.assert_array_equal(by_place, MaxPoolGrad(**IMAGE)(x, y, dy))
    second = MaxPoolGradGradWithArgmax(**IMAGE, include_batch_in_index=whole)(x, dx, argmax)
    np.testing.assert_array_equal(second, MaxPoolGradGrad(**IMAGE)(x, y, dx))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_narrow_floats(dtype):
    """They are computed in float32 and rounded once; the lowest number is their own."""
    x = np.random.default_rng(3).normal(size=(2, 5, 6, 3)).astype(dtype)
    wide = x.astype(np.float32)
    for pool in (MaxPool(**IMAGE), AvgPool(**IMAGE)):
        np.testing.assert_array_equal(pool(x), pool(wide).astype(dtype))
    assert MaxPool(**IMAGE)(np.full_like(x, -np.inf)).min() == ml_dtypes.finfo(dtype).min


def test_a_window_of_many_elements():
    """Their numbers need more than a byte."""
    x = np.random.default_rng(4).normal(size=(1, 20, 20, 1)).astype(np.float32)
    y, argmax = MaxPoolWithArgmax(ksize=[1, 20, 20, 1], strides=[1, 1, 1, 1], padding="VALID")(x)
    assert (y.item(), argmax.item()) == (x.max(), x.argmax())


@pytest.mark.parametrize(
    "misuse, named",
    [
        (lambda x: MaxPool(**IMAGE | {"ksize": [2, 1, 1, 1]}), "attr 'ksize'"),
        (lambda x: MaxPool(**IMAGE | {"ksize": [1, 1, 1, 2], "strides": [1, 1, 1, 1]}), "attr 'strides'"),
        (lambda x: MaxPool(**IMAGE | {"ksize": [1, 2, 1, 3], "strides": [1, 1, 1, 3]}), "attr 'ksize'"),
        (lambda x: MaxPool(**IMAGE | {"ksize": [1, 1, 1, 2], "strides": [1, 1, 1, 2]})(x), "input 'input'"),
        (lambda x: MaxPool(**IMAGE | {"padding": "EXPLICIT"}), "attr 'explicit_paddings'"),
        (
            lambda x: MaxPool(**IMAGE | {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 3, 0, 0, 0, 0, 0]}),
            "attr 'explicit_paddings'",
        ),
        (lambda x: AvgPool(**IMAGE | {"ksize": [1, 1, 1, 3]}), "attr 'ksize'"),
        (lambda x: AvgPool(**IMAGE | {"strides": [1, 0, 1, 1]}), "attr 'strides'"),
        (lambda x: AvgPool(**IMAGE)(x[0]), "input 'value'"),
        (lambda x: AvgPool(**IMAGE | {"padding": "VALID", "ksize": [1, 9, 9, 1]})(x), "input 'value'"),
        (lambda x: AvgPoolGrad(**IMAGE)([2, 5, 6], x), "input 'orig_input_shape'"),
        (lambda x: AvgPoolGrad(**IMAGE)([2, 9, 9, 3], x), "input 'grad'"),
        (lambda x: MaxPoolGrad(**IMAGE)(x, x, x), "input 'orig_output'"),
        (lambda x: MaxPoolGradGrad(**IMAGE)(x, MaxPool(**IMAGE)(x), x[:1]), "input 'grad'"),
        (lambda x: by_index(x, 90), "input 'argmax'"),
        (lambda x: by_index(x, -1), "input 'argmax'"),
        (lambda x: dilate(x, np.zeros((2, 2, 2), x.dtype)), "input 'filter'"),
        (lambda x: dilate(x, np.zeros((0, 2, 3), x.dtype)), "input 'filter'"),
        (lambda x: Dilation2D(strides=[1, 1, 1, 1], rates=[1, 0, 1, 1], padding="SAME"), "attr 'rates'"),
    ],
)
def test_misuse(misuse, named):
    with pytest.raises(BlockError, match=named):
        misuse(np.zeros((2, 5, 6, 3), np.float32))


def by_index(x, index):
    y, argmax = MaxPoolWithArgmax(**IMAGE)(x)
    return MaxPoolGradWithArgmax(**IMAGE)(x, y, np.full_like(argmax, index))


def dilate(x, filter):
    return Dilation2D(strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="SAME")(x, filter)


@pytest.mark.parametrize("nan", [False, True])
def test_of_zeros_of_both_signs_the_last_is_taken_wherever_it_lies(nan):
    """In vectors and in what remains of a row."""
    x = np.zeros((1, 2, 2, 21), np.float32)
    x[0, 1] = -0.0
    x[0, 0, 0, 20] = np.nan if nan else 0
    y = MaxPool(ksize=(1, 2, 1, 1), strides=(1, 1, 1, 1), padding="VALID")(x)
    assert np.signbit(y).all() and not y.any()


def test_of_a_volume_without_numbers_the_largest_is_minus_infinity():
    x = np.full((1, 4, 4, 4, 3), np.nan, np.float32)
    for padding in ("SAME", "VALID"):
        y = MaxPool3D(ksize=(1, 3, 2, 2, 1), strides=(1, 1, 2, 1, 1), padding=padding)(x)
        assert y.size and (y == -np.inf).all()
    window = {"ksize": (1, 1, 1, 1, 1), "strides": (1, 1, 1, 1, 1), "padding": "VALID"}
    assert np.isnan(MaxPool3D(**window)(x)).all()


def test_the_largest_of_a_window_is_the_element_that_is_named():
    """Zeros of both signs are equal: the first is taken."""
    x = np.random.default_rng(0).choice(np.float32([0, -0.0, -1]), (2, 6, 7, 21))
    y, argmax = MaxPoolWithArgmax(ksize=(1, 2, 3, 1), strides=(1, 1, 2, 1), padding="SAME")(x)
    for image, largest, places in zip(x, y, argmax, strict=True):
        assert image.ravel()[places].tobytes() == largest.tobytes()
