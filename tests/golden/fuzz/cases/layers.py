"""Normalization, softmax and losses."""

from __future__ import annotations

import numpy as np

from ..draw import PLAIN, Draw
from .asking import Drawn, fuzzes
from .windows import images


@fuzzes("Softmax", "LogSoftmax")
def softmax(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(1, 2) if op == "LogSoftmax" else draw.shape(1)
    if draw.large:
        shape = (-(-600_000 // 9), 9)
    return {}, {"logits": draw.values(shape, kinds=[*PLAIN, "special"])}


@fuzzes("SoftmaxCrossEntropyWithLogits")
def loss(op: str, draw: Draw) -> Drawn:
    rows, classes = draw.count(500), draw.between(1, 20)
    rows = -(-600_000 // classes) if draw.large else rows
    x = draw.values((rows, classes), kinds=PLAIN)
    labels = draw.random.dirichlet(np.ones(classes), rows).astype(x.dtype)
    return {}, {"features": x, "labels": labels[: draw.pick([rows, 1])]}


@fuzzes("SparseSoftmaxCrossEntropyWithLogits")
def sparse_loss(op: str, draw: Draw) -> Drawn:
    rows, classes = draw.count(500), draw.between(1, 20)
    rows = -(-600_000 // classes) if draw.large else rows
    labels = draw.whole(0, classes, rows, draw.pick(["int32", "int64"]))
    return {}, {"features": draw.values((rows, classes), kinds=PLAIN), "labels": labels}


@fuzzes("LRN", "LRNGrad")
def local_response(op: str, draw: Draw) -> Drawn:
    shape = images(draw, channels=20)
    shape = (max(1, shape[0]), *shape[1:])
    attrs = {
        "depth_radius": draw.between(0, 6),
        "bias": float(draw.random.uniform(0.5, 2)),
        "alpha": float(draw.random.uniform(0, 0.3)),
        "beta": draw.pick([0.5, 0.75, 1.0, 0.3, 1.7]),
    }
    ports = ("input",) if op == "LRN" else ("input_grads", "input_image", "output_image")
    return attrs, {port: draw.values(shape, kinds=["plain"]) for port in ports}


@fuzzes("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", dtypes=("float32", "bfloat16", "float16"))
def normalized(op: str, draw: Draw) -> Drawn:
    data_format = draw.pick(["NHWC", "NCHW"])
    shape = images(draw)
    shape = (max(1, shape[0]), *shape[1:])
    channels = shape[-1] if data_format == "NHWC" else shape[1]
    training = draw.chance(0.7)
    attrs = {"data_format": data_format, "is_training": training, "epsilon": draw.pick([1e-3, 1e-4, 0.1])}
    scale, offset = (draw.values((channels,), "float32", kinds=["plain"]) for _ in "ab")
    kept = (0,) if training else (channels,)
    mean, variance = (draw.values(kept, "float32", kinds=["plain"]) for _ in "ab")
    x = draw.values(shape, kinds=["plain"])
    inputs = {"x": x, "scale": scale, "offset": offset, "mean": mean, "variance": np.abs(variance) + np.float32(0.1)}
    return attrs, inputs


@fuzzes("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3", dtypes=("float32", "bfloat16", "float16"))
def normalized_back(op: str, draw: Draw) -> Drawn:
    training = draw.chance(0.7)
    data_format = draw.pick(["NHWC", "NCHW"]) if training else "NHWC"
    shape = images(draw)
    shape = (max(1, shape[0]), *shape[1:])
    axes = (0, 1, 2) if data_format == "NHWC" else (0, 2, 3)
    channels = shape[-1] if data_format == "NHWC" else shape[1]
    x, dy = (draw.values(shape, kinds=["plain"]) for _ in "ab")
    wide = x.astype(np.float64)
    inputs = {
        "y_backprop": dy,
        "x": x,
        "scale": draw.values((channels,), "float32", kinds=["plain"]),
        "reserve_space_1": wide.mean(axes).astype("float32"),
        "reserve_space_2": wide.var(axes).astype("float32"),
        "reserve_space_3": np.zeros((), "float32"),
    }
    return {"data_format": data_format, "is_training": training, "epsilon": 0.01}, inputs
