"""Recorded vectors: one ``.npz`` per op, a list of cases each.

``meta`` is the JSON list of cases as bytes. An array stands there as ``[dtype, shape, offset]`` and its elements in the
flat array ``blob_<dtype>``; floats of 16 and 8 bits and integers of 4 are kept as their bits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

NARROW = ("float8_e4m3fn", "float8_e5m2", "int4", "uint4")
BITS = {"float16": np.dtype(np.uint16), "bfloat16": np.dtype(np.uint16), **dict.fromkeys(NARROW, np.dtype(np.uint8))}


@dataclass(frozen=True)
class Case:
    """One call of an op: attrs and inputs by name, outputs in order, and who says so.

    ``slopes`` has the gradient by each floating input where it was recorded, of the sum of the outputs that ``weights``
    names by their position, each times its weights.
    """

    name: str
    op: str
    attrs: dict[str, Any]
    oracle: str
    inputs: dict[str, Any]
    outputs: list[Any]
    weights: dict[str, Any] = field(default_factory=dict)
    slopes: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.op}-{self.name}"


def load(path: Path) -> list[Case]:
    """The cases of a file, in the order recorded."""
    with np.load(path) as archive:
        blobs = {name.removeprefix("blob_"): archive[name] for name in archive.files if name != "meta"}
        described = json.loads(archive["meta"].tobytes())

    def array(ref: tuple[str, list[int], int]) -> Any:
        dtype, shape, start = ref
        values = blobs[dtype][start : start + math.prod(shape)].reshape(shape)
        return values.view(_dtype(dtype)) if dtype in BITS else values

    return [
        Case(
            **case
            | {
                "outputs": [array(ref) for ref in case["outputs"]],
                **{
                    part: {name: array(ref) for name, ref in case.get(part, {}).items()}
                    for part in ("inputs", "weights", "slopes")
                },
            }
        )
        for case in described
    ]


def save(path: Path, cases: Iterable[Case]) -> None:
    """Write cases to a file that `load` reads."""
    blobs: dict[str, list[Any]] = {}
    lengths: dict[str, int] = {}

    def ref(array: Any) -> list[Any]:
        array = np.asarray(array)
        dtype = array.dtype.name
        flat = np.ascontiguousarray(array).reshape(-1)
        blobs.setdefault(dtype, []).append(flat.view(BITS.get(dtype, flat.dtype)))
        start = lengths.get(dtype, 0)
        lengths[dtype] = start + flat.size
        return [dtype, list(array.shape), start]

    described = [
        asdict(case)
        | {
            "outputs": [ref(a) for a in case.outputs],
            **{
                part: {name: ref(a) for name, a in getattr(case, part).items()}
                for part in ("inputs", "weights", "slopes")
            },
        }
        for case in cases
    ]
    meta = np.frombuffer(json.dumps(described).encode(), np.uint8)
    arrays = {f"blob_{dtype}": np.concatenate(parts) for dtype, parts in blobs.items()}
    np.savez_compressed(path, meta=meta, **arrays)  # type: ignore[arg-type]


def _dtype(name: str) -> Any:
    return np.dtype(getattr(ml_dtypes, name) if name in ("bfloat16", *NARROW) else name)
