"""Reads exported folders with NumPy alone, and computes a dense layer again by what their manifest says.

``python reader.py FOLDER LAYER`` prints how many codes were compared, and fails where one differs.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


class Exported:
    """The arrays of a folder by name, and what the manifest says of each."""

    def __init__(self, folder: Path):
        self.manifest = json.loads((folder / "manifest.json").read_text())
        self.entries: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in self.manifest["arrays"]}
        self.arrays = {name: self._read(folder, entry) for name, entry in self.entries.items()}

    def _read(self, folder: Path, entry: dict[str, Any]) -> Any:
        path = folder / entry["file"]
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise ValueError(f"{path}: has another digest")
        if path.suffix == ".npy":
            array = np.load(path)
            if [str(array.dtype), [*array.shape]] != [entry["dtype"], entry["shape"]]:
                raise ValueError(f"{path}: is not what the manifest says")
            return array
        lines = [line for line in path.read_text().splitlines() if not line.startswith("//")]
        dtype = np.dtype(entry["dtype"])
        if any(len(line) != 2 * dtype.itemsize for line in lines):
            raise ValueError(f"{path}: has words of another width")
        words = np.array([int(line, 16) for line in lines], f"u{dtype.itemsize}")
        return words.view(dtype).reshape(entry["shape"])

    def reads(self, name: str, port: str) -> Any:
        """What stands on a port of a node; 0 where nothing does."""
        names = self.entries[name]["reads"].get(port)
        return self.arrays[names[0]].astype(object) if names else 0

    def source(self, name: str, port: str) -> str:
        """The name of what stands on a port of a node."""
        return str(self.entries[name]["reads"][port][0])

    def dense(self, name: str) -> Any:
        """The sums of a product, in Python's integers."""
        a, b = (self.reads(name, port) - self.reads(name, f"{port}_zero_point") for port in "ab")
        return np.dot(a, b)

    def requantized(self, name: str) -> Any:
        """The codes of sums, halves up, in Python's integers."""
        if self.entries[name]["attrs"]["rounding"] != "half_up":
            raise ValueError("is written for half_up alone")
        x, multiplier, shift, zero = (self.reads(name, port) for port in ("input", "multiplier", "shift", "zero_point"))
        halves = np.broadcast_to(2 * x * multiplier, x.shape)
        rounded = [(p + 2**s) // 2 ** (s + 1) for p, s in np.broadcast(halves, shift)]
        limits, attrs = np.iinfo(self.entries[name]["dtype"]), self.entries[name]["attrs"]
        low, high = (
            end if attrs[key] is None else attrs[key] for key, end in (("low", limits.min), ("high", limits.max))
        )
        return np.clip(np.reshape(np.array(rounded, object), x.shape) + zero, low, high)


def check_layer(found: Exported, quantizer: str) -> int:
    """Compute a dense layer again from the codes that it reads to those that it gives; how many they are.

    ``quantizer`` is the node of the codes, behind a product, a bias and perhaps a Relu.
    """
    if not np.array_equal(found.requantized(quantizer), found.arrays[quantizer]):
        raise ValueError(f"{quantizer}: differs")
    name = found.source(quantizer, "input")
    if found.entries[name]["block"] == "Relu":
        before = found.source(name, "features")
        if not np.array_equal(np.maximum(found.arrays[before], 0), found.arrays[name]):
            raise ValueError(f"{name}: differs")
        name = before
    product = found.source(name, "value")
    if not np.array_equal(found.reads(name, "value") + found.reads(name, "bias"), found.arrays[name]):
        raise ValueError(f"{name}: differs")
    if not np.array_equal(found.dense(product), found.arrays[product]):
        raise ValueError(f"{product}: differs")
    return int(found.arrays[quantizer].size)


if __name__ == "__main__":
    print(check_layer(Exported(Path(sys.argv[1])), sys.argv[2]))
