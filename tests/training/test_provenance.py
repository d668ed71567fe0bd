"""Digests of files, and the packages that a graph's blocks are from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import dataflow as flow
from dataflow.training import provenance
from dataflow.training.provenance import environment, file_digest, packages


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_digest_is_of_all_bytes():
    data = np.random.default_rng(0).bytes(3_000_001)
    Path("d").write_bytes(data)
    assert file_digest(Path("d")) == f"sha256:{hashlib.sha256(data).hexdigest()}"
    Path("empty").touch()
    assert file_digest(Path("empty")) == f"sha256:{hashlib.sha256().hexdigest()}"


def test_of_a_large_file_parts_are_digested(monkeypatch):
    for name, value in (("_WHOLE", 1000), ("_PIECE", 10), ("_PIECES", 5)):
        monkeypatch.setattr(provenance, name, value)
    data = bytearray(np.random.default_rng(0).bytes(1009))
    parts = [data[at : at + 10] for at in range(0, 1000, 249)]
    Path("d").write_bytes(data)
    assert file_digest(Path("d")) == f"sha256 of parts:{hashlib.sha256(b'1009' + b''.join(parts)).hexdigest()}"
    found = set()
    for at in (0, 5, 999, 1005):
        changed = bytearray(data)
        changed[at] ^= 1
        Path("d").write_bytes(changed)
        found.add(file_digest(Path("d")))
    assert len(found) == 4  # those that begin, those in the middle of one, the last


def test_a_file_that_cannot_be_read_is_said_to_be():
    assert file_digest(Path("none")).startswith("unreadable: no such file")


def test_packages_of_blocks():
    graph = flow.Graph("g")
    graph.variable("w", 1.0)
    found = packages(graph)
    assert found["numpy"] == np.__version__ and found["dataflow-blocks"] == importlib.metadata.version(
        "dataflow-blocks"
    )
    assert list(found) == sorted(found)


def test_a_file_of_blocks_is_told_by_its_digest(monkeypatch):
    """As after ``--blocks``: the module has the name of the file, which no package has."""
    Path("my_provenance.py").write_text("# blocks")
    module = ModuleType("my_provenance")
    module.__file__ = str(Path("my_provenance.py").resolve())
    monkeypatch.setitem(sys.modules, module.__name__, module)
    graph = flow.Graph("g")
    graph.output("y", graph.variable("w", 1.0) + 1.0)
    monkeypatch.setattr(flow.blocks["AddV2"], "__module__", module.__name__)
    found = packages(graph)
    assert found.pop("my_provenance") == f"sha256:{hashlib.sha256(b'# blocks').hexdigest()}"
    assert "numpy" in found


def test_the_environment_says_how_many_threads(monkeypatch):
    monkeypatch.setenv("DATAFLOW_THREADS", "3")
    monkeypatch.setenv("DATAFLOW_KERNELS", "numpy")
    found = environment()
    assert (found["threads"], found["kernels"]) == (3, "numpy")
