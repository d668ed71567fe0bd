"""Convolution, pooling, normalization, images, losses and other layers, at about `n` elements of input."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow import blocks

from .asking import Call, Calls, floats, image, rows, scalars, sizes, volume, whole


def convolutions(n: int) -> Calls:
    for channels, window, step, filters in ((32, 3, 1, 32), (8, 5, 2, 16), (32, 1, 1, 32)):
        what = f"{window}x{window} {channels} to {filters}" + f", stride {step}" * (step > 1)
        x, kernel = floats(*image(n, channels)), floats(window, window, channels, filters)
        yield from _convolved("Conv2D", x, kernel, step, what, gradients=window == 3)
    x, kernel = floats(*image(n, 32)), floats(3, 3, 32, 1)
    yield from _convolved("DepthwiseConv2dNative", x, kernel)
    yield from _convolved("Conv3D", floats(*volume(n, 8)), floats(3, 3, 3, 8, 8), ending="V2")
    for block in ("FusedPadConv2D", "FusedResizeAndPadConv2D"):
        x, pads = floats(*image(n, 8)), sizes(0, 0, 1, 1, 1, 1, 0, 0).reshape(4, 2)
        between = [x.shape[1:3]] if "Resize" in block else []
        attrs = {"mode": "REFLECT", "strides": [1, 1, 1, 1], "padding": "VALID"}
        yield Call(block, [x, *(sizes(*size) for size in between), pads, floats(3, 3, 8, 8)], attrs)


def _convolved(
    block: str, x: Any, kernel: Any, step: int = 1, what: str = "", gradients: bool = True, ending: str = ""
) -> Calls:
    attrs = {"strides": [1, *[step] * (x.ndim - 2), 1], "padding": "SAME"}
    yield Call(block, [x, kernel], attrs, what)
    if gradients:
        y = blocks[block](**attrs)(x, kernel)
        yield Call(f"{block}BackpropInput{ending}", [sizes(*x.shape), kernel, y], attrs)
        yield Call(f"{block}BackpropFilter{ending}", [x, sizes(*kernel.shape), y], attrs)


def dilations(n: int) -> Calls:
    x, kernel = floats(*image(n, 32)), floats(3, 3, 32)
    attrs = {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "SAME"}
    yield Call("Dilation2D", [x, kernel], attrs)
    for by in ("Input", "Filter"):
        yield Call(f"Dilation2DBackprop{by}", [x, kernel, x], attrs)


def poolings(n: int) -> Calls:
    for window, step in ((2, 2), (3, 1)):
        attrs = {"ksize": [1, window, window, 1], "strides": [1, step, step, 1], "padding": "SAME"}
        what, x = f"{window}x{window}", floats(*image(n, 32))
        y = blocks["MaxPool"](**attrs)(x)
        yield Call("AvgPool", [x], attrs, what)
        yield Call("AvgPoolGrad", [sizes(*x.shape), y], attrs, what)
        yield Call("MaxPool", [x], attrs, what)
        yield Call("MaxPoolGrad", [x, y, y], attrs, what)
    attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
    y, argmax = blocks["MaxPoolWithArgmax"](**attrs)(x)
    yield Call("MaxPoolGradGrad", [x, y, x], attrs)
    yield Call("MaxPoolWithArgmax", [x], attrs)
    yield Call("MaxPoolGradWithArgmax", [x, y, argmax], attrs)
    yield Call("MaxPoolGradGradWithArgmax", [x, x, argmax], attrs)
    attrs, x = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "SAME"}, floats(*volume(n, 8))
    y = blocks["MaxPool3D"](**attrs)(x)
    yield Call("AvgPool3D", [x], attrs)
    yield Call("AvgPool3DGrad", [sizes(*x.shape), y], attrs)
    yield Call("MaxPool3D", [x], attrs)
    yield Call("MaxPool3DGrad", [x, y, y], attrs)
    yield Call("MaxPool3DGradGrad", [x, y, x], attrs)
    drawn = {"pooling_ratio": [1.0, 1.5, 1.5, 1.0], "deterministic": True, "seed": 1, "seed2": 2}
    x = floats(*image(n, 8))
    y, *ends = blocks["FractionalMaxPool"](**drawn)(x)
    yield Call("FractionalMaxPool", [x], drawn)
    yield Call("FractionalAvgPool", [x], drawn)
    yield Call("FractionalMaxPoolGrad", [x, y, y, *ends])
    yield Call("FractionalAvgPoolGrad", [np.array(x.shape), y, *ends])


def normalizations(n: int) -> Calls:
    x, nothing, each = floats(*image(n, 32)), floats(0), np.abs(floats(32)) + np.float32(0.5)
    for training in (True, False):
        what, attrs = "training" * training, {"is_training": training}
        given = [nothing, nothing] if training else [each, each]
        yield Call("FusedBatchNormV3", [x, each, each, *given], attrs, what)
        yield Call("FusedBatchNormGradV3", [x, x, each, each, each, each], attrs, what)
    yield Call("LRN", [x])
    yield Call("LRNGrad", [x, x, x])


def images(n: int) -> Calls:
    x = floats(*image(n, 3, largest=256))
    side = x.shape[1]
    for title, to in (("x2", side * 2), ("/2", side // 2)):
        for way in ("Bicubic", "Bilinear", "NearestNeighbor"):
            yield Call(f"Resize{way}", [x, sizes(to, to)], {}, title)
    y = floats(x.shape[0], side * 2, side * 2, 3)
    yield Call("ResizeBicubicGrad", [y, x])
    yield Call("ResizeBilinearGrad", [y, x])
    yield Call("ResizeNearestNeighborGrad", [y, sizes(side, side)])
    codes = whole(256, *x.shape, dtype="uint8")
    yield Call("QuantizedResizeBilinear", [codes.astype("int32"), sizes(side * 2, side * 2), *scalars(0, 1)])


def classes(n: int) -> Calls:
    for width in (10, 1000):
        shape, what = rows(n, width), f"{width}"
        x, label = floats(*shape), whole(width, shape[0])
        yield Call("Softmax", [x], {}, what)
        yield Call("LogSoftmax", [x], {}, what)
        chances = blocks["Softmax"]()(x)
        yield Call("SoftmaxCrossEntropyWithLogits", [x, chances], {}, what)
        yield Call("SparseSoftmaxCrossEntropyWithLogits", [x, label], {}, what)
        yield Call("InTopK", [x, label], {"k": 5}, what)
    yield Call("TopK", [floats(*rows(n, 100)), np.int32(5)], {}, "5 of 100")
    yield Call("TopK", [floats(n), np.int32(100)], {}, "100 of all")
    yield Call("Multinomial", [floats(*rows(n // 10, 10)), np.int32(10)], {"seed": 1, "seed2": 2})


def products(n: int) -> Calls:
    side = int(n**0.5)
    a, b = floats(side, side), floats(side, side)
    yield Call("MatMul", [a, b], {}, "square")
    yield Call("Einsum", [[a, b]], {"equation": "ij,jk->ik"}, "ij,jk->ik")
    yield Call("MatMul", [floats(*rows(n, 100)), floats(100, 10)], {}, "by 100x10")
    yield Call("Einsum", [[a, floats(side)]], {"equation": "ij,j->i"}, "ij,j->i")
    pair = floats(max(1, n // 2500), 50, 50), floats(max(1, n // 2500), 50, 50)
    yield Call("BatchMatMul", pair, {}, "50x50")
    yield Call("BatchMatMulV2", pair, {}, "50x50")
    small = floats(max(1, n // 100), 10, 10) + 10 * np.eye(10, dtype=np.float32)
    yield Call("MatrixInverse", [small], {}, "10x10")
    yield Call("Cholesky", [small @ small.transpose(0, 2, 1)], {}, "10x10")


FAMILIES = (convolutions, dilations, poolings, normalizations, images, classes, products)
