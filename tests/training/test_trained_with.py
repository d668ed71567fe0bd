"""What a training was done with: what is noted, and which changes make it another one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training.train_section import train_section
from dataflow.training.trained_with import differences, digest_of_split, trained_with
from dataflow.training.trainer import Trainer


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


def test_a_key_that_checkpoints_do_not_know_had_its_default():
    before = noted(graph())
    del before["train"]["freeze"]
    assert differences(before, noted(graph())) == ([], [])
    frozen = noted(graph(freeze=[{"variables": "w", "after": 1}]))
    assert differences(before, frozen)[0][0].startswith("train: freeze")


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


@pytest.mark.parametrize("before, after, stop", [(8, 8, 2), (8, 5, 2), (8, 50, 3), (5, 16, 4), (49, 7, 1)])
def test_rows_are_seen_once_whatever_the_batch_size(load, before, after, stop):
    seen = []

    def recorded(size, resume):
        graph = load(lambda text: text.replace("batch_size: 8", f"batch_size: {size}"), epochs=2)
        trainer = Trainer(graph, Path("kept"), resume)
        rows = trainer.data.rows
        trainer.data.rows = lambda numbers: seen.extend(numbers) or rows(numbers)
        return trainer

    list(recorded(before, False).run(lambda t: t.stop() if t.state.step == stop else None))
    again = recorded(after, True)
    assert again.changes == ([f"train: batch_size: {before} before, {after} now"] if before != after else [])
    reports = list(again.run())
    assert [sorted(seen[:50]), sorted(seen[50:])] == [[*range(50)]] * 2
    assert [r.epoch for r in reports] == [1, 2]


def test_changes_that_spoil_nothing_are_told(load):
    list(Trainer(load(), Path("kept")).run())
    again = Trainer(load(epochs=6), Path("kept"), resume=True)
    assert again.changes == ["train: epochs: 5 before, 6 now"]
    assert [r.epoch for r in again.run()] == [6]


@pytest.mark.parametrize(
    "change, message",
    [
        (("rate: 0.1", "rate: 0.2"), "train: optimizer: inputs: lr: 0.1 before, 0.2 now"),
        (("rate: 0.01", "rate: 0.02"), "graph: node 'noise': not the same"),
        (("{path: d.npz", "{path: d.npz, rows: [0, 40]"), "data 'train': not the same"),
        (("batch_size: 8", "batch_size: 8\n  seed: 3"), "train: seed: 0 before, 3 now"),
    ],
)
def test_changes_that_make_another_training_are_refused(load, change, message):
    list(Trainer(load(), Path("kept")).run())
    with pytest.raises(GraphError) as caught:
        Trainer(load(lambda text: text.replace(*change)), Path("kept"), resume=True)
    assert message in str(caught.value)
