"""Where NaN and infinities come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import RunError
from dataflow.training import checkpoint
from dataflow.training.non_finite import Draft, origin
from dataflow.training.step_graph import expand
from dataflow.training.trainer import Trainer
from training.line import X, Y, bits


def told(build, **feeds):
    """What is said of a graph that one input is fed to."""
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N"])
    graph.output("y", build(graph, x))
    state = flow.State(graph)
    before = dict(state.variables)
    found = origin(graph, {name: np.float32(value) for name, value in feeds.items()}, state)
    assert state.step == 0 and all(state.variables[name] is value for name, value in before.items())
    return found


B = flow.blocks


def test_the_first_node_is_named_whatever_hides_it_later():
    def build(graph, x):
        logs = graph.add(B["Log"](), [x], name="logs")
        kept = B["Maximum"]()(logs, -5.0)
        return B["Sum"]()(kept, [0])

    assert told(build, x=[1.0, 0.0, 2.0]) == "node 'logs' (Log): inf in 1 of 3"


def test_the_first_infinity_and_the_first_nan_are_told():
    def build(graph, x):
        powers = graph.add(B["Exp"](), [x], name="powers")
        return graph.add(B["Sub"](), [powers, powers], name="gone")

    assert told(build, x=[100.0, 1.0]) == (
        "node 'powers' (Exp): inf in 1 of 2; then in node 'gone' (Subtract): NaN in 1 of 2"
    )


def test_inputs_and_variables_are_looked_at_before_nodes():
    assert told(lambda graph, x: B["Exp"]()(x), x=[np.nan, np.inf]) == "input 'x': NaN in 1 and inf in 1 of 2"
    assert told(lambda graph, x: x + graph.variable("v", np.inf), x=[1.0]) == "variable 'v': inf in 1 of 1"


def test_constants_are_meant():
    def build(graph, x):
        mask = graph.constant([-np.inf, 0.0])
        return B["Log"]()(B["Minimum"]()(B["Maximum"]()(x, mask), 0.0))

    assert told(build, x=[1.0, -1.0]) == "node 'log' (Log): inf in 2 of 2"


def test_random_numbers_are_those_of_the_step():
    def build(graph, x):
        noise = graph.add(B["Dropout"](), [x, 0.5], name="noise").output
        return graph.add(B["Log"](), [noise], name="logs")

    graph = flow.Graph("g")
    graph.output("y", build(graph, graph.input("x", "float32", ["N"])))
    state, x = flow.State(graph, seed=3), np.ones(40, np.float32)
    for step in range(4):
        state.step = step
        wanted = int(np.isinf(flow.plan(graph).run({"x": x}, state=Draft(state))["y"]).sum())
        assert origin(graph, {"x": x}, state) == f"node 'logs' (Log): inf in {wanted} of 40"


def test_finite_steps_have_no_origin():
    assert told(lambda graph, x: x + 1.0, x=[1.0]) == "no node when the step was done once more"


def test_a_draft_leaves_the_state_alone():
    graph = flow.Graph("g")
    graph.output("n", B["AssignAdd"]()(graph.variable("n", 1.0), 1.0))
    state = flow.State(graph)
    draft = Draft(state)
    assert flow.run(graph, state=draft)["n"] == 2.0
    assert (state["n"], state.step, draft.changed["n"]) == (1.0, 0, 2.0)
    state.commit(draft.changed)
    assert (state["n"], state.step) == (2.0, 1)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "complex64"])
def test_all_floating_dtypes_are_looked_at(dtype):
    graph = flow.Graph("g")
    x = graph.input("x", dtype, [2])
    graph.output("y", graph.add(B["RealDiv"](), [x, x], name="quotient"))
    import ml_dtypes

    value = np.zeros(2, ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    assert origin(graph, {"x": value}, flow.State(graph)) == "node 'quotient' (RealDiv): NaN in 2 of 2"


# -- values that are not finite -------------------------------------------------------------------------------------

BAD = X.copy()
BAD[20, 1] = np.nan  # in the third batch, or a later one after shuffling


@pytest.fixture
def bad(load):
    def made(on_nan=None):
        np.savez("d.npz", x=BAD, y=Y)
        return load(lambda text: text + (f"  on_nan: {on_nan}\n" if on_nan else ""))

    return made


def test_training_stops_at_nan_and_says_where_it_comes_from(bad):
    trainer = Trainer(bad(), Path("kept"))
    with pytest.raises(RunError) as caught:
        list(trainer.run())
    step = trainer.state.step + 1
    assert str(caught.value) == (
        f"graph 'g': train: epoch 1, step {step} (batch {step} of 7): values must be finite, got 'loss' nan; first in "
        "input 'x': NaN in 1 of 24; say by 'missing' in the data section what takes the place of NaN in 'x'"
    )
    assert all(np.isfinite(value).all() for value in trainer.state.variables.values())
    assert checkpoint.steps(Path("kept")) == []


@pytest.mark.parametrize(
    "x, y, advice",
    [
        (BAD, Y * np.nan, "say by 'missing' in the data section what takes the place of NaN in 'x' and 'y'"),
        (X * np.inf, Y, "give 'x' finite values"),
        (X, Y * np.float32(1e30), "give a lower learning rate or 'clip', or say by 'on_nan' what to do then"),
    ],
)
def test_the_advice_is_about_what_is_not_finite(load, x, y, advice):
    graph = load(lambda text: text.replace("batch_size: 8", "batch_size: 50"))
    np.savez("d.npz", x=x, y=y)
    with pytest.raises(RunError) as caught, np.errstate(all="ignore"):
        list(Trainer(graph).run())
    assert str(caught.value).endswith(f"; {advice}")


def test_arrays_in_memory_have_no_data_section(load):
    with pytest.raises(RunError, match=r"; give 'x' finite values$"):
        list(Trainer(load(), data={"train": {"x": BAD, "y": Y}}).run())


def test_the_advice_keeps_training_going(bad):
    graph = bad()
    graph.sections["data"]["train"]["inputs"]["x"] = {"array": "x", "missing": 0}
    assert len(list(Trainer(graph).run())) == 5


def test_the_last_good_checkpoint_stays(load):
    graph = load(
        lambda text: text.replace("ApplyAdam, inputs: {lr: $rate}", "ApplyGradientDescent, inputs: {alpha: 3.0}")
    )
    graph.sections["train"]["checkpoint"] = {"every": 1, "keep": 100}
    trainer = Trainer(graph, Path("kept"), epochs=100)
    with pytest.raises(RunError, match=r"values must be finite, got .*; first in node '\w+'"):
        list(trainer.run())
    latest, _ = checkpoint.load(checkpoint.steps(Path("kept"))[0], expand(graph))
    assert latest.step == trainer.state.step and bits(latest) == bits(trainer.state)
    assert all(np.isfinite(value).all() for value in latest.variables.values())


def test_a_gradient_that_is_not_finite_stops_training_though_the_loss_is(read):
    graph = read(
        "nodes:\n  w: {block: Variable, inputs: {initvalues: [0.0, 4.0]}}\n"
        "  root: {block: Sqrt, inputs: {x: w}}\n  loss: {block: Sum, inputs: {input: root, axis: [0]}}\n"
        "outputs: {loss: loss}\n"
        "train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}}\n"
    )
    with pytest.raises(RunError, match=r"got a gradient that is not; first in node 'grad/\S+' \(\w+\): inf in 1 of 2"):
        list(Trainer(graph).run())


def test_a_skipped_step_leaves_all_variables_as_they_were(bad):
    trainer, before, skipped = Trainer(bad("skip_step")), [], []

    def tick(t):
        if before and t.progress.skipped and not skipped:
            skipped.append(bits(t.state) == before[-1])
        before.append(bits(t.state))

    reports = list(trainer.run(tick))
    assert skipped == [True]
    assert [r.skipped for r in reports] == [1] * 5 and reports[-1].step == 35
    assert all(np.isfinite(r.train["loss"]) for r in reports) and reports[-1].train["loss"] < reports[0].train["loss"]


def test_going_on_after_skipped_steps_is_as_if_there_had_been_no_stop(bad):
    graph = bad("skip_step")
    whole = Trainer(graph)
    reports = [(r.step, r.train, r.skipped) for r in whole.run()]
    first = Trainer(graph, Path("kept"))
    seen = [(r.step, r.train, r.skipped) for r in first.run(lambda t: t.stop() if t.progress.skipped else None)]
    again = Trainer(graph, Path("kept"), resume=True)
    assert seen + [(r.step, r.train, r.skipped) for r in again.run()] == reports
    assert bits(again.state) == bits(whole.state)


def test_an_epoch_without_a_finite_step_ends_training(load):
    np.savez("d.npz", x=X * np.nan, y=Y)
    with pytest.raises(RunError, match="epoch 1: no step had finite values"):
        list(Trainer(load(lambda text: text + "  on_nan: skip_step\n")).run())


def test_training_that_goes_on_has_no_best_epoch_of_nan(bad):
    trainer = Trainer(bad("continue"), Path("kept"))
    reports = list(trainer.run())
    assert len(reports) == 5 and all(np.isnan(r.train["loss"]) and not r.best for r in reports)
    assert trainer.progress.best is None and not Path("kept", checkpoint.BEST).exists()
    assert "train/finite" not in trainer.step_graph.outputs


@pytest.mark.parametrize("on_nan", ["stop", "skip_step", "continue"])
def test_a_metric_that_is_nan_is_not_the_best(load, on_nan):
    """It is NaN while the weight is 0, as in the first epoch, whatever the loss is."""

    def change(text):
        nodes = "  ratio: {block: RealDiv, inputs: {x: b, y: b}}\n  one: {block: Squeeze, inputs: {input: ratio}}\n"
        nodes += "  score: {block: Multiply, inputs: {x: one, y: loss}}\n"
        text = text.replace("outputs: {", f"{nodes}outputs: {{score: score, ").replace(
            "batch_size: 8", "batch_size: 50"
        )
        return (
            text
            + "  metrics: [score]\n  early_stopping: {metric: score, mode: min, patience: 9}\n"
            + (f"  on_nan: {on_nan}\n")
        )

    trainer = Trainer(load(change), Path("kept"))
    if on_nan == "continue":
        reports = list(trainer.run())
        assert [np.isnan(r.train["score"]) for r in reports] == [True] + [False] * 4
        assert [r.best for r in reports][:2] == [False, True]
    else:
        with pytest.raises(RunError, match=r"'score' nan; first in node 'ratio'|no step had finite values"):
            list(trainer.run())
        assert not Path("kept", checkpoint.BEST).exists()
