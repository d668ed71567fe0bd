"""What to ask about blocks that compute with quantized numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from . import asking
from .asking import Question, asks
from .convolution import IMAGES, Table, geometries
from .pooling import inner
from .quantization import QUANTIZED, integers, ranges
from .resizing import ATTRS, SIZES

f32 = np.float32
Range = tuple[Any, Any]


def numbers(random: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Any:
    """Whole numbers that are equally often anywhere in an 8-bit dtype, or of every size."""
    storage = np.dtype(QUANTIZED[dtype])
    if storage.itemsize > 1:
        return np.resize(integers(random, storage, max(4, int(np.prod(shape)))), shape)
    info = np.iinfo(storage)
    x = random.integers(info.min, info.max + 1, shape, dtype=storage)
    if x.size > 4:
        x.reshape(-1)[:2] = [info.min, info.max]
    return x


def finite(*ends: Any) -> bool:
    """Whether ends of ranges are numbers that stay numbers when they are multiplied by some thousands."""
    return all(abs(end) < 1e30 for end in ends)


def named(prefix: str, low: Any, high: Any) -> dict[str, Any]:
    """The ends of a range by their ports, ``prefix`` with a place for ``min`` or ``max``."""
    return {prefix.format("min"): low, prefix.format("max"): high}


def wide(random: np.random.Generator) -> Iterator[tuple[str, Range]]:
    """Ranges whose ends are numbers and stand in order, with a width."""
    for name, low, high in ranges(random):
        if finite(low, high) and float(high) - float(low) > np.finfo(f32).tiny:
            yield name, (low, high)


@asks("QuantizedRelu", "QuantizedRelu6")
def rectified(random: np.random.Generator) -> Iterator[Question]:
    for dtype, (name, low, high) in product(("quint8", "qint32"), ranges(random)):
        if name != "tiny":  # 6 has no number there, as it lies too many steps away
            x = numbers(random, dtype, (40 * asking.size,))
            if dtype == "quint8":
                x = np.concatenate([x, np.arange(256, dtype=np.uint8)])
            yield Question(f"{dtype}_{name}", {"out_type": dtype}, {"features": x} | named("{}_features", low, high))
    for shape in ((), (0,), (2, 0, 3), (2, 3, 1, 2)):
        x = numbers(random, "quint8", shape)
        name = f"shape_{'x'.join(map(str, shape))}"
        yield Question(name, {"out_type": "quint8"}, {"features": x} | named("{}_features", f32(-7), f32(9)))


WINDOWS = [
    *[((4, 6), (2, 2), (2, 2)), ((5, 7), (3, 2), (2, 1)), ((5, 4), (1, 2), (3, 3)), ((3, 1), (3, 1), (1, 1))],
    *[((9, 8), (5, 4), (3, 2)), ((7, 7), (2, 3), (4, 5))],
]


@asks("QuantizedMaxPool", "QuantizedAvgPool")
def pooled(random: np.random.Generator) -> Iterator[Question]:
    ends = named("{}_input", f32(-1.5), f32(2.25))
    for dtype, (sizes, window, steps), padding in product(("quint8", "qint8"), WINDOWS, ("SAME", "VALID")):
        x = numbers(random, dtype, (2, *sizes, 3))
        name = "_".join("x".join(map(str, numbers)) for numbers in (sizes, window, steps))
        attrs = {"ksize": inner(window), "strides": inner(steps), "padding": padding}
        yield Question(f"{dtype}_{name}_{padding}", attrs, {"input": x} | ends)
    attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
    for shape in ((0, 4, 4, 3), (2, 4, 4, 0)):
        x = numbers(random, "quint8", shape)
        yield Question(f"empty_{'x'.join(map(str, shape))}", attrs, {"input": x} | ends)


@asks("QuantizedReshape")
def reshaped(random: np.random.Generator) -> Iterator[Question]:
    shapes = [((6,), (2, 3)), ((2, 3), (-1,)), ((4,), (2, -1, 2)), ((1,), ()), ((0, 3), (3, -1)), ((2, 0), (0, 5))]
    for (dtype, (before, after)), index in zip(
        product(("quint8", "qint32"), shapes), ("int32", "int64") * len(shapes), strict=True
    ):
        given = {"tensor": numbers(random, dtype, before), "shape": np.array(after, index)}
        name = f"{dtype}_{'x'.join(map(str, before))}_to_{'x'.join(map(str, after))}"
        yield Question(name, {}, given | named("input_{}", f32(-1), f32(2)))


# shapes that the reference broadcasts, and broadcasts rightly: a number, the same, the last dims of the other
BROADCASTS = [
    *[((7,), (7,)), ((), ()), ((5,), ()), ((1,), (2, 3)), ((1, 1), (2, 3)), ((3,), (4, 3)), ((2, 4, 3), (4, 3))],
    *[((2, 3, 4), (2, 3, 4)), ((0,), (0,)), ((0,), (1,)), ((2, 1), (1,)), ((1, 5), (6, 5)), ((1,), (1,))],
]


@asks("QuantizedMul", "QuantizedAdd")
def combined(random: np.random.Generator) -> Iterator[Question]:
    def question(name: str, x: Any, y: Any, of_x: Range, of_y: Range) -> Question:
        ends = named("{}_x", *of_x) | named("{}_y", *of_y)
        return Question(name, {"Toutput": "qint32"}, {"x": x, "y": y} | ends)

    for name, first in wide(random):
        for other, second in list(wide(random))[-6:]:
            x, y = (numbers(random, "quint8", (20 * asking.size,)) for _ in "xy")
            yield question(f"each_{name}_{other}", x, y, first, second)
            yield question(f"one_{other}_{name}", x, y[0], second, first)
    for i, (before, after) in enumerate(BROADCASTS):
        shapes = (before, after) if i % 2 else (after, before)
        x, y = (numbers(random, "quint8", shape) for shape in shapes)
        name = "_".join("x".join(map(str, shape)) for shape in shapes)
        yield question(f"shapes_{name}", x, y, (f32(-1), f32(3)), (f32(-0.3), f32(0.9)))


@asks("QuantizedBiasAdd")
def biased(random: np.random.Generator) -> Iterator[Question]:
    def question(name: str, dtype: str, shape: tuple[int, ...], of_input: Range, of_bias: Range) -> Question:
        given = {"input": numbers(random, dtype, shape), "bias": numbers(random, dtype, shape[-1:])}
        ends = named("{}_input", *of_input) | named("{}_bias", *of_bias)
        return Question(name, {"out_type": "qint32"}, given | ends)

    known = [(name, (low, high)) for name, low, high in ranges(random) if finite(low, high)]
    for dtype, (i, (name, first)) in product(("quint8", "qint8"), enumerate(known)):
        other, second = known[-1 - i]
        yield question(f"{dtype}_{name}_{other}", dtype, (9 * asking.size, 4), first, second)
    for shape in ((1, 1), (0, 3), (2, 3, 1, 2), (2, 0, 5)):
        ends = (f32(-1), f32(3)), (f32(-0.3), f32(0.9))
        yield question(f"shape_{'x'.join(map(str, shape))}", "quint8", shape, *ends)


@asks("QuantizedResizeBilinear")
def resized(random: np.random.Generator) -> Iterator[Question]:
    ends = {"min": f32(-1.5), "max": f32(2.25)}
    for dtype, (i, (after, before)), (corners, half) in product(("quint8", "qint32"), enumerate(SIZES), ATTRS):
        images = numbers(random, dtype, (1 + i % 2, *before, 1 + i % 4))
        attrs = {"align_corners": corners, "half_pixel_centers": half}
        name = f"{dtype}_{before[0]}x{before[1]}_to_{after[0]}x{after[1]}_{corners}_{half}"
        yield Question(name, attrs, {"images": images, "size": np.array(after, np.int32)} | ends)


@asks("QuantizedBatchNormWithGlobalNormalization")
def normalized(random: np.random.Generator) -> Iterator[Question]:
    # values times scales stay below 512, where the reference wraps around
    moments = {"m": (-2.0, 1.5), "v": (0.3, 9.0), "beta": (-0.7, 0.4), "gamma": (-1.0, 3.0)}
    kinds: dict[str, dict[str, Range]] = {
        "usual": {},
        "positive": {"t": (2.0, 9.0), "m": (1.0, 5.0)},
        "negative": {"t": (-9.0, -2.0), "beta": (-3.0, -1.0), "gamma": (-4.0, -0.5)},
        "points": {"t": (1.5, 1.5), "m": (0.0, 0.0), "v": (2.0, 2.0), "gamma": (1.0, 1.0)},
        "down": {"t": (3.0, -1.0), "m": (1.0, -1.0), "beta": (2.0, -2.0)},
        "large": {"beta": (-9e5, 9e5)},
        "tiny": {"t": (-1e-30, 2e-30), "m": (-1e-40, 2e-40), "beta": (-1e-39, 1e-38)},
    }
    for (name, kind), scaled in product(kinds.items(), (False, True)):
        given: dict[str, Any] = {}
        for port, (low, high) in ({"t": (-5.0, 4.0)} | moments | kind).items():
            shape = (2, 3, 2, 4) if port == "t" else (4,)
            given |= {port: numbers(random, "quint8", shape)} | named(port + "_{}", f32(low), f32(high))
        attrs = {"out_type": "qint32", "variance_epsilon": 1e-3, "scale_after_normalization": scaled}
        yield Question(f"{name}_{scaled}", attrs, given)


@asks("QuantizedInstanceNorm", ulps=4)  # the reference takes reciprocal roots in a fast way
def normalized_by_itself(random: np.random.Generator) -> Iterator[Question]:
    shapes = [(1, 1, 1, 1), (1, 2, 3, 1), (2, 5, 4, 3), (3, 7, 9, 16), (1, 16, 16, 5), (2, 1, 31, 7), (0, 2, 2, 3)]
    settings: dict[str, dict[str, Any]] = {
        "plain": {},
        "given": {"output_range_given": True, "given_y_min": -2.5, "given_y_max": 1.75},
        "narrow": {"output_range_given": True, "given_y_min": 0.5, "given_y_max": 0.50001},
        "separated": {"min_separation": 7.0},
        "smoothed": {"variance_epsilon": 0.25},
    }
    for (name, attrs), shape in product(settings.items(), shapes):
        x = numbers(random, "quint8", shape)
        ends = {"x_min": f32(-random.uniform(0, 3)), "x_max": f32(random.uniform(0.1, 4))}
        yield Question(f"{name}_{'x'.join(map(str, shape))}", attrs, {"x": x} | ends)
    for name, (low, high) in wide(random):
        x = numbers(random, "quint8", (2, 3, 4, 5))
        yield Question(f"range_{name}", {}, {"x": x, "x_min": low, "x_max": high})
    equal = np.full((1, 3, 4, 2), 77, np.uint8)
    yield Question("equal", {}, {"x": equal, "x_min": f32(-1), "x_max": f32(2)})


FACTORS = [
    ((3, 4), (4, 5)),
    ((1, 1), (1, 1)),
    ((7, 33), (33, 2)),
    ((1, 300), (300, 3)),
    ((0, 3), (3, 2)),
    ((2, 3), (3, 0)),
]


@asks("QuantizedMatMul")
def multiplied(random: np.random.Generator) -> Iterator[Question]:
    def question(name: str, shapes: Any, turned: tuple[bool, ...], of_a: Range, of_b: Range) -> Question:
        sizes = [shape[::-1] if turn else shape for shape, turn in zip(shapes, turned, strict=True)]
        a, b = (numbers(random, "quint8", size) for size in sizes)
        attrs = {"Toutput": "qint32", "transpose_a": turned[0], "transpose_b": turned[1]}
        return Question(name, attrs, {"a": a, "b": b} | named("{}_a", *of_a) | named("{}_b", *of_b))

    for i, (shapes, turned) in enumerate(product(FACTORS, product((False, True), repeat=2))):
        yield question(f"shapes_{i}", shapes, turned, (f32(-1), f32(3)), (f32(-0.3), f32(0.9)))
    known = list(wide(random))
    for i, (name, first) in enumerate(known):
        other, second = known[-1 - i]
        yield question(f"range_{name}_{other}", FACTORS[0], (False, False), first, second)
    # the least and the greatest sums, of so many terms that they wrap around
    for fill in (0, 255):
        a, b = np.full((2, 40_000), fill, np.uint8), np.full((40_000, 1), 255, np.uint8)
        yield Question(
            f"long_{fill}", {}, {"a": a, "b": b} | named("{}_a", f32(-1), f32(1)) | named("{}_b", f32(0), f32(1))
        )


CENTERED: Table = {
    "left_over": ((7, 9, 2), (2, 2, 2, 3), 3, {}),
    "sparse": ((11, 13, 1), (1, 2, 1, 2), 5, {}),
    "wide_window": ((2, 3, 2), (5, 7, 2, 2), 1, {}),
}


@asks("QuantizedConv2D")
def convolved(random: np.random.Generator) -> Iterator[Question]:
    # 0.0 has a number up to 255, or nothing is padded: other padding is not 0.0 there
    kinds: dict[str, tuple[Range, Range]] = {
        "around": ((-1.0, 3.0), (-0.3, 0.9)),
        "positive": ((2.0, 9.0), (0.5, 2.0)),
        "negative": ((-6.0, 0.0), (-9.0, -2.0)),
        "points": ((0.0, 0.0), (2.0, 2.0)),
        "down": ((1.0, -1.0), (0.5, -1.5)),
    }
    for i, (name, shape, filter, attrs) in enumerate(geometries(IMAGES | CENTERED, explicit=False)):
        if name != "wide_window_VALID":
            kind = list(kinds)[i % len(kinds)]
            given = {"input": numbers(random, "quint8", shape), "filter": numbers(random, "quint8", filter)}
            ends = [tuple(map(f32, each)) for each in kinds[kind]]
            yield Question(f"{name}_{kind}", attrs, given | named("{}_input", *ends[0]) | named("{}_filter", *ends[1]))
