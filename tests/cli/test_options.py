"""Options that several commands share: parameters, arrays, sizes, settings and checkpoints."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from cli.graphs import BEST, LATEST
from click.testing import CliRunner

import dataflow as flow
from dataflow.cli import group, options
from dataflow.core.errors import DataflowError
from dataflow.training import trained_values

# -- pairs and parameters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts, found",
    [
        ([], {}),
        (["a=1", "b=x=y"], {"a": "1", "b": "x=y"}),
        (["a="], {"a": ""}),
        (["a b=c d"], {"a b": "c d"}),
    ],
)
def test_pairs(texts, found):
    assert options.pairs(texts, "-p") == found


@pytest.mark.parametrize(
    "texts, message",
    [
        (["a"], "-p takes NAME=VALUE, got 'a'"),
        (["=1"], "-p takes NAME=VALUE, got '=1'"),
        (["a=1", "b=1", "a=2"], "-p a: must be given once, got '1' and '2'"),
    ],
)
def test_what_is_no_pair(texts, message):
    with pytest.raises(click.UsageError) as caught:
        options.pairs(texts, "-p")
    assert caught.value.message == message


def test_parameters_are_read_as_yaml():
    texts = ["a=1", "b=1.5", "c=true", "d=no", "e=", "f=[1]", "g=010"]
    assert options.values(texts) == {"a": 1, "b": 1.5, "c": True, "d": "no", "e": None, "f": "[1]", "g": 10}


@pytest.mark.parametrize(
    "text, said", [("9" * 26, "whole numbers must fit 64 bits"), ("1e999", "numbers must fit 64 bits")]
)
def test_parameters_that_no_dtype_holds(text, said):
    with pytest.raises(click.UsageError) as caught:
        options.values([f"a={text}"])
    assert caught.value.message.startswith(f"-p a: {said}")


def test_a_graph_is_loaded_with_its_parameters(folder):
    graph = options.load("line.yaml", ["slope=10"])
    assert flow.run(graph, x=[1.0])["y"].tolist() == [11.0]
    assert options.load("line.yaml") == flow.load("line.yaml")


# -- sizes and settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, size",
    [
        ("0", 0),
        ("1000000", 1_000_000),
        ("64MiB", 64 << 20),
        ("64Mi", 64 << 20),
        ("2GB", 2_000_000_000),
        ("1.5k", 1500),
        ("0.5KiB".replace("K", "k"), 512),
        (" 7 B ", 7),
        ("1 TB", 10**12),
        ("0007", 7),
        ("1.0001B", 1),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_sizes(text, size):
    assert options.Size().convert(text, None, None) == size


@pytest.mark.parametrize(
    "text, said",
    [
        ("much", "must be a number of bytes such as 1000000, 64MiB or 2GB, got 'much'"),
        ("", "must be a number of bytes"),
        ("-1", "must be a number of bytes"),
        ("1.MB", "must be a number of bytes"),
        ("1e6", "must be a number of bytes"),
        ("1PB", "must be a number of bytes"),
        ("9223372036854775808", "must be less than 2^63 bytes, got '9223372036854775808'"),
        ("8388608TiB", "must be less than 2^63 bytes"),
        ("9" * 5000, "must be less than 2^63 bytes, got '999"),
    ],
)
def test_what_is_no_size(text, said):
    with pytest.raises(click.BadParameter) as caught:
        options.Size().convert(text, None, None)
    assert caught.value.message.startswith(said)
    assert len(caught.value.message) < 200


@pytest.fixture
def environment(monkeypatch):
    for name in ("DATAFLOW_THREADS", "DATAFLOW_KERNELS"):
        monkeypatch.setenv(name, "before")


@click.command()
@options.settings
def shown() -> None:
    click.echo(f"{os.environ['DATAFLOW_THREADS']} {os.environ['DATAFLOW_KERNELS']}")


@pytest.mark.parametrize(
    "args, said",
    [
        ([], "before before"),
        (["--threads", "3"], "3 before"),
        (["--kernels", "jit", "--threads", "1"], "1 jit"),
    ],
)
def test_settings_are_for_the_whole_process(environment, args, said):
    assert CliRunner().invoke(shown, args).output == f"{said}\n"


@pytest.mark.parametrize(
    "args, said",
    [
        (["--threads", "0"], "0 is not in the range 1<=x<=256"),
        (["--threads", "257"], "257 is not in the range 1<=x<=256"),
        (["--kernels", "fast"], "'fast' is not one of 'auto', 'numpy', 'jit'"),
    ],
)
def test_settings_that_there_are_not(environment, args, said):
    done = CliRunner().invoke(shown, args)
    assert (done.exit_code, said in done.output) == (2, True)


# -- files of blocks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "run", "blocks", "schema", "show", "train"])
def test_files_of_blocks_are_run_first(dataflow, folder, command):
    Path("mine.py").write_text("raise ValueError('mine')\n")
    args = [] if command in ("blocks", "schema") else ["line.yaml"]
    code, out, err = dataflow(command, *args, "--blocks", "mine.py")
    assert (code, out) == (1, "")
    assert "mine.py" in err and "mine" in err


# -- checkpoints ------------------------------------------------------------------------------------------------------


def test_checkpoints_stand_beside_the_graph_unless_they_are_elsewhere():
    assert trained_values.checkpoint_folder("a/line.yaml", None) == Path("a/line.checkpoints")
    assert trained_values.checkpoint_folder("a/line.yaml", "b") == Path("b")


def test_variables_of_the_best_and_of_the_latest_checkpoint(dataflow, trained):
    graph = options.load("learn.yaml")
    for folder in (None, "learn.checkpoints"):
        for which, w in (("latest", LATEST), ("best", BEST)):
            found, fitted = trained_values.trained(graph, "learn.yaml", folder, which)
            assert fitted is None
            assert found.keys() == {"w"} and float(found["w"]) == pytest.approx(w)
    Path("learn.checkpoints/best.npz").unlink()
    assert float(trained_values.trained(graph, "learn.yaml", None, "best")[0]["w"]) == pytest.approx(LATEST)


def test_a_checkpoint_without_a_variable_of_the_graph(dataflow, trained):
    text = (
        Path("learn.yaml")
        .read_text()
        .replace("nodes:\n", "nodes:\n  b: {block: Variable, inputs: {initvalues: 0.0}}\n")
    )
    Path("learn.yaml").write_text(text)
    with pytest.raises(
        DataflowError, match=r"^learn\.checkpoints: must have variable 'b' of learn\.yaml, got a checkpoint without it$"
    ):
        trained_values.trained(options.load("learn.yaml"), "learn.yaml", None, "latest")
    with pytest.raises(DataflowError, match="none: must have checkpoints, got none"):
        trained_values.trained(options.load("learn.yaml"), "learn.yaml", "none", "best")


def test_a_checkpoint_that_was_trained_with_other_parameters(dataflow, folder):
    attrs = "attrs: {dtype: float32, shape: [$width], initializer: zeros}"
    text = Path("learn.yaml").read_text().replace("inputs: {initvalues: 0.0}", attrs)
    Path("learn.yaml").write_text(text.replace("dataflow: 1\n", "dataflow: 1\nparams: {width: 4, rate: 0.1}\n"))
    assert dataflow("train", "learn.yaml", "-p", "width=1", "-p", "rate=0.2").code == 0
    done = dataflow("evaluate", "learn.yaml")
    assert (done.code, done.err) == (
        1,
        "learn.checkpoints: variable 'w' must have shape [4], got [1]; it was trained with -p width=1 -p rate=0.2\n",
    )
    assert dataflow("evaluate", "learn.yaml", "-p", "width=1").code == 0


@pytest.mark.parametrize("name", ["run", "train", "evaluate", "predict", "check", "show", "grad", "blocks", "schema"])
def test_commands_take_files_with_blocks(name):
    command = group.get_command(click.Context(group), name)
    assert "--blocks" in {option for parameter in command.params for option in parameter.opts}


def test_a_file_with_blocks_is_run_and_told_where_it_is_wrong(dataflow, folder):
    Path("wrong_blocks.py").write_text("import numpy as np\n\nnp.no_such_thing\n")
    done = dataflow("run", "line.yaml", "-i", "x=x.npy", "--blocks", "wrong_blocks.py")
    assert done == (1, "", "wrong_blocks.py:3: AttributeError: module 'numpy' has no attribute 'no_such_thing'\n")
