"""What to ask about convolutions and their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import stored

Sizes = tuple[int, ...]
Table = dict[str, tuple[Sizes, Sizes, int, dict[str, Any]]]
# name: input without batch, filter, stride and what else is set
IMAGES: Table = {
    "odd": ((5, 7, 2), (3, 3, 2, 3), 1, {}),
    "even_window": ((6, 5, 3), (2, 4, 3, 2), 1, {}),
    "strided": ((7, 6, 2), (3, 3, 2, 4), 2, {}),
    "stride_over_window": ((8, 9, 3), (2, 1, 3, 2), 3, {}),
    "pointwise": ((4, 3, 5), (1, 1, 5, 4), 1, {}),
    "pointwise_strided": ((5, 5, 2), (1, 1, 2, 3), 2, {}),
    "whole": ((4, 3, 2), (4, 3, 2, 2), 1, {}),
    "deep": ((3, 4, 17), (2, 2, 17, 3), 1, {}),
    "one_pixel": ((1, 1, 1), (1, 1, 1, 1), 1, {}),
}
MARGINS = ((1, 2), (0, 3), (2, 0))
EXPLICIT = {"odd": 3, "strided": 1, "two_groups": 1, "dilated": 1}  # how many of them are asked about
# groups and dilations: forward only, for these the reference has no gradients on a CPU
GROUPED: Table = {"two_groups": ((4, 4, 4), (3, 2, 2, 4), 1, {}), "each_channel": ((4, 4, 3), (2, 2, 1, 3), 2, {})}
DILATED: Table = {
    "dilated": ((9, 8, 2), (3, 3, 2, 2), 1, {"dilations": [1, 2, 2, 1]}),
    "dilated_unevenly": ((9, 8, 2), (3, 2, 2, 2), 1, {"dilations": [1, 3, 2, 1]}),
    "dilated_strided": ((9, 10, 2), (3, 3, 2, 2), 2, {"dilations": [1, 2, 2, 1]}),
}
VOLUMES: Table = {
    "odd": ((3, 5, 4, 2), (3, 3, 3, 2, 3), 1, {}),
    "strided": ((5, 4, 6, 2), (2, 3, 3, 2, 2), 2, {}),
    "stride_over_window": ((5, 4, 7, 1), (1, 2, 1, 1, 2), 3, {}),
    "pointwise": ((2, 3, 2, 4), (1, 1, 1, 4, 3), 1, {}),
    "deep": ((3, 3, 3, 17), (2, 2, 2, 17, 2), 1, {}),
}
MIRRORS = (("REFLECT", 1), ("SYMMETRIC", 2))  # and how much to add at most
SLOPED = ("odd_SAME", "strided_VALID", "odd_EXPLICIT_0")
NARROW = ("float16", "bfloat16")


def geometries(table: Table, explicit: bool = True) -> Iterator[tuple[str, Sizes, Sizes, dict[str, Any]]]:
    """Name, shapes of input and filter, and attrs, for every padding under which the window fits."""
    for name, (inner, filter, stride, more) in table.items():
        attrs = {"strides": [1, *[stride] * (len(inner) - 1), 1], **more}
        for padding in ("SAME", "VALID"):
            yield f"{name}_{padding}", (2, *inner), filter, attrs | {"padding": padding}
        for i, margin in enumerate(MARGINS[: EXPLICIT.get(name, 0)] if explicit else ()):
            pads = [0, 0, *margin, *reversed(margin), 0, 0]
            yield (
                f"{name}_EXPLICIT_{i}",
                (2, *inner),
                filter,
                attrs | {"padding": "EXPLICIT", "explicit_paddings": pads},
            )


def some(table: Table, explicit: bool = True) -> Iterator[tuple[str, Sizes, Sizes, dict[str, Any]]]:
    """The same for two of a table, where asking about all would add nothing."""
    return geometries({name: table[name] for name in ("odd", "strided")}, explicit)


def values(random: np.random.Generator, shape: Sizes, dtype: str) -> Any:
    """Random numbers; small whole ones where the dtype is too narrow for sums of others to be comparable."""
    if dtype in NARROW or dtype.startswith("int"):
        return random.integers(-2, 3, shape).astype(stored(dtype))
    return random.normal(size=shape).astype(dtype)


def positions(size: int, kernel: int, stride: int, padding: str, margin: Sizes) -> int:
    """Number of windows along a dim."""
    return -(-size // stride) if padding == "SAME" else (size + sum(margin) - kernel) // stride + 1


def output_shape(input: Sizes, filter: Sizes, attrs: dict[str, Any], channels: int) -> Sizes:
    pads = attrs.get("explicit_paddings", [0] * 2 * len(input))
    margins = list(zip(pads[::2], pads[1::2], strict=True))[1:-1]
    sizes = zip(input[1:-1], filter[:-2], attrs["strides"][1:-1], margins, strict=True)
    return (input[0], *(positions(n, k, s, attrs["padding"], m) for n, k, s, m in sizes), channels)


def both(
    random: np.random.Generator,
    name: str,
    input: Sizes,
    filter: Sizes,
    attrs: dict[str, Any],
    dtype: str,
    slopes: bool,
    channels: int | None = None,
) -> Question:
    """One question for a convolution and its gradients: each is given the inputs that it names."""
    shape = output_shape(input, filter, attrs, channels or filter[-1])
    inputs = {
        "input": values(random, input, dtype),
        "filter": values(random, filter, dtype),
        "out_backprop": values(random, shape, dtype),
        "input_sizes": np.array(input, np.int32),
        "filter_sizes": np.array(filter, np.int32),
    }
    return Question(name, attrs, inputs, slopes)


def narrow(random: np.random.Generator, table: Table, dtypes: tuple[str, ...]) -> Iterator[Question]:
    """Questions in dtypes in which products are exact."""
    for dtype in dtypes:
        name, input, filter, attrs = next(geometries(table))
        yield both(random, f"{dtype}_{name}", input, filter, attrs, dtype, slopes=False)


def without_images(random: np.random.Generator, table: Table) -> Question:
    _, input, filter, attrs = next(geometries(table))
    return both(random, "no_images", (0, *input[1:]), filter, attrs, "float32", slopes=False)


@asks("Conv2D", ulps=None, relative=2e-6)
def convolution(random: np.random.Generator) -> Iterator[Question]:
    for name, input, filter, attrs in geometries(IMAGES | GROUPED | DILATED):
        slopes = name in SLOPED
        yield both(random, f"float32_{name}", input, filter, attrs, "float32", slopes)
    for name, input, filter, attrs in some(IMAGES, explicit=False):
        yield both(random, f"float64_{name}", input, filter, attrs, "float64", slopes=name == "odd_SAME")
    yield from narrow(random, IMAGES, ("int32", *NARROW))
    yield without_images(random, IMAGES)
    large = {"input": values(random, (1, 2, 2, 1), "float32"), "filter": values(random, (3, 5, 1, 2), "float32")}
    yield Question("window_a_little_too_large", {"strides": [1, 1, 4, 1], "padding": "VALID"}, large)
    none = {"input": values(random, (1, 0, 2, 1), "float32"), "filter": values(random, (3, 3, 1, 2), "float32")}
    yield Question("no_rows", {"strides": [1, 1, 1, 1], "padding": "SAME"}, none)


@asks("Conv2DBackpropInput", "Conv2DBackpropFilter", ulps=None, relative=2e-6)
def convolution_gradients(random: np.random.Generator) -> Iterator[Question]:
    for name, input, filter, attrs in geometries(IMAGES):
        slopes = name in SLOPED
        yield both(random, f"float32_{name}", input, filter, attrs, "float32", slopes)
    for name, input, filter, attrs in some(IMAGES, explicit=False):
        yield both(random, f"float64_{name}", input, filter, attrs, "float64", slopes=False)
    yield from narrow(random, IMAGES, NARROW)
    yield without_images(random, IMAGES)


@asks("DepthwiseConv2dNative", ulps=None, relative=2e-6)
def depthwise(random: np.random.Generator) -> Iterator[Question]:
    yield from depthwise_gradients(random)
    _, (_, *inner), filter, attrs = next(geometries(IMAGES))
    shapes = (0, *inner), (*filter[:-1], 2), attrs
    yield both(random, "no_images", *shapes, "float32", slopes=False, channels=2 * inner[-1])


@asks("DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter", ulps=None, relative=2e-6)
def depthwise_gradients(random: np.random.Generator) -> Iterator[Question]:
    # no question without images: there the reference gives memory that nothing was written to
    for dtype, asked in (
        ("float32", geometries(IMAGES)),
        ("float64", some(IMAGES)),
        *((d, some(IMAGES)) for d in NARROW),
    ):
        for i, (name, input, filter, attrs) in enumerate(asked):
            if dtype not in NARROW or i == 0:
                each = 1 + i % 3
                slopes = dtype == "float32" and name in SLOPED
                shapes = input, (*filter[:-1], each), attrs
                yield both(random, f"{dtype}_{name}_{each}", *shapes, dtype, slopes, channels=each * input[-1])


@asks("Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2", ulps=None, relative=2e-6)
def volumes(random: np.random.Generator) -> Iterator[Question]:
    for name, input, filter, attrs in geometries(VOLUMES, explicit=False):
        slopes = name.startswith("strided")
        yield both(random, f"float32_{name}", input, filter, attrs, "float32", slopes)
    yield both(random, f"float64_{name}", input, filter, attrs, "float64", slopes=False)
    yield from narrow(random, VOLUMES, NARROW)
    yield without_images(random, VOLUMES)


@asks("FusedPadConv2D", "FusedResizeAndPadConv2D", ulps=None, relative=2e-6)
def fused(random: np.random.Generator) -> Iterator[Question]:
    # one image: of a batch the reference convolves the first again and again
    ways = product(
        ("float32", "float64"), MIRRORS, (1, 2), ("SAME", "VALID"), ((1, 1), (3, 2)), ((3, 3), (5, 4), (9, 7))
    )
    for i, (dtype, (mode, most), stride, padding, window, size) in enumerate(ways):
        if dtype == "float32" or i % 4 == 0:
            pads = [[0, 0], *random.integers(0, most + 1, (2, 2)), [0, 0]]
            attrs = {"mode": mode, "strides": [1, stride, stride, 1], "padding": padding}
            inputs = {
                "input": values(random, (1, 4, 5, 2), dtype),
                "size": np.array(size, np.int32),
                "paddings": np.array(pads, np.int32),
                "filter": values(random, (*window, 2, 2), dtype),
            }
            yield Question(f"{i}_{dtype}", attrs | {"resize_align_corners": i % 2 == 0}, inputs)
