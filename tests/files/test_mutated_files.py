"""Files with arrays after something has happened to their bytes.

What is read is what was in them, or there is an error of ours, and never is more memory asked for than bounds allow.
"""

from __future__ import annotations

import gzip
import random
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from array_files import idx, npy, zipped

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.files import ArrayFile, Unreadable
from dataflow.training import checkpoint
from dataflow.training.data.table import open_rows

pytestmark = pytest.mark.slow

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = np.arange(40, dtype=np.int64)
ROUNDS = 240
EXTREMES = [0, 1, 0x7F, 0xFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]


def saved_checkpoint(folder):
    graph = flow.Graph("g")
    for name, value in {"w": X, "b": Y}.items():
        graph.variable(name, value)
        graph.output(name, name)
    checkpoint.save(folder / "c.npz", flow.State(graph, 3), {"epoch": 1})
    return (folder / "c.npz").read_bytes()


FILES = {
    "x.npy": npy(X),
    "x_2.npy": npy(np.asfortranarray(X).astype(">f4"), (2, 0)),
    "x.idx": idx(X.astype(">f4"), 13),
    "x.idx.gz": gzip.compress(idx(X.astype(">f4"), 13), mtime=0),
    "stored.npz": zipped({"x.npy": npy(X), "y.npy": npy(Y)}),
    "deflated.npz": zipped({"x.npy": npy(X), "y.npy": npy(Y)}, 8),
}
CHECKED = ("x.idx.gz", "stored.npz", "deflated.npz", "checkpoint.npz")  # these have checksums


def flipped(data, rng):
    """One bit in every 64 bytes, at another place each time, each in a file of its own."""
    for start in range(0, len(data), 64):
        for at in range(start, min(start + 64, len(data)), 11):
            yield data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def truncated(data, rng):
    for _ in range(ROUNDS // 2):
        yield data[: rng.randrange(len(data))]


def spliced(data, rng):
    """With a piece of itself or of another file put in, or over what was there."""
    for _ in range(ROUNDS):
        source = rng.choice([data, *FILES.values()])
        start, size, at = rng.randrange(len(source)), rng.choice([1, 4, 10, 30, 64, 128]), rng.randrange(len(data) + 1)
        yield data[:at] + source[start : start + size] + data[at + rng.choice([0, size]) :]


def cut_out(data, rng):
    for _ in range(ROUNDS // 4):
        at = rng.randrange(len(data))
        yield data[:at] + data[at + rng.choice([1, 2, 8, 64]) :]


def renumbered(data, rng):
    """With a number of two, four or eight bytes made another, where numbers stand: in headers and directories."""
    for _ in range(ROUNDS):
        form = rng.choice(["<H", "<I", "<Q", ">I"])
        size = struct.calcsize(form)
        at = rng.choice([rng.randrange(min(160, len(data) - size)), len(data) - size - rng.randrange(200)])
        number = struct.pack(form, rng.choice(EXTREMES) % 256**size)
        yield data[:at] + number + data[at + size :]


MUTATIONS = (flipped, truncated, spliced, cut_out, renumbered)


def outcome(path):
    """What the arrays of a file are, by every way that leads to them; None where that is an error."""
    try:
        if path.name == "checkpoint.npz":
            return checkpoint.read(path)[1]
        with ArrayFile(path) as file:
            found = {name: file.entry(name).read() for name in file.names or [None]}
    except (DataflowError, Unreadable):
        found = None
    for name in ("x", "y") if path.suffix == ".npz" else (None,):
        try:
            rows = open_rows(path, name)
            part = rows.take(np.arange(rows.shape[0])[::-1])[::-1]
            whole = part if found is None else found[name]
            assert part.astype(part.dtype.newbyteorder("=")).tobytes() == whole.tobytes()
        except DataflowError:
            assert found is None or name not in found or not found[name].shape or not found[name].size
    return found


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@pytest.mark.parametrize("name", [*FILES, "checkpoint.npz"])
def test_a_changed_file_is_as_it_was_or_refused(tmp_path, name, mutation):
    data = FILES.get(name) or saved_checkpoint(tmp_path)
    path = Path(tmp_path, name)
    path.write_bytes(data)
    whole, rng = outcome(path), random.Random(f"{name} {mutation.__name__}")
    assert whole is not None
    refused = count = 0
    tracemalloc.start()
    try:
        for changed in mutation(data, rng):
            path.unlink()
            path.write_bytes(changed)
            found = outcome(path)
            count, refused = count + 1, refused + (found is None)
            if found is not None and name in CHECKED:
                assert found.keys() <= whole.keys()
                assert all(array.tobytes() == whole[key].tobytes() for key, array in found.items())
                assert all(array.shape == whole[key].shape for key, array in found.items())
            elif found is not None:  # nothing in the file could tell other values from the right ones
                assert sum(array.nbytes for array in found.values()) <= len(changed)
        assert tracemalloc.get_traced_memory()[1] < 70 << 20
    finally:
        tracemalloc.stop()
    assert count > 20 and refused > 0
