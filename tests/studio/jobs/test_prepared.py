"""Runs as the session has them: bypassed, frozen and forced nodes, up to a node, and only what has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from dataflow.graphfile import shipped
from dataflow.studio.jobs.call import Memory
from dataflow.studio.jobs.prepared import Asked, Held
from dataflow.studio.jobs.run import PlanRun, Run
from dataflow.studio.jobs.source import Source
from dataflow.training.trainer import Trainer
from tests.studio.calls import Done, do

LINE = """\
dataflow: 1
name: line
params: {factor: 2.0}
inputs:
  x: {dtype: float32, shape: [N, 2]}
nodes:
  scaled: {block: Mul, inputs: [x, $factor]}
  exp: {block: Exp, inputs: [scaled]}
  sum: {block: Sum, inputs: {input: exp, axis: [1]}}
  other: {block: Neg, inputs: [x]}
outputs: {sum: sum, other: other}
data:
  some: {path: rows.npz, inputs: {x: x}}
"""
X = np.arange(8, dtype=np.float32).reshape(4, 2) / 8


@pytest.fixture
def line(tmp_path: Path) -> Source:
    (tmp_path / ".dataflow").touch()
    np.savez(tmp_path / "rows.npz", x=X)
    return Source(str(tmp_path / "line.yaml"), LINE)


def run(asked: Asked, memory: Memory, number: int = 1, **more: Any) -> Done:
    done = do(Run(asked, number, **more), memory)
    assert done.plain["state"] == "done", done.plain["problem"]
    return done


def fates(done: Done) -> dict[str, str]:
    return {name: str(each["fate"]) for name, each in done.merged("nodes").items()}


def failure(asked: Asked, memory: Memory | None = None) -> str:
    done = do(Run(asked), memory)
    assert done.plain["state"] == "failed"
    problem = cast("dict[str, object]", done.plain["problem"])
    return f"{problem['message']}; {problem['hint']}"


def test_only_what_has_changed_runs_again(line: Source) -> None:
    memory = Memory()
    assert fates(run(Asked(line), memory)) == {"x": "fed", "scaled": "run", "exp": "run", "sum": "run", "other": "run"}
    assert {*fates(run(Asked(line), memory)).values()} == {"fed", "kept"}
    changed = Source(line.path, LINE.replace("Exp", "Tanh"))
    done = run(Asked(changed), memory)
    assert fates(done) == {"x": "fed", "scaled": "kept", "exp": "run", "sum": "run", "other": "kept"}
    assert done.merged("nodes")["exp"]["because"] == "its block changed"
    assert {*done.merged("values")} == {"x.output", "scaled.z", "exp.y", "sum.output", "other.y"}
    assert np.array_equal(memory.documents[""].values["exp.y"], np.tanh(X * 2))
    assert {*fates(run(Asked(changed), memory, again=True)).values()} == {"fed", "run"}


def test_other_rows_and_params_run_what_depends_on_them(line: Source, tmp_path: Path) -> None:
    memory = Memory()
    run(Asked(line), memory)
    assert fates(run(Asked(line, rows=2), memory))["other"] == "run"
    assert fates(run(Asked(Source(line.path, LINE, params={"factor": 3.0}), rows=2), memory))["other"] == "kept"
    np.savez(tmp_path / "rows.npz", x=X + 1)
    run(Asked(line), memory)
    assert np.array_equal(memory.documents[""].values["other.y"], -(X + 1))


def test_what_would_run_is_what_then_runs(line: Source) -> None:
    memory = Memory()
    for source in (line, line, Source(line.path, LINE.replace("Exp", "Tanh"))):
        for asked in (Asked(source), Asked(source, to="exp"), Asked(source, bypassed=["scaled"])):
            told = cast("dict[str, dict[str, object]]", do(PlanRun(Run(asked)), memory).result)
            done = run(asked, memory)
            assert {name: each["fate"] for name, each in told.items()} == fates(done)
            ran = done.merged("nodes")
            assert {n: each["because"] for n, each in told.items()} == {n: each["because"] for n, each in ran.items()}


def test_run_to_here(line: Source) -> None:
    memory = Memory()
    done = run(Asked(line, to="scaled"), memory)
    assert fates(done) == {"x": "fed", "scaled": "run", "exp": "unneeded", "sum": "unneeded", "other": "unneeded"}
    assert done.merged("nodes")["exp"]["because"] == "'scaled' does not need it"
    assert {*done.merged("values")} == {"x.output", "scaled.z"}
    assert "did you mean 'scaled'?" in failure(Asked(line, to="scaledd"))


def test_bypassed(line: Source) -> None:
    memory = Memory()
    done = run(Asked(line, bypassed=["exp"]), memory)
    assert fates(done)["exp"] == "bypassed"
    assert "exp.y" not in done.merged("values")
    assert np.array_equal(memory.documents[""].values["sum.output"], (X * 2).sum(1))
    assert fates(run(Asked(line), memory))["exp"] == "run"
    assert "bypass of 'x'" in failure(Asked(line, bypassed=["x"]))


def test_each_document_keeps_its_own(line: Source) -> None:
    memory, other = Memory(), Source(line.path, LINE.replace("Exp", "Tanh"))
    run(Asked(line, document="a"), memory, 1)
    run(Asked(other, document="b"), memory, 2)
    assert np.array_equal(memory.documents["a"].values["exp.y"], np.exp(X * 2))
    assert np.array_equal(memory.documents["b"].values["exp.y"], np.tanh(X * 2))
    assert {*fates(run(Asked(line, document="a"), memory, 3)).values()} == {"fed", "kept"}
    done = run(Asked(line, document="a", frozen={"exp": Held("run 3")}), memory, 4)
    assert fates(done)["exp"] == "frozen"
    assert "values of run 3 are no longer kept" in failure(
        Asked(other, document="b", frozen={"exp": Held("run 3")}), memory
    )


def test_frozen_from_a_run(line: Source) -> None:
    memory = Memory()
    run(Asked(line), memory, number=3)
    kept = memory.documents[""].values["scaled.z"].copy()
    changed = Source(line.path, LINE, params={"factor": 5.0})
    frozen = Asked(changed, frozen={"scaled": Held("run 3")})
    for number in (4, 5):
        done = run(frozen, memory, number)
        assert fates(done)["scaled"] == "frozen"
        assert done.merged("nodes")["scaled"]["because"] == "its value is that of run 3"
        assert np.array_equal(memory.documents[""].values["exp.y"], np.exp(kept))
        assert np.array_equal(memory.documents[""].values["scaled.z"], kept)
        assert done.merged("values")["scaled.z"]["max"] == kept.max()
    assert run(Asked(changed), memory, 6).merged("values")["scaled.z"]["max"] == pytest.approx(X.max() * 5)
    assert "values of run 3 are no longer kept" in failure(frozen, memory)
    assert memory.documents[""].frozen == {}


def test_a_frozen_value_follows_its_node(line: Source) -> None:
    memory, called = Memory(), LINE.replace("scaled", "twice")
    run(Asked(line), memory, number=3)
    kept = memory.documents[""].values["scaled.z"].copy()
    changed = Source(line.path, called, params={"factor": 5.0})
    frozen = {"twice": Held("run 3", renames=[("scaled", "half"), ("half", "twice")])}
    for number in (4, 5):  # when it is frozen, and from then on
        done = run(Asked(changed, frozen=frozen), memory, number)
        assert fates(done)["twice"] == "frozen"
        assert np.array_equal(memory.documents[""].values["twice.z"], kept)
    assert "values of run 3 are no longer kept" in failure(Asked(changed, frozen={"twice": Held("run 3")}), memory)


def test_frozen_from_a_file(line: Source, tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", a=np.zeros((4, 2), np.float32), b=np.ones((4, 2), np.float32))
    memory = Memory()
    run(Asked(line, frozen={"exp": Held("v.npz:b", str(tmp_path / "v.npz"), "b")}), memory)
    assert memory.documents[""].values["sum.output"].tolist() == [2.0] * 4
    for held, message in (
        (Held("v.npz", str(tmp_path / "v.npz")), "v.npz has no array 'exp'"),
        (Held("w.npz", str(tmp_path / "w.npz")), "freezing of 'exp': w.npz"),
        (Held("rows.npz:x", str(tmp_path / "line.yaml"), "x"), "freezing of 'exp': rows.npz:x"),
    ):
        assert message in failure(Asked(line, frozen={"exp": held}))


def test_forced_ports_and_inputs(line: Source, tmp_path: Path) -> None:
    memory = Memory()
    done = run(Asked(line, forced={"scaled.z": 0.0}), memory)
    assert memory.documents[""].values["sum.output"].tolist() == [2.0] * 4
    assert np.array_equal(memory.documents[""].values["scaled.z"], X * 2)
    assert "scaled/forced" not in fates(done)
    assert not [port for port in done.merged("values") if port.startswith("scaled/forced")]
    unfed = Source(str(tmp_path / "unfed.yaml"), LINE[: LINE.index("data:")])
    run(Asked(unfed, forced={"x.output": [[1.0, 2.0]]}), memory)
    assert memory.documents[""].values["other.y"].tolist() == [[-1.0, -2.0]]
    assert "forcing of 'x.output': the value" in failure(Asked(unfed, forced={"x.output": "two"}))


def test_variables_as_training_left_them(tmp_path: Path) -> None:
    source, memory = Source(str(shipped.find("dataflow:digits/mlp.yaml"))), Memory()
    folder = tmp_path / "mlp.checkpoints"
    assert "must have checkpoints, got none" in failure(Asked(source, rows=100, trained=folder))
    for _ in Trainer(source.graph(), folder, epochs=1).run():
        pass
    written = run(Asked(source, rows=100), memory).merged("values")["accuracy.output"]["max"]
    done = run(Asked(source, rows=100, trained=folder), memory)
    assert float(str(done.merged("values")["accuracy.output"]["max"])) > float(str(written)) + 0.3
    assert fates(done)["w1"] == "fed"
    assert {*fates(run(Asked(source, rows=100, trained=folder), memory)).values()} == {"fed", "kept"}


def test_a_node_that_is_a_graph_file_is_frozen_by_what_others_read_of_it(line: Source, tmp_path: Path) -> None:
    nodes = "nodes:\n  b: {block: Neg, inputs: [a]}\n  c: {block: Exp, inputs: [b]}\n"
    inner = f"dataflow: 1\ninputs: {{a: float32}}\n{nodes}outputs: {{d: c}}\n"
    (tmp_path / "inner.yaml").write_text(inner)
    text = LINE.replace("{block: Exp, inputs: [scaled]}", "{block: ./inner.yaml, inputs: {a: scaled}}")
    memory, source = Memory(), Source(line.path, text)
    assert fates(run(Asked(source), memory))["exp/c"] == "run"
    assert fates(run(Asked(source, frozen={"exp": Held("run 1")}), memory, 2))["exp/c"] == "frozen"
    assert fates(run(Asked(source, to="exp"), memory))["sum"] == "unneeded"
