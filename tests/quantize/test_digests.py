"""Digests change with what they are of, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quantize.nets import residual

import dataflow as flow
from dataflow.quantize.digests import data_digest, graph_digest, values_digest
from dataflow.training.array_split import ArraySplit
from dataflow.training.data import split


def test_a_graph_is_told_by_its_nodes_but_not_by_the_first_values_of_variables() -> None:
    assert graph_digest(residual(0)) == graph_digest(residual(1))
    other = residual(0).copy()
    other.add(flow.blocks["Relu"](), [other.ref("x")], name="more")
    assert graph_digest(other) != graph_digest(residual(0))


def test_values_are_told_by_name_dtype_shape_and_bits() -> None:
    zeros = np.zeros((2, 3), np.float32)
    digests = {
        values_digest(values)
        for values in (
            {"w": zeros},
            {"v": zeros},
            {"w": zeros.T},
            {"w": zeros.astype(np.float64)},
            {"w": -zeros},
        )
    }
    assert len(digests) == 5
    assert values_digest({"a": zeros, "b": zeros}) == values_digest({"b": zeros, "a": zeros})


def test_rows_in_memory_are_told_by_their_values() -> None:
    graph = residual()
    rows = np.ones((4, 8), np.float32)
    one, two, three = (ArraySplit(graph, "train", {"x": values}) for values in (rows, rows.copy(), 2 * rows))
    assert data_digest(graph, one, "train") == data_digest(graph, two, "train") != data_digest(graph, three, "train")


def test_rows_of_files_are_told_by_what_the_section_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".dataflow").touch()
    np.save("x.npy", np.ones((4, 8), np.float32))
    graph = residual()
    column = {"x": {"array": "x"}}
    graph.sections = {"data": {"train": {"path": str(tmp_path / "x.npy"), "inputs": column}}}
    whole = data_digest(graph, split(graph, "train"), "train")
    assert whole == data_digest(graph, split(graph, "train"), "train")
    graph.sections["data"]["train"]["rows"] = [0, 2]
    assert data_digest(graph, split(graph, "train"), "train") != whole
