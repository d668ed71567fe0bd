"""The manifest of exported arrays: for each its file, shape, what its integers stand for, and how it was computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.fixed_point import ROUNDINGS
from dataflow.quantize.export.net import IntegerNet, Numbers, Step
from dataflow.training.array_split import RowSplit

MANIFEST = "manifest.json"
VERSION = 1
RULES = dict(
    zip(
        ROUNDINGS,
        (
            "floor(p / 2**shift + 1/2)",
            "the nearest whole number to p / 2**shift, of two the even one",
            "the nearest whole number to p / 2**shift, of two the one further from 0",
            "floor(p / 2**shift)",
            "floor(p / 2**shift + 1/2)",
            "floor(p / 2**31 + 1/2), then divided by 2**(shift - 31), the nearest, of two the one further from 0; "
            "where shift < 31 the input is shifted left by 31 - shift first and cut to int32",
        ),
        strict=True,
    )
)  # p is input * multiplier


def exported(
    net: IntegerNet, data: RowSplit, samples: int, form: str, suffix: str, written: Callable[[str, Array], bytes]
) -> dict[str, bytes]:
    """The files of all arrays of a net and their manifest, by name.

    form : what the manifest calls the files.
    written : the bytes of a file from the name of an array and the array.
    """
    traced = net.trace(data, samples)
    entries: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}

    def add(name: str, array: Array, kind: str, told: Mapping[str, Any]) -> None:
        file = f"{len(entries):03d}_{_file_name(name)}.{suffix}"
        files[file] = written(name, array)
        entries.append(
            {
                "name": name,
                "file": file,
                "kind": kind,
                "dtype": str(array.dtype),
                "shape": [*array.shape],
                "sha256": hashlib.sha256(files[file]).hexdigest(),
                **told,
            }
        )

    for name in net.inputs:
        add(name, traced[name], "input", _numbers(net.numbers.get(name)))
    for name, array in net.constants.items():
        add(name, array, "constant", _numbers(net.numbers[name]) if name in net.numbers else {})
    for step in net.steps:
        array = traced[step.name]
        kind = "codes" if array.dtype.itemsize < 4 else "sums"
        told = {"block": step.block, "attrs": attrs_of(step), "reads": {p: [*n] for p, n in step.reads.items() if n}}
        add(step.name, array, kind, {**told, **_numbers(net.numbers.get(step.name))})
    manifest = {
        "format": form,
        "version": VERSION,
        "graph": net.name,
        "rows": len(traced[net.inputs[0]]) if net.inputs else 0,
        "order": "row-major: the last index changes fastest",
        "rounding": {mode: RULES[mode] for mode in net.rounding},
        "requantize": "clamp(round(input * multiplier / 2**shift) + zero_point, low, high)",
        "outputs": [*net.outputs],
        "arrays": entries,
    }
    return {**files, MANIFEST: (json.dumps(manifest, indent=1) + "\n").encode()}


def attrs_of(step: Step) -> dict[str, Any]:
    """All attrs of the block of a step, those left out too, as plain data."""
    block = step.node.block
    found = {name: getattr(block, name) for name in block.signature.attrs}
    return {name: [*value] if isinstance(value, tuple) else value for name, value in found.items()}


def _numbers(numbers: Numbers | None) -> dict[str, Any]:
    if numbers is None:
        return {"scale": None, "zero_point": None}
    told = {"scale": np.asarray(numbers.scale).tolist(), "zero_point": numbers.zero_point.tolist()}
    more = {"axis": numbers.axis, "low": numbers.low, "high": numbers.high}
    return {**told, **{name: value for name, value in more.items() if value is not None}}


def _file_name(name: str) -> str:
    """A name as part of that of a file, whatever it has in it; files are told apart by their numbers."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in name)[:80]
