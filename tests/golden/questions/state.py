"""What to ask about blocks that change variables: assignments, single rows and slices, counters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import COMPLEX, EVERY, FLOATS, NUMBER, SHAPES, SIGNED, UNSIGNED, apart, label, numbers, special, stored


@asks("Assign")
def assign(random: np.random.Generator) -> Iterator[Question]:
    for dtype in EVERY:
        for shape in SHAPES if dtype == "float32" else SHAPES[-1:]:
            values = {name: numbers(random, dtype, shape) for name in ("ref", "value")}
            for checked in (True, False) if dtype == "float32" else (True,):
                name = f"{dtype}_{label(shape)}" + "_any_shape" * (not checked)
                yield Question(name, {"validate_shape": checked}, values)
    inputs = {"ref": numbers(random, "float32", (3,)), "value": numbers(random, "float32", (2, 2))}
    yield Question("float32_reshaped", {"validate_shape": False}, inputs)


@asks("AssignAdd", "AssignSub")
def assign_sums(random: np.random.Generator) -> Iterator[Question]:
    for dtype in NUMBER:
        for shape in SHAPES if dtype in ("float32", "int32") else SHAPES[-1:]:
            values = {name: numbers(random, dtype, shape) for name in ("ref", "value")}
            yield Question(f"{dtype}_{label(shape)}", {}, values)
        if dtype not in COMPLEX:
            x = special(dtype, subnormal=False)
            yield Question(f"{dtype}_special", {}, {"ref": np.repeat(x, len(x)), "value": np.tile(x, len(x))})


ROWS = (((4,), (3,)), ((4, 3), (5,)), ((5, 2, 3), (2, 2)), ((4, 3), ()), ((3, 2), (0,)), ((3, 0), (2,)), ((2, 3), (9,)))


def rows(random: np.random.Generator, dtypes: Iterable[str], draw: Any = apart) -> Iterator[Question]:
    """Rows by number: each once, several twice, none; and one number for all rows."""
    for dtype in dtypes:
        for ref, shape in ROWS if dtype in ("float32", "int32") else ROWS[2:3]:
            for kind in ("int32", "int64") if dtype == "float32" else ("int32",):
                indices = random.integers(0, ref[0], shape).astype(kind)
                values = {"ref": draw(random, dtype, ref), "updates": draw(random, dtype, (*shape, *ref[1:]))}
                yield Question(f"{dtype}_{label(ref, shape)}_{kind}", {}, {**values, "indices": indices})
        single = {"ref": draw(random, dtype, (4, 3)), "updates": draw(random, dtype, ())}
        yield Question(f"{dtype}_single", {}, {**single, "indices": np.array([[0, 2], [2, 3]], np.int32)})
        each = {"ref": draw(random, dtype, (4, 3)), "updates": draw(random, dtype, (4, 3))}
        yield Question(f"{dtype}_each_once", {}, {**each, "indices": np.array([2, 0, 3, 1], np.int32)})


@asks("ScatterAdd", "ScatterSub", "ScatterMul", complex_ulps=2)
def scatter(random: np.random.Generator) -> Iterator[Question]:
    yield from rows(random, NUMBER)


@asks("ScatterDiv", complex_ulps=4)
def scatter_div(random: np.random.Generator) -> Iterator[Question]:
    yield from rows(random, NUMBER)
    for dtype in (*SIGNED, *UNSIGNED):
        x = special(dtype)
        divisors = np.array([v for v in x if v not in (0, -1)], stored(dtype))
        inputs = {"ref": np.repeat(x, len(divisors)), "updates": np.tile(divisors, len(x))}
        yield Question(f"{dtype}_special", {}, {**inputs, "indices": np.arange(len(inputs["ref"]), dtype=np.int32)})


@asks("ScatterUpdate")
def scatter_update(random: np.random.Generator) -> Iterator[Question]:
    yield from rows(random, EVERY, numbers)


PLACES = (
    ((4,), (3, 1)),
    ((4, 3), (5, 2)),
    ((4, 3), (2, 2, 1)),
    ((2, 3, 2), (7, 2)),
    ((2, 3, 2), (3, 3)),
    ((4, 3), (2,)),
    ((3, 2), (0, 1)),
)


def places(random: np.random.Generator, dtypes: Iterable[str]) -> Iterator[Question]:
    """Elements and slices by place, several twice; with one policy places that are not there."""
    for dtype in dtypes:
        for ref, shape in PLACES if dtype in ("float32", "int32") else PLACES[3:4]:
            for kind in ("int32", "int64") if dtype == "float32" else ("int32",):
                indices = random.integers(0, ref[: shape[-1]], shape).astype(kind)
                updates = numbers(random, dtype, (*shape[:-1], *ref[shape[-1] :]))
                if not updates.ndim:  # the reference wants a dim
                    continue
                inputs = {"ref": numbers(random, dtype, ref), "indices": indices, "updates": updates}
                yield Question(f"{dtype}_{label(ref, shape)}_{kind}", {}, inputs)
    for policy in ("DEFAULT", "ERROR", "IGNORE"):
        indices = np.array([[0, 1], [3, 2], [0, 1]], np.int32)
        if policy == "IGNORE":
            indices = np.array([[0, 1], [0, 3], [-1, 0], [3, 2], [4, 0], [0, 1]], np.int32)
        inputs = {"ref": numbers(random, "float32", (4, 3)), "updates": numbers(random, "float32", indices.shape[:1])}
        yield Question(f"float32_{policy}", {"bad_indices_policy": policy}, {**inputs, "indices": indices})


@asks("ScatterNdAdd", "ScatterNdSub")
def scatter_nd(random: np.random.Generator) -> Iterator[Question]:
    yield from places(random, NUMBER)


@asks("ScatterNdUpdate")
def scatter_nd_update(random: np.random.Generator) -> Iterator[Question]:
    yield from places(random, EVERY)


@asks("CountUpTo")
def count_up_to(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("int32", "int64"):
        for start, limit in ((0, 1), (3, 10), (-5, -4), (2**31 - 2, 2**31 - 1)):
            yield Question(f"{dtype}_{start}", {"limit": limit}, {"ref": np.array(start, dtype)})


@asks("IsVariableInitialized")
def is_variable_initialized(random: np.random.Generator) -> Iterator[Question]:
    for dtype in (*FLOATS, "int32", "bool"):
        yield Question(dtype, {}, {"ref": numbers(random, dtype, (2, 3))})


@asks("ExponentialMovingAverage", ulps=None, relative=1e-6)
def moving_average(random: np.random.Generator) -> Iterator[Question]:
    for shape in SHAPES:
        inputs = {name: numbers(random, "float32", shape) for name in ("average", "value")}
        for decay, done in ((0.99, None), (0.5, None), (0.99, 3), (0.9, 1000)):
            given = {} if done is None else {"num_updates": np.array(done, np.int64)}
            name = f"{label(shape)}_{decay}" + f"_{done}" * (done is not None)
            yield Question(name, {}, {**inputs, **given, "decay": np.array(decay, np.float32)})
