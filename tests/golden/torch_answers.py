"""What torch answers about quantizers that train.

``python -m tests.golden.torch_answers --out DIR [--seed N] [Op ...]``
Needs torch, and torchao for block-scaled formats, in a virtual environment of its own. Each quantizer is written with
operations whose gradient torch knows, and rounding in place of which the gradient passes: what comes out is the
gradient that a paper derives by hand. Gradients by numbers that many values share are added up in float64.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .questions import TO_TORCH, Question, questions
from .reader import Case, save

SHARED = ("step", "offset", "m", "log2_t", "alpha")  # inputs of which values have one each, or share one
Given = Mapping[str, Any]


class Instead(torch.autograd.Function):  # type: ignore[misc]
    """One value, with the gradient of another."""

    @staticmethod
    def forward(ctx: Any, like: Any, value: Any) -> Any:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:
        return slope, None


class Scaled(torch.autograd.Function):  # type: ignore[misc]
    """The value itself, its gradient times a number."""

    @staticmethod
    def forward(ctx: Any, value: Any, factor: float) -> Any:
        ctx.factor = factor
        return value.clone()

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:
        return slope * ctx.factor, None


def ends(attrs: Given) -> tuple[int, int]:
    bits = attrs["num_bits"]
    if not attrs.get("signed", True):
        return 0, 2**bits - 1
    return (-1, 1) if bits == 1 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def rounded(attrs: Given, multiples: Any) -> Any:
    low, high = ends(attrs)
    if low < 0 and attrs["num_bits"] == 1:
        sign = torch.where(multiples >= 0, 1.0, -1.0).to(multiples.dtype)
        return Instead.apply(multiples, torch.where(multiples.isnan(), multiples, sign))
    above = torch.where(multiples <= low, float(low), multiples)  # 0.0 in place of -0.0
    return Instead.apply(multiples, torch.round(above.clamp(max=high)))


def lsq(attrs: Given, x: Any, step: Any, offset: Any = None) -> Any:
    low, high = ends(attrs)
    shares = {"none": None, "elements": x.numel(), "features": x[:1].numel() if x.ndim else 1}
    n = shares[attrs.get("gradient_scale", "elements")]
    if n is not None:
        axis = attrs.get("axis")
        factor = 1 / math.sqrt(max(1.0, n / max(1, 1 if axis is None else x.shape[axis])) * high)
        step = Scaled.apply(step, factor)
        offset = None if offset is None else Scaled.apply(offset, factor)
    v = (x if offset is None else x - offset) / step
    beyond = ~((v > low) & (v < high)) & ~v.isnan()
    y = torch.where(beyond, rounded(attrs, v).detach(), rounded(attrs, v)) * step
    return y if offset is None else y + offset


def tqt(attrs: Given, x: Any, log2_t: Any) -> Any:
    low, high = ends(attrs)
    step = torch.exp2(Instead.apply(log2_t, log2_t.ceil()) - (attrs["num_bits"] - attrs.get("signed", True)))
    v = x / step
    nearest = torch.round(v)
    beyond = (nearest < low) | (nearest > high)
    return torch.where(beyond, rounded(attrs, v).detach(), rounded(attrs, v)) * step


def pact(attrs: Given, x: Any, alpha: Any) -> Any:
    clipped = torch.where(x >= alpha, alpha, torch.where(x < 0, torch.zeros_like(x), x))
    step = alpha / (2 ** attrs["num_bits"] - 1)
    return Instead.apply(clipped, rounded({**attrs, "signed": False}, x / step).detach() * step.detach())


def symmetric(attrs: Given, x: Any, m: Any) -> Any:
    bits, narrow = attrs["num_bits"], attrs.get("narrow_range", True)
    upper = 1.0 if narrow or bits == 1 else 1 - 2.0 ** (1 - bits)
    low, high = -m, m * upper
    clipped = torch.where(x < low, low, torch.where(x > high, high, x))
    if bits == 1:
        return Instead.apply(clipped, torch.where(x >= 0, m, -m))
    step = (high - low) / (2**bits - 1 - narrow)
    return Instead.apply(clipped, torch.floor(clipped / step + 0.5) * step)


def quantize_bias(attrs: Given, bias: Any, input_scale: Any, weight_scale: Any) -> Any:
    step = (input_scale.double() * weight_scale.double()).detach()
    most = 2.0 ** (attrs["num_bits"] - 1)
    return Instead.apply(bias, (torch.round(bias.double() / step).clamp(-most, most - 1) * step).to(bias.dtype))


def gate(attrs: Given, v: Any) -> Any:
    return (torch.sigmoid(v) * 1.2 - 0.1).clamp(0, 1)


def adaround(attrs: Given, w: Any, step: Any, v: Any) -> Any:
    h = gate(attrs, v)
    h = (h >= 0.5).to(h.dtype) if attrs["hard"] else h
    low, high = ends(attrs)
    return (torch.floor(w / step).detach() + h).clamp(low + attrs["narrow_range"], high) * step.detach()


def regularizer(attrs: Given, v: Any, beta: Any) -> Any:
    return (1 - (2 * gate(attrs, v) - 1).abs() ** beta).sum()


def start(attrs: Given, w: Any, step: Any) -> Any:
    rest = w / step - torch.floor(w / step)
    return -torch.log(1.2 / (rest + 0.1) - 1)


def binary(attrs: Given, x: Any) -> Any:
    axis = attrs.get("axis")
    others = [i for i in range(x.ndim) if axis is None or i != axis % x.ndim]
    scale = x.abs().mean(others, keepdim=True) if attrs["scale"] == "mean" else 1.0
    return scale * Instead.apply(x.clamp(-1, 1), torch.where(x >= 0, 1.0, -1.0).to(x.dtype))


def block_scaled(attrs: Given, x: Any, tensor_scale: Any = None) -> Any:
    """Groups in a format of torchao; zeros are added to lines that are no multiple of a group."""
    from torchao.prototype.mx_formats import mx_tensor, nvfp4_tensor

    size, axis = attrs["group"], attrs["axis"]
    lines = x.detach().movedim(axis, -1)
    flat = lines.reshape(-1, lines.shape[-1])
    filled = torch.nn.functional.pad(flat, (0, -flat.shape[-1] % size)).contiguous()
    element = attrs["element_format"]
    if attrs["scale_format"] == "float8_e8m0fnu":
        kinds = {"float6_e2m3fn": "fp6_e2m3", "float6_e3m2fn": "fp6_e3m2", "float4_e2m1fn": torch.float4_e2m1fn_x2}
        kind = kinds.get(element) or getattr(torch, element)
        scale, data = mx_tensor.to_mx(filled, kind, size)
        steps = mx_tensor.get_fp_scale(scale)
    else:
        scale, data = nvfp4_tensor.nvfp4_quantize(filled, size, tensor_scale)
        steps = scale.float() if tensor_scale is None else scale.float() * tensor_scale
    if element == "float4_e2m1fn":
        parts = mx_tensor.f4_unpacked_to_f32(mx_tensor.unpack_uint4(data))
    elif element.startswith("float6"):
        parts = getattr(mx_tensor, f"f6_{element[7:11]}_unpacked_to_f32")(data)
    else:
        parts = data.float()
    steps = steps.reshape(len(filled), -1)
    made = parts.reshape(*steps.shape, size) * steps[..., None]
    made = made.reshape(filled.shape)[:, : flat.shape[-1]].reshape(lines.shape).movedim(-1, axis)
    return Instead.apply(x, made)


FORMS: dict[str, Callable[..., Any]] = {
    "LearnedStepQuantize": lsq,
    "TrainedThresholdQuantize": tqt,
    "PactQuantize": pact,
    "FakeQuantSymmetric": symmetric,
    "QuantizeBias": quantize_bias,
    "RoundSTE": lambda attrs, x: Instead.apply(x, torch.round(x)),
    "ClipSTE": lambda attrs, x, min, max: Instead.apply(x, torch.clamp(x, min, max)),
    "PowerOfTwo": lambda attrs, x: torch.exp2(Instead.apply(x, torch.ceil(x))),
    "AdaRoundWeights": adaround,
    "AdaRoundRegularizer": regularizer,
    "AdaRoundStart": start,
    "BinaryQuantize": binary,
    "BlockScaleQuantize": block_scaled,
}
assert FORMS.keys() == TO_TORCH
PORTS = {"RoundSTE": ("x",)}  # of a question about several blocks


def tensor(array: Any) -> Any:
    """The array as a tensor; 16-bit floats, which the blocks compute with in float32, in that."""
    return torch.tensor(array.astype(np.float32 if array.dtype.itemsize == 2 else array.dtype))


def spread(numbers: Any, like: Any, attrs: Given) -> Any:
    """Numbers that values share, one for each value."""
    axis = attrs.get("axis")
    if axis is None:
        return numbers.expand(like.shape)
    if attrs.get("group"):
        return numbers.repeat_interleave(attrs["group"], axis).narrow(axis, 0, like.shape[axis])
    return numbers.reshape([-1 if i == axis % like.ndim else 1 for i in range(like.ndim)]).expand(like.shape)


def gathered(slopes: Any, numbers: Any, attrs: Given) -> Any:
    """Gradients by numbers that were `spread`, added up in float64."""
    wide = slopes.astype(np.float64)
    axis = attrs.get("axis")
    if axis is None:
        total = wide.sum()
    elif attrs.get("group"):
        total = np.add.reduceat(wide, range(0, wide.shape[axis], attrs["group"]), axis)
    else:
        total = np.moveaxis(wide, axis, 0).reshape(wide.shape[axis], -1).sum(1)
    return np.asarray(total, numbers.dtype).reshape(numbers.shape)


def answer(op: str, question: Question) -> Case:
    """The output; and where they are asked for, its weight and its gradients by floating inputs."""
    arrays = {name: np.asarray(a) for name, a in question.inputs.items() if name in PORTS.get(op, question.inputs)}
    values = {name: tensor(array) for name, array in arrays.items()}
    first = next(iter(values.values()))
    leaves = {
        name: (spread(value, first, question.attrs) if name in SHARED else value).clone().requires_grad_()
        for name, value in values.items()
    }
    made = FORMS[op](question.attrs, **leaves)
    dtype = next(iter(arrays.values())).dtype
    output = np.asarray(made.detach().numpy()).astype(dtype)
    weights, slopes = {}, {}
    if question.slopes:
        # those of many values are the same over and over, as the values are
        drawn = np.random.default_rng(7).normal(size=output.shape if output.size < 10_000 else output.shape[-1])
        weights["0"] = np.resize(drawn, output.shape).astype(dtype)
        made.backward(torch.tensor(weights["0"]))
        for name, leaf in leaves.items():
            if leaf.grad is not None:
                own = leaf.grad.numpy()
                slopes[name] = gathered(own, arrays[name], question.attrs) if name in SHARED else own
    oracle = f"torchao {version('torchao')}" if op == "BlockScaleQuantize" else f"torch {torch.__version__} autograd"
    return Case(question.name, op, question.attrs, oracle, arrays, [output], weights, slopes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write the files into")
    parser.add_argument("ops", nargs="*", metavar="Op", help="blocks to record; all if none is named")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    options = parser.parse_args()
    for op in options.ops or sorted(TO_TORCH):
        cases = [answer(op, question) for question in questions(op, options.seed)]
        save(options.out / f"{op}.npz", cases)
        print(f"{op}: {len(cases)} cases, {sum(a.size for case in cases for a in case.outputs)} values")


if __name__ == "__main__":
    main()
