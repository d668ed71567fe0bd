"""Training: the step as a graph, epochs, checkpoints and going on from them, early stopping."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError
from dataflow.training import checkpoint, data
from dataflow.training.evaluation import evaluate
from dataflow.training.step_graph import expand
from dataflow.training.trainer import Trainer
from training.line import X, Y, bits, stop_after


def test_the_loss_falls(load):
    reports = list(Trainer(load(epochs=30)).run())
    assert [r.epoch for r in reports] == list(range(1, 31))
    assert reports[-1].train["loss"] < 0.1 < 1 < reports[0].train["loss"]
    assert reports[-1].step == 30 * 7


OPTIMIZERS = [
    "ApplyGradientDescent", "ApplyMomentum", "ApplyAdam", "ApplyAdagrad", "ApplyAdadelta", "ApplyRMSProp",
    "ApplyCenteredRMSProp", "ApplyFtrl", "ApplyProximalGradientDescent", "ApplyProximalAdagrad", "ApplyAdagradDA",
]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_trains_with_its_usual_settings(load, optimizer):
    # these two begin at 0, wherever the variable did
    rate = ", inputs: {lr: 0.5}" if optimizer in ("ApplyAdagradDA", "ApplyFtrl") else ""
    graph = load(lambda text: text.replace("ApplyAdam, inputs: {lr: $rate}", optimizer + rate), epochs=20)
    reports = list(Trainer(graph).run())
    assert reports[-1].train["loss"] < reports[0].train["loss"]


def test_the_step_is_a_graph_that_can_be_saved(load):
    step = expand(load())
    flow.save(step, "step.yaml")
    again = flow.load("step.yaml")
    assert again == step
    states = [flow.State(graph, 3) for graph in (step, again)]
    for _ in range(3):
        losses = [flow.run(g, state=s, x=X, y=Y)["loss"] for g, s in zip((step, again), states, strict=True)]
        assert losses[0] == losses[1]
    assert bits(states[0]) == bits(states[1])
    assert {"w", "b", "train/w/m", "train/w/v", "train/b/m", "train/b/v"} <= states[0].variables.keys()


@pytest.mark.parametrize("when", [0, 1, 6, 7, 8, 20, 34])
def test_going_on_is_as_if_there_had_been_no_stop(load, when):
    schedule = "  schedule: {block: CosineDecay, attrs: {initial_learning_rate: 0.1, decay_steps: end}}\n"
    graph = load(lambda text: text.replace("lr: $rate", "") + schedule + "  checkpoint: {every: 3}\n")
    whole = Trainer(graph)
    reports = [(r.epoch, r.step, r.train, r.rate) for r in whole.run()]
    first = Trainer(graph, Path("kept"))
    seen = [(r.epoch, r.step, r.train, r.rate) for r in first.run(stop_after(when))]
    again = Trainer(graph, Path("kept"), resume=True)
    seen += [(r.epoch, r.step, r.train, r.rate) for r in again.run()]
    assert bits(again.state) == bits(whole.state)
    assert seen == reports


META = {
    "no_meta": None,
    "not_json": b"{",
    "a_list": b"[1, 2]",
    "nested": b"[" * 100_000,
    "digits": b'{"seed": ' + b"9" * 10_000 + b"}",
    "no_digest": {"digest": None},
    "seed_of_text": {"seed": "0"},
    "negative_step": {"step": -1},
    "true_step": {"step": True},
    "huge_step": {"step": 2**64},
    "no_notes": {"notes": {}},
    "notes_in_a_list": {"notes": []},
    "no_progress": {"notes": {"progress": 3}},
    "unknown_note": {"progress": {"epok": 1}},
    "negative_rows": {"progress": {"rows": -1}},
    "counted_more_than_rows": {"progress": {"rows": 1, "counted": 2}},
    "sums_of_text": {"progress": {"sums": {"loss": "1"}}},
    "changes_of_nothing": {"changed": [{"step": 3}]},
}


@pytest.mark.parametrize("kind", META)
def test_checkpoints_that_are_whole_but_say_nonsense_are_passed_over(load, kind):
    """Digest and checksums are right: what is in the file was put there."""
    graph, folder = load(), Path("kept")
    list(Trainer(graph, folder).run())
    latest, before = checkpoint.steps(folder)[:2]
    with np.load(latest) as archive:
        arrays = {name: archive[name] for name in archive.files}
    change, meta = META[kind], json.loads(arrays["__metadata__"].tobytes())
    if isinstance(change, dict):
        for key, value in change.items():
            if key == "progress":
                meta["notes"]["progress"] |= value
            elif key == "changed":
                meta["notes"][key] = value
            else:
                meta[key] = value
        meta["digest"] = meta["digest"] and checkpoint._digest(
            {key: meta[key] for key in ("seed", "step", "notes")},
            {name: array for name, array in arrays.items() if name != "__metadata__"},
        )
        change = json.dumps(meta).encode()
    arrays["__metadata__"] = np.frombuffer(change or b"", np.uint8)
    if change is None:
        del arrays["__metadata__"]
    np.savez(latest, **arrays)
    again = Trainer(graph, folder, resume=True)
    assert again.state.step == int(before.stem.removeprefix("step-"))
    before.unlink()
    checkpoint.steps(folder)[1].unlink()
    with pytest.raises(DataflowError, match=rf"{latest.name}: is (no whole checkpoint|of another graph): "):
        Trainer(graph, folder, resume=True)


def test_a_folder_that_cannot_be_written_is_told_before_the_first_step(load):
    trained = []
    for folder in ("g.yaml", "g.yaml/kept"):
        with pytest.raises(DataflowError, match=r"g\.yaml(/kept)?: cannot be written: (file exists|not a directory)"):
            list(Trainer(load(), Path(folder)).run(trained.append))
    assert not trained


def test_a_checkpoint_of_another_graph_is_refused(load):
    graph = load()
    list(Trainer(graph, Path("kept")).run())
    other = load(lambda text: text.replace("ApplyAdam, inputs: {lr: $rate}", "ApplyMomentum"))
    with pytest.raises(GraphError) as caught:
        Trainer(other, Path("kept"), resume=True)
    assert str(caught.value).splitlines() == [
        "kept/step-000000035.npz: was trained with something else:",
        "  train: optimizer: block: 'ApplyAdam' before, 'ApplyMomentum' now",
        "  train: optimizer: inputs: lr: 0.1 before, nothing now; put that back, or train anew with restart=True",
    ]
    with pytest.raises(GraphError, match="has checkpoints of an earlier training; give resume=True or restart=True"):
        Trainer(graph, Path("kept"))


def test_early_stopping_and_the_best(load):
    graph = load(lambda text: text + "  early_stopping: {metric: loss, patience: 2}\n", epochs=400, rate=0.5)
    reports = list(Trainer(graph, Path("kept")).run())
    losses = [r.train["loss"] for r in reports]
    assert len(losses) < 400 and int(np.argmin(losses)) == len(losses) - 3
    best, _ = checkpoint.load(Path("kept", checkpoint.BEST), expand(graph))
    assert best.step == reports[-3].step


@pytest.mark.parametrize("saves", [-2, -1, 0, 1, 2])
def test_the_best_is_known_wherever_the_process_ends(load, monkeypatch, saves):
    """It ends so many saves after the last but one of the best epoch, which are followed by worse ones."""
    graph = load(lambda text: text + "  early_stopping: {metric: loss, patience: 2}\n", epochs=400, rate=0.5)
    save, paths, last = checkpoint.save, [], None

    def saved(path, *args):
        if len(paths) == last:
            raise KeyboardInterrupt
        paths.append(path.name)
        save(path, *args)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", saved)
        list(Trainer(graph, Path("whole")).run())
        last = len(paths) - 3 + saves  # two for the best epoch and one for each of the two after it
        assert paths[-4:-2].count(checkpoint.BEST) == 1
        paths.clear()
        with pytest.raises(KeyboardInterrupt):
            list(Trainer(graph, Path("kept")).run())
    list(Trainer(graph, Path("kept"), resume=True).run())
    assert Path("kept", checkpoint.BEST).read_bytes() == Path("whole", checkpoint.BEST).read_bytes()


@pytest.mark.parametrize("clip", ["value", "norm", "global_norm"])
def test_clipped_gradients(load, clip):
    graph = load(
        lambda text: text.replace("ApplyAdam, inputs: {lr: $rate}", "ApplyGradientDescent, inputs: {alpha: 1.0}")
    )
    graph.sections["train"]["clip"] = {clip: 0.001}
    state = flow.State(step := expand(graph))
    before = dict(state.variables)
    flow.run(step, state=state, x=X, y=Y)
    moved = [np.abs(state.variables[name] - before[name]) for name in "wb"]
    norms = [float(np.sqrt(np.sum(np.square(m)))) for m in moved]
    largest = {"value": max(m.max() for m in moved), "norm": max(norms), "global_norm": np.hypot(*norms)}
    assert largest[clip] == pytest.approx(0.001, rel=1e-3)


def test_a_schedule_sets_the_rate(load):
    graph = load(lambda text: text.replace("ApplyAdam, inputs: {lr: $rate}", "ApplyGradientDescent"))
    graph.sections["train"]["schedule"] = {
        "block": "StepDecay",
        "attrs": {"initial_learning_rate": 0.1, "boundaries": [2], "factor": 0.0},
    }
    state = flow.State(step := expand(graph))
    seen = []
    for _ in range(4):
        flow.run(step, state=state, x=X, y=Y)
        seen.append(bits(state)["w"])
    assert len(set(seen)) == 2 and seen[1] == seen[2] == seen[3]


@pytest.mark.parametrize(
    "change, message",
    [
        (("minimize: loss", "minimize: los"), "no node, input or output named 'los'; did you mean 'loss'?"),
        (("ApplyAdam", "Relu"), "optimizer must be a block that applies a gradient, got Relu"),
        (("lr: $rate", "rate: $rate"), "has no input 'rate' to set"),
        (("epochs: $epochs", "variables: [v]"), "no variable 'v'; it has w and b"),
        (("epochs: $epochs", "metrics: [acc]"), "metric 'acc' must be an output"),
        (("epochs: $epochs", "clip: {norm: -1}"), "'clip' must be one of value, norm and global_norm"),
        (("minimize: loss", "minimize: y"), "must depend on a variable to train, got none"),
    ],
)
def test_sections_that_do_not_fit(load, change, message):
    with pytest.raises(DataflowError) as caught:
        Trainer(load(lambda text: text.replace(*change)))
    assert message in str(caught.value)


@pytest.mark.parametrize("split, purpose", [("train", "train with"), ("validate", "validate with")])
def test_splits_without_rows_are_refused(load, split, purpose):
    def change(text):
        other = "validate" if split == "train" else "train"
        part = "{path: d.npz, rows: [%s], inputs: {x: x, y: y}}"
        splits = f"  {split}: {part % '7, 7'}\n  {other}: {part % '0, 9'}\n"
        return text.replace("  train: {path: d.npz, inputs: {x: x, y: y}}\n", splits)

    graph = load(change)
    with pytest.raises(GraphError, match=f"data '{split}': must have rows to {purpose}, got none"):
        Trainer(graph)
    with pytest.raises(GraphError, match=f"data '{split}': must have rows to measure with, got none"):
        evaluate(graph, data.split(graph, split), ["loss"], {})


@pytest.mark.parametrize("steps", [10**12, 10**30])
def test_a_long_epoch_takes_no_memory_before_its_first_step(load, steps):
    graph = flow.Graph("long")
    w = graph.variable("w", 1.0)
    graph.output("loss", flow.blocks["Square"]()(w))
    optimizer = {"block": "ApplyGradientDescent", "inputs": {"alpha": 0.1}}
    graph.sections["train"] = {"minimize": "loss", "optimizer": optimizer, "steps_per_epoch": steps}
    trainer = Trainer(graph)
    tracemalloc.start()
    try:
        assert list(trainer.run(lambda trainer: trainer.stop())) == []
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert trainer.state.step == 1


@pytest.mark.parametrize("epochs", [0, -1, True, 1.5])
def test_epochs_are_at_least_one(load, epochs):
    with pytest.raises(GraphError, match="epochs must be a whole number from 1, got"):
        Trainer(load(), epochs=epochs)


# -- splits in memory, overrides, schedules ---------------------------------------------------------------------------


def test_arrays_in_memory_train_as_files_do(load):
    from_files = Trainer(load())
    wanted = [r.train for r in from_files.run()]
    graph = load()
    del graph.sections["data"]
    trainer = Trainer(graph, data={"train": {"x": X, "y": Y}, "validate": {"x": X[:9], "y": Y[:9]}})
    reports = list(trainer.run())
    assert [r.train for r in reports] == wanted and bits(trainer.state) == bits(from_files.state)
    assert reports[-1].validate.keys() == {"loss"}
    with pytest.raises(GraphError, match="input 'x' must be fed to train with, got no data"):
        Trainer(graph)


def test_overrides_of_the_optimizer(load):
    def change(text):
        overrides = "[{variables: '*', inputs: {lr: 0.01}}, {variables: [w], inputs: {lr: 0.02, beta1: 0.5}}]"
        return text.replace("inputs: {lr: $rate}}", f"inputs: {{lr: $rate}}, overrides: {overrides}}}")

    step = expand(load(change))
    lr = {name: step.nodes[f"train/{name}/apply"].inputs["lr"].value for name in "wb"}
    powers = {name: step.nodes[f"train/{name}/apply"].inputs["beta1_power"].node for name in "wb"}
    assert lr == {"w": 0.02, "b": 0.01} and len({*powers.values()}) == 2
    state = flow.State(step)
    for _ in range(3):
        flow.run(step, state=state, x=X, y=Y)
    kept = [state.variables[f"train/beta1_power{end}"] for end in ("", "_2")]
    assert kept == [np.float32(0.5) ** 3, np.float32(0.9) * np.float32(0.9) * np.float32(0.9)]


def test_frozen_variables_keep_their_values(load):
    frozen = "inputs: {lr: $rate}, overrides: [{variables: w, frozen: true}]}"
    trainer = Trainer(load(lambda text: text.replace("inputs: {lr: $rate}}", frozen)))
    before = bits(trainer.state)
    list(trainer.run())
    after = bits(trainer.state)
    assert after["w"] == before["w"] and after["b"] != before["b"]
    assert not any(name.startswith("train/w/") for name in trainer.step_graph.nodes)


def test_a_schedule_that_ends_with_training(load):
    attrs = "{initial_learning_rate: 0.1, decay_steps: end, warmup_steps: 5}"
    schedule = f"  schedule: {{block: CosineDecay, attrs: {attrs}}}\n"
    graph = load(lambda text: text.replace(", inputs: {lr: $rate}", "") + schedule)
    trainer = Trainer(graph)
    assert trainer.step_graph.nodes["train/learning_rate"].block.decay_steps == 5 * 7 - 5
    assert expand(graph) == trainer.step_graph
    assert Trainer(graph, epochs=10).step_graph.nodes["train/learning_rate"].block.decay_steps == 10 * 7 - 5
    rates = [r.rate for r in trainer.run()]
    assert rates == sorted(rates, reverse=True) and 0 < rates[-1] < 0.001


def test_a_value_per_row_is_averaged(load):
    means = Trainer(load())
    rows = Trainer(load(lambda text: text.replace("minimize: loss", "minimize: error")))
    wanted, found = [[*t.run()][-1].train for t in (means, rows)]
    assert wanted["loss"] == pytest.approx(found["error"], rel=1e-5)
    assert np.allclose(means.state.variables["w"], rows.state.variables["w"], rtol=1e-5)
