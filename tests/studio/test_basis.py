"""Which values are old once a document or its session is another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dataflow.studio.basis import Basis
from dataflow.studio.commands.edit import make
from dataflow.studio.desk import Desk, Named
from dataflow.studio.project import Project
from dataflow.studio.session import Session

TEXT = """dataflow: 1
params: {size: 4}
inputs:
  x: float32[N, 4]
nodes:
  w: {block: Variable, inputs: [[1.0, 2.0, 3.0, 4.0]]}
  half: {block: Mul, inputs: {x: x, y: 0.5}}  # of it
  sum: {block: Add, inputs: {x: half, y: w}}
  relu: {block: Relu, inputs: {features: half}}
  inner: {block: ./inner.yaml, inputs: {a: relu}}
outputs:
  y: sum
  z: inner
data:
  some: {path: rows.npz, inputs: {x: x}}
  few: {path: rows.npz, inputs: {x: x}, rows: 0..2}
"""
INNER = "dataflow: 1\ninputs: {a: 'float32[N, 4]'}\nnodes:\n  b: {block: Relu, inputs: [a]}\noutputs: {d: b}\n"
EVERY = ["half", "inner", "inner/b", "relu", "sum", "w", "x"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "graph.yaml").write_text(TEXT)
    return Desk(Project(tmp_path), "graph.yaml")


def edited(*edits: dict[str, object]) -> Callable[[Desk], None]:
    """Makes edits as a page does."""

    def change(desk: Desk) -> None:
        desk.change("edit", lambda editor: Named(make(editor, [*edits]).names))

    return change


def saying(**what: object) -> Callable[[Desk], None]:
    """Has the session say something."""

    def change(desk: Desk) -> None:
        desk.session = Session(**{**desk.session.plain(), **what})  # type: ignore[arg-type]
        desk.read_again()

    return change


@pytest.mark.parametrize(
    ("change", "old"),
    [
        (edited({"op": "set", "place": "half.y", "value": 0.25}), ["half", "inner", "inner/b", "relu", "sum"]),
        (edited({"op": "set", "place": "w.initvalues", "value": [1.0] * 4}), ["sum", "w"]),
        (edited({"op": "add", "name": "more", "block": "Relu", "inputs": ["sum"]}), ["more"]),
        (edited({"op": "delete", "names": ["relu"], "reconnect": True}), ["inner", "inner/b", "relu"]),
        (edited({"op": "set", "place": "relu.block", "value": "Nothing"}), ["inner", "inner/b", "relu"]),
        (edited({"op": "remove", "place": "outputs.z"}), []),
        (edited({"op": "set", "place": "data.some.path", "value": "others.npz"}), sorted({*EVERY} - {"w"})),
        (saying(rows=3), sorted({*EVERY} - {"w"})),
        (saying(split="few"), sorted({*EVERY} - {"w"})),
        (saying(trained=True), ["sum", "w"]),
        (saying(bypassed=["inner"]), ["inner", "inner/b"]),
        (saying(forced={"half.z": 0.0}), ["half", "inner", "inner/b", "relu", "sum"]),
        (saying(frozen={"relu": "run 1"}), ["inner", "inner/b", "relu"]),
    ],
)
def test_what_follows_from_what_was_changed_is_old(desk: Desk, change: Callable[[Desk], None], old: list[str]) -> None:
    before = Basis.of(desk)
    change(desk)
    now = Basis.of(desk)
    assert before.compared(now, "data") == (False, old)
    assert now.compared(now, "data") == (True, [])


@pytest.mark.parametrize(
    "change",
    [
        edited({"op": "set", "place": "doc", "value": "What it does."}),
        edited({"op": "set", "place": "half.doc", "value": "Half of it."}),
        edited({"op": "text", "text": TEXT.replace("# of it", "# of all of it")}),
        saying(watched=["relu.activations"]),
        saying(params={"size": 4}),
        saying(split="some", watched=["x.y"]),
    ],
)
def test_what_means_the_same_makes_nothing_old(desk: Desk, change: Callable[[Desk], None]) -> None:
    before, version = Basis.of(desk), desk.version
    change(desk)
    assert before.compared(Basis.of(desk), "data") == (True, [])
    assert desk.session != Session() or desk.version > version


def test_an_edit_that_is_taken_back_makes_nothing_old(desk: Desk) -> None:
    before = Basis.of(desk)
    edited({"op": "delete", "names": ["half"], "reconnect": True})(desk)
    assert before.compared(Basis.of(desk))[1] == ["half", "inner", "inner/b", "relu", "sum"]
    desk.undo()
    assert before.compared(Basis.of(desk), "data") == (True, [])


@pytest.fixture
def followed(tmp_path: Path) -> tuple[Desk, list[Basis]]:
    """A document, and what it was, which follows the names of its nodes."""
    (tmp_path / "inner.yaml").write_text(INNER)
    train = "train: {minimize: loss, optimizer: {block: ApplyAdam}, variables: [w]}\n"
    more = "  loss: {block: Mean, inputs: {input: sum, axis: [0, 1]}}\n"
    more += "  drawn: {block: Variable, attrs: {shape: [4], dtype: float32, initializer: glorot_normal}}\n"
    (tmp_path / "graph.yaml").write_text(TEXT.replace("outputs:\n", f"{more}outputs:\n") + train)
    known: list[Basis] = []
    desk = Desk(Project(tmp_path), "graph.yaml", lambda path, renames: known.append(known.pop().renamed(renames)))
    known.append(Basis.of(desk))
    return desk, known


def renamed(place: str, name: str) -> Callable[[Desk], None]:
    """Renames as a page does."""

    def change(desk: Desk) -> None:
        node = (place.partition(".")[2], name)
        edit = {"op": "rename", "place": place, "name": name}
        desk.change("rename", lambda editor: Named(make(editor, [edit]).names, [node]))

    return change


@pytest.mark.parametrize(
    ("place", "old"),
    [
        ("nodes.half", []),
        ("nodes.relu", []),
        ("nodes.loss", []),
        ("nodes.inner", []),
        ("nodes.w", []),
        ("nodes.drawn", ["called"]),  # random numbers are drawn by the name
        ("inputs.x", []),
    ],
)
def test_a_node_that_is_renamed_has_the_value_that_it_had(
    followed: tuple[Desk, list[Basis]], place: str, old: list[str]
) -> None:
    desk, known = followed
    sections = dict(desk.context.graph.sections)
    desk.session = Session(frozen={"relu": "run 1"}, forced={"half.z": 1.0}, bypassed=["inner"])
    known[:] = [Basis.of(desk)]
    renamed(place, "called")(desk)
    assert known[0].compared(Basis.of(desk), "data", "train") == (not old, old)
    if place in ("nodes.loss", "nodes.w", "inputs.x"):
        assert desk.context.graph.sections != sections
    edited({"op": "set", "place": "half.y" if place != "nodes.half" else "called.y", "value": 0.25})(desk)
    now = {*known[0].compared(Basis.of(desk))[1]}
    assert now >= {"sum" if place != "nodes.half" else "called"}
    for _ in range(2):
        desk.undo()
    assert known[0].compared(Basis.of(desk), "data", "train") == (True, [])
    desk.redo()
    assert known[0].compared(Basis.of(desk), "data", "train") == (not old, old)


def test_an_input_without_rows_is_fed_others_by_another_name(tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(
        "dataflow: 1\ninputs: {x: 'float32[N]'}\nnodes:\n  y: {block: Relu, inputs: [x]}\n"
    )
    desk = Desk(Project(tmp_path), "graph.yaml")
    before = Basis.of(desk)
    renamed("inputs.x", "rows")(desk)
    assert before.renamed([("x", "rows")]).compared(Basis.of(desk)) == (False, ["rows", "y"])


def test_a_training_goes_by_its_section_and_not_by_what_runs_are_fed(desk: Desk) -> None:
    before = Basis.of(desk).of_training()
    saying(rows=3, trained=True)(desk)
    assert before.compared(Basis.of(desk).of_training(), "data", "train")[0]
    edited({"op": "set", "place": "train", "value": {"epochs": 3}})(desk)
    assert before.compared(Basis.of(desk).of_training(), "data")[0]
    assert not before.compared(Basis.of(desk).of_training(), "data", "train")[0]


def test_rows_of_a_file_that_has_changed_are_others(desk: Desk, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.zeros((3, 4), np.float32))
    desk.look_outside()
    before = Basis.of(desk)
    np.savez(tmp_path / "rows.npz", x=np.ones((3, 4), np.float32))
    assert before.compared(Basis.of(desk)) == (True, [])  # nobody has looked yet
    desk.look_outside()
    assert before.compared(Basis.of(desk), "data") == (False, sorted({*EVERY} - {"w"}))
    assert not before.of_training().compared(Basis.of(desk).of_training())[0]


@pytest.mark.parametrize("name", ["best.npz", "step-000000004.npz"])
def test_variables_of_a_checkpoint_that_has_changed_are_others(desk: Desk, tmp_path: Path, name: str) -> None:
    file = tmp_path / "graph.checkpoints" / name
    file.parent.mkdir()
    file.write_text("1")
    untrained = Basis.of(desk)
    saying(trained=True)(desk)
    before = Basis.of(desk)
    file.write_text("12")
    assert before.compared(Basis.of(desk), "data") == (False, ["sum", "w"])
    assert before.of_training().compared(Basis.of(desk).of_training()) == (True, [])
    saying(trained=False)(desk)
    assert untrained.compared(Basis.of(desk), "data") == (True, [])


def test_frozen_values_of_a_file_that_has_changed_are_others(desk: Desk, tmp_path: Path) -> None:
    np.savez(tmp_path / "kept.npz", relu=np.zeros(4, np.float32))
    saying(frozen={"relu": "kept.npz:relu", "half": "run 1"})(desk)
    before = Basis.of(desk)
    np.savez(tmp_path / "kept.npz", relu=np.ones(4, np.float32))
    assert before.compared(Basis.of(desk), "data") == (False, ["inner", "inner/b", "relu"])


def test_a_node_whose_array_in_a_file_has_changed_is_another(desk: Desk, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w=np.zeros(4, np.float32))
    edited({"op": "set", "place": "w.initvalues", "value": {"path": "w.npz", "array": "w"}})(desk)
    before = Basis.of(desk)
    np.savez(tmp_path / "w.npz", w=np.ones(4, np.float32))
    desk.look_outside()
    assert before.compared(Basis.of(desk), "data") == (False, ["sum", "w"])


def test_another_document_is_another(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "copy.yaml").write_text(TEXT)
    assert not Basis.of(desk).compared(Basis.of(Desk(Project(tmp_path), "copy.yaml")), "data")[0]
