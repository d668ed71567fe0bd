"""Products of every kind, sums over BLAS and factors of matrices: what each gives, told by a digest of its bits.

Run as a module it prints the digests, so that processes with other numbers of threads can be compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np

import dataflow as flow

ONES, SAME = [1, 1, 1, 1], {"strides": [1, 1, 1, 1], "padding": "SAME"}
SHAPES = [  # rows, inner, columns: small ones, odd ones, vectors, and those that are cut along either side or both
    (1, 1, 1), (3, 5, 2), (8, 8, 8), (17, 33, 9), (64, 64, 64), (1, 700, 900), (900, 700, 1), (1, 20_000, 1),
    (700, 1, 900), (64, 784, 128), (784, 128, 128), (129, 257, 517), (1025, 300, 700), (40, 9_000, 70),
    (1, 3_000, 2_000), (2_000, 3_000, 1),
]  # fmt: skip
NARROW, COMPLEX = [np.float16, ml_dtypes.bfloat16], [np.complex64, np.complex128]


def values(dtype: Any, *shape: int, seed: int = 0) -> Any:
    """Some values of any dtype."""
    random = np.random.default_rng([seed, *shape])
    if np.dtype(dtype).kind in "iu":
        return random.integers(0, 100, shape).astype(dtype)
    made = random.standard_normal(shape)
    return (made + 1j * random.standard_normal(shape) if np.dtype(dtype).kind == "c" else made).astype(dtype)


def definite(dtype: Any, *shape: int) -> Any:
    """Positive definite matrices, made without BLAS."""
    half = values(dtype, *shape)
    return (half + np.conj(np.swapaxes(half, -1, -2)) + 4 * shape[-1] * np.eye(shape[-1])).astype(dtype)


def cases() -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """Blocks, their attrs, and what they are given."""
    dtype: Any
    shape: tuple[int, ...]
    for m, k, n in SHAPES:
        for dtype in (np.float32, np.float64):
            yield "MatMul", {}, [values(dtype, m, k), values(dtype, k, n)]
        yield "MatMul", {"transpose_a": True}, [values(np.float32, k, m), values(np.float32, k, n)]
        yield "MatMul", {"transpose_b": True}, [values(np.float32, m, k), values(np.float32, n, k)]
    for dtype in [*NARROW, *COMPLEX, np.int32, np.uint8]:
        for m, k, n in [(17, 33, 9), (129, 257, 117), (1, 700, 900)]:
            yield "MatMul", {}, [values(dtype, m, k), values(dtype, k, n)]
    for left, right in [
        ((5, 3, 64, 100), (3, 100, 70)),
        ((700, 20, 30), (700, 30, 20)),
        ((3, 400, 300), (1, 300, 500)),
    ]:
        for dtype in (np.float32, np.complex64):
            yield "BatchMatMulV2", {}, [values(dtype, *left), values(dtype, *right)]
    yield "BatchMatMul", {"adj_x": True}, [values(np.complex128, 9, 100, 64), values(np.complex128, 9, 100, 70)]
    for equation, a, b in [
        ("bhsd,bhtd->bhst", (2, 3, 130, 64), (2, 3, 130, 64)),
        ("ijk,kj->i", (50, 60, 70), (70, 60)),
    ]:
        yield "Einsum", {"equation": equation}, [[values(np.float32, *a), values(np.float32, *b)]]
    for shape, filter in [
        ((5, 28, 28, 1), (3, 3, 1, 32)),
        ((3, 14, 15, 32), (3, 3, 32, 64)),
        ((2, 9, 9, 96), (1, 1, 96, 70)),
    ]:
        for dtype in (np.float32, np.float64, ml_dtypes.bfloat16):
            yield from _convolutions(dtype, shape, filter)
    x, w = values(np.float32, 2, 5, 12, 12, 16), values(np.float32, 3, 3, 3, 16, 24)
    yield "Conv3D", {"strides": [1, *ONES], "padding": "SAME"}, [x, w]
    yield "DepthwiseConv2dNative", SAME, [values(np.float32, 4, 40, 40, 16), values(np.float32, 3, 3, 16, 2)]
    for dtype in (np.uint8, np.int16):
        codes, weights, zero = values(dtype, 300, 1100) * 2, values(np.int8, 1100, 250, seed=1), np.int32(3)
        yield "IntegerMatMul", {}, [codes, weights, zero, values(np.int32, 250)]
        image = values(dtype, 5, 20, 20, 64) * 2
        yield "IntegerConv2D", SAME, [image, values(np.int8, 3, 3, 64, 40), zero]
        yield "IntegerDepthwiseConv2D", SAME, [image, values(np.int8, 3, 3, 64, 2), zero]
    yield "MatMul", {}, [values(np.int64, 129, 257) << 50, values(np.int64, 257, 117) << 20]
    mirrored = {"mode": "REFLECT", "strides": ONES, "padding": "VALID"}
    pads = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    yield "FusedPadConv2D", mirrored, [values(np.float32, 3, 20, 20, 32), pads, values(np.float32, 3, 3, 32, 64)]
    for shape in [(90, 90), (40, 30, 30), (300, 300)]:
        for dtype in (np.float32, np.complex64):
            yield "MatrixInverse", {}, [definite(dtype, *shape)]
            yield "Cholesky", {}, [definite(dtype, *shape)]
    yield "ResizeBilinearGrad", {}, [values(np.float32, 2, 150, 150, 3), values(np.float32, 2, 80, 70, 3)]
    yield "ResizeBicubicGrad", {}, [values(np.float32, 2, 150, 150, 16), values(np.float32, 2, 80, 70, 16)]
    for dtype in (np.float32, np.float64):
        yield "L2Loss", {}, [values(dtype, 300_001)]
    scale = values(np.float32, 16)
    yield "FusedBatchNorm", {}, [values(np.float32, 8, 60, 60, 16), scale, scale, scale[:0], scale[:0]]
    channels = values(np.float32, 4, 40, 40, 24)
    channels[0, 0, 0, 0] = np.inf
    yield "LRN", {}, [channels]


def _convolutions(dtype: Any, shape: tuple[int, ...], filter: tuple[int, ...]) -> Iterator[Any]:
    x, w, dy = values(dtype, *shape), values(dtype, *filter), values(dtype, *shape[:-1], filter[-1])
    yield "Conv2D", SAME, [x, w]
    yield "Conv2DBackpropInput", SAME, [np.array(shape, np.int32), w, dy]
    yield "Conv2DBackpropFilter", SAME, [x, np.array(filter, np.int32), dy]


def eager(name: str, attrs: dict[str, Any], given: list[Any]) -> Any:
    """What the block gives, called on arrays."""
    return flow.blocks[name](**attrs)(*given)


def planned(name: str, attrs: dict[str, Any], given: list[Any], **settings: Any) -> Callable[[], Any]:
    """A run of a graph with this block alone."""
    graph = flow.Graph("products")
    feeds: dict[str, Any] = {}

    def wire(value: Any) -> Any:
        if isinstance(value, list):
            return [wire(each) for each in value]
        if value.dtype == np.int32 and value.size < 10:  # a shape, or what is to be padded
            return value
        feeds[f"x{len(feeds)}"] = value
        return graph.input(f"x{len(feeds) - 1}", value.dtype.name, value.shape)

    made = flow.blocks[name](**attrs)(*[wire(value) for value in given])
    for ref in made if isinstance(made, tuple) else (made,):
        graph.output(ref.port, ref)
    plan = flow.plan(graph, **settings)
    return lambda: tuple(plan.run(feeds).values())


def digest(made: Any) -> str:
    """The bits of an array or of several."""
    arrays = made if isinstance(made, tuple) else (made,)
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]


def title(name: str, attrs: dict[str, Any], given: list[Any]) -> str:
    """A case in words."""
    flat = [array for value in given for array in (value if isinstance(value, list) else [value])]
    shown = ", ".join(f"{array.dtype.name}{list(array.shape)}" for array in flat)
    return f"{name}({', '.join(f'{n}={v}' for n, v in attrs.items())}) of {shown}"


def digests() -> dict[str, str]:
    """Every case called on arrays, by its title."""
    return {title(*case): digest(eager(*case)) for case in cases()}


if __name__ == "__main__":
    print(json.dumps(digests()))
