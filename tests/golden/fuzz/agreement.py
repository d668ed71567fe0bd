"""How near the answers must be: to the bit, but for what each rule gives a reason for."""

from __future__ import annotations

from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from dataflow.conformance import Sample
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Elementwise

from ..exact import distance, right
from .draw import subnormal


class Rule(NamedTuple):
    """How far two answers may be apart, and why.

    ulps, complex_ulps : units in the last place, of complex numbers of their absolute value.
    part : a part of the sum of the magnitudes in float32; other dtypes have as many of their own units.
    wide : that part in float64, where it is another.
    spread : whether that is the largest magnitude of the whole result.
    size : what gives that sum for a sample, where it is not what the block makes of the magnitudes.
    wider : the dtype in which the reference is asked in place of the 16-bit floats, its answers rounded once: it rounds
        after every step, the blocks do at the end.
    """

    why: str
    ulps: int = 0
    complex_ulps: int = 0
    part: float | None = None
    wide: float | None = None
    spread: bool = False
    size: Any = None
    wider: str = ""

    def __str__(self) -> str:
        if self.part is None:
            return f"{self.ulps} ulps: {self.why}"
        return f"{self.part:.1g} of the {'largest' if self.spread else 'sum of magnitudes'}: {self.why}"


BITS = Rule("every operation is rounded the same; of complex products one term may be added in the same step", 0, 16)
ONCE = BITS._replace(wider="float32")
FUNCTION = Rule("a function that libraries compute in ways of their own", 4, 8, wider="float32")
FAST = FUNCTION._replace(why="in float32 the reference takes quotients and roots in a fast way")
TAIL = Rule("the last elements of an array go through the formula in another order there", 4, 16)
SUM = Rule("sums in another order", part=4e-6, wider="float64")
GRADIENTS = SUM._replace(part=2.0**-23, size=lambda sample: _all_gradients(sample))
FACTORS = Rule("products of many factors in another order", part=3e-4, wider="float64")
STEPS = Rule("several sums and quotients, rounded at other places", part=2e-5, spread=True, wider="float32")
MOMENTS = STEPS._replace(why="the reference adds squares in float32", part=2e-4, wider="")
ROOTS = Rule(
    "the reference takes reciprocal roots in a fast way, and the last elements in another order",
    part=1e-6,
    size=lambda sample: max(np.abs(array.astype(np.float64)).max(initial=0) for array in sample.arrays[:4]),
)
RULES = {
    **dict.fromkeys(("EluGrad", "SeluGrad", "SoftsignGrad", "Softsign"), ONCE),
    **dict.fromkeys(("Exp", "Log", "SoftplusGrad", "Elu", "Selu"), FUNCTION),
    **dict.fromkeys(("Rsqrt", "Sqrt", "Reciprocal", "Inv", "Xdivy"), FAST),
    **dict.fromkeys(("SigmoidGrad", "TanhGrad", "SqrtGrad", "RsqrtGrad", "ReciprocalGrad", "InvGrad"), TAIL),
    "Pow": FUNCTION._replace(complex_ulps=64),
    **dict.fromkeys(("Sigmoid", "Tanh"), FUNCTION._replace(complex_ulps=4096)),  # near a pole
    "Softplus": FUNCTION._replace(ulps=15),  # of small numbers both are up to 8 off
    "Xlogy": FUNCTION._replace(ulps=6, complex_ulps=4096),  # near 1
    "QuantizedInstanceNorm": FAST,
    **dict.fromkeys(("Sum", "Mean", "L2Loss", "BiasAddGrad", "MatMul", "BatchMatMul", "BatchMatMulV2", "Einsum"), SUM),
    "Prod": FACTORS,
    **dict.fromkeys(("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "DepthwiseConv2dNative"), SUM),
    **dict.fromkeys(("DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"), SUM),
    **dict.fromkeys(("Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"), SUM),
    **dict.fromkeys(("FusedPadConv2D", "FusedResizeAndPadConv2D", "AvgPool", "AvgPool3D", "AvgPoolGrad"), SUM),
    **dict.fromkeys(("AvgPool3DGrad", "FractionalAvgPool", "ResizeBilinear"), SUM),
    **dict.fromkeys(("ResizeNearestNeighborGrad",), SUM),
    "ResizeBilinearGrad": SUM._replace(
        why="weights are float32 there", part=1e-5, wide=1e-6, size=lambda s: _largest(s)
    ),
    "ResizeBicubic": SUM._replace(part=1e-5, spread=True),  # some weights are negative
    "ResizeBicubicGrad": SUM._replace(
        why="weights are float32 there", part=1e-5, wide=3e-6, size=lambda s: _largest(s)
    ),
    **dict.fromkeys(("TensorScatterAdd", "ScatterAdd", "ScatterNdAdd"), SUM),
    **dict.fromkeys(("ScatterSub", "ScatterNdSub"), SUM._replace(size=lambda sample: _all_updates(sample))),
    **dict.fromkeys(("ScatterMul", "ScatterDiv"), FACTORS._replace(wider="")),
    **dict.fromkeys(("MaxPoolGradWithArgmax", "Dilation2DBackpropInput", "Dilation2DBackpropFilter"), SUM),
    **dict.fromkeys(("MirrorPadGrad", "MaxPoolGrad", "MaxPool3DGrad", "FractionalMaxPoolGrad"), SUM),
    **dict.fromkeys(("Softmax", "LogSoftmax", "SoftmaxCrossEntropyWithLogits", "LRN", "LRNGrad"), STEPS),
    **dict.fromkeys(("SparseSoftmaxCrossEntropyWithLogits", "Cholesky", "MatrixInverse"), STEPS),
    "RandomGammaGrad": STEPS._replace(why="a series that is cut short elsewhere", part=2e-4, wide=1e-11),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), MOMENTS),
    **dict.fromkeys(("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"), MOMENTS),
    **dict.fromkeys(("ApplyAdadelta", "ApplyAdagrad", "ApplyProximalAdagrad"), ROOTS),
    "ApplyFtrl": ROOTS._replace(why="differences of roots and powers, which are larger than inputs", part=4e-5),
    # beside the gradients of the values there are sums of gradients
    "FakeQuantWithMinMaxVarsGradient": GRADIENTS,
    "FakeQuantWithMinMaxVarsPerChannelGradient": GRADIENTS,
}
STEPWISE = ("SqrtGrad", "RsqrtGrad", "ReciprocalGrad", "InvGrad", "SigmoidGrad", "TanhGrad", "SoftsignGrad", "Xdivy")


