"""Variables and optimizers."""

from __future__ import annotations

import numpy as np

from dataflow import blocks

from ..draw import PLAIN, Draw
from .asking import Drawn, fuzzes

POSITIVE = ("accum", "v", "ms", "accum_update", "gradient_squared_accumulator")  # sums of squares
SETTINGS = {"lr": 1.0, "alpha": 1.0, "epsilon": 0.1, "l1": 0.5, "l2": 0.5}  # others are between 0 and 1


@fuzzes(*[name for name in blocks if name.startswith("Apply")])
def step(op: str, draw: Draw) -> Drawn:
    shape, inputs = draw.shape(), {}
    flags = ("use_nesterov", "update_slots", "multiply_linear_by_lr")
    for name, port in blocks[op].signature.inputs.items():
        if name == "global_step":
            inputs[name] = np.array(draw.between(1, 2**26), np.int64)
        elif name == "lr_power":
            inputs[name] = np.asarray(draw.pick([-0.5, -0.5, -1.0, -0.25, 0.0, -0.7]))
        elif port.shape == ():
            inputs[name] = np.asarray(draw.random.random() * SETTINGS.get(name, 1.0))
        else:
            inputs[name] = draw.values(shape, kinds=PLAIN)
            if name in POSITIVE and not (name == "accum" and op == "ApplyMomentum"):
                inputs[name] = np.abs(inputs[name]) + inputs[name].dtype.type(0.125)
    if op == "ApplyCenteredRMSProp":
        inputs["ms"] = inputs["ms"] + np.square(inputs["mg"])  # no variance is negative
    own = draw.values((), kinds=PLAIN).dtype
    inputs = {name: x if name == "global_step" else x.astype(own) for name, x in inputs.items()}
    attrs = {name: draw.chance(0.5) for name in flags if name in blocks[op].signature.attrs}
    return attrs, inputs


@fuzzes("Assign", "AssignAdd", "AssignSub")
def assign(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    return {}, {"ref": draw.values(shape), "value": draw.values(shape)}


@fuzzes("CountUpTo")
def count(op: str, draw: Draw) -> Drawn:
    limit = draw.between(-50, 50)
    return {"limit": limit}, {"ref": np.array(limit - draw.between(0, 9), draw.dtype)}


@fuzzes("IsVariableInitialized")
def initialized(op: str, draw: Draw) -> Drawn:
    return {}, {"ref": draw.values(draw.shape())}
