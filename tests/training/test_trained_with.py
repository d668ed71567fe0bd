"""What a training was done with: what is noted, and which changes make it another one."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

import dataflow as flow
from dataflow.training.train_section import train_section
from dataflow.training.trained_with import differences, digest_of_split, trained_with


def graph(bias=0.5, rate=0.1, **train):
    made = flow.Graph("g")
    x = made.input("x", "float32", ["N"])
    w = made.variable("w", np.float32([1.0]))
    made.add(flow.blocks["Add"](), [x * w, bias], name="line")
    made.output("loss", made.add(flow.blocks["Sum"](), [made.ref("line"), [0]], name="loss"))
    made.output("other", made.add(flow.blocks["Add"](), [w, bias], name="unrelated"))
    made.sections["train"] = {
        "minimize": "loss", "optimizer": {"block": "ApplyGradientDescent", "inputs": {"alpha": rate}}, **train,
    }  # fmt: skip
    return made


def noted(made, steps=100, data=None):
    told = trained_with(made, train_section(made), steps, data or {"train": "1"}, {"bias": np.float32(0.5)})
    return json.loads(json.dumps(told))


def test_values_of_parameters_that_may_be_secrets_are_not_noted():
    made = graph()
    told = trained_with(made, train_section(made), 1, {}, {"api_key": "hunter2", "rate": 0.5})
    assert told["params"] == {"api_key": "***", "rate": 0.5}


def test_the_same_training_does_not_differ():
    assert differences(noted(graph()), noted(graph())) == ([], [])
    assert noted(graph())["params"] == {"bias": 0.5}
    explicit = graph(epochs=1, clip=None, checkpoint={"keep": 3})
    assert differences(noted(graph()), noted(explicit)) == ([], [])


@pytest.mark.parametrize(
    "change, serious",
    [
        ({"rate": 0.2}, "train: optimizer: inputs: alpha: 0.1 before, 0.2 now"),
        ({"seed": 1}, "train: seed: 0 before, 1 now"),
        ({"clip": {"norm": 1.0}}, "train: clip: nothing before, "),
        ({"variables": ["w"]}, "train: variables: nothing before, ['w'] now"),
        ({"bias": 0.25}, "graph: node 'line': not the same"),
        ({"early_stopping": {"metric": "loss", "patience": 2}}, "train: early_stopping: nothing before, "),
        ({"validate": "test"}, "train: validate: nothing before, 'test' now"),
    ],
)
def test_what_makes_it_another_training(change, serious):
    (told,), harmless = differences(noted(graph()), noted(graph(**change)))
    assert told.startswith(serious) and not harmless


def test_what_is_harmless():
    change = {
        "epochs": 9,
        "batch_size": 4,
        "checkpoint": {"keep": 1},
        "on_nan": "skip_step",
        "evaluate": {"batch_size": 2},
    }
    serious, harmless = differences(noted(graph()), noted(graph(**change)))
    assert not serious
    assert harmless == [
        "train: batch_size: nothing before, 4 now",
        "train: checkpoint: keep: 3 before, 1 now",
        "train: epochs: 1 before, 9 now",
        "train: evaluate: batch_size: nothing before, 2 now",
        "train: on_nan: 'stop' before, 'skip_step' now",
    ]
    before = noted(graph(early_stopping={"metric": "loss", "patience": 2}))
    assert differences(before, noted(graph(early_stopping={"metric": "loss", "patience": 5}))) == (
        [],
        ["train: early_stopping: patience: 2 before, 5 now"],
    )


def test_a_schedule_that_ends_with_training_changes_with_its_length():
    schedule = {"block": "CosineDecay", "attrs": {"initial_learning_rate": 0.1, "decay_steps": "end"}}
    made = graph(schedule=schedule)
    assert differences(noted(made), noted(made))[0] == []
    (told,), _ = differences(noted(made), noted(made, steps=200))
    assert told.startswith("train: schedule: attrs: decay_steps: 'end, after 100 steps' before, 'end, after 200")


def test_other_data_is_another_training():
    assert differences(noted(graph()), noted(graph(), data={"train": "2"}))[0] == ["data 'train': not the same"]


def test_the_digest_of_a_split_follows_its_files_and_what_is_said_of_them(tmp_path):
    path = tmp_path / "d.npy"
    np.save(path, np.zeros(3))
    section = {"train": {"path": str(path), "inputs": {"x": {"array": "a", "scale": 2.0}}}, "test": {"like": "train"}}
    first = digest_of_split(section, "train"), digest_of_split(section, "test")
    assert first[0] != first[1]
    assert digest_of_split(section, "train") == first[0]
    section["train"]["inputs"]["x"]["scale"] = 3.0
    second = digest_of_split(section, "train"), digest_of_split(section, "test")
    assert not {*first} & {*second}
    os.utime(path, ns=(1, 1))
    assert digest_of_split(section, "train") != second[0]
