"""Trainings asked for by a page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studio_pages import Page, Refused

import dataflow as flow
from dataflow.studio.server import Server
from dataflow.training import checkpoint
from dataflow.training.folder_lock import locked
from dataflow.training.trainer import Trainer
from tests.studio.fitted_line import TEXT, write

pytestmark = pytest.mark.slow


@pytest.fixture
def opened(folder: Path, page: Page) -> Page:
    write(folder, rows=40)
    page.ask("open", path="line.yaml")
    return page


def ended(page: Page) -> dict[str, Any]:
    return page.training(lambda found: found["state"] not in ("none", "running", "paused"))


def whole(connect: Callable[[], Page]) -> dict[str, Any]:
    found: dict[str, Any] = connect().last("training")["training"]
    return found


def long(page: Page, folder: Path) -> None:
    """A training that goes on until it is stopped, and has begun."""
    page.ask("train", epochs=1_000_000)
    page.training(lambda found: found["step"] > 20)


def test_a_training_is_that_of_the_command(opened: Page, folder: Path, connect: Callable[[], Page]) -> None:
    opened.ask("train")
    found = ended(opened)
    assert (found["state"], found["step"], found["steps"], found["epoch"], found["epochs"]) == ("done", 30, 30, 3, 3)
    assert found["folder"] == "line.checkpoints"
    graph = flow.load(str(folder / "line.yaml"))
    trainer = Trainer(graph)
    losses = []
    for _ in trainer.run(lambda each: losses.append(float(each.outputs["loss"]))):
        pass
    trends = whole(connect)["trends"]
    assert trends["loss"]["steps"] == [*range(1, 31)]
    assert trends["loss"]["mean"] == losses
    kept = flow.State.load(graph, str(folder / "line.checkpoints" / "best.npz"))
    assert {*kept} == {*trainer.state}
    assert len((folder / "line.checkpoints" / "history.csv").read_text().splitlines()) == 4


def test_a_reload_in_the_middle_loses_nothing(opened: Page, folder: Path, connect: Callable[[], Page]) -> None:
    opened.ask("session", watched=["product.z", "loss.output"])
    long(opened, folder)
    again = connect()
    before = again.last("training")["training"]
    assert before["state"] == "running"
    assert before["trends"]["loss"]["steps"][0] == 1
    assert before["values"]["product.z"]["shape"] == [4]
    assert {"loss", "rate", "product.z", "loss.output"} <= {*before["trends"]}
    again.ask("stop")
    assert ended(opened)["state"] == "stopped"
    trend = whole(connect)["trends"]["loss"]
    assert trend["steps"][0] == 1


def test_pause_change_resume_and_stop(opened: Page, folder: Path) -> None:
    long(opened, folder)
    opened.ask("pause")
    paused = opened.training(lambda found: found["state"] == "paused")
    opened.ask("change", rate=0.001)
    with pytest.raises(Refused, match="learning rate must be a finite number"):
        opened.ask("change", rate=-1)
    with pytest.raises(Refused, match="no param 'nothing'"):
        opened.ask("change", params={"nothing": 1})
    opened.ask("change", params={"factor": 0.5})
    opened.ask("resume")
    after = opened.training(lambda found: found["step"] > paused["step"] + 20)
    assert after["rate"] == pytest.approx(0.001)
    opened.ask("stop")
    assert ended(opened)["state"] == "stopped"
    changed = checkpoint.latest(folder / "line.checkpoints", checkpoint.read)[0]["notes"]["changed"]
    assert [(each["rate"], each["params"]) for each in changed] == [(0.001, {}), (None, {"factor": 0.5})]


def test_resume_and_restart(opened: Page, folder: Path, connect: Callable[[], Page]) -> None:
    opened.ask("train", epochs=2)
    assert ended(opened)["step"] == 20
    with pytest.raises(Refused, match=r"^line\.checkpoints: has checkpoints of an earlier training"):
        opened.ask("train", epochs=4)
    assert whole(connect)["state"] == "done"
    opened.events.clear()
    opened.ask("train", epochs=4, resume=True)
    assert ended(opened)["step"] == 40
    assert whole(connect)["trends"]["loss"]["steps"][0] <= 20
    opened.events.clear()
    opened.ask("train", epochs=1, restart=True)
    assert ended(opened)["step"] == 10
    assert whole(connect)["trends"]["loss"]["steps"] == [*range(1, 11)]


def test_a_folder_that_another_process_uses(opened: Page, folder: Path) -> None:
    (folder / "line.checkpoints").mkdir()
    with locked(folder / "line.checkpoints"):
        opened.ask("train")
        problem = ended(opened)["problem"]
    assert f"got process {os.getpid()}" in problem["message"]
    assert "wait for it or use another folder" in problem["hint"]


def test_one_at_a_time_and_none_to_speak_to(opened: Page, folder: Path) -> None:
    for command in ("pause", "resume", "stop"):
        with pytest.raises(Refused, match=f"there must be a training to {command}, got none"):
            opened.ask(command)
    long(opened, folder)
    with pytest.raises(Refused, match="one training at a time"):
        opened.ask("train")
    opened.ask("cancel", what="training")
    assert ended(opened)["state"] == "stopped"


def test_a_worker_that_ends_is_told(opened: Page, folder: Path, server: Any) -> None:
    long(opened, folder)
    server.studio.work.training._process.process.kill()
    found = ended(opened)
    assert found["state"] == "failed"
    assert "signal SIGKILL" in found["problem"]["message"]
    shutil.rmtree(folder / "line.checkpoints")
    opened.events.clear()
    opened.ask("train")
    assert ended(opened)["state"] == "done"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"resume": True, "restart": True}, "'resume' and 'restart': one of them may be given, got both"),
        ({"steps": 5}, "'steps' may be given for a graph without a train section"),
        ({"epochs": 0}, "'epochs' must be 1 to "),
    ],
)
def test_what_does_not_go_together_is_refused(opened: Page, given: dict[str, object], message: str) -> None:
    with pytest.raises(Refused, match=message):
        opened.ask("train", **given)
    assert opened.last("training")["training"]["state"] == "none"


def test_a_change_says_what_is_to_change(opened: Page, folder: Path) -> None:
    with pytest.raises(Refused, match="'rate' or 'params' must be given, got neither"):
        opened.ask("change")
    with pytest.raises(Refused, match="there must be a training to change, got none"):
        opened.ask("change", rate=0.1)


def test_a_section_with_a_fault_is_told_at_once(opened: Page) -> None:
    opened.edit({"op": "set", "place": "w.initvalues", "value": 1e30})
    opened.ask("train")
    problem = ended(opened)["problem"]
    assert "values must be finite" in problem["message"]


COUNT = """dataflow: 1
params: {rate: 0.25}
nodes:
  n: {block: Variable, inputs: {initvalues: 0.0}}
  next: {block: AssignAdd, inputs: [n, $rate]}
