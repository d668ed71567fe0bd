"""A studio without a server: what it answers, and what it keeps open."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from dataflow.studio import studio as studios
from dataflow.studio.commands import COMMANDS, QUERIES
from dataflow.studio.hub import encoded
from dataflow.studio.studio import Studio


def quiet(folder: Path) -> Studio:
    """A studio that starts no process."""
    made = Studio(folder)
    made.work.opened = lambda path: None  # type: ignore[method-assign]
    return made


@pytest.fixture
def studio(folder: Path) -> Studio:
    return quiet(folder)


def test_a_fault_of_ours_is_told_without_a_traceback(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("x\x1b[31m")

    monkeypatch.setitem(COMMANDS, "undo", fails)
    assert studio.answer("undo", {}) == {
        "refused": {"message": "unexpected ZeroDivisionError: x\\x1b[31m", "hint": "", "problems": []}
    }
    assert studio.answer("open", {"path": "small.yaml"}) == {"ok": None}


def test_refusals_have_message_and_way_out(studio: Studio) -> None:
    assert studio.answer("opn", {}) == {
        "refused": {"message": "no command 'opn'", "hint": "did you mean 'open'?", "problems": []}
    }
    studio.answer("open", {"path": "small.yaml"})
    refused = studio.answer("edit", {"version": 1, "title": "wire", "edits": [
        {"op": "wire", "target": ["half", "x"], "source": ""}, {"op": "wire", "target": ["half", "x"], "source": "relu"}
    ]})["refused"]  # fmt: skip
    assert isinstance(refused, dict)
    assert refused["message"].startswith("cycle: ")
    assert refused["problems"][0]["node"] in ("half", "relu")


def test_a_parameter_that_is_missing_is_given_where_the_page_has_it(studio: Studio, folder: Path) -> None:
    (folder / "wide.yaml").write_text("dataflow: 1\nname: wide\nparams: {width: {type: int}}\nnodes: {}\n")
    studio.answer("open", {"path": "wide.yaml"})
    (problem,) = studio.require().context.problems()
    assert (problem.message, problem.hint) == (
        "param 'width' has no default and must be given, got nothing",
        "give it in the tab Run",
    )


def test_desks_that_are_saved_are_let_go(studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studios, "MAX_DESKS", 2)
    text = (folder / "small.yaml").read_text()
    for name in "abcde":
        (folder / f"{name}.yaml").write_text(text)
        assert studio.answer("open", {"path": f"{name}.yaml"}) == {"ok": None}
        if name == "b":
            edits = [{"op": "set", "place": "half.y", "value": 3}]
            assert "ok" in studio.answer("edit", {"version": 1, "title": "set", "edits": edits})
    assert list(studio.desks) == ["b.yaml", "d.yaml", "e.yaml"]


def test_what_is_told_to_who_connects(studio: Studio) -> None:
    assert [event["event"] for event in studio.snapshot()][:3] == ["welcome", "document", "session"]
    studio.answer("open", {"path": "small.yaml"})
    document = next(event["document"] for event in studio.snapshot() if event["event"] == "document")
    assert isinstance(document, dict)
    assert document["path"] == "small.yaml"


def test_close_ends_what_runs(studio: Studio) -> None:
    closed: list[str] = []
    studio.closers.append(lambda: closed.append("x"))
    studio.close()
    assert closed == ["x"]


def test_what_fails_while_the_disk_is_watched_is_told_once(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(studio, "publish", told.append)

    def fails() -> None:
        raise OSError(5, "Input/output error", "small.yaml")

    monkeypatch.setattr(studio, "look_outside", fails)
    studio.watch()
    studio.watch()
    assert told == [{"event": "said", "level": "warning", "message": "small.yaml: Input/output error"}]
    monkeypatch.undo()
    studio.watch()


def test_opening_what_is_open_keeps_its_run(studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(studio.work, "opened", lambda path: opened.append(path))
    studio.answer("open", {"path": "small.yaml"})
    studio.answer("open", {"path": "./small.yaml"})
    assert opened == ["small.yaml"]


# -- arguments that mean nothing --------------------------------------------------------------------------------

NASTY: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 1e308, float("inf"), 1 << 60, "", " ", "x", "half", "relu", "half.y", "x.y.z.w",
    "nodes", "nodes.half", "nodes.half.attrs", "outputs.y", "inputs.x", "dataflow", "params.p", "..", "/", "small.yaml",
    "../small.yaml", "dataflow:", "dataflow:digits/cnn.yaml", "dataflow:../x", "\x00", "a\x00b", "\ud800", "\u202e",
    "<script>alert(1)</script>", "${env:HOME}", "$p", "$$", "{block: Relu}", "*a", "&a b", "!!python/object:os.system",
    "- a\n- b", "a: b: c", "\n", "\t", "#", "'", '"', "é" * 50, "x" * 3000, [], [[]], ["half"], ["half", "y"],
    ["half", "half"], ["relu", "features"], [1, 2], [None], {}, {"half": [1, 2]}, {"half": None}, {"": ""},
    {"a": {"b": {"c": 1}}}, [{"op": "set"}], [{"op": "delete", "names": ["half"]}], [{"op": None}], [{}],
    [{"op": "text", "text": "dataflow: 1\n"}], "file", "gradient", "step", "down", "svg",
]  # fmt: skip
NAMES = [
    "path", "like", "version", "edits", "title", "overwrite", "positions", "scope", "layer", "direction", "unfolded",
    "bypassed", "frozen", "forced", "watched", "split", "rows", "params", "format", "port", "at", "row", "what",
    "names", "from", "side", "source", "target", "text", "offset", "query", "number", "__class__", "",
]  # fmt: skip
OPS = [
    "set", "append", "remove", "add", "delete", "rename", "extract", "unpack", "wire", "splice", "paste", "input",
    "output", "param", "text", "pull_out", "nothing",
]  # fmt: skip
PARTS = [
    "place", "value", "name", "block", "inputs", "attrs", "doc", "before", "after", "comment", "names", "reconnect",
    "path", "target", "source", "text", "type", "wire", "x", "to",
]  # fmt: skip
STARTED = {"run", "train", "resume", "calibrate", "quantize", "sweep", "report", "bits", "plan_run", "picture", "table"}


def nasty_request(chance: random.Random, version: int) -> tuple[str, dict[str, Any]]:
    """A command with arguments that mean nothing."""
    do = chance.choice(sorted((COMMANDS.keys() | QUERIES.keys()) - STARTED) + ["edit"] * 20)
    given = {name: chance.choice(NASTY) for name in chance.sample(NAMES, chance.randrange(4))}
    if do == "edit" and chance.random() < 0.9:
        edits = [
            {"op": chance.choice(OPS), **{part: chance.choice(NASTY) for part in chance.sample(PARTS, 3)}}
            for _ in range(chance.randrange(1, 3))
        ]
        given = {"version": version, "edits": edits, "title": "edit"}
    return do, given


@pytest.mark.parametrize("seed", range(4))
def test_arguments_that_mean_nothing_are_refused(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "small.yaml").write_text(
        "dataflow: 1\nparams: {p: 2}\ninputs:\n  x: float32[N, 4]\nnodes:\n"
        "  half: {block: Mul, inputs: {x: x, y: $p}}\n"
        "  relu: {block: Relu, inputs: {features: half}}\noutputs:\n  y: relu\n"
    )
    outside = tmp_path / "outside.yaml"
    outside.write_text("dataflow: 1\n")
    chance = random.Random(seed)
    studio = quiet(folder)
    accepted = 0
    for _ in range(800):
        if studio.desk is None or studio.desk.path != "small.yaml" or chance.random() < 0.05:
            assert "ok" in studio.answer("open", {"path": "small.yaml"})
        assert studio.desk is not None
        text, version = studio.desk.editor.text, studio.desk.version
        do, given = nasty_request(chance, version)
        answer = studio.answer(do, given)
        encoded({"id": 1, **answer})
        if "refused" in answer:
            refusal = answer["refused"]
            assert isinstance(refusal, dict)
            assert "unexpected" not in refusal["message"], (do, given, refusal)
            assert (studio.desk.editor.text, studio.desk.version) == (text, version), (do, given, refusal)
        else:
            accepted += 1
        for event in studio.snapshot():
            if event["event"] != "welcome":
                encoded(event)
    assert accepted > 20
    assert outside.read_text() == "dataflow: 1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside.yaml", "project"]


def test_what_is_said_names_files_as_pages_do(studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Any] = []
    monkeypatch.setattr(studio.hub, "publish", events.append)
    studio.publish({"event": "said", "level": "warning", "message": f"{folder / 'a.yaml'}: is late"})
    assert events == [{"event": "said", "level": "warning", "message": "a.yaml: is late"}]


def test_refusals_name_no_absolute_path(studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device", str(folder / "small.layout.json"))

    monkeypatch.setitem(COMMANDS, "undo", fails)
    answers = [studio.answer("undo", {}), studio.answer("open", {"path": "../secret.yaml"})]
    studio.answer("open", {"path": "small.yaml"})
    edits = [{"op": "set", "place": "half.y", "value": 2}]
    studio.answer("edit", {"version": studio.require().version, "title": "set", "edits": edits})
    (folder / "small.yaml").unlink()
    (folder / "small.yaml").symlink_to("/elsewhere.yaml")
    assert "ok" in studio.answer("save", {})  # it is asked about first
    answers.append(studio.answer("save", {"overwrite": ["small.yaml"]}))
    messages = [refused["message"] for answer in answers if isinstance(refused := answer["refused"], dict)]
    assert messages == [
        "small.layout.json: No space left on device",
        "'../secret.yaml': must be a file in the project, relative to its folder",
        "'small.yaml': must be a file in the project, got one outside of it",
    ]
