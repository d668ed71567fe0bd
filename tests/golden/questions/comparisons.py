"""What to ask about comparisons, logic, and picking by them. The reference sees no subnormals: they are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import COMPLEX, EVERY, FLOATS, PAIRS, REAL, SIGNED, label, numbers, pairs, special, wide


def shared(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    """Values few enough that many are equal."""
    x = numbers(random, dtype, shape, 1.0)
    return x if dtype == "bool" else np.asarray(x.round() + x.dtype.type(0))  # no -0.0


def compared(random: np.random.Generator, dtypes: Iterable[str], draw: Any = shared) -> Iterator[Question]:
    for name, _, x, y in pairs(random, dtypes, draw):
        yield Question(name, {}, {"x": x, "y": y})
    for dtype in dtypes:
        x = special(dtype, subnormal=False)
        yield Question(f"{dtype}_special", {}, {"x": x[:, None], "y": x})


@asks("Less", "LessEqual", "Greater", "GreaterEqual")
def ordering(random: np.random.Generator) -> Iterator[Question]:
    yield from compared(random, REAL)


@asks("Equal", "NotEqual")
def equality(random: np.random.Generator) -> Iterator[Question]:
    yield from compared(random, EVERY)
    for a, b in (((2,), (3,)), ((2, 3), (2,)), ((2,), (2,)), ((), (2,))):
        x, y = numbers(random, "float32", a), numbers(random, "float32", b)
        yield Question(f"any_shape_{label(a, b)}", {"incompatible_shape_error": False}, {"x": x, "y": y})


@asks("LogicalAnd", "LogicalOr")
def junction(random: np.random.Generator) -> Iterator[Question]:
    yield from compared(random, ["bool"])
    for a, b in PAIRS:
        yield Question(label(a, b), {}, {"x": numbers(random, "bool", a), "y": numbers(random, "bool", b)})


@asks("LogicalNot")
def negation(random: np.random.Generator) -> Iterator[Question]:
    for shape in ((), (0,), (1,), (2, 3)):
        yield Question(label(shape), {}, {"x": numbers(random, "bool", shape)})


@asks("Maximum", "Minimum")
def extreme(random: np.random.Generator) -> Iterator[Question]:
    for name, dtype, x, y in pairs(random, REAL, shared):
        yield Question(name, {}, {"x": x, "y": y}, slopes=wide(dtype))
    for dtype in REAL:
        x = special(dtype, subnormal=False)
        x = x[~((x == 0) & np.signbit(x))] if dtype in FLOATS else x  # of 0.0 and -0.0 either may come out
        yield Question(f"{dtype}_special", {}, {"x": x[:, None], "y": x})


@asks("ClipByValue")
def clip(random: np.random.Generator) -> Iterator[Question]:
    shapes = (
        ((), (), ()),
        ((0,), (), ()),
        ((3, 4), (), ()),
        ((3, 4), (3, 4), (3, 4)),
        ((3, 4), (), (3, 4)),
        ((5,), (5,), ()),
    )
    for dtype in (*FLOATS, *SIGNED, "uint8", "uint16"):
        for group in shapes if wide(dtype) else shapes[2:4]:
            t, low, high = (numbers(random, dtype, shape) for shape in group)
            low, high = np.minimum(low, high), np.maximum(low, high)
            inputs = {"t": t, "clip_value_min": low, "clip_value_max": high}
            yield Question(f"{dtype}_{label(*group)}", {}, inputs, slopes=wide(dtype))
        x = special(dtype)
        for i, (low, high) in enumerate(
            ((-1, 2), (1, 1), (-7, 100)) if dtype in (*FLOATS, *SIGNED) else ((0, 2), (1, 1))
        ):
            inputs = {"t": x, "clip_value_min": x.dtype.type(low), "clip_value_max": x.dtype.type(high)}
            yield Question(f"{dtype}_special{i}", {}, {name: np.asarray(v) for name, v in inputs.items()})


@asks("SelectV2")
def select(random: np.random.Generator) -> Iterator[Question]:
    shapes = (((3, 4), (3, 4), (3, 4)), ((), (), ()), ((0,), (), (0,)), ((3, 1), (4,), (2, 1, 1)), ((), (2, 3), ()))
    for dtype in EVERY:
        for group in shapes if dtype == "float32" else shapes[3:4]:
            t, e = (numbers(random, dtype, shape) for shape in group[1:])
            inputs = {"condition": numbers(random, "bool", group[0]), "t": t, "e": e}
            yield Question(f"{dtype}_{label(*group)}", {}, inputs, slopes=wide(dtype))
    for dtype in (*FLOATS, *COMPLEX):
        x = special(dtype)
        yield Question(f"{dtype}_special", {}, {"condition": np.arange(len(x)) % 2 == 0, "t": x, "e": x[::-1].copy()})
    x, y = numbers(random, "float32", (70, 90)), numbers(random, "float32", (90,))
    yield Question("large", {}, {"condition": x > 0, "t": np.rint(x), "e": np.rint(y)}, slopes=False)


@asks("Select")
def select_rows(random: np.random.Generator) -> Iterator[Question]:
    shapes = (((3, 4), (3, 4)), ((3,), (3, 4)), ((), (3, 4)), ((), ()), ((0,), (0, 2)), ((2,), (2, 3, 2)), ((1,), (1,)))
    for dtype in EVERY:
        for condition, shape in shapes if dtype == "float32" else shapes[1:2]:
            x, y = (numbers(random, dtype, shape) for _ in range(2))
            inputs = {"condition": numbers(random, "bool", condition), "x": x, "y": y}
            yield Question(f"{dtype}_{label(condition, shape)}", {}, inputs, slopes=wide(dtype))
    x = special("float32")
    yield Question("special", {}, {"condition": np.arange(len(x)) % 2 == 0, "x": x, "y": x[::-1].copy()})
