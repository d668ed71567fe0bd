"""What to ask about pooling over images and volumes, and about dilation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .asking import Question, asks

# sizes of the spatial dims, window, step
IMAGES = [((4, 6), (2, 2), (2, 2)), ((5, 7), (3, 2), (2, 1)), ((5, 4), (1, 2), (3, 3)), ((3, 1), (3, 1), (1, 1))]
VOLUMES = [((4, 2, 6), (2, 2, 2), (2, 2, 2)), ((3, 5, 4), (3, 2, 1), (1, 2, 3)), ((2, 1, 3), (2, 1, 3), (1, 1, 1))]
EXPLICIT = [((4, 5), (3, 3), (2, 1), [0, 0, 1, 2, 0, 1, 0, 0]), ((3, 2), (2, 2), (1, 3), [0, 0, 0, 0, 1, 1, 0, 0])]
# sizes of the spatial dims, filter, step, rate
SCANS = [
    ((5, 6), (2, 3), (1, 1), (1, 1)),
    ((7, 6), (2, 2), (2, 3), (2, 1)),
    ((4, 4), (3, 1), (1, 2), (1, 3)),
    ((3, 2), (1, 1), (1, 1), (1, 1)),
]
NUMBERS = ("int32", "int64", "uint8", "int8", "int16", "uint16")
MORE_NUMBERS = (*NUMBERS, "uint32", "uint64")
# pairs in which NaN, a number or an infinity stands first or last; and the windows that take two by two
ODD = np.array(
    [np.nan, 1, 1, np.nan, np.nan, np.nan, -np.inf, -np.inf, np.nan, -np.inf, -np.inf, np.nan, np.inf, np.nan],
    "float32",
)
PAIRS = {"ksize": [1, 1, 2, 1], "strides": [1, 1, 2, 1], "padding": "VALID"}


def inner(numbers: tuple[int, ...]) -> list[int]:
    """A list attr with 1 for the batch and the channel."""
    return [1, *numbers, 1]


def windows(cases: Any, batch: int = 2) -> Iterator[tuple[str, tuple[int, ...], dict[str, Any]]]:
    """Name, shape of the input and attrs of every window."""
    for sizes, window, steps in cases:
        for padding in ("SAME", "VALID"):
            name = "_".join("x".join(map(str, numbers)) for numbers in (sizes, window, steps))
            attrs = {"ksize": inner(window), "strides": inner(steps), "padding": padding}
            yield f"{name}_{padding}", (batch, *sizes, 3), attrs


def pooled(shape: tuple[int, ...], attrs: dict[str, Any]) -> tuple[int, ...]:
    """The shape with an element per window."""
    triples = zip(shape, attrs["ksize"], attrs["strides"], strict=True)
    return tuple(-(-n // s) if attrs["padding"] == "SAME" else (n - k) // s + 1 for n, k, s in triples)


def tied(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Few different numbers, so that windows have equal ones; no -0.0, which equals 0.0."""
    return (random.integers(0, 6, shape) * 0.75).astype(dtype)


