"""What to ask about parts of values, values cut, stacked, repeated, rolled and mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .gathering import numbers


def _name(*parts: object) -> str:
    return "_".join("x".join(map(str, p)) if isinstance(p, tuple) else str(p) for p in parts)


def _floats(dtype: str) -> bool:
    return dtype.startswith("float")


@asks("Split")
def split(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int8", "complex64", "bool"):
        for shape, axis, count in (((6,), 0, 3), ((2, 4, 3), 1, 2), ((2, 4, 3), -1, 1), ((0, 4), 1, 4), ((0, 2), 0, 2)):
            given = {"axis": np.int32(axis), "value": numbers(random, shape, dtype)}
            yield Question(_name(dtype, shape, axis, count), {"num_split": count}, given, _floats(dtype))


@asks("SplitV")
def split_sizes(random: np.random.Generator) -> Iterator[Question]:
    cases = [
        ((6,), 0, [1, 2, 3]),
        ((2, 5, 3), 1, [-1, 2]),
        ((2, 5, 3), -1, [3]),
        ((2, 5), 1, [0, 5]),
        ((0, 4), 0, [0, -1]),
    ]
    for dtype, kind in (("float32", "int32"), ("float64", "int64"), ("uint8", "int8")):
        for shape, axis, parts in cases:
            given = {
                "value": numbers(random, shape, dtype),
                "size_splits": np.array(parts, kind),
                "axis": np.int32(axis),
            }
            yield Question(_name(dtype, shape, axis, tuple(parts)), {"num_split": len(parts)}, given, _floats(dtype))


@asks("Pack")
def stack(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int64", "bool"):
        for shape, count in (((), 3), ((4,), 1), ((2, 3), 2), ((0, 3), 2)):
            for axis in range(-len(shape) - 1, len(shape) + 1):
                given = {f"value{i}": numbers(random, shape, dtype) for i in range(count)}
                yield Question(_name(dtype, shape, count, axis), {"axis": axis}, given, _floats(dtype))


@asks("Unpack")
def unstack(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "int64", "bool"):
        for shape in ((3,), (1, 4), (2, 3, 4), (2, 0)):
            for axis in range(-len(shape), len(shape)):
                if shape[axis]:  # a graph without outputs does not run
                    given = {"value": numbers(random, shape, dtype)}
                    attrs = {"num": shape[axis], "axis": axis}
                    yield Question(_name(dtype, shape, axis), attrs, given, _floats(dtype))


# shape, begin, end, strides, and the masks that are not 0
SLICES = [
    ((5,), [1], [4], [1], {}),
    ((5,), [4], [0], [-2], {}),
    ((5,), [-2], [9], [1], {}),
    ((5,), [9], [-9], [-1], {}),
    ((5,), [3], [1], [1], {}),
    ((5,), [0], [0], [-1], {"begin_mask": 1, "end_mask": 1}),
    ((5,), [-1], [0], [1], {"shrink_axis_mask": 1}),
    ((5,), [-1], [0], [1], {"shrink_axis_mask": 1, "begin_mask": 1, "end_mask": 1}),
    ((5,), [], [], [], {}),
    ((), [0], [0], [1], {"new_axis_mask": 1}),
    ((), [0], [0], [1], {"ellipsis_mask": 1}),
    ((4, 3), [1, 0], [3, 3], [1, 2], {}),
    ((4, 3), [1], [3], [1], {}),
    ((4, 3), [0, -1], [0, 0], [1, 1], {"shrink_axis_mask": 2, "begin_mask": 1, "end_mask": 1}),
    ((4, 3), [2, 1], [0, 0], [1, 1], {"shrink_axis_mask": 3}),
    ((4, 3, 2), [0, 1, 0], [0, 2, 0], [1, 1, 1], {"ellipsis_mask": 1, "shrink_axis_mask": 4}),
    ((4, 3, 2), [0, 0, 1], [0, 0, 2], [1, 1, 1], {"ellipsis_mask": 2, "new_axis_mask": 1}),
    ((4, 3, 2), [1, 0, 0, 0], [3, 0, 0, 1], [1, 1, 1, 1], {"ellipsis_mask": 2, "new_axis_mask": 4}),
    ((4, 3, 2), [0, 1, 1, 0], [0, 2, 3, 0], [1, 1, 1, 1], {"new_axis_mask": 9}),
    ((4, 3, 2), [1, 0, 0], [2, 0, 0], [1, 1, 1], {"new_axis_mask": 2, "shrink_axis_mask": 3}),
    ((4, 3, 2), [3, 2, 1], [0, 0, 0], [-1, -2, -1], {"end_mask": 5}),
    ((4, 0, 2), [1, 0], [3, 5], [1, 1], {}),
    ((4, 3), [0, 0, 1], [0, 9, 2], [1, 1, 1], {"ellipsis_mask": 1}),
]
MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def _slices(random: np.random.Generator) -> Iterator[tuple[str, dict[str, int], tuple[int, ...], dict[str, Any], str]]:
    for dtype, kind in (("float32", "int32"), ("float64", "int64"), ("bool", "int32")):
        for i, (shape, begin, end, strides, masks) in enumerate(SLICES):
            bounds = {"begin": begin, "end": end, "strides": strides}
            arrays = {name: np.array(values, kind) for name, values in bounds.items()}
            yield _name(dtype, shape, i), dict.fromkeys(MASKS, 0) | masks, shape, arrays, dtype


@asks("StridedSlice")
def strided_slice(random: np.random.Generator) -> Iterator[Question]:
    for name, masks, shape, arrays, dtype in _slices(random):
        yield Question(name, masks, {"input": numbers(random, shape, dtype), **arrays}, _floats(dtype))
    short = {name: np.array([n], np.int16) for name, n in (("begin", 4), ("end", -9), ("strides", -2))}
    yield Question("int16", dict.fromkeys(MASKS, 0), {"input": numbers(random, (6,), "float32"), **short}, slopes=False)


@asks("StridedSliceGrad")
def strided_slice_gradient(random: np.random.Generator) -> Iterator[Question]:
    for name, masks, shape, arrays, dtype in _slices(random):
        index: list[Any] = []
        begin, end, strides = (arrays[n].tolist() for n in ("begin", "end", "strides"))
        for i in range(len(begin)):
            bit = {mask: masks[mask] >> i & 1 for mask in MASKS}
            if bit["ellipsis_mask"]:
                index.append(...)
            elif bit["new_axis_mask"]:
                index.append(None)
            elif bit["shrink_axis_mask"]:
                index.append(begin[i])
            else:
                ends = None if bit["begin_mask"] else begin[i], None if bit["end_mask"] else end[i]
                index.append(slice(*ends, strides[i]))
        part = np.zeros(shape)[tuple(index)].shape
        given = {"shape": np.array(shape, arrays["begin"].dtype), **arrays, "dy": numbers(random, part, dtype)}
        yield Question(name, masks, given, _floats(dtype))


@asks("Tile", ulps=0)
def tile(random: np.random.Generator) -> Iterator[Question]:
    cases = [
        ((), ()),
        ((3,), (2,)),
        ((3,), (0,)),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 2)),
        ((2, 1, 3), (3, 4, 1)),
        ((0, 2), (2, 3)),
    ]
    for dtype, kind in (("float32", "int32"), ("float64", "int64"), ("int16", "int32"), ("bool", "int32")):
        for shape, times in cases:
            given = {"input": numbers(random, shape, dtype), "multiples": np.array(times, kind)}
            yield Question(_name(dtype, shape, times), {}, given, _floats(dtype))


@asks("Roll")
def roll(random: np.random.Generator) -> Iterator[Question]:
    cases = [((5,), 2, 0), ((5,), -7, -1), ((5,), [2], [0]), ((3, 4), [1, -2], [0, 1]), ((3, 4), [1, 1, 5], [1, -1, 0])]
    cases += [((2, 3, 4), 1, 1), ((0, 3), 1, 1), ((1, 3), 4, 0)]
    for dtype in ("float32", "float64", "int32", "bool"):
        for i, (shape, shift, axis) in enumerate(cases):
            given = {"input": numbers(random, shape, dtype), "shift": np.array(shift, np.int32)}
            yield Question(_name(dtype, shape, i), {}, given | {"axis": np.array(axis, np.int32)}, _floats(dtype))


PADDED = [
    ((4,), ((2, 1),)),
    ((4,), ((0, 0),)),
    ((3, 4), ((2, 1), (0, 3))),
    ((2, 3, 4), ((1, 1), (2, 0), (1, 3))),
    ((1, 2, 3, 2), ((0, 0), (1, 1), (2, 2), (0, 0))),
]


@asks("MirrorPad")
def mirror(random: np.random.Generator) -> Iterator[Question]:
    for mode in ("REFLECT", "SYMMETRIC"):
        for dtype, kind in (("float32", "int32"), ("float64", "int64"), ("int32", "int32"), ("bool", "int32")):
            for shape, rows in PADDED + [((2,), ((2, 2),))] * (mode == "SYMMETRIC"):
                given = {"input": numbers(random, shape, dtype), "paddings": np.array(rows, kind)}
                yield Question(_name(mode, dtype, shape, sum(map(sum, rows))), {"mode": mode}, given, _floats(dtype))


@asks("MirrorPadGrad", ulps=None, relative=1e-6)
def mirror_gradient(random: np.random.Generator) -> Iterator[Question]:
    for mode in ("REFLECT", "SYMMETRIC"):
        for dtype, kind in (("float32", "int32"), ("float64", "int64"), ("int32", "int32")):
            for shape, rows in PADDED:
                padded = tuple(n + sum(row) for n, row in zip(shape, rows, strict=True))
                given = {"input": numbers(random, padded, dtype), "paddings": np.array(rows, kind)}
                yield Question(_name(mode, dtype, shape, sum(map(sum, rows))), {"mode": mode}, given, _floats(dtype))


@asks("CheckNumerics")
def finite(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64"):
        for shape in ((), (0,), (3, 4)):
            given = {"tensor": numbers(random, shape, dtype)}
            yield Question(_name(dtype, shape), {"message": "here"}, given, slopes=True)


@asks("BroadcastGradientArgs")
def broadcast_axes(random: np.random.Generator) -> Iterator[Question]:
    shapes = [
        (),
        (1,),
        (3,),
        (2, 3),
        (1, 3),
        (2, 1),
        (1, 1),
        (4, 2, 3),
        (4, 1, 3),
        (1, 2, 1),
        (0,),
        (2, 0),
        (1, 1, 1, 1),
    ]
    for a in shapes:
        for b in shapes:
            try:
                np.broadcast_shapes(a, b)
            except ValueError:
                continue
            dtype = random.choice(["int32", "int64"])
            yield Question(_name(a, "and", b), {}, {"s0": np.array(a, dtype), "s1": np.array(b, dtype)})


@asks("DecodeRaw")
def raw_bytes(random: np.random.Generator) -> Iterator[Question]:
    dtypes = [
        "float16",
        "float32",
        "float64",
        "int32",
        "uint16",
        "uint8",
        "int16",
        "int8",
        "int64",
        "complex64",
        "complex128",
    ]
    for dtype in dtypes:
        for shape in ((3,), (2, 4), (2, 3, 1), (2, 0)):
            for little in (True, False):
                values = numbers(random, shape, dtype).astype(np.dtype(dtype).newbyteorder("<" if little else ">"))
                rows = np.frombuffer(values.tobytes(), np.uint8).reshape(*shape[:-1], shape[-1] * values.itemsize)
                yield Question(
                    _name(dtype, shape, little), {"out_type": dtype, "little_endian": little}, {"bytes": rows}
                )
    flags = {"bytes": np.array([[0, 1, 1]], np.uint8)}
    yield Question("bool", {"out_type": "bool", "little_endian": True}, flags)
