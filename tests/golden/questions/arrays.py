"""What to ask about shapes, parts, borders and copies, in which no number changes, and about other dtypes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import COMPLEX, EVERY, FLOATS, SHAPES, SIGNED, UNSIGNED, label, numbers, singles, special, stored, wide


def moved(
    random: np.random.Generator, port: str, choices: list[tuple[tuple[int, ...], dict[str, Any]]]
) -> Iterator[Question]:
    """Every choice of a shape and further inputs in float32, the first in the other dtypes and with 64-bit indices."""
    for dtype in EVERY:
        for i, (shape, indices) in enumerate(choices if dtype == "float32" else choices[:1]):
            kind = np.int32 if dtype in ("float32", "float64") else np.int64
            numbers_ = {name: np.asarray(value, kind) for name, value in indices.items()}
            inputs = {port: numbers(random, dtype, shape), **numbers_}
            yield Question(f"{dtype}_{label(shape)}_{i}", {}, inputs, slopes=wide(dtype))


@asks("Identity")
def identity(random: np.random.Generator) -> Iterator[Question]:
    yield from whole(random, "input", slopes=True)


@asks("ZerosLike", "OnesLike")
def like(random: np.random.Generator) -> Iterator[Question]:
    yield from whole(random, "x")


def whole(random: np.random.Generator, port: str, slopes: bool = False) -> Iterator[Question]:
    for name, dtype, x in singles(random, EVERY, numbers):
        yield Question(name, {}, {port: x}, slopes=slopes and wide(dtype))
    for dtype in (*FLOATS, *COMPLEX):
        yield Question(f"{dtype}_special", {}, {port: special(dtype)})


@asks("Rank")
def rank(random: np.random.Generator) -> Iterator[Question]:
    yield from whole(random, "input")


@asks("Shape", "Size")
def sizes(random: np.random.Generator) -> Iterator[Question]:
    for (name, _, x), out_type in itertools.product(singles(random, EVERY, numbers), ("int32", "int64")):
        yield Question(f"{name}_{out_type}", {"out_type": out_type}, {"input": x})


@asks("Fill")
def fill(random: np.random.Generator) -> Iterator[Question]:
    for i, dtype in enumerate(EVERY):
        for shape in SHAPES if dtype == "float32" else SHAPES[-1:]:
            dims = np.asarray(shape, (np.int32, np.int64)[i % 2])
            inputs = {"dims": dims, "value": numbers(random, dtype, ())}
            yield Question(f"{dtype}_{label(shape)}", {}, inputs, slopes=wide(dtype))


@asks("BroadcastTo")
def broadcast(random: np.random.Generator) -> Iterator[Question]:
    targets: Any = [
        ((3, 1), (2, 3, 4)), ((), ()), ((), (2, 3)), ((3,), (3,)), ((1,), (0,)), ((0,), (2, 0)),
        ((2, 1, 3), (2, 5, 3)), ((1, 1), (3, 2)), ((4, 1), (2, 3, 4, 1)),
    ]  # fmt: skip
    yield from moved(random, "input", [(shape, {"shape": target}) for shape, target in targets])


@asks("Reshape")
def reshape(random: np.random.Generator) -> Iterator[Question]:
    targets: Any = [
        ((2, 3, 4), (4, -1)), ((), ()), ((), (1, 1)), ((), (-1,)), ((6,), (2, 3)), ((0,), (3, 0)),
        ((2, 0), (0, -1)), ((0, 3), (-1,)), ((1,), ()), ((2, 3), (3, -1, 1)), ((2, 0, 3), (2, -1, 3)),
    ]  # fmt: skip
    yield from moved(random, "tensor", [(shape, {"shape": target}) for shape, target in targets])


@asks("Squeeze")
def squeeze(random: np.random.Generator) -> Iterator[Question]:
    choices: Any = [
        ((1, 2, 1, 3), []), ((1, 2, 1, 3), [0]), ((1, 2, 1, 3), [-2, 0]), ((), []), ((1,), [0]), ((1, 1), []),
        ((0, 1), [1]), ((2, 3), []),
    ]  # fmt: skip
    for dtype in EVERY:
        for shape, axis in choices if dtype == "float32" else choices[:1]:
            inputs = {"input": numbers(random, dtype, shape)}
            name = f"{dtype}_{label(shape)}_{'_'.join(map(str, axis))}"
            yield Question(name, {"axis": axis}, inputs, slopes=wide(dtype))


@asks("ExpandDims")
def expand(random: np.random.Generator) -> Iterator[Question]:
    choices: Any = [
        ((2, 3), 1), ((2, 3), 0), ((2, 3), 2), ((2, 3), -1), ((2, 3), -3), ((), 0), ((), -1), ((0,), 1), ((2,), [1]),
    ]  # fmt: skip
    yield from moved(random, "input", [(shape, {"axis": axis}) for shape, axis in choices])


@asks("Transpose")
def transpose(random: np.random.Generator) -> Iterator[Question]:
    choices: Any = [
        ((2, 3, 4), [2, 0, 1]), ((), []), ((5,), [0]), ((2, 3), [1, 0]), ((2, 3), [0, 1]), ((2, 0, 3), [1, 2, 0]),
        ((2, 1, 3, 2), [3, 2, 1, 0]), ((2, 3, 2, 2), [0, 2, 1, 3]),
    ]  # fmt: skip
    yield from moved(random, "x", [(shape, {"perm": perm}) for shape, perm in choices])


@asks("ConcatV2")
def concat(random: np.random.Generator) -> Iterator[Question]:
    choices: Any = [
        ([(2, 3), (2, 1), (2, 2)], 1), ([(2, 3), (1, 3)], 0), ([(2, 3), (2, 3)], -1), ([(2, 3), (0, 3)], -2),
        ([(3,)] * 11, 0), ([(0,), (0,)], 0), ([(1, 2, 2), (1, 1, 2)], 1),
    ]  # fmt: skip
    for i, dtype in enumerate(EVERY):
        for shapes, axis in choices if dtype == "float32" else choices[:1]:
            values = {f"value{j}": numbers(random, dtype, shape) for j, shape in enumerate(shapes)}
            index = {"axis": np.asarray(axis, (np.int32, np.int64)[i % 2])}
            yield Question(f"{dtype}_{label(*shapes)}_{axis}", {}, values | index, slopes=wide(dtype))


@asks("Slice")
def part(random: np.random.Generator) -> Iterator[Question]:
    choices: Any = [
        ((3, 4), [1, 0], [2, -1]), ((3, 4), [0, 0], [3, 4]), ((3, 4), [3, 1], [0, 2]), ((5,), [2], [-1]),
        ((5,), [5], [-1]), ((), [], []), ((0,), [0], [0]), ((2, 3, 4), [0, 1, 2], [1, 2, 1]),
    ]  # fmt: skip
    yield from moved(random, "input", [(shape, {"begin": begin, "size": size}) for shape, begin, size in choices])


@asks("Pad")
def pad(random: np.random.Generator) -> Iterator[Question]:
    choices: Any = [
        ((2, 3), [[1, 0], [2, 1]]), ((2, 3), [[0, 0], [0, 0]]), ((3,), [[0, 2]]), ((3,), [[2, 0]]),
        ((), np.zeros((0, 2))), ((0,), [[1, 2]]), ((2, 0, 1), [[1, 1], [0, 0], [1, 1]]),
        ((1, 2, 2, 1), [[0, 0], [1, 1], [1, 1], [0, 0]]),
    ]  # fmt: skip
    yield from moved(random, "input", [(shape, {"paddings": paddings}) for shape, paddings in choices])


WIDTHS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}


@asks("Cast")
def cast(random: np.random.Generator) -> Iterator[Question]:
    for source, target in itertools.product(EVERY, EVERY):
        x = numbers(random, source, 6) if source in (*FLOATS, *COMPLEX) else special(source)
        if source in (*FLOATS, *COMPLEX) and target in UNSIGNED:
            x = abs(x).astype(x.dtype)  # what becomes of numbers that do not fit is left to the processor
        if source in FLOATS and target in (*FLOATS, *COMPLEX, "bool"):
            x = np.concatenate([special(source, subnormal=False), x])
        slopes = wide(source) and wide(target) and not (source in COMPLEX and target not in COMPLEX)
        yield Question(f"{source}_{target}", {"DstT": target}, {"x": x}, slopes=slopes and not np.isnan(x).any())
    for source, target in itertools.permutations(FLOATS, 2):
        x = np.concatenate([special(source, subnormal=False)[:16], numbers(random, source, 40)])
        yield Question(f"cut_{source}_{target}", {"DstT": target, "Truncate": True}, {"x": x})
    for source, target in itertools.product(COMPLEX, FLOATS):
        x = numbers(random, source, 40)
        yield Question(f"cut_{source}_{target}", {"DstT": target, "Truncate": True}, {"x": x})
    for shape in SHAPES:
        yield Question(
            f"shape_{label(shape)}", {"DstT": "float64"}, {"x": numbers(random, "float32", shape)}, slopes=True
        )
    # halves between two neighbours of the narrower dtype, and what is just above and below them
    for source, target in itertools.combinations(WIDTHS, 2):
        if WIDTHS[source] > WIDTHS[target] + 1:
            step = 2.0 ** (1 - WIDTHS[target])
            halves = 1 + (np.arange(8) + 0.5) * step
            x = (halves + np.array([[-1], [0], [1]]) * step * 2.0**-2).astype(stored(source)).reshape(-1)
            yield Question(f"halves_{source}_{target}", {"DstT": target}, {"x": x})
    for source, target in itertools.product(SIGNED[:2], FLOATS):
        x = (2 ** random.integers(8, 30, 20) + random.integers(-3, 4, 20)).astype(source)
        yield Question(f"large_{source}_{target}", {"DstT": target}, {"x": x})
    # formats of 8 and 4 bits, with all their numbers and what lies between two of them
    for name in ("float8_e4m3fn", "float8_e5m2"):
        known = np.arange(256, dtype=np.uint8).view(stored(name))
        for target in (*FLOATS, *SIGNED, "bool"):
            finite = known[np.isfinite(known)] if target in SIGNED else known
            small = finite[abs(finite.astype(np.float32)) < 100] if target in SIGNED else finite
            yield Question(f"{name}_{target}", {"DstT": target}, {"x": small})
        for source in FLOATS:
            values = np.unique(known[np.isfinite(known)].astype(np.float64))
            middle = (values[1:] + values[:-1]) / 2
            around = [middle * (1 + sign * 2.0**-power) for sign in (1, -1) for power in (5, 12, 40)]
            ends = [np.inf, -np.inf, np.nan, 1e4, -1e4, -0.0]
            with np.errstate(over="ignore"):
                x = np.concatenate([middle, *around, ends]).astype(stored(source))
            yield Question(f"{source}_{name}", {"DstT": name}, {"x": x})
    for name, other in itertools.product(("int4", "uint4"), (*SIGNED, *UNSIGNED)):
        yield Question(f"{name}_{other}", {"DstT": other}, {"x": np.arange(16, dtype=np.uint8).view(stored(name))})
        yield Question(f"{other}_{name}", {"DstT": name}, {"x": special(other)})
