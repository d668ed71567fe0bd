"""``dataflow train``: a line per epoch, checkpoints, and what to do when there are some already."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from cli.graphs import BEST

from dataflow.cli.epochs import Bar
from dataflow.files.safetensors import write_safetensors
from dataflow.training import checkpoint


def test_a_line_per_epoch_and_what_is_next(dataflow, folder):
    code, out, err = dataflow("train", "learn.yaml")
    assert (code, err) == (0, "")
    header, first, second, best, last = out.splitlines()
    assert header.split() == ["epoch", "loss", "val", "loss", "rate", "seconds"]
    assert first.split()[:4] == ["1/2", "7.38", "1.1664", "0.1"] and second.split()[0] == "2/2"
    assert best == "best epoch 1: loss 1.1664"
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
    before = {path: path.read_bytes() for path in Path("learn.checkpoints").rglob("*.*")}
    code, out, err = dataflow("train", "learn.yaml")
    assert (code, out) == (1, "")
    assert err == "learn.checkpoints: has checkpoints of an earlier training; write --resume or --restart\n"
    assert {path: path.read_bytes() for path in Path("learn.checkpoints").rglob("*.*")} == before


def epochs(done):
    assert done.code == 0, done.err
    return [json.loads(line)["epoch"] for line in done.out.splitlines()]


def test_it_is_gone_on_with(dataflow, trained):
    assert epochs(dataflow("train", "learn.yaml", "--resume", "--epochs", 4, "--json")) == [3, 4]
    done = dataflow("train", "learn.yaml", "--resume", "--epochs", 4, "--json")
    assert (epochs(done), done.err) == ([], "nothing is left to train: epoch 4 of 4 is done\n")
    assert checkpoint.latest(Path("learn.checkpoints"), checkpoint.read)[0]["step"] == 8


def test_it_is_begun_anew(dataflow, trained):
    assert epochs(dataflow("train", "learn.yaml", "--restart", "--epochs", 1, "--json")) == [1]
    assert checkpoint.latest(Path("learn.checkpoints"), checkpoint.read)[0]["step"] == 2


def test_checkpoints_may_stand_elsewhere(dataflow, folder):
    out = dataflow("train", "learn.yaml", "--checkpoints", "kept/here").out
    next_ = "dataflow evaluate learn.yaml --checkpoints kept/here"
    assert out.splitlines()[-1] == f"checkpoints in kept/here; next: {next_}"
    assert checkpoint.steps(Path("kept/here"))
    assert not Path("learn.checkpoints").exists()


@pytest.mark.parametrize("options", [[], ["-p", "rate=0.2"], ["--checkpoints", "kept in here", "-p", "rate=0.05"]])
@pytest.mark.parametrize("name", ["learn.yaml", "it's mine; $HOME.yaml"])
def test_what_is_next_runs_as_it_is_printed(dataflow, folder, name, options):
    text = Path("learn.yaml").read_text().replace("alpha: 0.1", "alpha: $rate")
    Path(name).write_text(text.replace("dataflow: 1\n", "dataflow: 1\nparams: {rate: 0.1}\n"))
    last = dataflow("train", name, *options).out.splitlines()[-1]
    program, *words = shlex.split(last.partition("; next: ")[2])
    assert program == "dataflow" and words[:2] == ["evaluate", name]
    assert dataflow(*words).code == 0


def test_what_is_next_takes_the_files_and_folders_that_were_let_in(dataflow, folder, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("DATAFLOW_DATA_ROOT", "")
    elsewhere = tmp_path_factory.mktemp("data root")
    Path("ones.npz").rename(elsewhere / "ones.npz")
    text = Path("learn.yaml").read_text().replace("ones.npz", str(elsewhere / "ones.npz"))
    Path("-dash.yaml").write_text(text)
    loaded: list[str] = []
    monkeypatch.setattr("dataflow.load_blocks", loaded.append)  # its blocks would stay for other tests
    options = ["--blocks", "mine.py", "--data-root", str(elsewhere)]
    done = dataflow("train", *options, "--", "-dash.yaml")
    assert done.code == 0, done.err
    _, *words = shlex.split(done.out.splitlines()[-1].partition("; next: ")[2])
    assert words == ["evaluate", "./-dash.yaml", *options]
    monkeypatch.setenv("DATAFLOW_DATA_ROOT", "")
    assert dataflow(*words).code == 0 and loaded == ["mine.py"] * 2


@pytest.mark.parametrize("place", [".", "..", "sub/.."])
def test_checkpoints_may_stand_in_a_folder_whose_path_has_no_name(dataflow, folder, monkeypatch, place):
    Path("inner/sub").mkdir(parents=True)
    monkeypatch.chdir("inner")
    done = dataflow("train", "../learn.yaml", "--checkpoints", place)
    assert done.code == 0, done.err
    (data,) = json.loads((Path(place) / "runs/1.json").read_text())["data"]
    assert (Path(place).resolve().parent / data).samefile(folder / "ones.npz")


@pytest.mark.parametrize("options", [[], ["--epochs", "3", "--checkpoints", "kept in here"]])
def test_what_goes_on_after_a_stop_runs_as_it_is_printed(dataflow, folder, monkeypatch, options):
    """Also where the schedule ends with training, whose length must be the same then."""
    text = Path("learn.yaml").read_text().replace(", inputs: {alpha: 0.1}", "")
    schedule = "{block: CosineDecay, attrs: {initial_learning_rate: 0.1, decay_steps: end}}"
    Path("learn.yaml").write_text(f"{text}  schedule: {schedule}\n")
    with monkeypatch.context() as patch:
        patch.setattr(Bar, "tick", lambda bar, trainer: trainer.stop())
        code, _, err = dataflow("train", "learn.yaml", *options)
    assert code == 130 and err.startswith("stopped in step 1; go on with dataflow train learn.yaml")
    _, *words = shlex.split(err.partition("; go on with ")[2])
    done = dataflow(*words)
    assert done.code == 0 and done.out.splitlines()[-3].split()[0] == ("3/3" if options else "2/2")


def test_what_would_be_another_training_is_refused(dataflow, trained):
    text = Path("learn.yaml").read_text()
    Path("learn.yaml").write_text(text.replace("alpha: 0.1", "alpha: 0.2").replace("batch_size: 4", "batch_size: 3"))
    code, out, err = dataflow("train", "learn.yaml", "--resume", "--epochs", 3)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "learn.checkpoints/step-000000004.npz: was trained with something else:",
        "  train: optimizer: inputs: alpha: 0.1 before, 0.2 now; put that back, or train anew with --restart",
    ]
    Path("learn.yaml").write_text(text.replace("batch_size: 4", "batch_size: 3"))
    done = dataflow("train", "learn.yaml", "--resume", "--epochs", 3)
    assert done.code == 0
    assert done.err == "going on with train: batch_size: 4 before, 3 now\n"


def test_values_that_are_not_finite_end_training_with_3(dataflow, folder):
    text = Path("learn.yaml").read_text().replace("alpha: 0.1", "alpha: 1.0e+30")
    Path("learn.yaml").write_text(text)
    code, out, err = dataflow("train", "learn.yaml")
    assert (code, out) == (3, "")
    assert "epoch 1, step 2 (batch 2 of 2): values must be finite, got 'loss' inf; first in node 'error'" in err
    Path("learn.yaml").write_text(text + "  on_nan: continue\n")
    lines = dataflow("train", "learn.yaml", "--json").out.splitlines()
    assert [json.loads(line, parse_constant=pytest.fail)["train"] for line in lines] == [{"loss": None}] * 2
    assert "NaN" not in "".join(lines) and "Infinity" not in "".join(lines)


def test_why_training_ended(dataflow, folder):
    text = Path("learn.yaml").read_text() + "  early_stopping: {metric: loss, patience: 1}\n"
    Path("learn.yaml").write_text(text.replace("epochs: 2", "epochs: 9"))
    out = dataflow("train", "learn.yaml").out.splitlines()
    assert out[-2] == "loss has not improved for 1 epoch; best epoch 1: loss 1.1664" and len(out) == 5


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
    Path("learn.yaml").write_text(text.replace("validate: test", "validate: train"))
    (line, *_) = dataflow("train", "learn.yaml", "--json").out.splitlines()
    found = json.loads(line)
    assert found["train"]["loss"] == pytest.approx(9 * 0.82 + 1, rel=1e-5)
    assert found["validate"]["loss"] == pytest.approx(9 * 0.8**4, rel=1e-5)
    header = dataflow("train", "learn.yaml", "--restart", "--epochs", 1).out.splitlines()[0]
    assert header.split() == ["epoch", "loss", "val", "loss", "rate", "seconds"]


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


# -- values from elsewhere, and records -------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["learn.checkpoints", "w.npz", "w.safetensors"])
def test_training_starts_from_variables_of_a_folder_or_a_file(dataflow, trained, source):
    values = {"w": np.float32(BEST)}
    np.savez("w.npz", **values)
    write_safetensors("w.safetensors", {"w": np.asarray(values["w"])})
    text = Path("learn.yaml").read_text()
    Path("other.yaml").write_text(text)
    (line, *_) = dataflow("train", "other.yaml", "--from", source, "--epochs", 1, "--json").out.splitlines()
    lacking = 3 - BEST
    assert json.loads(line)["train"]["loss"] == pytest.approx(lacking**2 * (1 + 0.8**2) / 2, rel=1e-4)


def test_variables_that_do_not_fit_are_listed_and_with_partial_left_out(dataflow, folder):
    np.savez("w.npz", w=np.zeros(2, np.float32), v=1)
    done = dataflow("train", "learn.yaml", "--from", "w.npz")
    assert (done.code, done.err.splitlines()) == (
        1,
        [
            "variable 'w' must have shape [], got [2]",
            "graph 'learn' has no variable 'v'; it has w",
            "--partial takes what fits",
        ],
    )
    assert not Path("learn.checkpoints").exists()
    done = dataflow("train", "learn.yaml", "--from", "w.npz", "--partial")
    assert (done.code, done.err.splitlines()) == (
        0,
        [
            "--partial: variable 'w' must have shape [], got [2]",
            "--partial: graph 'learn' has no variable 'v'; it has w",
        ],
    )


@pytest.mark.parametrize(
    "options, message",
    [
        (("--from", "w.npz", "--resume"), "--from and --resume: must be given one of them, got both"),
        (("--partial",), "--partial: must be given with --from, got it alone"),
    ],
)
def test_options_that_do_not_go_together(dataflow, folder, options, message):
    done = dataflow("train", "learn.yaml", *options)
    assert done.code == 2 and message in done.err


def test_what_cannot_be_started_from_is_told(dataflow, folder):
    done = dataflow("train", "learn.yaml", "--from", "w.npz")
    assert done.code == 1 and done.err.startswith("w.npz: cannot be read as variables: no such file or directory")
    Path("empty").mkdir()
    done = dataflow("train", "learn.yaml", "--from", "empty")
    assert done.code == 1 and done.err.startswith("empty: must have checkpoints, got none")


def test_a_training_is_recorded_with_its_command_but_without_secrets(dataflow, folder):
    text = Path("learn.yaml").read_text()
    Path("learn.yaml").write_text(text.replace("inputs: {x:", "params: {api_key: none, rate: 0.1}\ninputs: {x:", 1))
    args = ("train", "learn.yaml", "-p", "api_key=hunter2hunter2", "-p", "rate=0.2", "--tensorboard", "events")
    assert dataflow(*args).code == 0
    text = Path("learn.checkpoints/runs/1.json").read_text()
    said = json.loads(text)
    assert "hunter2" not in text and said["params"] == {"api_key": "***", "rate": "0.2"}
    assert said["sessions"][0]["command"] == [
        "dataflow", "train", "learn.yaml", "-p", "api_key=***", "-p", "rate=0.2", "--tensorboard", "events",
    ]  # fmt: skip
    assert len([*Path("events/train").iterdir()]) == len([*Path("events/validation").iterdir()]) == 1
    assert len(Path("learn.checkpoints/history.csv").read_text().splitlines()) == 3
    assert "learn.checkpoints 1" in dataflow("runs").out


def test_folds(dataflow, folder):
    code, out, _ = dataflow("train", "learn.yaml", "--folds", "4")
    lines = [line.split() for line in out.splitlines()]
    assert code == 0 and [line[0] for line in lines] == ["fold", "1", "2", "3", "4", "mean", "spread"]
    assert [line[1] for line in lines[1:5]] == ["2"] * 4 and lines[-1] == ["spread", "0"]  # its rows are all the same
    assert not Path("learn.checkpoints").exists()
    found = [json.loads(line) for line in dataflow("train", "learn.yaml", "--folds", "2", "--json").out.splitlines()]
    assert [each["number"] for each in found] == [1, 2] and found[0]["measured"].keys() == {"loss"}


@pytest.mark.parametrize("option", [("--resume",), ("--restart",), ("--checkpoints", "c"), ("--from", "c.npz")])
def test_folds_keep_no_checkpoints(dataflow, folder, option):
    code, _, err = dataflow("train", "learn.yaml", "--folds", "4", *option)
    assert (code, "--folds: must be given without options about checkpoints" in err) == (2, True)
