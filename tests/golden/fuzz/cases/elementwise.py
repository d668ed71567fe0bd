"""Blocks that go element by element, with operands that broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow import blocks
from dataflow.core import dtypes

from ..draw import PLAIN, Draw
from .asking import Drawn, fuzzes

MOVED = (*dtypes.number, "bool")
UNARY = (
    *("Abs", "Ceil", "Conj", "Exp", "Floor", "Log", "LogicalNot", "Neg", "Reciprocal", "Inv", "Rint", "Round"),
    *("Rsqrt", "Sigmoid", "Sign", "Sqrt", "Square", "Tanh", "ZerosLike", "OnesLike", "Identity", "StopGradient"),
    *("Elu", "Selu", "Softplus", "Softsign", "Relu", "Relu6", "LeakyRelu", "Rank", "Size", "Shape"),
)
BINARY = (
    *("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "DivNoNan", "MulNoNan", "Xdivy", "Xlogy", "Mod", "Pow"),
    *("FloorDiv", "FloorMod"),
    *("Maximum", "Minimum", "SquaredDifference", "Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual"),
    *("LogicalAnd", "LogicalOr"),
)
ALIKE = (
    *("EluGrad", "SeluGrad", "SoftplusGrad", "SoftsignGrad", "LeakyReluGrad", "ReluGrad", "Relu6Grad"),
    *("SqrtGrad", "RsqrtGrad", "ReciprocalGrad", "InvGrad", "SigmoidGrad", "TanhGrad"),
)


def attrs_of(op: str, draw: Draw) -> dict[str, Any]:
    if op in ("LeakyRelu", "LeakyReluGrad"):
        return {"alpha": draw.pick([0.2, 0.01, 0.0, 1.0, 1.7, -0.3, 1e-9, float(np.float32(draw.random.normal()))])}
    return {"out_type": draw.pick(["int32", "int64"])} if op in ("Shape", "Size") else {}


@fuzzes(*UNARY, subnormal=True)
def one(op: str, draw: Draw) -> Drawn:
    (port,) = blocks[op].signature.inputs
    return attrs_of(op, draw), {port: draw.values(draw.shape())}


@fuzzes(*ALIKE, subnormal=True)
def two_alike(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    return attrs_of(op, draw), {port: draw.values(shape) for port in blocks[op].signature.inputs}


@fuzzes(*BINARY, subnormal=True)
def two(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    x, y = (draw.values(draw.within(shape, 0.6)) for _ in range(2))
    if op in ("Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual", "Maximum", "Minimum"):
        x, y = draw.pick([(x, y), (draw.values(x.shape, kinds=["ties"]), draw.values(y.shape, kinds=["ties"]))])
    if y.dtype.kind in "iu" and op in (
        "Div",
        "Mod",
        "FloorDiv",
        "FloorMod",
    ):  # division by zero is an error on both sides
        y = np.where(y == 0, y.dtype.type(1), y)
    if y.dtype.kind in "iu" and op == "Pow":
        y = draw.whole(0, 12, y.shape, y.dtype.name)
    if op == "Pow" and y.dtype.kind not in "iu" and draw.chance(0.5):
        y = draw.values(y.shape, kinds=["ties"])
    return {}, {"x": x, "y": y}


@fuzzes("AddN", subnormal=True)
def several(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    return {}, {f"input{i}": draw.values(shape) for i in range(draw.between(1, 5))}


@fuzzes("ClipByValue", subnormal=True)
def clipped(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    low, high = (draw.values(draw.pick([(), shape])) for _ in range(2))
    with np.errstate(invalid="ignore"):
        ends = (np.minimum(low, high), np.maximum(low, high)) if draw.chance(0.8) else (low, high)
    return {}, {"t": draw.values(shape), "clip_value_min": ends[0], "clip_value_max": ends[1]}


@fuzzes("SelectV2", dtypes=MOVED, subnormal=True)
def chosen(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    t, e = (draw.values(draw.within(shape)) for _ in range(2))
    return {}, {"condition": draw.values(draw.within(shape), "bool"), "t": t, "e": e}


@fuzzes("Select", dtypes=MOVED, subnormal=True)
def chosen_rows(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1)
    condition = draw.values(draw.pick([shape, (), shape[:1]]), "bool")
    return {}, {"condition": condition, "x": draw.values(shape), "y": draw.values(shape)}


@fuzzes("BiasAdd", subnormal=True)
def biased(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(2)
    data_format = draw.pick(["NHWC", "NCHW"])
    channels = shape[-1 if data_format == "NHWC" else 1]
    return {"data_format": data_format}, {"value": draw.values(shape), "bias": draw.values((channels,))}


@fuzzes("Cast", subnormal=True)
def cast(op: str, draw: Draw) -> Drawn:
    target = draw.pick([*dtypes.number, "bool"])
    fits = draw.dtype not in (*dtypes.floating, *dtypes.complexes) or target in (*dtypes.floating, *dtypes.complexes)
    x = draw.values(draw.shape(), kinds=("plain", "ties", "special", "wide", "bits") if fits else PLAIN)
    if not fits and target in dtypes.unsigned:
        x = np.abs(x).astype(x.dtype)  # what becomes of numbers that do not fit is left to the processor
    return {"DstT": target, "Truncate": draw.chance(0.3)}, {"x": x}


@fuzzes("CheckNumerics", subnormal=True)
def checked(op: str, draw: Draw) -> Drawn:
    return {"message": "odd"}, {"tensor": draw.values(draw.shape(), kinds=PLAIN if draw.chance(0.9) else ["special"])}


@fuzzes("RandomGammaGrad", dtypes=("float32", "float64"))
def by_shape(op: str, draw: Draw) -> Drawn:
    shape = draw.shape() if not draw.large else draw.shape(2, 2)
    alpha = 10.0 ** draw.random.uniform(-2, 3, draw.within(shape))
    sample = draw.random.gamma(np.broadcast_to(alpha, shape)) if alpha.shape != shape else draw.random.gamma(alpha)
    return {}, {"alpha": alpha.astype(draw.dtype), "sample": np.asarray(sample).astype(draw.dtype)}