def largest(x: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    """What a gradient is given as the output of max pooling: the largest element of each window."""
    y = np.zeros(pooled(x.shape, attrs), x.dtype)
    for position in np.ndindex(y.shape):
        along = []
        for at, n, out, k, s in zip(position, x.shape, y.shape, attrs["ksize"], attrs["strides"], strict=True):
            before = max((out - 1) * s + k - n, 0) // 2 if attrs["padding"] == "SAME" else 0
            along.append(slice(max(at * s - before, 0), at * s - before + k))
        y[position] = x[tuple(along)].max()
    return y


@asks("AvgPool", ulps=None, relative=1e-6)
def image_mean(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64"):
        for name, shape, attrs in windows(IMAGES):
            yield Question(f"{dtype}_{name}", attrs, {"value": random.normal(size=shape).astype(dtype)}, slopes=True)
    _, shape, attrs = next(windows(IMAGES))
    for empty in ((0, *shape[1:]), (*shape[:3], 0), (2, 0, 4, 3)):
        name = "x".join(map(str, empty))
        yield Question(f"empty_{name}", attrs, {"value": np.zeros(empty, "float64")})


@asks("AvgPool3D", ulps=None, relative=1e-6)
def volume_mean(random: np.random.Generator) -> Iterator[Question]:
    for name, shape, attrs in windows(VOLUMES):
        yield Question(name, attrs, {"input": random.normal(size=shape).astype("float32")}, slopes=True)


def shared_out(random: np.random.Generator, cases: Any, dtypes: tuple[str, ...]) -> Iterator[Question]:
    """The gradients of means."""
    for dtype in dtypes:
        for name, shape, attrs in windows(cases):
            grad = random.normal(size=pooled(shape, attrs)).astype(dtype)
            inputs = {"orig_input_shape": np.array(shape, "int32"), "grad": grad}
            yield Question(f"{dtype}_{name}", attrs, inputs, slopes=True)


@asks("AvgPoolGrad", ulps=None, relative=1e-6)
def image_mean_gradient(random: np.random.Generator) -> Iterator[Question]:
    yield from shared_out(random, IMAGES, ("float32", "float64"))


@asks("AvgPool3DGrad", ulps=None, relative=1e-6)
def volume_mean_gradient(random: np.random.Generator) -> Iterator[Question]:
    yield from shared_out(random, VOLUMES, ("float32",))


@asks("MaxPool")
def image_largest(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", *NUMBERS):
        for name, shape, attrs in windows(IMAGES if dtype[0] == "f" else IMAGES[:2]):
            x = tied(random, shape, dtype) - (3 if dtype[0] != "u" else 0)
            yield Question(f"{dtype}_{name}", attrs, {"input": x.astype(dtype)}, slopes=dtype[0] == "f")
    for sizes, window, steps, paddings in EXPLICIT:
        attrs = {"ksize": inner(window), "strides": inner(steps), "padding": "EXPLICIT", "explicit_paddings": paddings}
        x = random.normal(size=(2, *sizes, 3)).astype("float32")
        yield Question(f"explicit_{'x'.join(map(str, sizes))}", attrs, {"input": x}, slopes=True)
    x = random.normal(size=(2, 3, 2, 6)).astype("float32")
    yield Question("over_channels", {"ksize": [1, 1, 1, 3], "strides": [1, 1, 1, 3], "padding": "VALID"}, {"input": x})
    yield Question("nan", PAIRS, {"input": ODD.reshape(1, 1, -1, 1)}, slopes=True)
    yield Question("nan_in_all_channels", PAIRS, {"input": np.repeat(ODD, 16).reshape(1, 1, -1, 16)}, slopes=True)
    _, shape, attrs = next(windows(IMAGES))
    for empty in ((0, *shape[1:]), (*shape[:3], 0), (2, 0, 4, 3)):
        yield Question(f"empty_{'x'.join(map(str, empty))}", attrs, {"input": np.zeros(empty, "float64")})


@asks("MaxPool3D")
def volume_largest(random: np.random.Generator) -> Iterator[Question]:
    for name, shape, attrs in windows(VOLUMES):
        yield Question(name, attrs, {"input": random.normal(size=shape).astype("float32")}, slopes=True)
        yield Question(f"{name}_ties", attrs, {"input": tied(random, shape, "float32")}, slopes=True)


@asks("MaxPoolWithArgmax")
def place_of_largest(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", *MORE_NUMBERS):
        for name, shape, attrs in windows(IMAGES if dtype == "float32" else IMAGES[1:2]):
            for whole in (False, True):
                more = {"include_batch_in_index": whole, "Targmax": "int32" if dtype == "float64" else "int64"}
                # the gradient has no kernel for indices of 32 bits
                question = Question(f"{dtype}_{name}_{whole}", attrs | more, {"input": tied(random, shape, dtype)})
                yield question._replace(slopes=dtype == "float32")
    yield Question("nan", PAIRS, {"input": ODD.reshape(1, 1, -1, 1)}, slopes=True)
    reached = {"ksize": [1, 2, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
    yield Question("nan_at_the_border", reached, {"input": ODD.reshape(1, 2, 7, 1)}, slopes=True)


@asks("MaxPoolGradWithArgmax", ulps=None, relative=1e-6)
def by_place(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int16"):
        for name, shape, attrs in windows(IMAGES):
            size = np.prod(shape[1:])
            for whole in (False, True):
                argmax = random.integers(0, size, pooled(shape, attrs))
                argmax += size * np.arange(len(argmax)).reshape(-1, 1, 1, 1) * whole
                inputs = {"input": np.zeros(shape, dtype), "grad": tied(random, argmax.shape, dtype), "argmax": argmax}
                yield Question(f"{dtype}_{name}_{whole}", attrs | {"include_batch_in_index": whole}, inputs)


def of_largest(random: np.random.Generator, cases: Any, dtypes: tuple[str, ...], second: bool) -> Iterator[Question]:
    """The gradients by the input of max pooling, or by what that gradient is given."""
    for dtype in dtypes:
        for name, shape, attrs in windows(cases if dtype == "float32" else cases[1:2]):
            x = tied(random, shape, dtype)
            y = largest(x, attrs)
            grad = tied(random, x.shape if second else y.shape, dtype)
            inputs = {"orig_input": x, "orig_output": y, "grad": grad}
            yield Question(f"{dtype}_{name}", attrs, inputs, slopes=dtype[0] == "f")


@asks("MaxPoolGrad")
def image_largest_gradient(random: np.random.Generator) -> Iterator[Question]:
    yield from of_largest(random, IMAGES, ("float32", "float64", *MORE_NUMBERS), False)
    for sizes, window, steps, paddings in EXPLICIT:
        attrs = {"ksize": inner(window), "strides": inner(steps), "padding": "EXPLICIT", "explicit_paddings": paddings}
        x = tied(random, (2, *sizes, 3), "float32")
        places = zip(sizes, window, steps, paddings[2:6:2], paddings[3:6:2], strict=True)
        shape = (2, *((n + before + after - k) // s + 1 for n, k, s, before, after in places), 3)
        grad = random.normal(size=shape).astype("float32")
        inputs = {"orig_input": x, "orig_output": np.zeros(shape, "float32"), "grad": grad}
        yield Question(f"explicit_{'x'.join(map(str, sizes))}", attrs, inputs)


@asks("MaxPoolGradGrad")
def image_largest_second(random: np.random.Generator) -> Iterator[Question]:
    yield from of_largest(random, IMAGES, ("float32", "float64", *MORE_NUMBERS), True)


@asks("MaxPool3DGrad")
def volume_largest_gradient(random: np.random.Generator) -> Iterator[Question]:
    yield from of_largest(random, VOLUMES, ("float32",), False)


@asks("MaxPool3DGradGrad")
def volume_largest_second(random: np.random.Generator) -> Iterator[Question]:
    yield from of_largest(random, VOLUMES, ("float32",), True)


def scans(random: np.random.Generator, dtypes: tuple[str, ...], backward: bool) -> Iterator[Question]:
    """Dilation, or its gradients, with every filter."""
    for dtype in dtypes:
        for sizes, window, steps, rates in SCANS if dtype[0] == "f" else SCANS[:2]:
            for padding in ("SAME", "VALID"):
                reach = tuple((k - 1) * r + 1 for k, r in zip(window, rates, strict=True))
                if padding == "VALID" and any(n < k for n, k in zip(sizes, reach, strict=True)):
                    continue
                attrs = {"strides": inner(steps), "rates": inner(rates), "padding": padding}
                shape = (2, *sizes, 3)
                inputs = {"input": tied(random, shape, dtype), "filter": tied(random, (*window, 3), dtype)}
                if backward:
                    counted = pooled(shape, attrs | {"ksize": inner(reach)})
                    inputs["out_backprop"] = tied(random, counted, dtype)
                name = "_".join("x".join(map(str, numbers)) for numbers in (sizes, window, steps, rates))
                yield Question(f"{dtype}_{name}_{padding}", attrs, inputs, slopes=dtype[0] == "f" and not backward)
    inputs = {"input": ODD.reshape(1, 1, -1, 1), "filter": np.zeros((1, 2, 1), "float32")}
    if backward:
        inputs["out_backprop"] = 1 + np.arange(7, dtype="float32").reshape(1, 1, 7, 1)
    attrs = {"strides": [1, 1, 2, 1], "rates": [1, 1, 1, 1], "padding": "VALID"}
    yield Question("nan", attrs, inputs, slopes=not backward)


@asks("Dilation2D")
def dilation(random: np.random.Generator) -> Iterator[Question]:
    yield from scans(random, ("float32", "float64", *MORE_NUMBERS), False)


@asks("Dilation2DBackpropInput", "Dilation2DBackpropFilter", ulps=None, relative=1e-6)
def dilation_gradient(random: np.random.Generator) -> Iterator[Question]:
    yield from scans(random, ("float32", "float64", *MORE_NUMBERS), True)


@asks("FractionalAvgPool", "FractionalMaxPool", ulps=None, relative=1e-6)
def fractional(random: np.random.Generator) -> Iterator[Question]:
    """Seeds of all sizes, sizes that a ratio divides and others."""
    seeds = [(1, 2), (0, 7), (-3, 0), (2**40 + 3, 2**62 + 1)]
    for dtype in ("float32", "float64", "int32", "int64"):
        for ratio in ([1.0, 1.5, 1.4, 1.0], [1.0, 3.2, 2.0, 1.0], [1.0, 1.0, 7.0, 1.0]):
            for choice in range(4):
                shape = (1, 7, 12, 2) if choice else (1, 13, 9, 1)
                seed, seed2 = seeds[random.integers(len(seeds))]
                attrs = {"pooling_ratio": ratio, "pseudo_random": bool(choice & 1), "overlapping": bool(choice & 2)}
                attrs |= {"deterministic": True, "seed": seed, "seed2": seed2}
                value = (random.normal(size=shape) * 20).astype(dtype)
                name = f"{dtype}_{'x'.join(map(str, ratio[1:3]))}_{choice}"
                yield Question(name, attrs, {"value": value}, slopes=dtype[0] == "f")
    for pseudo_random in (True, False):  # rows of one size draw as others do, and columns get what comes next
        attrs = {"pooling_ratio": [1.0, 2.0, 1.2, 1.0], "pseudo_random": pseudo_random, "overlapping": True}
        for seed, seed2 in ((3, 70), (5, 8)):
            attrs |= {"deterministic": True, "seed": seed, "seed2": seed2}
            value = random.normal(size=(1, 4, 6, 1)).astype("float32")
            yield Question(f"even_rows_{pseudo_random}_{seed}", attrs, {"value": value})


@asks("FractionalAvgPoolGrad", ulps=None, relative=1e-6)
def fractional_mean_gradient(random: np.random.Generator) -> Iterator[Question]:
    rows, columns = np.array([0, 2, 3, 5, 7]), np.array([0, 1, 3, 5, 6, 8])
    for dtype in ("float32", "float64", "int32", "int64"):
        for overlapping in (False, True):
            inputs = {
                "orig_input_tensor_shape": np.array([2, 7, 8, 3]),
                "out_backprop": (random.normal(size=(2, 4, 5, 3)) * 20).astype(dtype),
                "row_pooling_sequence": rows,
                "col_pooling_sequence": columns,
            }
            yield Question(f"{dtype}_{overlapping}", {"overlapping": overlapping}, inputs)
    pairs = np.arange(0, 33, 2)  # ninths of which four meet: whether whole numbers come of them depends on the order
    for dtype in ("int32", "int64", "float64"):
        inputs = {
            "orig_input_tensor_shape": np.array([1, 32, 32, 2]),
            "out_backprop": random.integers(-50, 50, size=(1, 16, 16, 2)).astype(dtype),
            "row_pooling_sequence": pairs,
            "col_pooling_sequence": pairs,
        }
        yield Question(f"{dtype}_ninths", {"overlapping": True}, inputs)


@asks("FractionalMaxPoolGrad")
def fractional_largest_gradient(random: np.random.Generator) -> Iterator[Question]:
    rows, columns = np.array([0, 2, 3, 5, 7]), np.array([0, 1, 3, 5, 6, 8])
    for dtype in ("float32", "float64", "int32", "int64"):
        for overlapping in (False, True):
            x = tied(random, (2, 7, 8, 3), dtype)
            more = int(overlapping)
            y = [
                [x[:, r : s + more, c : d + more].max((1, 2)) for c, d in pairwise(columns)] for r, s in pairwise(rows)
            ]
            inputs = {
                "orig_input": x,
                "orig_output": np.moveaxis(np.array(y), 2, 0),
                "out_backprop": tied(random, (2, 4, 5, 3), dtype),
                "row_pooling_sequence": rows,
                "col_pooling_sequence": columns,
            }
            yield Question(f"{dtype}_{overlapping}", {"overlapping": overlapping}, inputs)
