"""Checks that a block's gradient is the derivative of its kernel."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from dataflow.conformance.sample_graph import fed, wired
from dataflow.conformance.samples import Sample, broken, documented, retyped, samples
from dataflow.core import dtypes
from dataflow.core.block import THROUGH_BODY, Block
from dataflow.core.dtypes import Array
from dataflow.core.ports import In
from dataflow.core.registry import blocks
from dataflow.core.typing_rules import accepted_dtypes
from dataflow.engine.run import run
from dataflow.graph.gradient import gradient

STEP = 1e-6


def gradient_types(block_class: type[Block]) -> None:
    """The gradient has the dtype and shape of its input, for every dtype that has one."""
    if not _flows(block_class):
        return
    for sample in (s for first in documented(block_class) for s in (first, *retyped(first))):
        floating = {name: array for name, _, array, type_ in fed(sample) if type_.dtype in dtypes.floating}
        for i, output in enumerate(sample.outputs if floating else ()):
            if output.dtype not in dtypes.floating:
                continue
            found = _gradients(sample, i, np.ones((), dtypes.storage(output.dtype)), list(floating))
            for name, x in floating.items():
                if (found[name].dtype, found[name].shape) != (x.dtype, x.shape):
                    got = f"{found[name].dtype.name}{list(found[name].shape)}"
                    raise broken(
                        block_class,
                        f"the gradient by '{name}' of {sample} must be {x.dtype.name}{list(x.shape)}, got {got}",
                    )


def gradient_matches(block_class: type[Block]) -> None:
    """Along a random direction the gradient equals the difference quotient in float64, if the block is smooth."""
    if not _flows(block_class) or not block_class.smooth:
        return
    random = np.random.default_rng(7)
    for sample in samples(block_class):
        wide = _wide(sample, random)
        for i, output in enumerate(wide.outputs):
            value = wide.results()[i]
            if output.dtype == "float64" and np.size(value) and np.all(np.isfinite(value)):
                _compare(wide, i, random, partly=sample in documented(block_class))


def _flows(block_class: type[Block]) -> bool:
    return callable(block_class.grad) or block_class.grad is THROUGH_BODY


def _compare(sample: Sample, i: int, random: np.random.Generator, partly: bool) -> None:
    directions = {n: random.normal(size=a.shape) for n, _, a, t in fed(sample) if t.dtype == "float64"}
    if not directions:
        return
    weights = random.normal(size=np.shape(sample.results()[i]))

    def moved(step: float) -> Any:
        shifts = iter(directions.values())
        there = sample.mapped(lambda p, a: a + step * next(shifts) if _moves(p, a) else a)
        return np.sum(weights * there.results()[i])

    expected = (moved(STEP) - moved(-STEP)) / (2 * STEP)
    for known in (True, False) if partly else (True,):
        found = _gradients(sample, i, weights, list(directions), known)
        products = [np.sum(found[name] * direction) for name, direction in directions.items()]
        size = max(1.0, *(float(np.sum(np.abs(g))) for g in found.values()))
        if not np.isclose(sum(products), expected, rtol=1e-5, atol=1e-7 * size):
            shapes = "" if known else " where shapes are known only at run time"
            raise broken(
                type(sample.block),
                f"the gradient of {sample}{shapes} must be the slope {expected:.8g} along a random direction, "
                f"got {sum(products):.8g}",
            )


def _wide(sample: Sample, random: np.random.Generator) -> Sample:
    """The sample in float64, a little away from zero, from ties and from the ends of its range."""
    accepted = {n: accepted_dtypes(sample.block, p.dtype) for n, p in sample.block.signature.inputs.items()}

    def jittered(port: In, array: Array) -> Array:
        if port.static or "float64" not in accepted[port.name] or dtypes.name_of(array.dtype) not in dtypes.floating:
            return array
        away = random.uniform(0.01, 0.1, array.shape)
        values = array.astype(np.float64)
        return np.asarray(np.where(values == 0, away, values * (1 - away)))

    return sample.mapped(jittered)


def _moves(port: In, array: Array) -> bool:
    return not port.static and array.dtype == np.float64


def _gradients(sample: Sample, i: int, weights: Array, wrt: list[str], known: bool = True) -> dict[str, Array]:
    """The gradients of output ``i``, weighted and summed, by the fed inputs."""
    graph, outputs, feeds = wired(sample, known)
    graph.output("y", blocks["Multiply"]()(outputs[i], weights))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an input without gradient, which the comparison judges
        backward = gradient(graph, of="y", wrt=wrt)
    found = run(backward, feeds)
    return {name: found[f"grad_{name}"] for name in wrt}
