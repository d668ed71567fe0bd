"""Steps of graphs that change their variables by themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studio.calls import Done, do

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.graph.overrides import Overrides
from dataflow.studio.jobs.call import Call, Memory
from dataflow.studio.jobs.source import Source
from dataflow.studio.jobs.stepping import Kept, Stepper, Steps

MANUAL = "dataflow:gradient_descent/multivariable_manual.yaml"


def _kept(done: Done) -> Kept:
    found = done.plain["kept"]
    assert isinstance(found, Kept)
    return found


def test_steps_go_on_to_the_bits_of_runs_with_a_state() -> None:
    first = _kept(do(Steps(Source(MANUAL), 30)))
    second = _kept(do(Steps(Source(MANUAL), 20, kept=first)))
    graph = flow.load(MANUAL)
    state = flow.State(graph)
    for _ in range(50):
        flow.run(graph, state=state)
    assert (first.step, second.step) == (30, 50)
    assert {name: value.tobytes() for name, value in second.variables.items()} == {
        name: value.tobytes() for name, value in state.items()
    }


def test_few_elements_have_a_curve_each_and_many_one_of_their_mean() -> None:
    done = do(Steps(Source(MANUAL), 3, watched=("b.ref", "x.output")))
    points = done.merged("points")
    assert set(points) == {"cost", "w[0, 0]", "w[0, 1]", "w[0, 2]", "b[0, 0]", "b.ref[0, 0]", "x.output"}
    assert np.shape(points["cost"]) == (3,)
    assert np.all(np.diff(np.asarray(points["cost"], float)) < 0)
    assert done.events[-1]["training"] == {
        **_plain(done.events[-1]["training"]), "step": 3, "steps": 3, "epoch": 1, "rate": None,
    }  # fmt: skip


def _plain(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def test_parameters_change_between_steps_and_values_stay() -> None:
    stepper = Stepper(Steps(Source(MANUAL), 10), Memory())
    stepper.run()
    before = stepper.kept
    stepper.change(params={"rate": 0.0})
    stepper.run()
    assert {n: v.tolist() for n, v in stepper.kept.variables.items()} == {
        n: v.tolist() for n, v in before.variables.items()
    }
    with pytest.raises(GraphError, match=r"no learning rate is known, got 0.1; change the parameter"):
        stepper.change(rate=0.1)


def test_a_graph_that_changes_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text("dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: 1.0}}\noutputs: {y: a}\n")
    done = do(Steps(Source(str(tmp_path / "g.yaml")), 1))
    told = str(done.plain["problem"])
    assert "must have nodes that change variables" in told
    assert "to be run step by step, got none" in told
    assert "run it once, or give it a train section" in told
    assert _kept(done) == Kept()


def test_values_that_fit_no_more_are_told_and_kept() -> None:
    kept = Kept({"w": np.zeros((1, 2)), "b": np.zeros((1, 1))}, 7)
    done = do(Steps(Source(MANUAL), 1, kept=kept))
    assert "'w'" in str(done.plain["problem"])
    assert _kept(done) is kept


def test_stopping_ends_between_two_steps() -> None:
    events: list[object] = []
    call = Call(events.append)
    call.say("stop", {})
    result = Steps(Source(MANUAL), 1000).work(call, Memory())
    assert isinstance(result, dict)
    assert (result["state"], result["kept"].step) == ("stopped", 1)


ANEW = Kept()
COUNTS = """\
dataflow: 1
inputs: {by: float32}
nodes:
  n: {block: Variable, inputs: [0.0]}
  twice: {block: Mul, inputs: [by, 2.0]}
  next: {block: AssignAdd, inputs: [n, twice]}
outputs: {now: next}
"""


def test_steps_of_a_graph_with_overrides(tmp_path: Path) -> None:
    source = Source(str(tmp_path / "counts.yaml"), COUNTS)

    def count(overrides: Overrides, kept: Kept = ANEW) -> Kept:
        return _kept(do(Steps(source, 3, kept=kept, overrides=overrides)))

    fed = Overrides(forced={"by": 1.0})
    assert count(fed).variables["n"] == 6
    assert count(Overrides(["twice"], forced={"by": 1.0}), count(fed)).variables["n"] == 9
    assert count(Overrides(frozen={"twice": np.float32(5)})).variables["n"] == 15
    assert count(Overrides(forced={"twice": 0.5, "by": 1.0})).variables["n"] == 1.5
    problem = do(Steps(source, 3, overrides=Overrides(["nothere"]))).plain["problem"]
    assert "bypass of 'nothere'" in str(problem)
