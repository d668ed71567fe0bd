"""Clipping: the norm of gradients is bounded whatever their dtype and size, and small ones keep their bits."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core import dtypes
from dataflow.training.clipping import clipped
from dataflow.training.train_section import Clip


def run(clip, slopes):
    """The gradients after clipping."""
    graph = flow.Graph("g")
    refs = {name: graph.constant(value, str(value.dtype), name=name) for name, value in slopes.items()}
    for name, ref in clipped(graph, Clip(**clip), refs).items():
        assert ref.dtype == refs[name].dtype
        graph.output(f"{name}_out", ref)
    found = flow.run(graph)
    return {name: found[f"{name}_out"].astype(np.float64) for name in slopes}


def arrays(dtype, *values):
    return {f"g{i}": np.array(value, dtypes.storage(dtype)) for i, value in enumerate(values)}


SIZES = [
    ("float32", 1.0), ("float32", 1e20), ("float32", 8e37), ("float32", 1e-30), ("float32", 1e-42),
    ("float16", 100.0), ("float16", 1e4), ("bfloat16", 1e20), ("bfloat16", 1e-30), ("float64", 1.0),
    ("float64", 1e200), ("float64", 4e307), ("float64", 1e-200), ("float64", 1e-310),
]  # fmt: skip
ROUGHLY = {"float64": 1e-12, "float32": 1e-6, "float16": 2e-3, "bfloat16": 1e-2}


@pytest.mark.parametrize("dtype, size", SIZES)
@pytest.mark.parametrize("kind", ["norm", "global_norm"])
@pytest.mark.parametrize("bound", [1.0, 0.125])
def test_the_norm_is_the_bound(dtype, size, kind, bound):
    limit = bound * min(size, 1.0)
    slopes = arrays(dtype, np.array([3.0, 4.0]) * size, [[0.0]])
    found = run({kind: limit}, slopes)
    exact = slopes["g0"].astype(np.float64) / size  # a subnormal is not 3 or 4 times another
    wanted = exact / np.hypot(*exact) * (limit / size)
    smallest = float(np.finfo(dtypes.storage(dtype) if dtype != "bfloat16" else np.float32).smallest_subnormal)
    np.testing.assert_allclose(found["g0"] / size, wanted, rtol=ROUGHLY[dtype], atol=smallest / size)
    assert found["g1"].tolist() == [[0.0]]


@pytest.mark.parametrize("dtype, size", SIZES)
@pytest.mark.parametrize("kind", ["norm", "global_norm", "value"])
def test_what_is_within_the_bound_keeps_its_bits(dtype, size, kind):
    slopes = arrays(dtype, np.random.default_rng(0).normal(size=(5, 7)) * min(size, 1e300), [0.0, -0.0])
    with np.errstate(over="ignore"):
        largest = max(float(np.max(np.abs(value.astype(np.float64)))) for value in slopes.values())
    limit = min(largest * 100, 1e308)
    found = run({kind: limit}, slopes)
    for name, value in slopes.items():
        assert found[name].tobytes() == value.astype(np.float64).tobytes()


def test_one_norm_for_all_of_several_dtypes():
    slopes = {**arrays("float32", [3e30]), "wide": np.array([[4e200]]), "half": np.array([1.0], np.float16)}
    found = run({"global_norm": 1e10}, slopes)
    assert found["wide"].tolist() == [[pytest.approx(1e10)]]
    assert found["g0"].tolist() == [0.0] and found["half"].tolist() == [0.0]  # 170 and 200 magnitudes smaller
    found = run({"norm": 1.0}, slopes)
    assert [value.item() for value in found.values()] == [pytest.approx(1.0)] * 3


def test_each_value_is_bounded():
    assert run({"value": 2.0}, arrays("float32", [-3.0, 1.0, 5.0]))["g0"].tolist() == [-2.0, 1.0, 2.0]
