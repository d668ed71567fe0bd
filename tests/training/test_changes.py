"""A training that is watched and changed while it goes on, and one that is cancelled in the middle of a step."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError, GraphFileError, UnknownNameError
from dataflow.training import history
from dataflow.training.changes import Change
from dataflow.training.trainer import Trainer
from training.line import X, Y, bits

SCHEDULE = "  schedule: {block: CosineDecay, attrs: {initial_learning_rate: 0.1, decay_steps: end}}\n"


def scheduled(text):
    return text.replace("lr: $rate", "") + SCHEDULE


def frozen(text):
    return text + "  freeze: [{variables: b, after: 1}]\n"


def at_step(step, action):
    """A tick that acts after one step."""

    def tick(trainer):
        if trainer.state.step == step:
            action(trainer)

    return tick


# -- watching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watch", [["loss", "line", "grad/product/mat_mul_1"], "all", None], ids=str)
def test_watching_changes_no_bit(load, watch):
    plain, watched = Trainer(load()), Trainer(load(), watch=watch)
    assert [r.train for r in plain.run()] == [r.train for r in watched.run()]
    assert bits(plain.state) == bits(watched.state)


def test_ticks_see_outputs_and_watched_values_of_the_step(load):
    graph, seen = load(epochs=1), []
    trainer = Trainer(graph, watch=["w", "loss", "train/w/apply"])

    def tick(trainer):
        seen.append((trainer.outputs["loss"], dict(trainer.watched)))
        # what the step gave is the value of the variable now
        assert np.array_equal(trainer.watched["train/w/apply.out"], trainer.state["w"])

    (report,) = trainer.run(tick)
    assert len(seen) == report.step == 7
    assert all(shown["loss.output"] == loss for loss, shown in seen)
    assert report.train["loss"] == pytest.approx(
        sum(float(loss) * n for (loss, _), n in zip(seen, [8] * 6 + [2], strict=True)) / 50
    )
    starts = [shown["w.ref"] for _, shown in seen]
    assert np.array_equal(starts[1], seen[0][1]["train/w/apply.out"])


def test_what_is_watched_may_change_between_steps(load):
    seen = []

    def tick(trainer):
        seen.append(sorted(trainer.watched))
        if trainer.state.step == 2:
            trainer.watch(["loss"])
        if trainer.state.step == 4:
            trainer.watch(None)

    trainer, plain = Trainer(load(epochs=1)), Trainer(load(epochs=1))
    list(trainer.run(tick))
    list(plain.run())
    assert seen == [[], [], ["loss.output"], ["loss.output"], [], [], []]
    assert bits(trainer.state) == bits(plain.state)
    with pytest.raises(UnknownNameError, match="no node or input named 'los'"):
        trainer.watch(["los"])


def test_ports_of_what_is_frozen_are_not_watched_any_more(load):
    seen = []
    trainer = Trainer(load(frozen, epochs=2), watch=["train/b/apply", "loss"])
    list(trainer.run(lambda trainer: seen.append(len(trainer.watched))))
    assert seen == [2] * 7 + [1] * 7


# -- changing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [str, scheduled], ids=["literal", "schedule"])
def test_another_rate_trains_as_one_that_was_written(load, change):
    """From the same state on, steps are those of a graph that says this rate."""
    trainer = Trainer(load(change, epochs=1))
    states = {}

    def tick(trainer):
        step = trainer.state.step
        states[step] = dict(trainer.state.variables)
        if step == 3:
            trainer.change(rate=0.5)
        assert step <= 3 or trainer.rate == 0.5

    (report,) = trainer.run(tick)
    assert report.changed == "step 3: learning rate 0.5"
    assert report.rate == 0.5
    written = Trainer(load(epochs=1, rate=0.5))
    kept = {name: value for name, value in states[3].items() if name in written.state.variables}
    written.state.variables.update(kept)
    written.state.step, written.progress.rows = 3, 24
    list(written.run())
    assert all(np.array_equal(trainer.state[name], value) for name, value in written.state.items())
    assert not np.array_equal(trainer.state["w"], states[3]["w"])


def test_a_schedule_goes_on_counting_under_another_rate(load):
    trainer, plain = Trainer(load(scheduled)), Trainer(load(scheduled))
    list(trainer.run(at_step(3, lambda trainer: trainer.change(rate=0.5))))
    list(plain.run())
    assert trainer.state["train/step"] == plain.state["train/step"] == 35


def test_params_change_the_graph_as_if_it_had_been_loaded_with_them(load):
    trainer = Trainer(load(scheduled, epochs=1))
    list(trainer.run(at_step(3, lambda trainer: trainer.change(params={"rate": 0.3}))))
    assert str(trainer.changed[0]) == "step 3: rate 0.3"
    other = lambda text: text.replace("rate: 0.01}", "rate: $drop}").replace("rate: 0.1}", "rate: 0.1, drop: 0.01}")  # noqa: E731
    trainer, plain = Trainer(load(other, epochs=1)), Trainer(load(other, epochs=1, drop=0.9))
    trainer.change(params={"drop": 0.9})
    list(trainer.run())
    list(plain.run())
    assert bits(trainer.state) == bits(plain.state)


@pytest.mark.parametrize("change", [str, scheduled], ids=["literal", "schedule"])
@pytest.mark.parametrize("stop", [4, 5, 7, 8, 20])
def test_a_changed_training_goes_on_bit_for_bit(load, change, stop):
    graph = load(change)

    def tick(trainer):
        if trainer.state.step == 3:
            trainer.change(params={"rate": 0.02})
        if trainer.state.step == 4:
            trainer.change(rate=0.03)

    whole = Trainer(graph)
    reports = [(r.epoch, r.train, r.rate) for r in whole.run(tick)]

    def tick_and_stop(trainer):
        tick(trainer)
        if trainer.state.step == stop:
            trainer.stop()

    first = Trainer(graph, Path("kept"))
    before = [(r.epoch, r.train, r.rate) for r in first.run(tick_and_stop)]
    again = Trainer(graph, Path("kept"), resume=True)
    assert again.rate == 0.03
    assert again.changes == [
        "what was changed in step 3: rate 0.02", "what was changed in step 4: learning rate 0.03"
    ]  # fmt: skip
    after = [(r.epoch, r.train, r.rate) for r in again.run()]
    assert before + after == reports
    assert bits(again.state) == bits(whole.state)


def test_the_history_says_what_was_changed(load):
    trainer = Trainer(load(epochs=4), Path("kept"))
    list(trainer.run(at_step(9, lambda trainer: trainer.change(rate=0.5))))
    with Path("kept/history.csv").open() as file:
        lines = [*csv.DictReader(file)]
    assert [line["changed"] for line in lines] == ["", "step 9: learning rate 0.5", "", ""]
    assert [line["learning_rate"] for line in lines] == ["0.1", "0.5", "0.5", "0.5"]
    assert history.numbers(history.rows(Path("kept/history.csv"))[1])["changed"] == "step 9: learning rate 0.5"


def test_a_change_that_may_not_be_leaves_the_training_as_it_was(load):
    trainer, plain = Trainer(load(epochs=2)), Trainer(load(epochs=2))
    for change, error, message in (
        ({}, GraphError, "a change must have a learning rate or params"),
        ({"rate": -1}, GraphError, "the learning rate must be a finite number from 0, got -1"),
        ({"rate": float("nan")}, GraphError, "must be a finite number"),
        ({"rate": True}, GraphError, "must be a finite number"),
        ({"params": {"rat": 1}}, GraphFileError, "the graph has no param 'rat'"),
        ({"params": {"rate": "high"}}, GraphFileError, "param 'rate' must be a number"),
        ({"params": {"epochs": 9}}, GraphError, "train: epochs: must stay as it is while training, got 9 after 2"),
        ({"params": {"api_key": "x"}}, GraphError, "may be a secret"),
    ):
        with pytest.raises(error, match=message):
            trainer.change(**change)
    assert trainer.changed == []
    list(trainer.run())
    list(plain.run())
    assert bits(trainer.state) == bits(plain.state)


def test_variables_inputs_and_data_stay_as_they_are(load):
    def params(text):
        return (
            text.replace("rate: 0.1}", "rate: 0.1, units: 1, file: d.npz}")
            .replace("shape: [3, 1]", "shape: [3, $units]")
            .replace("path: d.npz", "path: $file")
        )

    trainer = Trainer(load(params))
    np.savez("e.npz", x=X, y=Y)
    with pytest.raises(GraphError, match="params file: the data section must stay as they are"):
        trainer.change(params={"file": "e.npz"})
    with pytest.raises((GraphError, GraphFileError)):
        trainer.change(params={"units": 2})
    made = flow.Graph("made")
    with pytest.raises(GraphError, match="only a graph of a file"):
        Trainer(_in_python(made), data={"train": {"x": X[:, 0]}}).change(params={"rate": 1})


def _in_python(graph):
    w = graph.variable("w", 1.0)
    x = graph.input("x", "float32", ["N"])
    graph.output("loss", flow.blocks["Mean"]()(flow.blocks["Square"]()(x * w), [0]))
    graph.sections["train"] = {
        "minimize": "loss", "optimizer": {"block": "ApplyGradientDescent", "inputs": {"alpha": 0.1}}, "batch_size": 5
    }  # fmt: skip
    return graph


def test_what_a_change_says():
    assert str(Change(3, 0.1)) == "step 3: learning rate 0.1"
    assert str(Change(3, None, {"a": 1, "b": True})) == "step 3: a 1, b True"
    assert Change.of(Change(3, 0.1, {"a": 1}).plain) == Change(3, 0.1, {"a": 1})
    for nonsense in ({"step": 1}, {"step": "1", "rate": 1.0}, {"when": 1}, {"step": 1, "params": 5}):
        with pytest.raises(ValueError, match=r"."):
            Change.of(nonsense)


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_a_step_that_is_cancelled_has_changed_nothing_and_is_done_again(load):
    plain, trainer, flag = Trainer(load(epochs=2)), Trainer(load(epochs=2)), threading.Event()
    reports = [r.train for r in plain.run()]
    with pytest.raises(flow.Cancelled):
        list(trainer.run(at_step(5, lambda trainer: flag.set()), cancel=flag))
    assert trainer.state.step == 5
    flag.clear()
    assert [r.train for r in trainer.run(cancel=flag)] == reports
    assert bits(trainer.state) == bits(plain.state)


def test_a_training_that_is_cancelled_keeps_its_folder_whole(load):
    trainer, flag = Trainer(load(epochs=2), Path("kept")), threading.Event()
    with pytest.raises(flow.Cancelled):
        list(trainer.run(at_step(9, lambda trainer: flag.set()), cancel=flag))
    again, plain = Trainer(load(epochs=2), Path("kept"), resume=True), Trainer(load(epochs=2))
    assert again.state.step == 7
    list(again.run())
    list(plain.run())
    assert bits(again.state) == bits(plain.state)