class Verdict(NamedTuple):
    """For each element whether it is wrong, or excused: by a subnormal number, or by what its block's page tells."""

    wrong: Any
    subnormal: Any
    told: Any


def _saturated(sample: Sample, got: Any, wanted: Any) -> Any:
    limits = np.iinfo(np.int32)
    if got.dtype.kind == "f":  # an end of the range in use
        return np.zeros(got.shape, bool)
    top = (got.dtype == np.int32) & (got == limits.max)
    return np.isnan(sample.arrays[0]) | top | (got == 0) & (wanted == np.iinfo(got.dtype).min)


def _shifted(sample: Sample, got: Any, wanted: Any) -> Any:
    """Everything where windows are shorter than steps, and SAME padding would be negative."""
    block: Any = sample.block
    x, made = sample.arrays[0], sample.outputs[0].sizes
    window = block.ksize[1:-1] if hasattr(block, "ksize") else sample.arrays[-1].shape[: x.ndim - 2]
    sizes = zip(x.shape[1:-1], made[1:-1], window, block.strides[1:-1], strict=True)
    outside = block.padding == "SAME" and any((out - 1) * s + k - n < 0 for n, out, k, s in sizes)
    return np.full(got.shape, outside)


def _turned_round(sample: Sample, got: Any, wanted: Any) -> Any:
    """Everything where there is a number of a size that float32 rounds to 2 ** 31."""
    return np.full(got.shape, (np.abs(sample.arrays[0].astype(np.int64)) > 2**31 - 65).any())


def _unset_range(sample: Sample, got: Any, wanted: Any) -> Any:
    """Zeros of ranges that have an end that is NaN or infinite."""
    if got.dtype.kind == "f" or all(np.isfinite(end).all() for ends in sample.arrays[2:] for end in ends):
        return np.zeros(got.shape, bool)
    return (got == 0) & (wanted == np.iinfo(got.dtype).min)


