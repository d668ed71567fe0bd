"""What to ask torch about quantizers that train: values of every width, and the gradients of their papers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import SHAPES, label, numbers, stored

SHAPE = (3, 4, 5)
LARGE = (100, 64, 80)  # the same rows over and over, more than is done in one piece
BITS = (1, 2, 3, 4, 8, 16)
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, -1e-30, 1e30, -1e30)
Numbers = Callable[[np.random.Generator, Any, float], Mapping[str, Any]]  # of a shape, for values of this size


def quantizer(
    random: np.random.Generator, numbers_of: Numbers, signs: tuple[bool, ...] | None, bits: tuple[int, ...] = BITS
) -> Iterator[Question]:
    """Widths, signs, dtypes, axes, shapes, special values and ties.

    ``numbers_of`` gives the inputs beside the values so that some values lie beyond the ends.
    """

    def question(name: str, x: Any, settings: Mapping[str, Any], slopes: bool = True) -> Question:
        axis, width = settings.get("axis"), settings["num_bits"]
        given = numbers_of(random, () if axis is None else x.shape[axis], 2.0 ** (width - 1))
        inputs = {port: np.asarray(a).astype(x.dtype) for port, a in given.items()}
        return Question(name, dict(settings), {"x": x, **inputs}, slopes)

    for width, sign in itertools.product(bits, signs or (None,)):
        settings = {"num_bits": width} | ({} if sign is None else {"signed": sign})
        for dtype in ("float32", "float64", "float16", "bfloat16"):
            x = numbers(random, dtype, (100,))
            yield question(f"bits{width}_{sign}_{dtype}", x, settings, dtype in ("float32", "float64"))
        for axis in (0, 1, 2, -1, -3):
            yield question(
                f"bits{width}_{sign}_axis{axis}", numbers(random, "float32", SHAPE), {**settings, "axis": axis}
            )
        special = np.array([*SPECIAL, *np.arange(-9, 9) / 2], np.float32)
        yield question(f"bits{width}_{sign}_special", special, settings, False)
    for shape in SHAPES:
        yield question(f"shape_{label(shape)}", numbers(random, "float32", shape), {"num_bits": 4}, shape == ())
    for channels in ({}, {"axis": 0}, {"axis": 1}, {"axis": 2}):
        x = np.resize(numbers(random, "float32", LARGE[-1]), LARGE)
        yield question(f"large_{channels.get('axis')}", x, {"num_bits": 3} | channels)


def around(random: np.random.Generator, shape: Any, levels: float, least: float = 1.0) -> Any:
    """Positive numbers near the size at which a range of so many levels ends within the values."""
    return least * random.uniform(0.7, 2.5, shape) / levels


@asks("LearnedStepQuantize", torch=True)
def learned_step(random: np.random.Generator) -> Iterator[Question]:
    yield from quantizer(random, lambda r, shape, n: {"step": around(r, shape, n)}, (True, False))
    for scale, offset, axis in itertools.product(("elements", "features", "none"), (True, False), (None, 0, 2)):
        shape = () if axis is None else SHAPE[axis]
        inputs = {"x": numbers(random, "float32", SHAPE), "step": around(random, shape, 4).astype(np.float32)}
        if offset:
            inputs["offset"] = random.normal(size=shape).astype(np.float32)
        inputs = {name: np.asarray(a, np.float32) for name, a in inputs.items()}
        attrs = {"num_bits": 3, "gradient_scale": scale} | ({} if axis is None else {"axis": axis})
        yield Question(f"{scale}_{offset}_{axis}", attrs, inputs, True)


@asks("TrainedThresholdQuantize", torch=True)
def trained_threshold(random: np.random.Generator) -> Iterator[Question]:
    yield from quantizer(random, lambda r, shape, n: {"log2_t": r.uniform(-1, 2, shape)}, (True, False))


@asks("PactQuantize", torch=True)
def pact(random: np.random.Generator) -> Iterator[Question]:
    yield from quantizer(random, lambda r, shape, n: {"alpha": around(r, shape, 1.0)}, None)


@asks("FakeQuantSymmetric", torch=True)
def symmetric(random: np.random.Generator) -> Iterator[Question]:
    # at ties of float16 and bfloat16 the last bit of the step decides
    for question in quantizer(random, lambda r, shape, n: {"m": around(r, shape, 1.0)}, None):
        for narrow in (True, False):
            attrs = question.attrs | {"narrow_range": narrow}
            if not any(word in question.name for word in ("special", "float16", "large" if not narrow else "special")):
                yield question._replace(name=f"{question.name}_{narrow}", attrs=attrs)
    for size, axis, width in itertools.product((1, 2, 3, 8), (0, 1, 2, -1), (1, 4)):
        x = numbers(random, "float32", SHAPE)
        shape = list(SHAPE)
        shape[axis] = -(-shape[axis] // size)
        m = np.asarray(around(random, shape, 1.0)).astype(np.float32)
        attrs = {"num_bits": width, "axis": axis, "group": size}
        yield Question(f"group{size}_{axis}_{width}", attrs, {"x": x, "m": m}, True)


@asks("QuantizeBias", torch=True)
def bias(random: np.random.Generator) -> Iterator[Question]:
    for dtype, width, channels in itertools.product(("float32", "float64", "bfloat16"), (2, 8, 16, 32), (True, False)):
        given = {
            "bias": numbers(random, dtype, (100,)),
            "input_scale": np.asarray(random.uniform(0.001, 0.1)).astype(stored(dtype)),
            "weight_scale": np.asarray(random.uniform(0.001, 0.1, 100 if channels else ())).astype(stored(dtype)),
        }
        yield Question(f"{dtype}_{width}_{channels}", {"num_bits": width}, given, dtype != "bfloat16")


@asks("BinaryQuantize", ulps=4, torch=True)
def binary(random: np.random.Generator) -> Iterator[Question]:
    """The mean is summed in another order there."""
    for dtype, axis, scale in itertools.product(
        ("float32", "float64", "float16", "bfloat16"), (None, 0, 1, -1), ("mean", "one")
    ):
        if axis is None or scale == "mean":
            x = numbers(random, dtype, SHAPE, 1.0)
            x[0, 0, :3] = 0.0, -0.0, 1.0
            attrs = {"scale": scale} | ({} if axis is None else {"axis": axis})
            yield Question(f"{dtype}_{axis}_{scale}", attrs, {"x": x}, dtype in ("float32", "float64"))
    for shape in SHAPES:
        if 0 not in shape:  # an empty mean is NaN in both
            yield Question(f"shape_{label(shape)}", {"scale": "mean"}, {"x": numbers(random, "float32", shape)}, True)


@asks("RoundSTE", "ClipSTE", torch=True)
def straight_through(random: np.random.Generator) -> Iterator[Question]:
    for dtype, shape in itertools.product(("float32", "float64", "float16", "bfloat16"), SHAPES):
        x = numbers(random, dtype, shape)
        ends = {"min": np.asarray(-1.5).astype(x.dtype), "max": np.asarray(2).astype(x.dtype)}
        yield Question(f"{dtype}_{label(shape)}", {}, {"x": x, **ends}, dtype == "float32")


@asks("PowerOfTwo", torch=True)
def powers(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "float16", "bfloat16"):
        x = np.concatenate([numbers(random, dtype, (50,)), np.arange(-20, 12).astype(stored(dtype))])
        yield Question(dtype, {}, {"x": x}, dtype in ("float32", "float64"))
    yield Question("special", {}, {"x": np.array([np.nan, np.inf, -np.inf, 127.5, 127, -200, 1e9], np.float32)})


@asks("AdaRoundWeights", ulps=None, torch=True)
def adaround(random: np.random.Generator) -> Iterator[Question]:
    for width, axis, hard, dtype in itertools.product(
        (2, 4, 8), (None, 0, 1, -1), (True, False), ("float32", "float64")
    ):
        shape = () if axis is None else SHAPE[axis]
        inputs = {
            "w": numbers(random, dtype, SHAPE),
            "step": np.asarray(around(random, shape, 2.0 ** (width - 1))).astype(dtype),
            "v": numbers(random, dtype, SHAPE),
        }
        attrs = {"num_bits": width, "hard": hard, "narrow_range": axis == 1} | ({} if axis is None else {"axis": axis})
        yield Question(f"{width}_{axis}_{hard}_{dtype}", attrs, inputs, not hard)


@asks("AdaRoundRegularizer", ulps=None, torch=True)
def regularizer(random: np.random.Generator) -> Iterator[Question]:
    for dtype, beta, shape in itertools.product(("float32", "float64"), (20.0, 2.0, 3.5), ((100,), (2, 3), ())):
        given = {"v": numbers(random, dtype, shape), "beta": np.asarray(beta, dtype)}
        yield Question(f"{dtype}_{beta}_{label(shape)}", {}, given, True)


@asks("AdaRoundStart", ulps=None, torch=True)
def start(random: np.random.Generator) -> Iterator[Question]:
    for dtype, axis in itertools.product(("float32", "float64"), (None, 0, 2)):
        step = around(random, () if axis is None else SHAPE[axis], 4.0)
        attrs = {} if axis is None else {"axis": axis}
        yield Question(f"{dtype}_{axis}", attrs, {"w": numbers(random, dtype, SHAPE), "step": np.asarray(step, dtype)})
