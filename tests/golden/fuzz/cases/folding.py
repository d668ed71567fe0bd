"""Blocks that fold axes, and products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core import dtypes

from ..draw import PLAIN, Draw
from .asking import Drawn, fuzzes

EQUATIONS = (
    "ij,jk->ik",
    "bij,bjk->bik",
    "ij->ji",
    "ii->i",
    "ij->",
    "i,i->",
    "i,j->ij",
    "...ij,...jk->...ik",
    "bij,bkj->bik",
)


@fuzzes("Sum", "Mean", "Prod", "Max", "Min", "All", "Any")
def fold(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    kinds = ("plain", "ties", "special", "wide", "bits") if op in ("Max", "Min", "All", "Any") else PLAIN
    x = draw.values(shape, kinds=kinds)
    if op == "Prod" and x.dtype.kind not in "iub":
        x = (1 + x / 64).astype(x.dtype) if not draw.large else (1 + x / 4096).astype(x.dtype)
    return {"keep_dims": draw.chance(0.5)}, {"input": x, "axis": draw.axes(len(shape))}


@fuzzes("L2Loss")
def squares(op: str, draw: Draw) -> Drawn:
    return {}, {"t": draw.values(draw.shape(), kinds=PLAIN)}


@fuzzes("BiasAddGrad")
def channels(op: str, draw: Draw) -> Drawn:
    data_format = draw.pick(["NHWC", "NCHW"])
    return {"data_format": data_format}, {"out_backprop": draw.values(draw.shape(2), kinds=PLAIN)}


@fuzzes("ArgMax")
def place(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1)
    axis = np.asarray(draw.axis(len(shape)), draw.pick(["int32", "int64"]))
    return {"output_type": draw.pick(["int32", "int64"])}, {"input": draw.values(shape), "dimension": axis}


@fuzzes("TopKV2")
def largest(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1, 3)
    kinds = ["plain", "ties", "wide"]
    return {"sorted": True}, {"input": draw.values(shape, kinds=kinds), "k": np.int32(draw.between(0, shape[-1]))}


@fuzzes("InTopK", dtypes=("int32", "int64"))
def among(op: str, draw: Draw) -> Drawn:
    rows, classes = draw.count(), draw.between(1, 12)
    predictions = draw.values((rows, classes), "float32", kinds=["plain", "ties", "special"])
    targets = draw.whole(-1, classes + 1, rows, draw.dtype)
    return {"k": draw.between(-1, classes + 2)}, {"predictions": predictions, "targets": targets}


def matrices(draw: Draw, transposed: tuple[bool, bool], batches: tuple[tuple[int, ...], tuple[int, ...]]) -> list[Any]:
    most = 90 if draw.large else 20
    m, k, n = (draw.between(0 if draw.chance(0.05) and not draw.large else 1, most) for _ in range(3))
    if draw.large:
        m = -(-600_000 // n)
    shapes = (k, m) if transposed[0] else (m, k), (n, k) if transposed[1] else (k, n)
    return [draw.values((*batch, *shape), kinds=PLAIN) for batch, shape in zip(batches, shapes, strict=True)]


@fuzzes("MatMul")
def product(op: str, draw: Draw) -> Drawn:
    turned = draw.chance(0.4), draw.chance(0.4)
    a, b = matrices(draw, turned, ((), ()))
    return {"transpose_a": turned[0], "transpose_b": turned[1]}, {"a": a, "b": b}


@fuzzes("BatchMatMul", "BatchMatMulV2")
def products(op: str, draw: Draw) -> Drawn:
    batch = () if draw.large else draw.shape(0, 2, 8)
    other = batch if op == "BatchMatMul" else draw.within(batch)
    turned = draw.chance(0.4), draw.chance(0.4)
    x, y = matrices(draw, turned, (batch, other))
    return {"adj_x": turned[0], "adj_y": turned[1]}, {"x": x, "y": y}


@fuzzes("Einsum")
def labelled(op: str, draw: Draw) -> Drawn:
    equation = draw.pick(EQUATIONS)
    sizes = {letter: draw.between(1, 90 if draw.large else 9) for letter in "bijk"}
    if draw.large:
        sizes |= {"i": 800, "j": 800, "k": 800} if "," not in equation else {"i": 2000, "b": 3, "k": 300}
    if equation.startswith("ii"):
        sizes["i"] = 900 if draw.large else sizes["i"]
    rest = draw.shape(0, 2, 6) if not draw.large else ()
    operands = equation.partition("->")[0].split(",")
    shapes = [
        (*(rest if "." in part else ()), *(sizes[letter] for letter in part if letter != ".")) for part in operands
    ]
    return {"equation": equation}, {f"input{i}": draw.values(shape, kinds=PLAIN) for i, shape in enumerate(shapes)}


@fuzzes("Cholesky", "MatrixInverse", dtypes=("float32", "float64", *dtypes.complexes))
def squares_of_sides(op: str, draw: Draw) -> Drawn:
    n = draw.between(0 if draw.chance(0.05) else 1, 12)
    batch = (-(-600_000 // max(1, n * n)),) if draw.large else draw.shape(0, 2, 20)
    x = draw.values((*batch, n, n), kinds=["plain"])
    if op == "Cholesky":
        x = x @ np.conj(np.swapaxes(x, -1, -2))
    x = x + np.eye(n, dtype=x.dtype) * x.dtype.type(12 * max(1, n))  # well conditioned
    return {} if op == "Cholesky" else {"adjoint": draw.chance(0.5)}, {"input": x}
