"""The files that a graph takes arrays from."""

from __future__ import annotations

import numpy as np

import dataflow as flow
from dataflow.graphfile.used_files import files_of_sections, used_files

TEXT = """\
inputs: {x: "float32[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: {path: w.npz, array: w}}}
  c: {block: Const, attrs: {value: {path: c.npy}}}
  y: {block: Multiply, inputs: {x: x, y: w}}
  z: {block: Add, inputs: {x: y, y: c}}
outputs: {z: z}
data:
  train: {path: d.npz, inputs: {x: x}}
  test: {inputs: {x: {path: parts/t.npy}}}
"""


def test_files_of_nodes_and_sections_each_once(read, tmp_path):
    np.savez("w.npz", w=np.float32(2))
    np.save("c.npy", np.float32(1))
    graph = read(TEXT)
    assert [path.relative_to(tmp_path.resolve()).as_posix() for path in used_files(graph)] == [
        "w.npz",
        "c.npy",
        "d.npz",
        "parts/t.npy",
    ]
    assert [path.name for path in files_of_sections(graph)] == ["d.npz", "t.npy"]
    assert set(graph.sections["data"]["test"]["inputs"]["x"]) == {"path"}  # and it is as it was


def test_a_graph_made_in_python_has_none():
    graph = flow.Graph("g")
    graph.variable("w", np.ones(3, np.float32))
    graph.sections["unknown"] = {"path": "x"}
    assert used_files(graph) == []
