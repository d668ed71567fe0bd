"""The command line as a whole: commands and their help, exit codes, and that no traceback is printed."""

from __future__ import annotations

import subprocess
import sys
import warnings

import click
import pytest

import dataflow as flow
from dataflow import cli
from dataflow.cli import group, output
from dataflow.core.errors import DataflowError, RunError
from dataflow.core.plugins import PluginWarning


def test_help_lists_every_command(dataflow):
    code, out, err = dataflow("--help")
    assert (code, err) == (0, "")
    assert dataflow("-h").out == out
    width = max(map(len, group.list_commands(None)))
    for name in group.list_commands(None):
        (line,) = [line for line in out.splitlines() if line.startswith(f"  {name} ")]
        command = group.get_command(None, name)
        assert line.removeprefix(f"  {name} ").strip() == command.get_short_help_str(78 - 6 - width)


def test_commands_that_come_without_their_text_are_described_too(dataflow, monkeypatch):
    listed = dataflow("--help").out
    monkeypatch.setattr(cli, "_docstring", lambda name: None)
    assert dataflow("--help").out == listed


@pytest.mark.parametrize("name", group.list_commands(None))
def test_every_command_has_help(dataflow, name):
    code, out, _ = dataflow(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: dataflow {name} ")
    options = [line for line in out.splitlines() if line.startswith("  -")]
    assert len(options) >= 1


def test_the_version(dataflow):
    assert dataflow("--version") == (0, f"dataflow, version {flow.__version__}\n", "")


@pytest.mark.parametrize(
    "args, said",
    [
        ((), "Usage: dataflow [OPTIONS] COMMAND"),
        (("rum",), "Error: No such command 'rum'. Did you mean 'run'?"),
        (("xyzzy",), "Error: No such command 'xyzzy'."),
        (("--fast",), "Error: No such option"),
        (("run",), "Error: Missing argument 'GRAPH'"),
        (("schema", "more"), "unexpected extra argument (more)"),
    ],
)
def test_usage_errors_are_status_2(dataflow, args, said):
    code, out, err = dataflow(*args)
    assert (code, out) == (2, "")
    assert said in err


@pytest.fixture
def check_that(monkeypatch):
    """Lets the command `check` do something else."""

    def act(callback):
        monkeypatch.setattr("dataflow.cli.check.command", click.Command("check", callback=callback))

    return act


def failing(error):
    def act():
        raise error

    return act


@pytest.mark.parametrize(
    "error, code, said",
    [
        (DataflowError("the graph is wrong"), 1, "the graph is wrong\n"),
        (RunError("node 'y': failed"), 3, "node 'y': failed\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (click.Abort(), 130, "stopped\n"),
        (output.Unread(), 0, ""),
        (FileNotFoundError(2, "No such file or directory", "a.yaml"), 1, "a.yaml: No such file or directory\n"),
        (OSError("odd"), 1, "file: odd\n"),
        (ZeroDivisionError("by design"), 3, "unexpected ZeroDivisionError: by design; `dataflow -v ...` shows where\n"),
        (DataflowError("acts: \x1b[31m"), 1, "acts: \\x1b[31m\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_way_to_end_has_its_status(dataflow, check_that, error, code, said):
    check_that(failing(error))
    done = dataflow("check")
    assert (done.code, done.out, done.err.lstrip("\n")) == (code, "", said)  # click ends the line of a ^C


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_verbose_shows_where_an_unexpected_failure_came_from(check_that, capsys, option):
    from dataflow.cli import main

    check_that(failing(ZeroDivisionError("by design")))
    with pytest.raises(SystemExit) as ended:
        main([option, "check"])
    err = capsys.readouterr().err
    assert ended.value.code == 3
    assert err.startswith("Traceback (most recent call last):\n") and err.endswith("ZeroDivisionError: by design\n")


def test_what_a_command_returns_is_the_status(dataflow, check_that):
    check_that(lambda: 7)
    assert dataflow("check").code == 7


def test_warnings_are_a_line(dataflow, check_that):
    check_that(lambda: warnings.warn("gradient is \x1b[31mzero", stacklevel=1))
    assert dataflow("check") == (0, "", "warning: gradient is \\x1b[31mzero\n")
    with warnings.catch_warnings(record=True) as after:
        warnings.simplefilter("always")
        warnings.warn("as before", stacklevel=1)
    assert [str(each.message) for each in after] == ["as before"]


def faults(count):
    return PluginWarning([f"fault {i}" for i in range(count)])


@pytest.mark.parametrize(
    "count, said",
    [
        (1, ["warning: fault 0"]),
        (2, ["warning: fault 0", "warning: 1 more module of plugins is broken; `dataflow -v ...` names all"]),
        (3, ["warning: fault 0", "warning: 2 more modules of plugins are broken; `dataflow -v ...` names all"]),
    ],
)
def test_of_several_broken_plugins_one_is_named(dataflow, check_that, count, said):
    check_that(lambda: warnings.warn(faults(count), stacklevel=1))
    assert dataflow("check").err.splitlines() == said
    assert dataflow("-v", "check").err.splitlines() == [f"warning: fault {i}" for i in range(count)]


# -- as a process -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "args, code, said",
    [
        (["blocks", "Tanh"], 0, ""),
        (["run", "none.yaml"], 1, "none.yaml:1:1: no such file"),
        (["rum"], 2, "Did you mean 'run'?"),
    ],
)
def test_the_status_is_that_of_the_process(args, code, said):
    done = subprocess.run([sys.executable, "-m", "dataflow", *args], capture_output=True, text=True)
    assert (done.returncode, said in done.stderr, bool(done.stdout)) == (code, True, code == 0)


@pytest.mark.slow
def test_help_needs_no_more_than_it_prints():
    """What takes longer to import than to print stays away."""
    late = {"numpy", "networkx", "json", "pathlib", "shutil", "dataclasses", "difflib", "dataflow.cli.run"}
    code = "import sys, click; known = {*sys.modules}; sys.argv = ['dataflow', '--help']\n"
    code += "from dataflow.__main__ import main\n"
    code += f"try: main()\nexcept SystemExit: print({late} & ({{*sys.modules}} - known), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
