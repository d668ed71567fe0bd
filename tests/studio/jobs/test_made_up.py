"""Numbers for inputs that nothing feeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core import dtypes
from dataflow.studio.jobs import made_up
from dataflow.studio.jobs.call import Memory
from dataflow.studio.jobs.prepared import Asked
from dataflow.studio.jobs.run import Run
from dataflow.studio.jobs.source import Source
from tests.studio.calls import do


def test_inputs_of_a_graph_without_data_are_made_up(tmp_path: Path) -> None:
    inputs = "{x: {dtype: float32, shape: [N, 3], range: [2, 3]}, i: 'uint8[N]', b: bool, none: 'float32[?, 5]'}"
    text = f"dataflow: 1\ninputs: {inputs}\nnodes: {{y: {{block: Neg, inputs: [x]}}}}\noutputs: {{y: y}}\n"
    source, memory = Source(str(tmp_path / "unfed.yaml"), text), Memory()
    done = do(Run(Asked(source)), memory)
    assert done.plain["state"] == "done"
    assert done.first("began")["rows"] == made_up.ROWS
    values = done.merged("values")
    assert values["x.output"]["shape"] == [made_up.ROWS, 3]
    assert values["i.output"]["dtype"] == "uint8"
    assert values["none.output"]["shape"] == [made_up.SIZE, 5]
    x = memory.documents[""].values["x.output"]
    assert x.min() >= 2
    assert x.max() <= 3
    assert done.merged("nodes")["x"] == {"fate": "fed", "because": made_up.WHY, "seconds": None, "estimated": False}
    again = do(Run(Asked(source)), memory)
    assert again.merged("nodes")["y"]["fate"] == "kept"
    assert np.array_equal(memory.documents[""].values["x.output"], x)


@pytest.mark.parametrize("dtype", dtypes.every)
def test_inputs_of_every_dtype_are_made_up(dtype: str) -> None:
    graph = flow.Graph("one")
    graph.input("x", dtype, ["N", 2])
    made = made_up.made_up(graph, "x")
    assert (made.dtype, made.shape) == (dtypes.storage(dtype), (made_up.ROWS, 2))
