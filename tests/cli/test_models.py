"""``--from``: whose variables a command that quantizes takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli.graphs import BEST

import dataflow as flow
from dataflow.cli.models import model
from dataflow.core.errors import DataflowError


def test_the_checkpoints_beside_the_graph_are_taken(trained):
    made, _ = model(flow.load("learn.yaml"), "learn.yaml", None)
    assert made.values["w"] == pytest.approx(BEST)


def test_a_folder_and_a_file_that_are_named(trained):
    Path("learn.checkpoints").rename("moved")
    np.savez("values.npz", w=np.float32(7))
    graph = flow.load("learn.yaml")
    assert model(graph, "learn.yaml", None)[0].values["w"] == 0
    assert model(graph, "learn.yaml", "moved")[0].values["w"] == pytest.approx(BEST)
    assert model(graph, "learn.yaml", "values.npz") == (model(graph, "learn.yaml", "values.npz")[0], None)
    assert model(graph, "learn.yaml", "values.npz")[0].values["w"] == 7


def test_a_variable_that_is_about_to_be_found_need_not_be_there(folder):
    graph = flow.Graph("drawn")
    graph.output("y", graph.variable("w", initializer="he_normal", shape=[2, 2], dtype="float32"))
    with pytest.raises(DataflowError, match="variable 'w' must have a value, got none, as there are no checkpoints"):
        model(graph, "drawn.yaml", None)
    assert model(graph, "drawn.yaml", None, without={"w"})[0].values["w"].shape == (2, 2)


def test_values_that_do_not_fit_are_told(folder):
    np.savez("values.npz", w=np.zeros(3, np.float32))
    with pytest.raises(DataflowError, match=r"values.npz: variable 'w' must have shape \[\], got \[3\]"):
        model(flow.load("learn.yaml"), "learn.yaml", "values.npz")
