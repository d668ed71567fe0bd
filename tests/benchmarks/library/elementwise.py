"""Blocks that go element by element: what they are called on follows from their examples."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from dataflow import blocks
from dataflow.conformance import Sample
from dataflow.conformance.samples import cast, documented
from dataflow.core.kinds import Elementwise

from .asking import Call, Calls, between


def elementwise(n: int, names: Collection[str]) -> Calls:
    """Those of the blocks that are elementwise, each input as large as the output and of values as in its example."""
    for name in names:
        block = blocks[name]
        if issubclass(block, Elementwise) and (sample := next(iter(documented(block)), None)):
            yield Call(name, _operands(sample, n), sample.block.attrs())


def _operands(sample: Sample, n: int) -> list[Any]:
    given = list(zip(sample.block.signature.inputs.values(), sample.arrays, strict=True))
    free = [array for port, array in given if port.shape is None]
    return [
        array if port.shape is not None else _values(_real(sample, port.dtype, array), n, free) for port, array in given
    ]


def _real(sample: Sample, variable: str, array: Any) -> Any:
    """The example in float32, if it is of integers and the block takes both."""
    accepted = getattr(sample.block, variable, ())
    return cast(array, "float32") if array.dtype.kind in "iu" and "float32" in accepted else array


def _values(array: Any, n: int, others: list[Any]) -> Any:
    """Numbers between the ends of the example, or of all inputs where it is a single number."""
    if array.dtype.kind == "c":
        return (between(-1, 1, (n,), np.float64) + 1j * between(-1, 1, (n,), np.float64)).astype(array.dtype)
    if array.dtype.kind == "b":
        return between(0, 1, (n,), bool)
    known = [a[np.isfinite(a)] for a in (array, *others)]
    spread = known[:1] if known[0].min() < known[0].max() else known
    return between(min(a.min() for a in spread), max(a.max() for a in spread), (n,), array.dtype)
