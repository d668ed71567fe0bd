"""Blocks that take memory to compute, called so that each way through their kernels is taken, in groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from dataflow import blocks
from dataflow.core.dtypes import Array

Case = tuple[str, Mapping[str, object], Sequence[object]]  # a block, its attrs and what it is called on
Cases = Iterator[Case]

random = np.random.default_rng(7)
numbers = (random.normal(size=100_003) * 9).astype(np.float32)


def values(*shape: int, dtype: DTypeLike = "float32") -> Array:
    """Numbers of all sizes, so that no branch is spared."""
    return np.resize(numbers, shape).astype(dtype)


def chances(rows: int, columns: int) -> Array:
    """Rows that add up to 1."""
    positive = np.abs(values(rows, columns))
    return np.asarray(positive / positive.sum(1, keepdims=True))


def sizes(*numbers: int) -> Array:
    return np.array(numbers, np.int32)


def elementwise() -> Cases:
    for name in ("Elu", "Selu", "Softplus", "Sigmoid", "Rsqrt"):
        for dtype in ("float32", ml_dtypes.bfloat16):
            yield name, {}, [values(900, 1000, dtype=dtype)]
    for name in ("EluGrad", "SeluGrad", "SoftplusGrad", "LeakyReluGrad", "ReluGrad", "Relu6Grad"):
        for dtype in ("float32", "float16"):
            yield name, {}, [values(900, 1000, dtype=dtype), values(900, 1000, dtype=dtype)]
    for name in ("SqrtGrad", "RsqrtGrad", "ReciprocalGrad"):
        for dtype in ("float32", "complex64"):
            yield name, {}, [values(900, 1000, dtype=dtype), values(900, 1000, dtype=dtype)]


def schedules() -> Cases:
    steps = np.arange(1, 900_001, dtype=np.int32)
    attrs: dict[str, dict[str, object]] = {
        "CosineDecay": {"decay_steps": 1000},
        "ExponentialDecay": {"decay_steps": 1000, "decay_rate": 0.5},
        "PolynomialDecay": {"decay_steps": 1000, "power": 2.0},
        "StepDecay": {"boundaries": [9, 90]},
    }
    for name, own in attrs.items():
        yield name, {"initial_learning_rate": 0.1, "warmup_steps": 5, **own}, [steps]


def rows() -> Cases:
    for shape in ((3000, 10), (700, 1000), (3, 300_000)):
        for name in ("Softmax", "LogSoftmax"):
            yield name, {}, [values(*shape)]
        yield "SoftmaxCrossEntropyWithLogits", {}, [values(*shape), chances(*shape)]
        classes = random.integers(0, shape[1], shape[0])
        yield "SparseSoftmaxCrossEntropyWithLogits", {}, [values(*shape), classes]
        yield "InTopK", {"k": 3}, [values(*shape), classes]
    yield "Softmax", {}, [values(700, 1000, dtype=np.float16)]
    yield "L2Loss", {}, [values(1_000_000)]
    for k in (3, 100, 600):
        given = values(700, 1000)
        given[::3] = np.nan
        yield "TopK", {}, [given, np.int32(k)]
        yield "TopK", {}, [values(1_000_000), np.int32(k)]
    places = np.argsort(values(700, 1000), 1)[:, :400]
    for dtype in ("int32", "int64"):
        yield "PutAlongLast", {}, [values(700, 1000), places.astype(dtype), values(700, 400)]
        yield "TakeAlongLast", {}, [values(700, 1000), places.astype(dtype)]


def normalizations() -> Cases:
    nothing, each = values(0), np.abs(values(20))
    for layout, shape in (("NHWC", (8, 90, 80, 20)), ("NCHW", (8, 20, 90, 80)), ("NCHW", (1, 20, 400, 500))):
        for version in ("", "V2", "V3"):
            rest = [nothing] if version == "V3" else []
            for dtype in ("float32",) if not version else ("float32", "float16"):
                x, attrs = values(*shape, dtype=dtype), {"data_format": layout}
                yield f"FusedBatchNorm{version}", attrs, [x, each, each, nothing, nothing]
                yield f"FusedBatchNorm{version}", attrs | {"is_training": False}, [x, each, each, each, each]
                yield f"FusedBatchNormGrad{version}", attrs, [x, x, each, each, each, *rest]
    for shape in ((4, 60, 60, 64), (1, 1, 2, 200_000)):
        yield "LRN", {}, [values(*shape)]
        yield "LRN", {"beta": 0.75}, [values(*shape, dtype=np.float16)]
        yield "LRNGrad", {}, [values(*shape)] * 3


def images() -> Cases:
    for shape, size in (((4, 60, 70, 3), (120, 130)), ((1, 700, 600, 3), (300, 900)), ((2, 64, 64, 40), (100, 90))):
        for kind in ("Bilinear", "Bicubic", "NearestNeighbor"):
            yield f"Resize{kind}", {}, [values(*shape), sizes(*size)]
            yield f"Resize{kind}", {}, [values(*shape).astype("uint8"), sizes(*size)]
            grads = values(shape[0], *size, shape[3])
            yield f"Resize{kind}Grad", {}, [grads, sizes(*shape[1:3]) if kind[0] == "N" else values(*shape)]
    yield "ResizeNearestNeighborGrad", {}, [values(2, 300, 300, 3).astype("int32"), sizes(200, 200)]


def convolutions() -> Cases:
    small, large = ((16, 20, 20, 4), (3, 3, 4, 8)), ((4, 60, 70, 32), (3, 3, 32, 16))
    pairs = [small, large, ((1, 300, 200, 16), (5, 5, 16, 8)), ((8, 40, 40, 32), (1, 1, 32, 16))]
    for shape, kernel in [*pairs, ((4, 60, 70, 32), (3, 3, 16, 16))]:
        for more in ({}, {"strides": [1, 2, 2, 1]}, {"data_format": "NCHW"}):
            yield from family("Conv2D{}", ("", "BackpropInput", "BackpropFilter"), shape, kernel, more)
        for dtype in (np.uint8, np.int16):
            attrs = {"strides": [1, 1, 1, 1], "padding": "SAME"}
            codes, weights = np.full(shape, np.iinfo(dtype).max, dtype), np.zeros(kernel, np.int8)
            zeros = np.int32(3), np.zeros(kernel[-1], np.int32)
            yield "IntegerConv2D", attrs, [codes, weights, *zeros]
            weights = np.zeros((*kernel[:2], shape[-1], 1), np.int8)
            yield "IntegerDepthwiseConv2D", attrs, [codes, weights, *zeros[:1], np.int32(1)]
        wide = np.resize(np.array([1 << 30, -(1 << 31)], np.int32), shape), np.resize(np.int32(1 << 30), kernel)
        yield "Conv2D", {"strides": [1, 1, 1, 1], "padding": "SAME"}, list(wide)
    for times in (1, 2):
        for shape in ((16, 20, 20, 4), (4, 60, 70, 32), (1, 300, 200, 16)):
            kernel = (3, 3, shape[3], times)
            for more in ({}, {"strides": [1, 2, 2, 1]}, {"data_format": "NCHW"}):
                names = ("", "BackpropInput", "BackpropFilter")
                yield from family("DepthwiseConv2dNative{}", names, shape, kernel, more)
    names = ("", "BackpropInputV2", "BackpropFilterV2")
    yield from family("Conv3D{}", names, (2, 12, 30, 30, 8), (3, 3, 3, 8, 16), {}, ("float32", "float16"))
    pads, attrs = sizes(0, 0, 1, 2, 3, 1, 0, 0).reshape(4, 2), {"mode": "REFLECT", "padding": "SAME"}
    for real in ("float32", "float16"):
        image, weights = values(2, 200, 150, 6, dtype=real), values(3, 3, 6, 8, dtype=real)
        yield "FusedPadConv2D", attrs | {"strides": [1, 1, 1, 1]}, [image, pads, weights]
        yield "FusedResizeAndPadConv2D", attrs | {"strides": [1, 1, 1, 1]}, [image, sizes(170, 180), pads, weights]


def family(
    name: str,
    ends: Sequence[str],
    shape: Sequence[int],
    kernel: Sequence[int],
    more: Mapping[str, object],
    dtypes: Sequence[str] = ("float32",),
) -> Cases:
    """A convolution and its gradients, with channels where the layout has them."""
    attrs: Mapping[str, object] = {"strides": [1] * len(shape), "padding": "SAME", **more}
    if attrs.get("data_format") == "NCHW":
        shape = (shape[0], shape[-1], *shape[1:-1])
    for dtype in dtypes:
        x, w = values(*shape, dtype=dtype), values(*kernel, dtype=dtype)
        dy = blocks[name.format(ends[0])](**attrs)(x, w)
        yield name.format(ends[0]), attrs, [x, w]
        yield name.format(ends[1]), attrs, [sizes(*shape), w, dy]
        yield name.format(ends[2]), attrs, [x, sizes(*kernel), dy]


def poolings() -> Cases:
    for shape in ((8, 50, 60, 24), (1, 900, 400, 3)):
        for window, step, dtypes in ((2, 2, ["float32", "float16"]), (3, 2, ["float16"]), (3, 1, ["float32"])):
            attrs = {"ksize": [1, window, window, 1], "strides": [1, step, step, 1], "padding": "SAME"}
            for dtype in dtypes:
                x = values(*shape, dtype=dtype)
                y, argmax = blocks["MaxPoolWithArgmax"](**attrs)(x)
                yield "AvgPool", attrs, [x]
                yield "AvgPoolGrad", attrs, [sizes(*shape), y]
                yield "MaxPool", attrs, [x]
                yield "MaxPoolGrad", attrs, [x, y, y]
                yield "MaxPoolGradGrad", attrs, [x, y, x]
                yield "MaxPoolWithArgmax", attrs, [x]
                for index in ("int32", "int64"):
                    yield "MaxPoolGradWithArgmax", attrs, [x, y, argmax.astype(index)]
                    yield "MaxPoolGradGradWithArgmax", attrs, [x, x, argmax.astype(index)]
                if step == window == 2:
                    continue
                attrs_of_dilation = {"strides": [1, step, step, 1], "rates": [1, 1, 2, 1], "padding": "SAME"}
                filter = values(window, window, shape[3], dtype=dtype)
                y = blocks["Dilation2D"](**attrs_of_dilation)(x, filter)
                yield "Dilation2D", attrs_of_dilation, [x, filter]
                for by in ("Input", "Filter"):
                    yield f"Dilation2DBackprop{by}", attrs_of_dilation, [x, filter, y]
    attrs, x = {"ksize": [1, 2, 3, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "SAME"}, values(2, 20, 40, 30, 8)
    y = blocks["MaxPool3D"](**attrs)(x)
    yield "AvgPool3D", attrs, [x]
    yield "AvgPool3DGrad", attrs, [sizes(*x.shape), y]
    yield "MaxPool3D", attrs, [x]
    yield "MaxPool3DGrad", attrs, [x, y, y]
    yield "MaxPool3DGradGrad", attrs, [x, y, x]
    for dtype in ("float32", "int64"):
        x, ratio = values(3, 150, 140, 8, dtype=dtype), np.array([1.0, 1.7, 1.4, 1.0])
        drawn = {"pooling_ratio": ratio, "deterministic": True, "seed": 1}
        y, *begins = blocks["FractionalMaxPool"](**drawn)(x)
        yield "FractionalMaxPool", drawn, [x]
        yield "FractionalAvgPool", drawn, [x]
        yield "FractionalMaxPoolGrad", {}, [x, y, y, *begins]
        yield "FractionalAvgPoolGrad", {}, [np.array(x.shape), y, *begins]


def products() -> Cases:
    for dtype in (np.float16, np.float32, np.uint8, np.int32, np.int64):
        yield "MatMul", {"transpose_a": True}, [values(300, 400, dtype=dtype), values(300, 500, dtype=dtype)]
        for name in ("BatchMatMul", "BatchMatMulV2"):
            if dtype != np.uint8:
                yield name, {"adj_y": True}, [values(9, 100, 200, dtype=dtype), values(9, 300, 200, dtype=dtype)]
    for stored in (np.uint8, np.int16):
        codes, weights = np.zeros((700, 900), stored), np.zeros((900, 300), np.int8)
        yield "IntegerMatMul", {}, [codes, weights, np.int32(3), np.zeros(300, np.int32)]
    huge = np.resize(np.array([1 << 62, -(1 << 62) - 1]), (700, 700))
    yield "MatMul", {}, [huge, huge]
    yield (
        "BatchMatMulV2",
        {},
        [huge.astype(np.int16).reshape(70, 7, 1000), huge[:10].astype(np.int16).reshape(1, 1000, 7)],
    )


def quantized() -> Cases:
    def numbers(*shape: int, dtype: DTypeLike = np.uint8) -> Array:
        return np.resize(np.arange(251, dtype=dtype), shape)

    ends, far = [np.float32(-1), np.float32(2)], [np.float32(300), np.float32(301)]
    x, each = numbers(4, 90, 80, 20), numbers(20)
    for pool in ("QuantizedMaxPool", "QuantizedAvgPool"):
        yield pool, {"ksize": [1, 3, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}, [x, *ends]
    for block in ("QuantizedMul", "QuantizedAdd"):
        yield block, {}, [x, x, *ends, *ends]
        yield block, {}, [x, each, *ends, *ends]
        yield block, {}, [each, x, *ends, *ends]
    yield "QuantizedBiasAdd", {"out_type": "qint32"}, [x, each, *ends, *ends]
    attrs = {"out_type": "qint32", "variance_epsilon": 0.1, "scale_after_normalization": True}
    yield "QuantizedBatchNormWithGlobalNormalization", attrs, [x, *ends, *[each, *ends] * 4]
    for shape in ((4, 90, 80, 20), (100, 8, 8, 30), (1, 700, 800, 3)):
        yield "QuantizedInstanceNorm", {}, [numbers(*shape), *ends]
    for dtype in (np.uint8, np.int32):
        for size in (180, 170), (40, 100), (7, 9):
            yield "QuantizedResizeBilinear", {}, [numbers(4, 90, 80, 20, dtype=dtype), sizes(*size), *ends]
        yield "QuantizedResizeBilinear", {}, [numbers(1, 900, 800, 3, dtype=dtype), sizes(700, 990), *ends]
    for lie in (ends, far):
        yield "QuantizedMatMul", {"transpose_b": True}, [numbers(700, 900), numbers(300, 900), *lie, *ends]
        for step, padding in ((1, "SAME"), (2, "VALID"), (5, "VALID")):
            attrs = {"strides": [1, step, step, 1], "padding": padding}
            yield "QuantizedConv2D", attrs, [x, numbers(3, 3, 20, 16), *lie, *ends]


def drawn() -> Cases:
    shape = sizes(1000, 1500)
    for name in ("RandomUniform", "RandomNormal", "TruncatedNormal"):
        for dtype in ("bfloat16", "float16", "float32", "float64"):
            yield name, {"dtype": dtype}, [shape]
    yield "RandomUniformInt", {}, [shape, np.int32(0), np.int32(9)]
    for dtype in ("float16", "float32", "float64"):
        yield "RandomGamma", {}, [sizes(1_500_000), np.full((), 2, dtype)]
        yield "RandomGamma", {}, [sizes(10), np.full(150_000, 2, dtype)]
        ends = [np.full((), end, dtype) for end in (0, 1, -1, 1)]
        for rows in (1_000_000, 10):
            yield "ParameterizedTruncatedNormal", {}, [sizes(rows, 1_000_000 // rows), *ends]
    for batch, count in ((10, 200_000), (1000, 1500), (100_000, 12)):
        for classes in (10, 100):
            yield "Multinomial", {}, [values(batch, classes), np.int32(count)]


def borders() -> Cases:
    for mode in ("REFLECT", "SYMMETRIC"):
        for rows in ((500, 500, 500, 500), (0, 900, 3, 0), (5, 5, 800, 800)):
            yield "MirrorPad", {"mode": mode}, [values(1000, 1000), sizes(*rows).reshape(2, 2)]


def places() -> Cases:
    for size, count, width in ((300_000, 400_000, 1), (3000, 2000, 200), (2_000_000, 300_000, 1), (50_000, 900, 300)):
        index = random.integers(0, size, count)
        for dtype in ("float32", "float64", "float16"):
            tensor, rows = values(size, width, dtype=dtype), values(count, width, dtype=dtype)
            yield "TensorScatterAdd", {}, [tensor, index[:, None], rows]
            yield "GatherGrad", {}, [rows, index, np.int32(0), tensor]


GROUPS = (
    elementwise,
    schedules,
    rows,
    normalizations,
    images,
    convolutions,
    poolings,
    products,
    quantized,
    drawn,
    borders,
    places,
)
