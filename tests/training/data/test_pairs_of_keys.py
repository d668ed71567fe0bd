"""Every pair of keys of a data section: it is refused with its line, or what passes the check can be loaded."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from tables import csv

from dataflow.graphfile.load import load, read
from dataflow.training.data import load_data
from dataflow.training.data.section import Column, Split

INPUT = {
    "path": ["t.csv", "d.npz"],
    "array": ["a", "l", '"a, b"'],
    "columns": ["all", "[a, b]", "l", "{except: l}"],
    "csv": ["{missing: [x]}", '{comment: "2"}', '{delimiter: ";"}'],
    "dtype": ["float32", "int64"],
    "missing": ["0", "mean", "most_frequent", "error", "[0, median]", "x"],
    "scale": ["2", "[1, 0.5]"],
    "offset": ["-1"],
    "normalize": ["standard", "minmax", "robust"],
    "classes": ["fit", "[x, y]", "[1, 2, 3]"],
    "categories": ["fit", "{l: fit}", "[1, 2, 3, x, y]"],
    "weights": ["balanced", "[1, 2]"],
    "unknown": ["ignore", "error"],
    "one_hot": ["true", "4"],
}
SPLIT = {
    "like": ["other"],
    "path": ["t.csv", "d.npz"],
    "csv": ["{missing: [x]}", "{header: false}", "{header: false, columns: [a, b, l]}"],
    "rows": ["[0, 2]", "[1, 1]", "[0, 9]"],
    "fraction": ["[0, 0.5]", "[0.9, 1]"],
    "seed": ["0", "7"],
    "stratify": ["x", "z"],
    "inputs": ["{x: a}", "{x: {array: l, classes: fit}}", "{x: {array: a, missing: mean, normalize: minmax}}"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dataflow").touch()
    csv("t.csv", "a,b,l\n1,2,x\n2,,y\n3,4,x\n")
    np.savez("d.npz", a=np.float32([1, np.nan, 3]), l=np.int64([1, 2, 1]))


def pairs(keys):
    single = [(key, value) for key, values in keys.items() for value in values]
    yield from ([one] for one in single)
    yield from ([*two] for two in itertools.combinations(single, 2) if two[0][0] != two[1][0])


def outcome(data, dtype, shape):
    """Whether a graph with this section is refused, each problem with its line; else its data must load."""
    Path("g.yaml").write_text(f"dataflow: 1\ninputs: {{x: '{dtype}[{shape}]'}}\noutputs: {{x: x}}\ndata:\n{data}\n")
    problems = read("g.yaml", {}, files=True).problems()
    assert all(each.line >= 5 and each.column >= 3 for each in problems), problems
    if problems:
        return "refused"
    for name in ("train", "other") if "other" in data else ("train",):
        found = load_data(load("g.yaml"), name)["x"]
        assert found.dtype.name == dtype and found.ndim == len(shape.split(","))
    return "loaded"


@pytest.mark.slow
@pytest.mark.parametrize("dtype, shape", [("float32", "N"), ("int64", "N"), ("float32", "N, C")])
def test_pairs_of_keys_of_an_input(dtype, shape):
    assert INPUT.keys() == Column.keys.keys()
    seen = {"refused": 0, "loaded": 0}
    for keys in pairs(INPUT):
        entry = {"array": "l" if any(key in ("classes", "categories") for key, _ in keys) else "a", **dict(keys)}
        if "columns" in entry and "array" not in dict(keys):
            del entry["array"]
        text = ", ".join(f"{key}: {value}" for key, value in entry.items())
        seen[outcome(f"  train: {{path: t.csv, inputs: {{x: {{{text}}}}}}}", dtype, shape)] += 1
    assert min(seen.values()) > 30


@pytest.mark.slow
def test_pairs_of_keys_of_a_split():
    assert SPLIT.keys() == Split.keys.keys()
    seen = {"refused": 0, "loaded": 0}
    for keys in pairs(SPLIT):
        other = "  other: {path: t.csv, inputs: {x: {array: a}}}"
        given = dict(keys)
        if "like" not in given:
            given = {"path": "t.csv", "inputs": "{x: a}", **given}
        text = ", ".join(f"{key}: {value}" for key, value in given.items())
        seen[outcome(f"{other}\n  train: {{{text}}}", "float32", "N")] += 1
    assert min(seen.values()) > 20
