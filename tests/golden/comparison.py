"""A recorded case beside what the block gives: called, and as a graph with its reverse pass."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from dataflow import blocks, gradient, run
from dataflow.conformance.sample_graph import wired
from dataflow.conformance.samples import Sample
from dataflow.core.dtypes import Array
from dataflow.graph.node import Ref

from . import exact, questions
from .reader import Case
from .replay import asked, parts

# outputs 1 and 2 of these are sums of the gradients over all axes, or over all but the last
SUMS = {"FakeQuantWithMinMaxVarsGradient": None, "FakeQuantWithMinMaxVarsPerChannelGradient": -1}


def called(case: Case) -> None:
    """A call of the block gives the recorded values."""
    sample = asked(case.op, case.attrs, case.inputs)
    results = sample.block(*sample.arrays)
    compare(case, results if isinstance(results, tuple) else (results,))


def wired_up(case: Case) -> None:
    """A graph of the block gives the recorded values, and its reverse pass the recorded gradients."""
    sample = asked(case.op, case.attrs, case.inputs)
    graph, outputs, feeds = wired(sample)
    wires = [ref.wire for ref in outputs]
    names = sloped(case, sample, feeds)
    if names:
        graph.output("y", weighted_sum(case, outputs))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "gradient: 'y' does not depend on")  # then it is zero in both
            graph = gradient(graph, of="y", wrt=list(names.values()))
    for i, wire in enumerate(wires):
        graph.output(str(i), wire)
    results = run(graph, feeds)
    compare(case, [results[str(i)] for i in range(len(wires))])
    for name, node in names.items():
        assert_near(results[f"grad_{node}"], case.slopes[name], questions.Agreement())


def sloped(case: Case, sample: Sample, feeds: Mapping[str, Array]) -> dict[str, str]:
    """The inputs for which a gradient was recorded, each with its node."""
    ports = sample.block.signature.inputs.items()
    nodes = {name: f"{port}_{i}" for port, p in ports for i, name in enumerate(parts(p, case.inputs))}
    names = {name: node for name, node in nodes.items() if name in case.slopes and node in feeds}
    assert bool(names) == bool(case.slopes)
    return names


def weighted_sum(case: Case, outputs: Sequence[Ref]) -> Any:
    # the conjugate of a complex weight is the gradient that a product passes on
    sums = [
        blocks["Sum"]()(blocks["Multiply"]()(outputs[int(i)], np.conj(weights)), list(range(weights.ndim)))
        for i, weights in case.weights.items()
    ]
    return sums[0] if len(sums) == 1 else blocks["AddN"]()(sums)


def compare(case: Case, results: Sequence[Array]) -> None:
    assert len(results) == len(case.outputs)
    for i, (got, wanted) in enumerate(zip(results, case.outputs, strict=True)):
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), f"output {i}"
        if i == 0 and case.attrs.get("T") == "qint32" and case.op == "QuantizeV2":
            wanted = saturated(case)
        if i and case.op in SUMS:
            assert_sum(case, got, wanted)
        else:
            assert_agrees(got, wanted, questions.AGREEMENTS[case.op])


def saturated(case: Case) -> Array:
    """The reference wraps the top of qint32 round to the bottom, a defect; here it stays at the top."""
    quantized, low, high = case.outputs
    axis = case.attrs["axis"]
    shape = [-1 if a == axis else 1 for a in range(quantized.ndim)] if axis >= 0 else []
    upper_half = case.inputs["input"] > (low / 2 + high / 2).reshape(shape)
    info = np.iinfo(np.int32)
    return np.asarray(np.where((quantized == info.min) & upper_half, quantized.dtype.type(info.max), quantized))


def assert_agrees(got: Array, wanted: Array, agreement: questions.Agreement) -> None:
    if got.dtype.kind in "iub":
        assert_bits(got, wanted)
    elif agreement.ulps is None:
        assert_near(got, wanted, agreement)
    elif ulps := agreement.complex_ulps if got.dtype.kind == "c" else agreement.ulps:
        assert_ulps(got, wanted, ulps)
    else:
        assert_bits(got, wanted)


def assert_ulps(got: Array, wanted: Array, ulps: int) -> None:
    """Equal up to so many units in the last place."""
    right = exact.distance(got, wanted) <= ulps
    assert right.all(), f"got {got[~right][:5]}, wanted {wanted[~right][:5]}"


def assert_near(got: Array, wanted: Array, agreement: questions.Agreement) -> None:
    """Equal up to a part of the largest number, or to two units in its last place where that is less exact."""
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    relative = agreement.wide if got.dtype in (np.float64, np.complex128) else agreement.relative
    eps: Any = ml_dtypes.finfo(got.dtype).eps  # type: ignore[no-untyped-call]
    relative = max(relative, 2 * float(eps))
    got, wanted = np.asarray(got, wide), np.asarray(wanted, wide)
    finite = np.isfinite(wanted)
    bound = relative * np.abs(wanted[finite]).max(initial=0)
    with np.errstate(invalid="ignore"):
        right = np.where(finite, np.abs(got - wanted) <= bound, (got == wanted) | ((got != got) & (wanted != wanted)))
    assert right.all(), f"got {got[~right][:5]}, wanted {wanted[~right][:5]}"


def assert_bits(got: Array, wanted: Array) -> None:
    """Equal bits; any NaN equals any other."""
    bits = f"V{got.dtype.itemsize}"
    differ = np.ascontiguousarray(got).view(bits) != np.ascontiguousarray(wanted).view(bits)
    differ = differ.reshape(got.shape) & ~((got != got) & (wanted != wanted))
    assert not differ.any(), (
        f"{differ.sum()} of {differ.size} differ: got {got[differ][:5]}, wanted {wanted[differ][:5]}"
    )


def assert_sum(case: Case, got: Array, wanted: Array) -> None:
    """Equal up to half a unit in the last place of a sum without cancellation."""
    gradients = np.abs(case.inputs["gradients"].astype(np.float64))
    keep = SUMS[case.op]
    size = gradients.sum() if keep is None else gradients.reshape(-1, gradients.shape[keep]).sum(0)
    assert ((got != got) == (wanted != wanted)).all()
    with np.errstate(invalid="ignore"):
        near = np.abs(got.astype(np.float64) - wanted) <= 2.0**-23 * size
    assert (near | (got == wanted) | (got != got)).all(), f"got {got}, wanted {wanted}"
