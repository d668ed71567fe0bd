"""What moves, folds and scatters elements, at about `n` of them."""

from __future__ import annotations

import numpy as np

from .asking import Call, Calls, floats, image, rows, sizes, whole


def folds(n: int) -> Calls:
    table, cube = rows(n, 100), (max(1, n // 1000), 10, 100)
    for what, shape, axis in (("all", (n,), 0), ("axis 0", table, 0), ("axis 1", table, 1), ("3d axis 1", cube, 1)):
        x = floats(*shape)
        for block in ("Max", "Mean", "Min", "Prod", "Sum"):
            yield Call(block, [x, sizes(axis)], {}, what)
        for block in ("All", "Any"):
            yield Call(block, [x > -9 if block == "All" else x > 9, sizes(axis)], {}, what)
        yield Call("ArgMax", [x, np.int32(axis)], {}, what)
    yield Call("L2Loss", [floats(n)])
    yield Call("BiasAdd", [floats(*table), floats(100)])
    yield Call("BiasAddGrad", [floats(*table)])


def places(n: int) -> Calls:
    """Gathering and scattering, where places are at random."""
    table, index = floats(*rows(n, 100)), whole(max(1, n // 100), max(1, n // 100))
    yield Call("Gather", [table, index], {}, "rows")
    yield Call("GatherV2", [table, index, np.int32(0)], {}, "rows")
    yield Call("GatherV2", [table, whole(100, 100), np.int32(1)], {}, "axis 1")
    yield Call("GatherV2", [floats(n), whole(n, n), np.int32(0)], {}, "scalars")
    yield Call("GatherNd", [table, np.stack([whole(len(table), n), whole(100, n)], 1)], {}, "scalars")
    yield Call("GatherNd", [table, index[:, None]], {}, "rows")
    for block in ("TensorScatterAdd", "TensorScatterUpdate"):
        yield Call(block, [table, index[:, None], floats(*table.shape)], {}, "rows")
        yield Call(block, [floats(n), whole(n, n, 1), floats(n)], {}, "scalars")
    yield Call("OneHot", [whole(100, max(1, n // 100)), np.int32(100), np.float32(1), np.float32(0)])
    some = np.arange(0, n, 10, dtype=np.int32)
    yield Call("SparseToDense", [some, sizes(n), floats(len(some)), np.float32(0)])


def moves(n: int) -> Calls:
    x, y, flat = floats(*rows(n, 100)), floats(*image(n, 8)), floats(n)
    yield Call("Concat", [[x, x], np.int32(0)], {}, "axis 0")
    yield Call("Concat", [[x, x], np.int32(1)], {}, "axis 1")
    yield Call("Stack", [[x, x]], {"axis": 1}, "axis 1")
    yield Call("Unstack", [floats(10, n // 10)], {"num": 10, "axis": 0}, "axis 0")
    yield Call("Unstack", [floats(n // 10, 10)], {"num": 10, "axis": 1}, "axis 1")
    yield Call("Split", [np.int32(1), x], {"num_split": 4}, "axis 1")
    yield Call("SplitV", [x, sizes(30, 70), np.int32(1)], {"num_split": 2}, "axis 1")
    yield Call("Tile", [x, sizes(2, 2)])
    yield Call("Transpose", [x, sizes(1, 0)], {}, "2d")
    yield Call("Transpose", [y, sizes(0, 3, 1, 2)], {}, "to NCHW")
    yield Call("BroadcastTo", [floats(100), sizes(*x.shape)])
    pads = sizes(0, 0, 1, 1, 1, 1, 0, 0).reshape(4, 2)
    yield Call("Pad", [y, pads])
    for mode in ("REFLECT", "SYMMETRIC"):
        yield Call("MirrorPad", [y, pads], {"mode": mode}, mode)
        yield Call("MirrorPadGrad", [y, pads], {"mode": mode}, mode)
    yield Call("Roll", [flat, np.int32(n // 3), np.int32(0)], {}, "flat")
    yield Call("Roll", [x, np.int32(7), np.int32(1)], {}, "axis 1")
    yield Call("Slice", [x, sizes(0, 10), sizes(len(x), 50)])
    yield Call("StridedSlice", [x, sizes(0, 0), sizes(len(x), 100), sizes(1, 2)])
    yield Call("StridedSliceGrad", [sizes(*x.shape), sizes(0, 0), sizes(len(x), 100), sizes(1, 2), floats(len(x), 50)])
    yield Call("RandomShuffle", [x], {"seed": 1, "seed2": 2}, "rows")
    yield Call("Fill", [sizes(*x.shape), np.float32(3)])


def choices(n: int) -> Calls:
    x, y = floats(n), floats(n)
    yield Call("Select", [x > 0, x, y])
    yield Call("ClipByValue", [x, np.float32(-1), np.float32(1)])
    yield Call("AddN", [[x, y, x, y]])
    for source, target in (
        ("float32", "float16"), ("float16", "float32"), ("float32", "int32"), ("int32", "float32"),
        ("float32", "float64"), ("uint8", "float32"), ("float32", "bool"),
    ):  # fmt: skip
        yield Call("Cast", [np.abs(x * 10).astype(source)], {"DstT": target}, f"{source} to {target}")


FAMILIES = (folds, places, moves, choices)