outputs: {n: next}
"""


def test_steps_of_a_graph_without_a_train_section(page: Page, folder: Path, connect: Callable[[], Page]) -> None:
    (folder / "count.yaml").write_text(COUNT, "utf-8")
    page.ask("open", path="count.yaml")
    assert page.last("document")["document"]["steps"] is True
    for total in (20, 40):
        page.ask("train", steps=20)
        found = page.training(lambda each, total=total: (each["state"], each["step"]) == ("done", total))
        assert (found["steps"], found["folder"]) == (total, "")
    assert whole(connect)["trends"]["n"]["mean"] == [0.25 * step for step in range(1, 41)]
    page.ask("train", steps=5, restart=True)
    page.training(lambda each: (each["state"], each["step"]) == ("done", 5))
    assert whole(connect)["trends"]["n"]["mean"][0] == 0.25
    page.ask("open", path="small.yaml")
    page.ask("train", steps=5)
    found = page.training(lambda each: each["state"] == "failed")
    assert "must have nodes that change variables" in found["problem"]["message"]


def test_when_the_studio_ends_the_training_is_where_it_was(opened: Page, server: Server, folder: Path) -> None:
    opened.ask("train", epochs=1_000_000)
    opened.training(lambda training: training["step"] > 0)
    opened.ask("pause")
    step = opened.training(lambda training: training["state"] == "paused")["step"]
    server.studio.close()
    kept = max((folder / "line.checkpoints").glob("step-*.npz"))
    assert kept.name == f"step-{step:09}.npz"
    assert not (folder / "line.checkpoints" / "training.lock").exists()


def test_a_training_takes_what_the_session_bypasses_freezes_and_forces(opened: Page, folder: Path) -> None:
    opened.edit({"op": "set", "place": "scaled.block", "value": "Sub"})
    opened.ask("session", bypassed=["scaled"])
    opened.ask("train")
    assert [ended(opened)[key] for key in ("state", "overrides")] == ["done", "bypass scaled"]
    graph = flow.load(str(folder / "line.yaml"))
    trainer = Trainer(graph)
    list(trainer.run())
    assert np.array_equal(checkpoint.read(folder / "line.checkpoints" / "best.npz")[1]["w"], trainer.state["w"])
    assert "bypass scaled" in (folder / "line.checkpoints" / "history.csv").read_text()


def test_a_training_takes_a_value_that_is_frozen_at_a_run(opened: Page, folder: Path) -> None:
    nodes = (
        "  twice: {block: Mul, inputs: [w, 2.0]}\n"
        "  b: {block: Variable, inputs: [0.5]}\n"
        "  product: {block: Mul, inputs: [x, twice]}"
    )
    text = TEXT.replace("  product: {block: Mul, inputs: [x, w]}", nodes)
    text = text.replace("Mul, inputs: [product, $factor]", "Add, inputs: [product, b]")
    opened.edit({"op": "text", "text": text})
    opened.run()
    opened.ask("session", frozen={"twice": "run 1"})
    opened.ask("train")
    assert ended(opened)["state"] == "done"
    values = checkpoint.read(folder / "line.checkpoints" / "best.npz")[1]
    assert values["w"] == 0
    assert values["b"] != np.float32(0.5)
    opened.ask("session", frozen={"product": "run 1"})
    opened.events.clear()
    opened.ask("train", restart=True)
    problem = ended(opened)["problem"]
    assert "freezing of 'product.z': must have one shape in all steps of a training" in problem["message"]
    opened.ask("session", frozen={"product": "run 7"})
    with pytest.raises(Refused, match="the values of run 7 are no longer kept"):
        opened.ask("train", restart=True)


def test_pages_know_of_the_checkpoints_of_what_is_open(
    opened: Page, server: Server, folder: Path, connect: Any
) -> None:
    assert connect().last("checkpoints")["step"] is None
    opened.ask("train", epochs=1)
    done = ended(opened)
    assert done["path"] == "line.yaml"
    server.studio.watch()
    assert connect().last("checkpoints")["step"] == done["step"] == 10
    opened.ask("open", path="small.yaml")
    assert connect().last("checkpoints")["step"] is None
    opened.ask("open", path="line.yaml")
    shutil.rmtree(folder / "line.checkpoints")
    server.studio.watch()
    assert connect().last("checkpoints")["step"] is None


def test_values_of_a_run_are_old_once_its_variables_are_trained_on(opened: Page, server: Server) -> None:
    opened.ask("train", epochs=1)
    ended(opened)
    opened.ask("session", trained=True)
    server.studio.watch()
    opened.run()
    opened.events.clear()
    opened.ask("train", resume=True, epochs=2)
    ended(opened)
    server.studio.watch()
    assert opened.until(lambda event: event["event"] == "aged")["current"] is False
    assert {"w", "product", "loss"} <= {*opened.last("aged")["old"]}


def test_a_training_of_nothing_is_refused_and_one_of_something_else_warns(opened: Page) -> None:
    opened.ask("session", forced={"loss": 0.5})
    opened.ask("train")
    found = ended(opened)
    assert (found["state"], found["step"]) == ("failed", 0)
    assert found["problem"]["message"].endswith(
        "a gradient of 'loss' must arrive at a variable, got none, so that nothing would be trained"
    )
    assert found["problem"]["hint"] == "take back what cuts it off"
    opened.ask("session", forced={}, bypassed=["loss"])
    opened.events.clear()
    opened.ask("train")
    assert ended(opened)["state"] == "done"
    message = "training with bypass loss: what is minimized as 'loss' is 'error', which stood on its input"
    assert opened.last("said") == {"event": "said", "level": "warning", "message": message}


def test_a_run_with_what_was_trained_otherwise_warns(opened: Page) -> None:
    opened.ask("session", bypassed=["scaled"])
    opened.ask("train", epochs=1)
    ended(opened)
    opened.ask("session", bypassed=[], trained=True)
    assert opened.run()["state"] == "done"
    assert opened.last("said") == {
        "event": "said",
        "level": "warning",
        "message": "line.checkpoints: was trained with bypass scaled, not as its graph file says",
    }


def test_messages_name_files_of_the_project_as_pages_do(opened: Page, folder: Path) -> None:
    opened.ask("session", trained=True)
    problem = opened.run()["problem"]
    assert (problem["message"], problem["hint"]) == (
        "line.checkpoints: must have checkpoints, got none",
        "Train makes them",
    )
    opened.ask("train", epochs=1)
    ended(opened)
    opened.edit({"op": "set", "place": "scaled.y", "value": 3.0})
    opened.events.clear()
    opened.ask("train", resume=True, epochs=2)
    problem = ended(opened)["problem"]
    assert problem["message"].startswith("line.checkpoints/step-000000010.npz: was trained with something else:")
    assert problem["hint"] == "put that back, or train anew with Restart"
