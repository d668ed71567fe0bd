"""Trainings of graphs with nodes bypassed, frozen or forced: those of the graph rewritten so, and told from it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError
from dataflow.graph.overrides import Overrides
from dataflow.training import checkpoint, history
from dataflow.training.initial_values import read_values
from dataflow.training.setup import Setup
from dataflow.training.trained_values import trained
from dataflow.training.trained_with import warn_of_overrides
from dataflow.training.trainer import Trainer
from training.line import TEXT, bits

BYPASS = Overrides(bypassed=["noise"])


def trainer(graph, **options):
    return Trainer(graph, Path("g.checkpoints"), **options)


def losses(made):
    return [report.train for report in made.run()]


def test_a_bypassed_node_trains_as_the_file_without_it(load):
    one = Trainer(load(lambda text: text.replace("x: noise, y: y", "x: line, y: y")))
    other = Trainer(load(), overrides=BYPASS)
    assert losses(one) == losses(other)
    assert bits(one.state) == bits(other.state)


def test_nothing_upstream_of_a_frozen_node_is_trained(load):
    def scaled(text):
        nodes = "  scale: {block: Variable, inputs: {initvalues: 1.0}}\n  factor: {block: Mul, inputs: [scale, 2.0]}\n"
        return (
            text.replace("nodes:\n", "nodes:\n" + nodes)
            .replace("{x: noise, y: y}", "{x: product2, y: y}")
            .replace("  error:", "  product2: {block: Mul, inputs: [noise, factor]}\n  error:")
        )

    plain, frozen = Trainer(load(scaled)), Trainer(load(scaled), overrides=Overrides(frozen={"factor": 3.0}))
    assert "train/scale/apply" in plain.step_graph.nodes
    assert not [name for name in frozen.step_graph.nodes if name.startswith("train/scale/")]
    losses(frozen)
    assert frozen.state["scale"] == 1.0
    assert not np.array_equal(frozen.state["w"], plain.state["w"])


def test_a_forced_value_has_no_gradient(load):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        made = Trainer(load(), overrides=Overrides(forced={"b": 0.25}))
    assert "does not depend on 'b'" in str(told[0].message)
    losses(made)
    assert made.state["b"] == 0
    assert made.state["w"].ravel() == pytest.approx([1, -2, 0.5], abs=0.3)


def test_a_parameter_that_is_changed_meanwhile_leaves_them_as_they_are(load):
    def train(graph, **options):
        made = Trainer(graph, **options)

        def tick(each):
            if each.state.step == 9:
                each.change(params={"rate": 0.01})

        list(made.run(tick))
        return made

    one = train(load(lambda text: text.replace("x: noise, y: y", "x: line, y: y")))
    other = train(load(), overrides=BYPASS)
    assert bits(one.state) == bits(other.state)
    assert "noise" not in other.graph.nodes


@pytest.mark.filterwarnings("ignore:gradient")
def test_history_record_and_checkpoints_note_them(load):
    losses(trainer(load(epochs=2), overrides=Overrides(["noise"], forced={"b": 0.5})))
    rows = history.rows(Path("g.checkpoints/history.csv"))
    assert [row["changed"] for row in rows] == ["bypass noise, force b=0.5"] * 2
    record = json.loads(Path("g.checkpoints/runs/1.json").read_text())
    assert record["overrides"] == "bypass noise, force b=0.5"
    assert "noise" not in record["graph"]["text"]
    with pytest.warns(UserWarning, match="was trained with bypass noise, force b=0.5, not as its graph file says"):
        values, _ = trained(flow.load("g.yaml"), "g.yaml", None, "best")
    assert values.keys() == {"w", "b"}


@pytest.mark.parametrize("place", ["g.checkpoints", "g.checkpoints/best.npz"])
def test_values_that_were_trained_otherwise_are_warned_of_wherever_they_are_taken_from(load, place):
    losses(trainer(load(epochs=1), overrides=BYPASS))
    with pytest.warns(UserWarning, match=rf"^{place}: was trained with bypass noise, not as its graph file says$"):
        assert read_values(place).keys() >= {"w", "b"}


@pytest.mark.parametrize("noted", [None, [], {"trained_with": 1}, {"trained_with": {"overrides": 3}}])
def test_other_notes_say_nothing_of_overrides(noted):
    assert warn_of_overrides("a.npz", noted) == ""


def test_a_training_of_the_file_notes_nothing(load):
    losses(trainer(load(epochs=1)))
    assert "changed" not in Path("g.checkpoints/history.csv").read_text()
    assert "overrides" not in json.loads(Path("g.checkpoints/runs/1.json").read_text())
    assert "overrides" not in checkpoint.read(Path("g.checkpoints/best.npz"))[0]["notes"]["trained_with"]


def test_going_on_with_others_is_refused(load):
    losses(trainer(load(epochs=1), overrides=BYPASS))
    with pytest.raises(GraphError, match="overrides: bypass noise before, none now"):
        trainer(load(epochs=2), resume=True)
    one = trainer(load(epochs=2), resume=True, overrides=BYPASS)
    losses(one)
    whole = Trainer(load(epochs=2), overrides=BYPASS)
    losses(whole)
    assert bits(one.state) == bits(whole.state)


def test_variables_that_nothing_reads_any_more_stay_in_checkpoints(load):
    made = trainer(load(lambda text: text.replace("{x: noise, y: y}", "{x: y, y: noise}"), epochs=1),
                   overrides=Overrides(bypassed=["sum"]))  # fmt: skip
    losses(made)
    assert {"w", "b"} <= made.state.variables.keys()
    with pytest.warns(UserWarning, match="bypass sum"):
        assert trained(flow.load("g.yaml"), "g.yaml", None, "best")[0]["b"] == 0


@pytest.mark.parametrize(
    ("frozen", "why"),
    [
        (
            {"w": np.ones((3, 1))},
            "'w': a variable must stay one, which checkpoints have; give it to 'freeze' of the train",
        ),
        (
            {"line": np.ones(50)},
            r"'line': must have one shape in all steps of a training, got float32\[N\]",
        ),
        ({"x": np.float32([[1, 2, 3]])}, "freezing of 'x': node 'x' .* is an input, which is not computed"),
        ({"nothere": 1.0}, "'nothere'"),
    ],
)
def test_what_no_training_can_have_is_refused(load, frozen, why):
    with pytest.raises(DataflowError, match=why):
        Setup(load(), overrides=Overrides(frozen=frozen))


def test_two_graphs_of_one_training_are_both_rewritten(load):
    measured = load()
    made = Trainer(load(lambda text: text.replace("rate: 0.01}", "rate: 0.2}")), measured=measured, overrides=BYPASS)
    assert "noise" not in made.graph.nodes
    assert "noise" not in made.step_graph.nodes
    assert "noise" in measured.nodes
    assert "noise" in TEXT
