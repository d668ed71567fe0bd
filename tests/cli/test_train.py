"""``dataflow train``: a line per epoch, checkpoints, and what to do when there are some already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataflow.training import checkpoint


def test_a_line_per_epoch_and_what_is_next(dataflow, folder):
    code, out, err = dataflow("train", "learn.yaml")
    assert (code, err) == (0, "")
    first, second, last = out.splitlines()
    assert first.startswith("epoch 1/2  loss ") and first.endswith(" s")
    assert second.startswith("epoch 2/2  loss ")
    assert last == "checkpoints in learn.checkpoints; next: dataflow evaluate learn.yaml"
    meta, variables = checkpoint.latest(Path("learn.checkpoints"), checkpoint.read)
    assert meta["step"] == 4
    assert float(variables["w"]) == pytest.approx(3 * (1 - 0.8**4))


def test_lines_of_json(dataflow, folder):
    lines = [json.loads(line) for line in dataflow("train", "learn.yaml", "--json").out.splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    # the means of two steps each: 9, 9 * 0.8 ** 2; then two more
    assert [line["train"]["loss"] for line in lines] == pytest.approx([9 * 0.82, 9 * 0.82 * 0.8**4], rel=1e-5)


def test_an_earlier_training_is_neither_overwritten_nor_gone_on_with_unasked(dataflow, trained):
    before = {path: path.read_bytes() for path in Path("learn.checkpoints").iterdir()}
    code, out, err = dataflow("train", "learn.yaml")
    assert (code, out) == (2, "")
    assert "learn.checkpoints has checkpoints of an earlier training; write --resume or --restart" in err
    assert {path: path.read_bytes() for path in Path("learn.checkpoints").iterdir()} == before


def epochs(done):
    assert done.code == 0, done.err
    return [json.loads(line)["epoch"] for line in done.out.splitlines()]


def test_it_is_gone_on_with(dataflow, trained):
    assert epochs(dataflow("train", "learn.yaml", "--resume", "--epochs", 4, "--json")) == [3, 4]
    assert epochs(dataflow("train", "learn.yaml", "--resume", "--epochs", 4, "--json")) == []
    assert checkpoint.latest(Path("learn.checkpoints"), checkpoint.read)[0]["step"] == 8


def test_it_is_begun_anew(dataflow, trained):
    assert epochs(dataflow("train", "learn.yaml", "--restart", "--epochs", 1, "--json")) == [1]
    assert checkpoint.latest(Path("learn.checkpoints"), checkpoint.read)[0]["step"] == 2


def test_checkpoints_may_stand_elsewhere(dataflow, folder):
    out = dataflow("train", "learn.yaml", "--checkpoints", "kept/here").out
    assert out.splitlines()[-1] == "checkpoints in kept/here; next: dataflow evaluate learn.yaml"
    assert checkpoint.steps(Path("kept/here"))
    assert not Path("learn.checkpoints").exists()


def test_the_parameter_training_is_true_in_training_alone(dataflow, folder):
    text = Path("learn.yaml").read_text()
    text = text.replace("inputs: {x:", "params: {training: false}\ninputs: {x:", 1)
    text = text.replace(
        "  error: {block: SquaredDifference, inputs: {x: line, y: t}}\n",
        "  flag: {block: Const, attrs: {value: $training}}\n"
        "  one: {block: Cast, inputs: {x: flag}, attrs: {DstT: float32}}\n"
        "  square: {block: SquaredDifference, inputs: {x: line, y: t}}\n"
        "  error: {block: AddV2, inputs: {x: square, y: one}}\n",
    )
    Path("learn.yaml").write_text(text.replace("  minimize: loss\n", "  minimize: loss\n  validate: train\n"))
    (line, *_) = dataflow("train", "learn.yaml", "--json").out.splitlines()
    found = json.loads(line)
    assert found["train"]["loss"] == pytest.approx(9 * 0.82 + 1, rel=1e-5)
    assert found["validate"]["loss"] == pytest.approx(9 * 0.8**4, rel=1e-5)
    assert "validation loss " in dataflow("train", "learn.yaml", "--restart", "--epochs", 1).out


@pytest.mark.parametrize(
    "args, code, said",
    [
        ((".",), 1, "must be a file, got a folder"),
        (("",), 1, "must be a file, got a folder"),
        (("line.yaml",), 1, "has no 'train' section"),
        (("learn.yaml", "--epochs", "0"), 2, "0 is not in the range x>=1"),
        (("learn.yaml", "--resume", "--restart"), 2, "--resume and --restart: must be given one of them, got both"),
        (("learn.yaml", "--checkpoints", "line.yaml"), 2, "is a file"),
    ],
)
def test_mistakes(dataflow, folder, args, code, said):
    done = dataflow("train", *args)
    assert (done.code, done.out, said in done.err) == (code, "", True), done.err
    assert not list(Path().glob("*.checkpoints"))
