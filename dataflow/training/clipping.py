"""Clipping: gradients made smaller where they are too large, by nodes of the step graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.training.train_section import Clip


def clipped(graph: Graph, clip: Clip, slopes: dict[str, Ref]) -> dict[str, Ref]:
    """The gradients, clipped by value, by the norm of each or by the norm of all of them.

    Norms are added up in float64 and gradients multiplied there, so that no square and no factor is lost in a narrower
    dtype. What is not larger than the bound keeps its bits.
    """
    kind, limit = clip.bound
    result = {}
    if kind == "global_norm":
        graph.scope = "train/clip/"
        factor = _factor(list(slopes.values()), limit)
    for name, slope in slopes.items():
        graph.scope = f"train/{name}/clip/"
        if kind == "value":
            bound = min(limit, _largest(slope.dtype))
            result[name] = blocks["ClipByValue"]()(slope, -bound, bound)
            continue
        if kind == "norm":
            factor = _factor([slope], limit)
        result[name] = cast(cast(slope, "float64") * factor, slope.dtype)
    graph.scope = ""
    return result


def _largest(dtype: str) -> float:
    """The largest finite number of a dtype."""
    storage = dtypes.storage(dtype)
    return float(np.nextafter(np.array(np.inf, storage), np.array(0, storage)))


def _factor(slopes: list[Ref], limit: float) -> Any:
    """What gradients are multiplied by, float64: 1, or less if their norm is above the limit."""
    wide = [cast(slope, "float64") for slope in slopes]
    bound: Any = limit
    if any(slope.dtype == "float64" for slope in slopes):  # whose squares may be too large or too small for float64
        largest = [_folded("Max", blocks["Abs"]()(slope)) for slope in wide]
        unit = limit
        for each in largest:
            unit = blocks["Maximum"]()(each, unit)
        wide, bound = [blocks["RealDiv"]()(slope, unit) for slope in wide], limit / unit
    squares = [_folded("Sum", blocks["Square"]()(slope)) for slope in wide]
    norm = blocks["Sqrt"]()(squares[0] if len(squares) == 1 else blocks["AddN"]()(squares))
    return bound / blocks["Maximum"]()(norm, bound)


def _folded(reduction: str, ref: Ref) -> Any:
    return blocks[reduction]()(ref, list(range(ref.type.rank or 0)))


def cast(ref: Ref, dtype: str) -> Ref:
    """The wire in another dtype; itself where it has it already."""
    found: Ref = ref if ref.dtype == dtype else blocks["Cast"](DstT=dtype)(ref)
    return found