def _no_level(sample: Sample, got: Any, wanted: Any) -> Any:
    """Everything where a level is no number of 64 bits, and the reference takes the lowest: in narrow ranges."""
    ends = np.array([array for array in sample.arrays if array.dtype == np.float32 and array.ndim == 0])
    narrow = ends[-1] - ends[-2] < 6 * 2.0 ** (8 * got.itemsize - 63)
    return np.full(got.shape, narrow and got.dtype.kind != "f")


def _not_finite(sample: Sample, got: Any, wanted: Any) -> Any:
    """Everything where a range has an end that is NaN or infinite, or gets one on the way."""
    ends = np.array([array for array in sample.arrays if array.dtype == np.float32 and array.ndim == 0])
    return np.full(got.shape, got.dtype.kind != "f" and not (np.abs(ends) < 2e33).all())


def _next_level(sample: Sample, got: Any, wanted: Any) -> Any:
    """Numbers that are one apart: a root tips over a half, perhaps that of the lower end, which moves all."""
    if got.dtype.kind == "f":
        return np.zeros(got.shape, bool)
    return np.abs(got.astype(np.int64) - wanted) == 1


def _lowest(sample: Sample, got: Any, wanted: Any) -> Any:
    """Everything where the lowest finite number is among the values."""
    x = sample.arrays[0]
    there = x.dtype.kind not in "iub" and (x == ml_dtypes.finfo(x.dtype).min).any()  # type: ignore[no-untyped-call]
    return np.full(got.shape, there)


def _cut_complex(sample: Sample, got: Any, wanted: Any) -> Any:
    block: Any = sample.block
    return np.full(got.shape, block.Truncate and got.dtype.kind == "c")


# differences that the block's page tells
def _sign_of_zero(sample: Sample, got: Array, wanted: Array) -> Array:
    """Zeros in a range that begins at 0.0: which one the reference gives depends on where in the array it stands."""
    if sample.block.attrs().get("signed_input", True):
        return np.zeros(got.shape, bool)
    zeros: Array = (got == 0) & (wanted == 0) & (sample.arrays[0] == 0)
    return zeros


TOLD: dict[str, Any] = {
    "Round": lambda sample, got, wanted: np.full(got.shape, got.dtype.kind == "i"),
    "QuantizeV2": _saturated,
    "Dequantize": lambda sample, got, wanted: sample.arrays[0].astype(np.int64) >= 2**31 - 128,
    "QuantizedConcat": _unset_range,
    "QuantizedRelu6": _no_level,
    "QuantizedBiasAdd": _not_finite,
    "Mean": lambda sample, got, wanted: np.full(got.shape, got.dtype.kind == "c" and not sample.arrays[0].size),
    "ArgMax": _lowest,
    **dict.fromkeys((f"QuantizeAndDequantizeV{n}" for n in (2, 3, 4)), _sign_of_zero),
    "Cast": _cut_complex,
    "RequantizationRangePerChannel": _turned_round,
    "QuantizedInstanceNorm": _next_level,
    **dict.fromkeys(("AvgPool3D", "Conv3D"), _shifted),
    "MaxPool3D": lambda sample, got, wanted: (
        _shifted(sample, got, wanted) | np.isnan(sample.arrays[0]).any() | (got == -np.inf)
    ),
}


def judged(op: str, sample: Sample, position: int, got: Any, wanted: Any) -> Verdict:
    """The elements of an output that are not near enough.

    Outside of the quantization family subnormal numbers count as zeros in the reference and as themselves here: what
    comes of one, or is one and a zero there, is passed over.
    """
    with np.errstate(all="ignore"):
        differs = _bits(got) != _bits(wanted)
        differs &= ~((got != got) & (wanted != wanted))
        none = np.zeros(got.shape, bool)
        if not differs.any():
            return Verdict(none, none, none)
        told = differs & TOLD[op](sample, got, wanted) if op in TOLD else none
        differs &= ~told
        if got.dtype.kind in "iub":
            passed = differs & _from_subnormal(sample, got)
            return Verdict(differs & ~passed, passed, told)
        rule = BITS if position == 0 and op.startswith("FakeQuant") else RULES.get(op, BITS)
        passed = differs & (_from_subnormal(sample, got) | _flushed(op, position, got, wanted))
        if rule.part is None:
            far = _apart(op, sample, got, wanted) > (rule.complex_ulps if got.dtype.kind == "c" else rule.ulps)
            zeros = (got == wanted) if rule.ulps == 0 and got.dtype.kind != "c" else none
            wrong = differs & (far | zeros)
        else:
            wrong = differs & ~_near(rule, sample, position, got, wanted)
        return Verdict(wrong & ~passed, passed, told)


