"""Blocks that move elements: parts, borders, copies, places."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core import dtypes

from ..draw import Draw
from .asking import Drawn, fuzzes

MOVED = (*dtypes.number, "bool")
MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def index(draw: Draw, value: Any) -> Any:
    return np.asarray(value, draw.pick(["int32", "int64"]))


@fuzzes("BroadcastTo", subnormal=True)
def broadcast(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    return {}, {"input": draw.values(draw.within(shape)), "shape": index(draw, shape)}


@fuzzes("BroadcastGradientArgs", subnormal=True)
def summed_axes(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(most=500)
    given = (np.asarray(draw.within(shape), draw.dtype) for _ in range(2))
    return {}, dict(zip(("s0", "s1"), given, strict=True))


@fuzzes("Reshape", subnormal=True)
def reshape(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    size, dims = int(np.prod(shape)), list(draw.random.permutation(shape))
    while len(dims) > 1 and draw.chance(0.5):
        dims = [dims[0] * dims[1], *dims[2:]]
    if dims and size and draw.chance(0.5):
        dims[draw.between(0, len(dims) - 1)] = -1
    return {}, {"tensor": draw.values(shape), "shape": index(draw, dims)}


@fuzzes("Squeeze", subnormal=True)
def squeeze(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    ones = [i for i, dim in enumerate(shape) if dim == 1]
    axis = [i - len(shape) * draw.chance(0.5) for i in ones if draw.chance(0.5)]
    return {"axis": axis}, {"input": draw.values(shape)}


@fuzzes("ExpandDims", subnormal=True)
def expand(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    return {}, {"input": draw.values(shape), "axis": index(draw, draw.axis(len(shape) + 1))}


@fuzzes("Transpose", subnormal=True)
def transpose(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    return {}, {"x": draw.values(shape), "perm": index(draw, draw.random.permutation(len(shape)))}


@fuzzes("ConcatV2", subnormal=True)
def concat(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1)
    axis, parts = draw.axis(len(shape)), {}
    for i in range(draw.between(2, 6)):
        dims = list(shape)
        dims[axis] = dims[axis] if draw.large else draw.between(0, dims[axis] + 2)
        parts[f"value{i}"] = draw.values(tuple(dims))
    return {}, {**parts, "axis": index(draw, axis)}


@fuzzes("Pack", subnormal=True)
def stack(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(0, 4)
    parts = {f"value{i}": draw.values(shape) for i in range(draw.between(1, 5))}
    return {"axis": draw.axis(len(shape) + 1)}, parts


@fuzzes("Unpack", subnormal=True)
def unstack(op: str, draw: Draw) -> Drawn:
    rest = draw.shape(0, 4)
    axis, num = draw.axis(len(rest) + 1), draw.between(1, 6)
    place = axis % (len(rest) + 1)
    return {"num": num, "axis": axis}, {"value": draw.values((*rest[:place], num, *rest[place:]))}


@fuzzes("Split", dtypes=MOVED, subnormal=True)
def split(op: str, draw: Draw) -> Drawn:
    dims = list(draw.shape(1))
    axis, num = draw.axis(len(dims)), draw.between(1, 5)
    dims[axis] *= num
    return {"num_split": num}, {"axis": np.int32(axis), "value": draw.values(tuple(dims))}


@fuzzes("SplitV", subnormal=True)
def split_sizes(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1)
    axis = draw.axis(len(shape))
    cuts = np.sort(draw.whole(0, shape[axis] + 1, draw.between(0, 4)))
    sizes = np.diff([0, *cuts, shape[axis]])
    if draw.chance(0.3):
        sizes[draw.between(0, len(sizes) - 1)] = -1
    inputs = {"value": draw.values(shape), "size_splits": index(draw, sizes), "axis": np.int32(axis)}
    return {"num_split": len(sizes)}, inputs


@fuzzes("Slice", subnormal=True)
def part(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    begin = [draw.between(0, dim // (4 if draw.large else 1)) for dim in shape]
    size = [-1 if draw.chance(0.3 + draw.large) else draw.between(0, n - b) for n, b in zip(shape, begin, strict=True)]
    kind = draw.pick(["int32", "int64"])
    return {}, {"input": draw.values(shape), "begin": np.array(begin, kind), "size": np.array(size, kind)}


def steps(draw: Draw, shape: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any], tuple[int, ...] | None]:
    """Masks, bounds and the shape of what a strided slice takes; None where it is an error."""
    count = draw.between(0, len(shape) + 1)
    masks = {mask: sum((draw.chance(0.25)) << i for i in range(count)) for mask in MASKS}
    masks["ellipsis_mask"] = 1 << draw.between(0, count - 1) if count and draw.chance(0.3) else 0
    masks["new_axis_mask"] = masks["new_axis_mask"] if draw.chance(0.3) else 0
    if draw.large:
        masks |= {"begin_mask": (1 << count) - 1, "end_mask": (1 << count) - 1, "shrink_axis_mask": 0}
    most = max(shape, default=1) + 1
    begin, end = (draw.whole(-most, most + 1, count, "int64") for _ in range(2))
    stride = draw.random.choice([1, 1, 2, 3, -1, -2], count) if count else np.zeros(0)
    places: list[Any] = []
    for i in range(count):
        bit = {mask: masks[mask] >> i & 1 for mask in MASKS}
        if bit["ellipsis_mask"]:
            places.append(...)
        elif bit["new_axis_mask"]:
            places.append(None)
        elif bit["shrink_axis_mask"]:
            places.append(0 if bit["begin_mask"] else int(begin[i]))
        else:
            places.append(
                slice(None if bit["begin_mask"] else begin[i], None if bit["end_mask"] else end[i], int(stride[i]))
            )
    try:
        taken: Any = np.empty(shape, np.int8)[tuple(places)].shape
    except IndexError:
        taken = None
    kind = draw.pick(["int32", "int64"])
    bounds = {"begin": begin, "end": end, "strides": stride}
    return masks, {name: np.asarray(value, kind) for name, value in bounds.items()}, taken


@fuzzes("StridedSlice", subnormal=True)
def strided(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    masks, bounds, _ = steps(draw, shape)
    return masks, {"input": draw.values(shape), **bounds}


@fuzzes("StridedSliceGrad", dtypes=MOVED, subnormal=True)
def strided_gradient(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    masks, bounds, taken = steps(draw, shape)
    whole = np.array(shape, bounds["begin"].dtype)
    return masks, {"shape": whole, **bounds, "dy": draw.values(shape if taken is None else taken)}


def borders(draw: Draw, shape: tuple[int, ...], most: Any) -> Any:
    return index(draw, np.array([[draw.between(0, most(n)) for _ in "ab"] for n in shape]).reshape(-1, 2))


@fuzzes("Pad", subnormal=True)
def pad(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(0, 4, 2000)
    return {}, {"input": draw.values(shape), "paddings": borders(draw, shape, lambda n: 3)}


@fuzzes("MirrorPad", "MirrorPadGrad")
def mirror(op: str, draw: Draw) -> Drawn:
    shape, mode = draw.shape(1, 4, 2000), draw.pick(["REFLECT", "SYMMETRIC"])
    paddings = borders(draw, shape, lambda n: max(0, min(3, n - (mode == "REFLECT"))))
    if op == "MirrorPadGrad":
        shape = tuple(n + int(sum(p)) for n, p in zip(shape, paddings, strict=True))
    kinds = ("plain", "ties") if op == "MirrorPadGrad" else ("plain", "ties", "special", "bits")
    return {"mode": mode}, {"input": draw.values(shape, kinds=kinds), "paddings": paddings}


@fuzzes("Tile", subnormal=True)
def tile(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(0, 4, 1500)
    return {}, {"input": draw.values(shape), "multiples": index(draw, [draw.between(draw.large, 3) for _ in shape])}


@fuzzes("Roll", subnormal=True)
def roll(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1)
    axes = draw.axes(len(shape)).astype("int32")
    shift = draw.whole(-9, 10, axes.shape)
    return {}, {"input": draw.values(shape), "shift": shift, "axis": axes}


@fuzzes("Fill", dtypes=MOVED, subnormal=True)
def fill(op: str, draw: Draw) -> Drawn:
    return {}, {"dims": index(draw, draw.shape()), "value": draw.values(())}


@fuzzes("Gather", subnormal=True)
def gather(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1, 4, 1000)
    places = index(draw, draw.whole(0, max(1, shape[0]), shape[:1] if draw.large else draw.shape(0, 2, 30)))
    return {}, {"params": draw.values(shape), "indices": places}


@fuzzes("GatherV2", subnormal=True)
def gather_along(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1, 4, 1000)
    axis = draw.axis(len(shape))
    batch_dims = draw.between(0, axis % len(shape))
    rest = (2,) if draw.large else draw.shape(0, 2, 20)
    places = draw.whole(0, max(1, shape[axis]), (*shape[:batch_dims], *rest))
    inputs = {"params": draw.values(shape), "indices": index(draw, places), "axis": index(draw, axis)}
    return {"batch_dims": batch_dims}, inputs


@fuzzes("GatherNd", subnormal=True)
def gather_places(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1, 4, 1000)
    depth = draw.between(0, len(shape))
    rows = (int(np.prod(shape[:depth])),) if draw.large else draw.shape(0, 2, 40)
    places = [draw.whole(0, max(1, n), rows) for n in shape[:depth]]
    stacked = np.stack(places, -1) if places else np.zeros((*rows, 0))
    return {}, {"params": draw.values(shape), "indices": index(draw, stacked)}


@fuzzes("OneHot", dtypes=MOVED, subnormal=True)
def one_hot(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(0, 3, 300)
    depth = draw.between(0, 9)
    kind = draw.pick(["int32", "int64", "uint8", "int8"])
    places = draw.random.integers(0 if kind[0] == "u" else -2, depth + 2, shape).astype(kind)
    values = {"on_value": draw.values(()), "off_value": draw.values(())}
    return {"axis": draw.between(-1, len(shape))}, {"indices": places, "depth": np.int32(depth), **values}


def scattered(draw: Draw, op: str) -> tuple[Any, Any, Any]:
    """A value, rows of places in it, and what to put there."""
    shape = draw.shape(1, 4, 1000)
    depth = draw.between(1, len(shape))
    rows = draw.shape(1, 2, 60)
    if draw.large:
        rows = (int(np.prod(shape[:depth])),)
    places = [draw.whole(0, max(1, n), rows) for n in shape[:depth]]
    if op.endswith("Update"):  # with two for one place either may win
        size = int(np.prod(shape[:depth]))
        count = min(size, int(np.prod(rows)))
        flat = draw.random.permutation(size)[:count]
        places, rows = list(np.unravel_index(flat, shape[:depth])) if count else [np.zeros(0)] * depth, (count,)
    exact = draw.dtype in ("float16", "bfloat16")  # added one by one, rounded each time, in any order
    updates = draw.values((*rows, *shape[depth:]), kinds=["ties"] if exact else ["plain", "ties"])
    return (
        draw.values(shape, kinds=["ties"] if exact else ["plain", "ties"]),
        index(draw, np.stack(places, -1)),
        updates,
    )


@fuzzes("TensorScatterAdd", "TensorScatterUpdate")
def scatter(op: str, draw: Draw) -> Drawn:
    value, places, updates = scattered(draw, op)
    return {}, {"tensor": value, "indices": places, "updates": updates}


@fuzzes("ScatterNdAdd", "ScatterNdSub", "ScatterNdUpdate")
def scatter_into(op: str, draw: Draw) -> Drawn:
    value, places, updates = scattered(draw, op)
    return {}, {"ref": value, "indices": places, "updates": updates}


@fuzzes("ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv", "ScatterUpdate")
def scatter_rows(op: str, draw: Draw) -> Drawn:
    shape = tuple(max(1, n) for n in draw.shape(1, 3, 1000))
    rows = shape[:1] if draw.large else draw.shape(0, 2, 20)
    places = draw.whole(0, max(1, shape[0]), rows)
    if op == "ScatterUpdate":
        rows = (min(shape[0], int(np.prod(rows))),)
        places = draw.random.permutation(shape[0])[: rows[0]]
    exact = draw.dtype in ("float16", "bfloat16")
    updates = draw.values((*rows, *shape[1:]), kinds=["ties"] if exact else ["plain", "ties"])
    if op == "ScatterDiv":
        updates = np.where(updates == 0, updates.dtype.type(1), updates)
    return {}, {"ref": draw.values(shape, kinds=["plain"]), "indices": index(draw, places), "updates": updates}


@fuzzes("SparseToDense", dtypes=MOVED, subnormal=True)
def dense(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1, 3, 1000)
    size = int(np.prod(shape))
    flat = np.sort(draw.random.permutation(size)[: draw.between(0, min(size, 50))])
    places = np.stack(np.unravel_index(flat, shape), -1) if size else np.zeros((0, len(shape)))
    kind = draw.pick(["int32", "int64"])
    values = draw.values(draw.pick([(), (len(flat),)]))
    inputs = {"sparse_indices": places.astype(kind), "output_shape": np.array(shape, kind)}
    return {"validate_indices": True}, inputs | {"sparse_values": values, "default_value": draw.values(())}


@fuzzes(
    "DecodeRaw",
    dtypes=("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"),
    subnormal=True,
)
def decode(op: str, draw: Draw) -> Drawn:
    width = 1 if draw.dtype == "bool" else np.dtype(draw.dtype).itemsize
    shape = tuple(max(1, n) for n in draw.shape(0, 2, 400))  # of no strings the reference makes another shape
    raw = draw.random.integers(0, 2 if draw.dtype == "bool" else 256, (*shape, draw.between(1, 9) * width))
    return {"out_type": draw.dtype, "little_endian": draw.chance(0.5)}, {"bytes": raw.astype("uint8")}
