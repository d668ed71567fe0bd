"""The command line. Commands hold no logic: they read, call the framework and print."""

from __future__ import annotations

import importlib
import io
import os
import re
import sys
import warnings
from typing import Any

import click

import dataflow as flow
from dataflow.cli import output
from dataflow.core.errors import on_command_line
from dataflow.interrupt import STOPPED

_COMMANDS = (
    "hello", "run", "train", "evaluate", "predict", "freeze", "runs",
    "calibrate",
    "quantize",
    "lower",
    "verify",
    "export",
    "report",
    "sweep",
    "bound",
    "check", "show", "grad",
    "blocks", "examples", "edit", "studio", "fmt", "schema", "bench",
)  # fmt: skip


class _Described(click.Group):
    """Commands that are only listed, in their order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


class _Commands(click.Group):
    """Commands, each imported from the module of its name when it is first needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the text of their modules: importing them all would take longer than anything else."""
        described = {name: click.Command(name, help=_docstring(name) or self._help(ctx, name)) for name in _COMMANDS}
        _Described(commands=described).format_commands(ctx, formatter)

    def _help(self, ctx: click.Context, name: str) -> str | None:
        """The same of a command that is there without its text."""
        command = self.get_command(ctx, name)
        return None if command is None else command.help

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"dataflow.cli.{name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from dataflow.core.errors import nearest

            hint = nearest(args[0], _COMMANDS)
            raise click.UsageError(error.message + (f" {hint[0].upper()}{hint[1:]}" if hint else ""), ctx) from None


def _docstring(name: str) -> str | None:
    """What a command does, from the text of its module; None where that is not to be had as text."""
    try:
        with open(f"{__path__[0]}/{name}.py", encoding="utf-8") as file:  # noqa: PTH123 pathlib takes longer to import
            text = file.read()
    except OSError:
        return None
    found = re.search(r'\ndef command\(.*?"""(.*?)"""', text, re.DOTALL)
    return found[1] if found else None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(flow.__version__, prog_name="dataflow")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an unexpected failure.")
def group(verbose: bool) -> None:
    """Run, check and show graphs of typed blocks written in YAML.

    Start with `dataflow hello`.
    """


def main(args: list[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 the graph or data is wrong, 2 usage, 3 a failure at run time."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # on a terminal that lacks the letter
    args = sys.argv[1:] if args is None else args
    with warnings.catch_warnings(), on_command_line():
        warnings.showwarning = lambda message, *_: _warn(message, "-v" in args or "--verbose" in args)
        status = _status(args)
    sys.exit(status)


def _warn(message: Warning | str, verbose: bool) -> None:
    """Print a warning; of several modules of plugins that are broken the first one, or all of them."""
    from dataflow.core.plugins import PluginWarning

    if "_DATAFLOW_COMPLETE" in os.environ:  # while a line is typed
        return
    faults = message.faults if isinstance(message, PluginWarning) else []
    shown: list[object] = [*(faults if verbose else faults[:1])] or [message]
    for text in shown:
        output.say(f"warning: {text}", err=True)
    if more := len(faults[len(shown) :]):
        are = "modules of plugins are" if more > 1 else "module of plugins is"
        output.say(f"warning: {more} more {are} broken; `dataflow -v ...` names all", err=True)


def _status(args: list[str]) -> int:
    try:
        width = max(50, min(output.columns(), 80) - 2)  # click's own; asking for it, it would import shutil
        done = group.main(args, "dataflow", standalone_mode=False, terminal_width=width, obj=list(args))
        return int(done or 0)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        output.say(text.getvalue().rstrip(), err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        output.say("stopped", err=True)
        return STOPPED
    except output.Unread:
        return 0
    except flow.DataflowError as error:
        from dataflow.core.errors import RunError

        output.say(str(error), err=True)
        return 3 if isinstance(error, RunError) else 1
    except OSError as error:
        output.say(f"{error.filename or 'file'}: {error.strerror or error}", err=True)
        return 1
    except Exception as error:
        if "-v" in args or "--verbose" in args:
            import traceback

            output.say(traceback.format_exc().rstrip(), err=True)
        else:
            output.say(f"unexpected {type(error).__name__}: {error}; `dataflow -v ...` shows where", err=True)
        return 3
