"""A `train` section that does not fit its graph: all of it is told, from files and of graphs made in Python."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.graphfile.load import check
from dataflow.training.step_graph import expand
from dataflow.training.trainer import Trainer

OPTIMIZER = {"block": "ApplyGradientDescent", "inputs": {"alpha": 0.1}}


@pytest.fixture
def graph():
    made = flow.Graph("g")
    x = made.input("x", "float32", ["N"])
    w = made.variable("w", np.float32([1.0, 2.0]))
    made.variable("half", np.float16([1.0]))
    made.variable("fixed", 0.0, trainable=False)
    made.output("loss", flow.blocks["Sum"]()(flow.blocks["Square"]()(w), [0]))
    made.output("rows", x)
    made.sections["train"] = {"minimize": "loss", "optimizer": OPTIMIZER}
    return made


def told(graph, data=None):
    with pytest.raises(GraphError) as caught:
        Trainer(graph, data=data)
    return [line.removeprefix("graph 'g': ") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(
    "keys, messages",
    [
        ({"minimize": "los"}, ["train 'minimize': no node or input named 'los'; did you mean 'loss'?"]),
        ({"optimizer": {"block": "ApplyAdan"}}, ["train 'optimizer': no block 'ApplyAdan'; did you mean 'ApplyAdam'?"]),
        (
            {"optimizer": {**OPTIMIZER, "attrs": {"use_locking": True}}},
            ["train 'optimizer': ApplyGradientDescent has no attr 'use_locking'; it has none"],
        ),
        (
            {"schedule": {"block": "StepDekay"}},
            ["train 'schedule': no block 'StepDekay'; did you mean 'StepDecay'?"],
        ),
        (
            {"optimizer": {"block": "ApplyAdam"}, "schedule": {"block": "StepDecay"}},
            ["train 'optimizer': StepDecay: attr 'initial_learning_rate' must be given: rate at the start, "
             "after the warm-up"],
        ),
        (
            {"metrics": ["acc"], "variables": ["v", "fixed"], "validate": "test", "batch_size": 4},
            [
                "train: metric 'acc' must be an output; it has loss and rows",
                "train 'batch_size' must be left out, as the graph needs no data; use 'steps_per_epoch'",
                "train 'validate' must be left out, as the graph needs no data",
                "train: no variable 'v'; it has w, half and fixed",
                "train: variable 'fixed' must be trainable, got 'trainable: false'",
            ],
        ),
        ({"metrics": ["rows"]}, ["input 'x' must be fed to train with, got no data"]),
    ],
)  # fmt: skip
def test_graphs_made_in_python_get_the_same_messages(graph, keys, messages):
    graph.sections["train"] |= keys
    assert told(graph) == messages
    if "must be fed" not in messages[0]:  # which need not be known for the step
        with pytest.raises(GraphError):
            expand(graph)


def test_splits_in_memory_are_checked_as_those_in_files(graph):
    graph.sections["train"] |= {"metrics": ["rows"], "validate": "tset"}
    data = {"train": {"x": np.ones(4, np.float32)}, "test": {}}
    assert told(graph, data) == ["train 'validate': no split 'tset' of data; did you mean 'test'?"]
    graph.sections["train"] |= {"validate": "test", "steps_per_epoch": 3}
    assert told(graph, data) == [
        "train: input 'x' must be fed to validate with, got nothing from data 'test'",
        "train 'steps_per_epoch' must be left out where the graph has data, got 3; steps follow from rows and "
        "'batch_size'",
    ]


def test_a_section_without_what_training_needs_is_no_mistake_of_the_file(read):
    text = "inputs: {x: float32}\noutputs: {y: x}\ntrain: {metrics: [y]}\n"
    assert read(text).sections["train"] == {"metrics": ["y"]}
    assert check("graph.yaml") == []
    with pytest.raises(GraphError, match="train: 'minimize' must be given, got nothing"):
        expand(flow.load("graph.yaml"))


def test_what_the_data_section_is_wrong_about_is_told_once(graph):
    graph.sections["data"] = {"train": {"rows": 3}}
    messages = told(graph)
    assert len([line for line in messages if line.startswith("data 'train'")]) == len(messages) >= 1


def test_a_variable_that_the_graph_changes_itself_is_not_trained(graph):
    graph.add(flow.blocks["Assign"](), [graph.ref("w"), graph.ref("w")], name="keep")
    assert told(graph) == [
        "train: variable 'w' must be changed by the optimizer alone, got node 'keep' (Assign) too; write "
        "'trainable: false' on it, or leave it out of 'variables'"
    ]
