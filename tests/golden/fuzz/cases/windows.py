"""Convolutions, pooling, dilation and resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..draw import PLAIN, Draw
from .asking import Drawn, fuzzes

HALVES = ("float16", "bfloat16")


def images(draw: Draw, dims: int = 2, least: int = 1, channels: int = 9) -> tuple[int, ...]:
    """Batch, sizes and channels."""
    most = 9 if dims == 2 else 5
    sizes = [draw.between(least, most) for _ in range(dims)]
    depth = draw.between(1, channels)
    if draw.large:
        sizes = [draw.between(least + 6, least + 24 // dims) for _ in range(dims)]
        return (-(-600_000 // (int(np.prod(sizes)) * depth)), *sizes, depth)
    return (0 if draw.chance(0.03) else draw.between(1, 3), *sizes, depth)


def amounts(draw: Draw, shape: Any) -> Any:
    """Values whose sums of products are exact where the dtype is narrow: what is between depends on the order."""
    if draw.dtype in HALVES:
        return draw.whole(-2, 3, shape, "float32").astype(draw.values((), kinds=PLAIN).dtype)
    return draw.values(shape, kinds=PLAIN)


def positions(n: int, window: int, step: int, padding: str, margin: tuple[int, int] = (0, 0)) -> int:
    return -(-n // step) if padding == "SAME" else (n + sum(margin) - window) // step + 1


def moved(draw: Draw, shape: tuple[int, ...], dims: int, explicit: bool) -> tuple[list[int], list[int], str, list[int]]:
    """Sizes of the window, steps, padding, and margins where they are explicit."""
    window = [draw.between(1, min(4, n)) for n in shape[1 : dims + 1]]
    steps = [draw.pick([1, 1, 2, 3]) for _ in range(dims)]
    padding = draw.pick(["SAME", "VALID", *["EXPLICIT"] * explicit])
    margins = [0, 0, *[draw.between(0, k - 1) for k in window for _ in "ab"], 0, 0] if padding == "EXPLICIT" else []
    return window, steps, padding, margins


def padded(sizes: Any, window: Any, steps: Any, padding: str, margins: list[int]) -> list[int]:
    pairs = list(zip(margins[2:-2:2], margins[3:-2:2], strict=True)) or [(0, 0)] * len(window)
    return [positions(n, k, s, padding, m) for n, k, s, m in zip(sizes, window, steps, pairs, strict=True)]


@fuzzes(*("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "DepthwiseConv2dNative"))
@fuzzes("DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter")
@fuzzes("Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2")
def convolution(op: str, draw: Draw) -> Drawn:
    dims = 3 if "3D" in op else 2
    shape = images(draw, dims)
    if shape[0] == 0 and ("Depthwise" in op or "Backprop" in op):
        shape = (1, *shape[1:])  # there it gives memory that nothing was written to
    explicit = dims == 2
    window, steps, padding, margins = moved(draw, shape, dims, explicit)
    if "Depthwise" in op or "Backprop" in op:
        steps = [steps[0]] * dims if "Depthwise" in op else steps
    out = draw.between(1, 6)
    attrs: dict[str, Any] = {"strides": [1, *steps, 1], "padding": padding}
    attrs |= {"explicit_paddings": margins} if margins else {}
    depth = shape[-1]
    if op == "Conv2D" and draw.chance(0.3):
        rates = [draw.between(1, 2) for _ in window]
        if all((k - 1) * r + 1 <= n for k, r, n in zip(window, rates, shape[1:-1], strict=True)):
            attrs["dilations"] = [1, *rates, 1]
            window_reach = [(k - 1) * r + 1 for k, r in zip(window, rates, strict=True)]
        else:
            window_reach = window
    else:
        window_reach = window
    filter_shape = (*window, depth, out)
    made = (
        shape[0],
        *padded(shape[1:-1], window_reach, steps, padding, margins),
        depth * out if "Depth" in op else out,
    )
    inputs = {
        "input": amounts(draw, shape),
        "filter": amounts(draw, filter_shape),
        "out_backprop": amounts(draw, made),
        "input_sizes": np.array(shape, np.int32),
        "filter_sizes": np.array(filter_shape, np.int32),
    }
    return attrs, inputs


@fuzzes("FusedPadConv2D", "FusedResizeAndPadConv2D", dtypes=("float32", "float64"))
def fused(op: str, draw: Draw) -> Drawn:
    _, rows, columns, depth = images(draw, least=3)
    if draw.large:
        rows, columns = 260, -(-600_000 // (260 * depth))
    mode = draw.pick(["REFLECT", "SYMMETRIC"])
    pads = [[0, 0], *[[draw.between(0, 2) for _ in "ab"] for _ in "rc"], [0, 0]]
    window = [draw.between(1, 3) for _ in "rc"]
    step = draw.between(1, min(window))  # with longer steps the reference begins elsewhere
    size = [draw.between(3, 9) + 200 * draw.large for _ in "rc"]
    attrs = {"mode": mode, "strides": [1, step, step, 1], "padding": draw.pick(["SAME", "VALID"])}
    inputs = {
        "input": draw.values((1, rows, columns, depth), kinds=PLAIN),
        "size": np.array(size, np.int32),
        "paddings": np.array(pads, np.int32),
        "filter": draw.values((*window, depth, draw.between(1, 4)), kinds=PLAIN),
    }
    return attrs | {"resize_align_corners": draw.chance(0.5)}, inputs


def pooling(draw: Draw, dims: int, explicit: bool = False) -> tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]:
    """Shape, shape with an element per window, and attrs."""
    shape = images(draw, dims)
    window, steps, padding, margins = moved(draw, shape, dims, explicit)
    attrs: dict[str, Any] = {"ksize": [1, *window, 1], "strides": [1, *steps, 1], "padding": padding}
    attrs |= {"explicit_paddings": margins} if margins else {}
    return shape, (shape[0], *padded(shape[1:-1], window, steps, padding, margins), shape[-1]), attrs


@fuzzes("AvgPool", "AvgPool3D")
def means(op: str, draw: Draw) -> Drawn:
    shape, _, attrs = pooling(draw, 3 if "3D" in op else 2)
    return attrs, {"value" if op == "AvgPool" else "input": draw.values(shape, kinds=PLAIN)}


@fuzzes("AvgPoolGrad", "AvgPool3DGrad", dtypes=("bfloat16", "float16", "float32", "float64"))
def shared(op: str, draw: Draw) -> Drawn:
    shape, made, attrs = pooling(draw, 3 if "3D" in op else 2)
    return attrs, {"orig_input_shape": np.array(shape, np.int32), "grad": draw.values(made, kinds=PLAIN)}


@fuzzes("MaxPool", "MaxPool3D")
def tops(op: str, draw: Draw) -> Drawn:
    shape, _, attrs = pooling(draw, 3 if "3D" in op else 2, op == "MaxPool")
    return attrs, {"input": draw.values(shape, kinds=["plain", "ties", "special", "wide"])}


@fuzzes("MaxPoolWithArgmax")
def places(op: str, draw: Draw) -> Drawn:
    shape, _, attrs = pooling(draw, 2)
    more = {"include_batch_in_index": draw.chance(0.5), "Targmax": draw.pick(["int32", "int64"])}
    return attrs | more, {"input": draw.values(shape, kinds=["plain", "ties", "wide"])}


def largest(x: Any, attrs: dict[str, Any], made: tuple[int, ...]) -> Any:
    """The largest element of each window."""
    margins = attrs.get("explicit_paddings", [0] * 2 * x.ndim)
    y = np.full(made, -np.inf if x.dtype.kind not in "iu" else np.iinfo(x.dtype).min).astype(x.dtype)
    sizes = zip(x.shape, made, attrs["ksize"], attrs["strides"], margins[::2], strict=True)
    geometry = [
        (n, out, k, s, max((out - 1) * s + k - n, 0) // 2 if attrs["padding"] == "SAME" else m)
        for n, out, k, s, m in sizes
    ]
    for offset in np.ndindex(*attrs["ksize"]):
        index, there = [], []
        for (n, out, _, s, before), o in zip(geometry, offset, strict=True):
            at = np.arange(out) * s - before + o
            there.append((at >= 0) & (at < n))
            index.append(at.clip(0, max(0, n - 1)))
        if x.size and y.size:
            inside = np.ones(made, bool)
            for axis, mask in enumerate(there):
                inside &= mask.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
            y = np.where(inside, np.maximum(y, x[np.ix_(*index)]), y)
    return y.astype(x.dtype)


@fuzzes("MaxPoolGrad", "MaxPoolGradGrad", "MaxPool3DGrad", "MaxPool3DGradGrad")
def back_to_tops(op: str, draw: Draw) -> Drawn:
    shape, made, attrs = pooling(draw, 3 if "3D" in op else 2, op == "MaxPoolGrad")
    x = draw.values(shape, kinds=["ties", "ties", "plain"])
    grad = draw.values(shape if op.endswith("GradGrad") else made, kinds=PLAIN)
    return attrs, {"orig_input": x, "orig_output": largest(x, attrs, made), "grad": grad}


@fuzzes("MaxPoolGradWithArgmax", dtypes=("float32", "float64", "float16", "bfloat16", "int16", "uint8"))
def back_to_places(op: str, draw: Draw) -> Drawn:
    shape, made, attrs = pooling(draw, 2)
    whole = draw.chance(0.5)
    argmax = draw.whole(0, int(np.prod(shape[1:])), made, "int64")
    argmax += int(np.prod(shape[1:])) * np.arange(len(argmax)).reshape(-1, 1, 1, 1) * whole
    exact = ["ties"] if draw.dtype in HALVES else PLAIN
    inputs = {"input": draw.values(shape, kinds=PLAIN), "grad": draw.values(made, kinds=exact), "argmax": argmax}
    return attrs | {"include_batch_in_index": whole}, inputs


@fuzzes("Dilation2D", "Dilation2DBackpropInput", "Dilation2DBackpropFilter")
def dilation(op: str, draw: Draw) -> Drawn:
    shape = images(draw, least=4)
    if shape[0] == 0:
        shape = (1, *shape[1:])
    window, steps, padding, _ = moved(draw, shape, 2, False)
    rates = [draw.between(1, 2) if (k - 1) * 2 + 1 <= n else 1 for k, n in zip(window, shape[1:], strict=False)]
    reach = [(k - 1) * r + 1 for k, r in zip(window, rates, strict=True)]
    attrs = {"strides": [1, *steps, 1], "rates": [1, *rates, 1], "padding": padding}
    made = (shape[0], *padded(shape[1:-1], reach, steps, padding, []), shape[-1])
    exact = ["ties"] if draw.dtype in HALVES else PLAIN
    filter = draw.values((*window, shape[-1]), kinds=exact)
    if filter.dtype.kind == "u":  # of sums that are all 0 the reference knows no largest
        filter = filter % 100 + filter.dtype.type(1)
    return attrs, {
        "input": draw.values(shape, kinds=exact),
        "filter": filter,
        "out_backprop": draw.values(made, kinds=exact),
    }


@fuzzes("FractionalAvgPool", "FractionalMaxPool")
def fractional(op: str, draw: Draw) -> Drawn:
    shape = images(draw, least=2)
    shape = (max(1, shape[0]), *shape[1:])
    ratio = [1.0, *[float(np.round(draw.random.uniform(1, n), 2)) for n in shape[1:3]], 1.0]
    if draw.chance(0.3):
        ratio[1] = float(draw.between(1, shape[1]))
    seeds = {"seed": draw.between(-(2**62), 2**62), "seed2": draw.between(1, 2**62)}
    flags = {name: draw.chance(0.5) for name in ("pseudo_random", "overlapping")}
    kinds = PLAIN if op == "FractionalAvgPool" else ["plain", "ties", "special"]
    return {"pooling_ratio": ratio, "deterministic": True} | seeds | flags, {"value": draw.values(shape, kinds=kinds)}


def cuts(draw: Draw, size: int) -> Any:
    inner = draw.random.permutation(np.arange(1, size))[: draw.between(0, size - 1)]
    return np.array([0, *np.sort(inner), size], np.int64)


@fuzzes("FractionalAvgPoolGrad", "FractionalMaxPoolGrad", dtypes=("float32", "float64", "int32", "int64"))
def fractional_back(op: str, draw: Draw) -> Drawn:
    shape = images(draw, least=2)
    shape = (max(1, shape[0]), *shape[1:])
    rows, columns = cuts(draw, shape[1]), cuts(draw, shape[2])
    overlapping = draw.chance(0.5)
    made = (shape[0], len(rows) - 1, len(columns) - 1, shape[3])
    x = draw.values(shape, kinds=PLAIN)
    y = np.zeros(made, x.dtype)
    for i, j in np.ndindex(made[1:3]):
        ends = rows[i + 1] + overlapping, columns[j + 1] + overlapping
        y[:, i, j] = x[:, rows[i] : ends[0], columns[j] : ends[1]].max((1, 2))
    inputs = {
        "orig_input_tensor_shape": np.array(shape, np.int64),
        "orig_input": x,
        "orig_output": y,
        "out_backprop": draw.values(made, kinds=PLAIN),
        "row_pooling_sequence": rows,
        "col_pooling_sequence": columns,
    }
    return {"overlapping": overlapping}, inputs


@fuzzes("ResizeBilinear", "ResizeBicubic", "ResizeNearestNeighbor")
def resize(op: str, draw: Draw) -> Drawn:
    shape = images(draw)
    shape = (max(1, shape[0]), *shape[1:])
    corners = draw.chance(0.3)
    attrs = {"align_corners": corners, "half_pixel_centers": not corners and draw.chance(0.5)}
    kinds = ["plain", "ties", "special"] if op == "ResizeNearestNeighbor" else PLAIN
    size = [draw.between(1, 40 if draw.large else 14) for _ in "rc"]
    return attrs, {"images": draw.values(shape, kinds=kinds), "size": np.array(size, np.int32)}


@fuzzes("ResizeBilinearGrad", "ResizeBicubicGrad", "ResizeNearestNeighborGrad", dtypes=("float32", "float64"))
def resize_back(op: str, draw: Draw) -> Drawn:
    shape = images(draw)
    shape = (max(1, shape[0]), *shape[1:])
    corners = draw.chance(0.3)
    attrs = {"align_corners": corners, "half_pixel_centers": not corners and draw.chance(0.5)}
    before = [draw.between(1, 14) for _ in "rc"]
    grads = draw.values(shape, draw.dtype if op == "ResizeNearestNeighborGrad" else "float32", kinds=PLAIN)
    image = draw.values((shape[0], *before, shape[-1]), kinds=PLAIN)
    return attrs, {"grads": grads, "original_image": image, "size": np.array(before, np.int32)}
