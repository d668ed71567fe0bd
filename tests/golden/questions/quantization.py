"""What to ask about the quantization family."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import asking
from .asking import Question, asks

f32 = np.float32


def values(random: np.random.Generator, low: Any, high: Any, levels: float, dtype: Any = f32) -> Any:
    """Numbers in and around a range: random ones, half-way points of the grid, their neighbours, the special ones."""
    with np.errstate(all="ignore"):
        width = float(dtype(high) - dtype(low))
    info = np.finfo(dtype)
    step = width / levels if np.isfinite(width) and width else 1.0
    start = float(low) if np.isfinite(low) else 0.0
    spread = start + random.uniform(-3, levels + 3, 24 * asking.size) * step
    k = random.integers(0, max(int(min(levels, 2**20)), 1), 8 * asking.size)
    with np.errstate(all="ignore"):
        ties = (np.concatenate([k, -k[: 4 * asking.size]]) + 0.5) * step + np.array([0.0, start]).repeat(
            6 * asking.size
        )
        ties = ties.astype(dtype)
        around = [ties, np.nextafter(ties, dtype(np.inf)), np.nextafter(ties, dtype(-np.inf))]
        ends = np.array([low, high, 0.0, -0.0, np.nan, np.inf, -np.inf], dtype)
        tiny = np.array(
            [info.smallest_subnormal, -info.smallest_subnormal, info.tiny / 3, info.tiny, -info.tiny], dtype
        )
        large = np.array([info.max, -info.max, start - width, start + 2 * width], dtype)
        return np.concatenate([spread.astype(dtype), *around, ends, tiny, large])


def finite(array: Any) -> Any:
    return array[np.isfinite(array)]


def ranges(random: np.random.Generator, dtype: Any = f32) -> Iterator[tuple[str, Any, Any]]:
    """Ranges of every kind: around zero, beside it, empty, upside down, tiny, huge, not numbers."""
    kinds = {
        "zero": (0.0, 0.0), "point": (1.0, 1.0), "positive": (0.5, 2.0), "negative": (-3.0, -1.0), "down": (1.0, -1.0),
        "relu": (0.0, 6.0), "minus_zero": (-0.0, 6.0), "to_zero": (-4.0, 0.0), "even": (-128.0, 127.0),
        "tiny": (-1e-30, 2e-30), "subnormal": (-1e-40, 2e-40), "huge": (-3e38, 3e38), "inf": (-np.inf, 1.0),
        "nan_low": (np.nan, 1.0), "nan_high": (-1.0, np.nan),
    }  # fmt: skip
    for name, (low, high) in kinds.items():
        yield name, np.array(low, dtype), np.array(high, dtype)
    for i in range(6):
        scale = 10.0 ** random.uniform(-6, 6)
        yield f"random{i}", np.array(-random.uniform(0, scale), dtype), np.array(random.uniform(0, scale), dtype)


SHAPES = [(), (1,), (0,), (7,), (2, 0, 3), (2, 3, 4), (1, 2, 2, 3)]


def fake_quant_settings(random: np.random.Generator) -> Iterator[tuple[str, dict[str, Any], Any, Any, Any]]:
    """Name, attrs, inputs, min, max: every width, narrow or not, every kind of range, every shape."""
    for bits, narrow in itertools.product(range(2, 17), (False, True)):
        low, high = f32(-random.uniform(0.1, 9)), f32(random.uniform(0.1, 9))
        x = values(random, low, high, 2**bits - 1 - narrow)
        yield f"bits{bits}_{narrow}", {"num_bits": bits, "narrow_range": narrow}, x, low, high
    for name, low, high in ranges(random):
        yield f"range_{name}", {"num_bits": 8, "narrow_range": False}, values(random, low, high, 255), low, high
    for shape in SHAPES:
        x = random.normal(size=shape).astype(f32)
        yield f"shape_{'x'.join(map(str, shape))}", {"num_bits": 4, "narrow_range": True}, x, f32(-1.3), f32(2.1)


def gradients_like(random: np.random.Generator, x: Any) -> Any:
    g = random.normal(size=x.shape).astype(x.dtype)
    if g.size > 8:
        g.reshape(-1)[:4] = [0.0, -0.0, 1e-41, -1e-41]
    return g


@asks("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsGradient")
def fake_quant_vars(random: np.random.Generator) -> Iterator[Question]:
    for name, attrs, x, low, high in fake_quant_settings(random):
        g = gradients_like(random, x)
        yield Question(name, attrs, {"gradients": g, "inputs": x, "min": np.asarray(low), "max": np.asarray(high)})


@asks("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxArgsGradient")
def fake_quant_args(random: np.random.Generator) -> Iterator[Question]:
    for name, attrs, x, low, high in fake_quant_settings(random):
        # a subnormal width counts as none there, and is refused
        if float(high) - float(low) > float(np.finfo(f32).tiny):
            g = gradients_like(random, x)
            yield Question(name, attrs | {"min": float(low), "max": float(high)}, {"gradients": g, "inputs": x})


@asks("FakeQuantWithMinMaxVarsPerChannel", "FakeQuantWithMinMaxVarsPerChannelGradient")
def fake_quant_channels(random: np.random.Generator) -> Iterator[Question]:
    settings = [s for s in fake_quant_settings(random) if not s[0].startswith("shape")]
    for channels in (1, 3, 5):
        for group in (settings[i : i + channels] for i in range(0, len(settings), channels)):
            rows = min(len(s[2]) for s in group)
            x = np.stack([s[2][-rows:] for s in group], -1)
            low, high = (np.array([s[i] for s in group], f32) for i in (3, 4))
            inputs = {"gradients": gradients_like(random, x), "inputs": x, "min": low, "max": high}
            yield Question(f"{channels}_{group[0][0]}", group[0][1], inputs)
    for shape in ((3,), (0, 3), (2, 1, 2, 3)):
        x = random.normal(size=shape).astype(f32)
        inputs = {
            "gradients": gradients_like(random, x),
            "inputs": x,
            "min": np.array([-1, 0, -3], f32),
            "max": np.array([1, 2, 0], f32),
        }
        yield Question(f"shape_{'x'.join(map(str, shape))}", {"num_bits": 8, "narrow_range": False}, inputs)


@asks("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4", "QuantizeAndDequantizeV4Grad")
def quantize_and_dequantize(random: np.random.Generator) -> Iterator[Question]:
    rounds = itertools.cycle(("HALF_TO_EVEN", "HALF_UP"))

    def question(name: str, x: Any, low: Any, high: Any, **attrs: Any) -> Question:
        defaults = {"signed_input": True, "num_bits": 8, "range_given": True, "narrow_range": False, "axis": -1}
        inputs = {"gradients": gradients_like(random, x), "input": x, "input_min": low, "input_max": high}
        return Question(f"{x.dtype.name}_{name}", defaults | {"round_mode": next(rounds)} | attrs, inputs)

    for dtype in (np.float32, np.float64):
        for bits, signed, narrow in itertools.product(
            (1, 2, 3, 4, 8, 12, 16, 24, 31, 53, 61), (True, False), (True, False)
        ):
            low, high = -random.uniform(0.1, 9), random.uniform(0.1, 9)
            x = values(random, low, high, 2.0**bits, dtype)
            given = {"signed_input": signed, "num_bits": bits, "narrow_range": narrow and bits > 1}
            yield question(f"b{bits}_{signed}_{narrow}", x, np.array(low, dtype), np.array(high, dtype), **given)
            x = np.clip(finite(x), low * 2, high * 2)
            yield question(f"b{bits}_{signed}_{narrow}_auto", x, *np.zeros((2,), dtype), **given, range_given=False)
        for name, low, high in ranges(random, dtype):
            if low <= high:
                for signed in (True, False):
                    yield question(
                        f"range_{name}_{signed}", values(random, low, high, 255, dtype), low, high, signed_input=signed
                    )
        for axis, known in itertools.product((0, 1, 2), (True, False)):
            x = random.normal(size=(2, 3, 4)).astype(dtype)
            lows, highs = (random.uniform(a, b, (x.shape[axis],)).astype(dtype) for a, b in ((-2, -0.1), (0.1, 2)))
            yield question(f"axis{axis}_{known}", x, lows, highs, axis=axis, range_given=known)
        for shape in SHAPES[1:]:
            x = random.normal(size=shape).astype(dtype)
            yield question(f"shape_{'x'.join(map(str, shape))}", x, np.array(-1, dtype), np.array(1.5, dtype))


QUANTIZED: dict[str, Any] = {
    "quint8": np.uint8,
    "qint8": np.int8,
    "quint16": np.uint16,
    "qint16": np.int16,
    "qint32": np.int32,
}


def integer_settings(random: np.random.Generator) -> Iterator[tuple[str, dict[str, Any], Any, Any]]:
    """Name, attrs, low, high of QuantizeV2 and Dequantize."""
    for q, mode, narrow in itertools.product(QUANTIZED, ("MIN_COMBINED", "MIN_FIRST", "SCALED"), (False, True)):
        for i, (low, high) in enumerate(
            ((-1.0, 1.0), (0.0, 6.0), (-random.uniform(0, 99), random.uniform(0, 99)), (-3.0, -1.0))
        ):
            attrs = {"T": q, "mode": mode, "narrow_range": narrow, "axis": -1}
            yield f"{q}_{mode}_{narrow}_{i}", attrs, np.array(low, f32), np.array(high, f32)
        if mode != "MIN_FIRST":
            lows, highs = random.uniform(-2, -0.1, 3).astype(f32), random.uniform(0.1, 2, 3).astype(f32)
            yield f"{q}_{mode}_{narrow}_axis", {"T": q, "mode": mode, "narrow_range": narrow, "axis": 1}, lows, highs


@asks("QuantizeV2")
def quantize(random: np.random.Generator) -> Iterator[Question]:
    minimum = itertools.cycle((0.01, 0.0, 0.1))
    for name, attrs, low, high in integer_settings(random):
        levels = float(np.iinfo(QUANTIZED[attrs["T"]]).max) - float(np.iinfo(QUANTIZED[attrs["T"]]).min)
        x = finite(values(random, np.min(low), np.max(high), levels))
        # at and above the top of qint32 the reference wraps round: see the docs of QuantizeV2
        x = np.clip(x, np.min(low) * 2, np.max(high) * (0.99 if attrs["T"] == "qint32" else 2))
        x = random.permutation(x)[: 60 * asking.size].reshape((-1, 3, 5) if attrs["axis"] == 1 else -1)
        for mode in ("HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN") if attrs["mode"] == "SCALED" else ("HALF_AWAY_FROM_ZERO",):
            given = attrs | {"round_mode": mode, "ensure_minimum_range": next(minimum)}
            yield Question(f"{name}_{mode}", given, {"input": x, "min_range": low, "max_range": high})
    x, one = random.normal(size=(4, 1, 3)).astype(f32), np.ones(1, f32)
    for mode in ("MIN_COMBINED", "SCALED"):
        attrs = {"T": "quint8", "mode": mode, "axis": 1}
        yield Question(f"one_slice_{mode}", attrs, {"input": x, "min_range": -one, "max_range": one})


@asks("Dequantize")
def dequantize(random: np.random.Generator) -> Iterator[Question]:
    for name, attrs, low, high in integer_settings(random):
        storage = np.dtype(QUANTIZED[attrs["T"]])
        q = integers(random, storage, 60 * asking.size).reshape((-1, 3, 5) if attrs["axis"] == 1 else -1)
        if attrs["T"] == "qint32" and attrs["mode"] == "SCALED":
            q = np.minimum(q, 2**31 - 129)  # above, the reference wraps round to the lowest number
        for dtype in ("float32", "bfloat16") if attrs["mode"] == "MIN_COMBINED" else ("float32",):
            inputs = {"input": q, "min_range": low, "max_range": high}
            yield Question(f"{name}_{dtype}", attrs | {"dtype": dtype}, inputs)


def integers(random: np.random.Generator, storage: Any, count: int) -> Any:
    """Whole numbers of every size that a dtype has, and its limits."""
    info = np.iinfo(storage)
    magnitudes = 2.0 ** random.uniform(0, np.log2(float(info.max)), count)
    q = (magnitudes * random.choice([-1, 1], count)).clip(info.min, info.max).astype(storage)
    q[:4] = [info.min, info.max, 0, 1]
    return q


def accumulators(random: np.random.Generator) -> Iterator[tuple[str, Any, Any, Any]]:
    """Name, qint32 values and their range, as a quantized matrix product gives them."""
    for i in range(24):
        scale = 10.0 ** random.uniform(-3, 5)
        shift = random.integers(0, 24, dtype=np.int32)
        q = integers(random, np.int32, 60 * asking.size) >> shift
        yield f"c{i}", q if i else q[:0], f32(-scale), f32(scale * random.uniform(0.5, 1))


@asks("RequantizationRange")
def requantization_range(random: np.random.Generator) -> Iterator[Question]:
    for name, q, low, high in accumulators(random):
        yield Question(name, {}, {"input": q, "input_min": low, "input_max": high})


@asks("QuantizeDownAndShrinkRange")
def quantize_down(random: np.random.Generator) -> Iterator[Question]:
    for name, q, low, high in accumulators(random):
        yield Question(name, {"out_type": "quint8"}, {"input": q, "input_min": low, "input_max": high})


@asks("Requantize")
def requantize(random: np.random.Generator) -> Iterator[Question]:
    for (name, q, low, high), out_type in itertools.product(accumulators(random), ("quint8", "qint8")):
        inputs = {"input": q, "input_min": low, "input_max": high}
        wanted = {
            "requested_output_min": f32(low * random.uniform(0, 1)),
            "requested_output_max": f32(high * random.uniform(0, 1)),
        }
        yield Question(f"{name}_{out_type}", {"out_type": out_type}, inputs | wanted)


def channel_accumulators(random: np.random.Generator) -> Iterator[tuple[str, dict[str, Any]]]:
    for i in range(24):
        q = (integers(random, np.int32, 60 * asking.size) >> random.integers(0, 24, dtype=np.int32)).reshape(
            -1, 2, 3, 5
        )
        q = abs(q) if i % 4 == 0 else q
        scale = 10.0 ** random.uniform(-2, 3, 5)
        yield f"c{i}", {"input": q, "input_min": (-scale).astype(f32), "input_max": (scale * 0.9).astype(f32)}


def unset(random: np.random.Generator) -> Iterator[tuple[str, dict[str, Any]]]:
    """Channels with ends that are NaN."""
    q = integers(random, np.int32, 60).reshape(2, 2, 3, 5)
    low, high = np.array([-1, np.nan, -3, np.nan, -0.5], f32), np.array([1, 2, np.nan, np.nan, 0.7], f32)
    yield "nan_ends", {"input": q, "input_min": low, "input_max": high}
    yield "nan_only", {"input": q, "input_min": np.full(5, np.nan, f32), "input_max": high}


@asks("RequantizationRangePerChannel")
def requantization_range_per_channel(random: np.random.Generator) -> Iterator[Question]:
    for (name, inputs), clip in itertools.product(channel_accumulators(random), (1e30, 6.0, 1.0)):
        yield Question(f"{name}_{clip}", {"clip_value_max": clip}, inputs)
    for name, inputs in unset(random):
        yield Question(name, {"clip_value_max": 6.0}, inputs)


@asks("RequantizePerChannel")
def requantize_per_channel(random: np.random.Generator) -> Iterator[Question]:
    for (name, inputs), out_type in itertools.product(channel_accumulators(random), ("quint8", "qint8")):
        high = f32(random.uniform(0.1, 50))
        wanted = {"requested_output_min": f32(0 if out_type == "quint8" else -high), "requested_output_max": high}
        yield Question(f"{name}_{out_type}", {"out_type": out_type}, inputs | wanted)
    for (name, inputs), out_type in itertools.product(unset(random), ("quint8", "qint8")):
        wanted = {"requested_output_min": f32(-1), "requested_output_max": f32(2)}
        yield Question(f"{name}_{out_type}", {"out_type": out_type}, inputs | wanted)


@asks("QuantizedConcat")
def quantized_concat(random: np.random.Generator) -> Iterator[Question]:
    for i, q in itertools.product(range(12), ("quint8", "qint32")):
        widths = random.integers(1, 5, 3)
        parts = {
            f"value{j}": integers(random, QUANTIZED[q], 4 * asking.size * n).reshape(-1, n)
            for j, n in enumerate(widths)
        }
        low, high = -random.uniform(0, 5, 3), random.uniform(0, 5, 3)
        if i % 3 == 0:
            low[:], high[:] = low[0], high[0]
        ends = {"input_mins": low.astype(f32), "input_maxes": high.astype(f32)}
        yield Question(f"c{i}_{q}", {"T": q, "concat_dim": 1}, parts | ends)
