"""What a training is of: from files as from memory, and what its checkpoints note."""

from __future__ import annotations

import json

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training.setup import Setup


@pytest.fixture
def graph():
    made = flow.Graph("g")
    x = made.input("x", "float32", ["N"])
    made.output("loss", flow.blocks["Mean"]()(flow.blocks["Square"]()(x - made.variable("w", 2.0)), [0]))
    optimizer = {"block": "ApplyGradientDescent", "inputs": {"alpha": 0.1}}
    made.sections["train"] = {"minimize": "loss", "optimizer": optimizer, "batch_size": 4, "epochs": 3}
    return made


X = np.arange(10, dtype=np.float32)


def test_sizes_follow_from_section_and_data(graph):
    setup = Setup(graph, arrays={"train": {"x": X}, "validation": {"x": X[:3]}})
    assert (setup.epochs, setup.size, setup.batches, setup.steps) == (3, 4, 3, 9)
    assert (setup.training, setup.validated, setup.data.length, setup.validation.length) == (
        "train",
        "validation",
        10,
        3,
    )
    assert Setup(graph, 5, {"train": {"x": X}}).steps == 15


def test_files_and_memory_are_noted_in_the_same_form(graph, tmp_path):
    np.save(tmp_path / "d.npy", X)
    in_memory = Setup(graph, arrays={"train": {"x": X}}).notes({"rate": 1})
    graph.sections["data"] = {"train": {"path": str(tmp_path / "d.npy"), "inputs": {"x": "d"}}}
    from_files = Setup(graph).notes({"rate": 1})
    for notes in (in_memory, from_files):
        assert json.loads(json.dumps(notes)) == notes
        assert notes["trained_with"]["data"].keys() == {"train"} and notes["trained_with"]["params"] == {"rate": 1}
    assert {**in_memory["trained_with"], "data": 0} == {**from_files["trained_with"], "data": 0}


@pytest.mark.parametrize(
    "sections, message",
    [
        ({}, "graph 'g' has no 'train' section; write what to minimize and the optimizer"),
        ({"train": {"minimize": "loss"}}, "graph 'g': train: 'optimizer' must be given, got nothing"),
    ],
)
def test_what_training_needs(graph, sections, message):
    graph.sections = sections
    with pytest.raises(GraphError) as caught:
        Setup(graph, arrays={"train": {"x": X}})
    assert str(caught.value) == message