def _all_gradients(sample: Sample) -> Any:
    """The sum of the magnitudes of the gradients, for each end of a range."""
    gradients, ends = np.abs(sample.arrays[0].astype(np.float64)), sample.arrays[2].ndim
    return gradients.reshape(-1, gradients.shape[-1]).sum(0) if ends else gradients.sum()


def _all_updates(sample: Sample) -> Any:
    """What the values of a variable and all its updates add up to: so large they may get on the way."""
    return sum(np.abs(array.astype(np.float64)).sum() for array in (sample.arrays[0], sample.arrays[2]))


def _largest(sample: Sample) -> Any:
    """The largest sum of magnitudes."""
    return np.abs(_magnitudes(sample, 0)).max(initial=0)


def _magnitudes(sample: Sample, position: int) -> Any:
    """What the block makes of the magnitudes of its values."""
    sums = sample.mapped(lambda port, a: np.abs(a).astype(a.dtype) if port.dtype == "T" else a)
    return np.abs(np.asarray(sums.results()[position]).astype(np.complex128)).real


def _apart(op: str, sample: Sample, got: Any, wanted: Any) -> Any:
    """Units in the last place from the reference, or from what is right if that is nearer."""
    values = right(op, list(sample.arrays), wanted)
    apart = distance(got, wanted)
    return apart if values is None else np.minimum(apart, distance(got, values))


def _bits(array: Any) -> Any:
    kind = f"V{array.itemsize}" if array.dtype.kind == "c" else f"u{array.itemsize}"
    return np.ascontiguousarray(array).view(kind).reshape(array.shape)


def _tiny(x: Any) -> Any:
    return float(ml_dtypes.finfo(x.real.dtype).tiny)  # type: ignore[no-untyped-call]


def _subnormal(x: Any) -> Any:
    return subnormal(x.real) | subnormal(x.imag) if x.dtype.kind == "c" else subnormal(x)


def _flushed(op: str, position: int, got: Any, wanted: Any) -> Any:
    if ("uantize" in op or "Quant" in op) and not position:
        return np.zeros(got.shape, bool)
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    zero = np.abs(got.astype(wide) - wanted.astype(wide)) <= _tiny(got)
    if op in STEPWISE:  # what stands between two steps may be too small or too large
        zero |= (wanted == 0) | ~np.isfinite(wanted) | ~np.isfinite(got)
    return zero


def _from_subnormal(sample: Sample, got: Any) -> Any:
    """Where an operand of an elementwise block is subnormal."""
    found = np.zeros(got.shape, bool)
    if not isinstance(sample.block, Elementwise) or "Quant" in type(sample.block).__name__:
        return found
    for array in sample.arrays:
        for each in array if isinstance(array, tuple) else (array,):
            if each.dtype.kind in "iub":
                continue
            axis = sample.block.channel_axis(got.ndim) if each.ndim == 1 < got.ndim else None
            small = _subnormal(each)
            found = found | (small if axis is None else small.reshape(-1, *[1] * (got.ndim - axis - 1)))
    return np.broadcast_to(found, got.shape) if found.ndim <= got.ndim else np.zeros(got.shape, bool)


def _near(rule: Rule, sample: Sample, position: int, got: Any, wanted: Any) -> Any:
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    real = np.dtype({"complex64": np.float32, "complex128": np.float64}.get(got.dtype.name, got.dtype))
    unit = float(ml_dtypes.finfo(real).eps)  # type: ignore[no-untyped-call]
    part = (rule.part or 0) * unit / 2.0**-23
    part = rule.wide if rule.wide and real == np.float64 else part
    got, wanted = got.astype(wide), wanted.astype(wide)
    size = np.abs(wanted)
    finite = np.isfinite(wanted)
    if rule.size:
        size = rule.size(sample)
    elif rule.spread:
        size = np.full(got.shape, np.abs(wanted[finite]).max(initial=0))
    else:
        size = np.maximum(size, np.nan_to_num(_magnitudes(sample, position), posinf=np.inf))
    return np.where(finite, np.abs(got - wanted) <= part * size, got == wanted)
