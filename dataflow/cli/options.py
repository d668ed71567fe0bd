"""Options that several commands share."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

import dataflow as flow
from dataflow.cli import completion
from dataflow.core.thread_pool import MAX_THREADS
from dataflow.engine.settings import KERNELS, check_kernels

if TYPE_CHECKING:
    pass

graph_file = click.argument("path", metavar="GRAPH", type=click.Path())


def params(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-p key=value``, ``--blocks FILE`` and ``--data-root DIR``: what the caller adds to a graph file."""
    option = click.option(
        "-p",
        "--param",
        "params",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a parameter of the graph.",
        shell_complete=completion.params,
    )
    roots = click.option(
        "--data-root",
        "roots",
        multiple=True,
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False),
        expose_value=False,
        callback=_allow_roots,
        help="Let data lie in this folder too, outside of the project.",
    )
    return option(roots(block_files(command)))


def _allow_roots(context: click.Context, option: click.Parameter, folders: Sequence[str]) -> None:
    if folders:
        context.meta[option.opts[0]] = folders
        known = os.environ.get("DATAFLOW_DATA_ROOT")
        os.environ["DATAFLOW_DATA_ROOT"] = os.pathsep.join([*folders, *([known] if known else [])])


def block_files(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--blocks FILE``: Python code with blocks, which is run."""
    option = click.option(
        "--blocks",
        multiple=True,
        metavar="FILE.py",
        type=click.Path(),
        expose_value=False,
        callback=_load_blocks,
        help="Run this Python file and use the blocks in it.",
    )
    return option(command)


def _load_blocks(context: click.Context, option: click.Parameter, paths: Sequence[str]) -> None:
    if paths and not context.resilient_parsing:  # Tab runs nothing
        context.meta[option.opts[0]] = paths
        for path in paths:
            flow.load_blocks(path)


def settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--threads N`` and ``--kernels numpy|jit``: how a graph is run; no result changes by them."""
    for option in (
        click.option(
            "--kernels",
            type=click.Choice(KERNELS),
            expose_value=False,
            callback=_into_environment("DATAFLOW_KERNELS", check_kernels),
            help="Compiled by Numba, or not; auto: once a run has taken a second.  [default: auto]",
        ),
        click.option(
            "--threads",
            type=click.IntRange(1, MAX_THREADS),
            expose_value=False,
            callback=_into_environment("DATAFLOW_THREADS"),
            help="Number of threads that may work at a time.  [default: one per core]",
        ),
    ):
        command = option(command)
    return command


def _into_environment(variable: str, check: Callable[[str, str], object] | None = None) -> Callable[..., None]:
    """Sets a variable for what runs now; the check is given the value and the option's name."""

    def callback(context: click.Context, option: click.Parameter, value: object) -> None:
        if value is not None and not context.resilient_parsing:
            if check is not None:
                check(str(value), option.opts[0])
            os.environ[variable] = str(value)

    return callback


class Size(click.ParamType):  # type: ignore[type-arg]
    """A number of bytes: 1000000, 64MiB, 2GB."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes that a text names."""
        match = re.fullmatch(r"([0-9]+)(\.[0-9]{1,30})? *([kMGT]?)(i?)B?", str(value).strip())
        if match is None:
            self.fail(f"must be a number of bytes such as 1000000, 64MiB or 2GB, got {_short(value)}", param, ctx)
        whole, part, unit, binary = match.groups(default="")
        digits = part.removeprefix(".")
        scale = (1024 if binary else 1000) ** " kMGT".index(unit or " ")
        size: int = int("0" + whole.lstrip("0")[:30] + digits) * scale // 10 ** len(digits)
        if size >= 1 << 63:
            self.fail(f"must be less than 2^63 bytes, got {_short(value)}", param, ctx)
        return size


def _short(value: object) -> str:
    from dataflow.core.attrs import show

    shown: str = show(str(value))
    return shown


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``("a=1", "b=2")`` as a dict; a usage error names the text without an equals sign, and a name given twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.UsageError(f"{option} takes NAME=VALUE, got '{text}'")
        if name in found:
            raise click.UsageError(f"{option} {name}: must be given once, got '{found[name]}' and '{value}'")
        found[name] = value
    return found


def load(path: str, texts: Sequence[str] = ()) -> flow.Graph:
    """The graph of a file, with ``-p`` values read as YAML scalars."""
    graph: flow.Graph = flow.load(path, **values(texts))
    return graph


def values(texts: Sequence[str]) -> dict[str, Any]:
    """``-p`` values by name, read as YAML scalars."""
    return {name: _scalar(name, value) for name, value in pairs(texts, "-p").items()}


def _scalar(name: str, text: str) -> Any:
    from dataflow.graphfile.scalars import scalar

    try:
        return scalar(text)
    except ValueError as error:
        raise click.UsageError(f"-p {name}: {error}") from None


def words() -> list[str]:
    """The words of the command that is being run."""
    return ["dataflow", *click.get_current_context().obj]


def checkpoints(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--checkpoints FOLDER``: where training keeps its state."""
    option = click.option(
        "--checkpoints",
        "folder",
        metavar="FOLDER",
        type=click.Path(file_okay=False),
        help="Where checkpoints are.  [default: <graph>.checkpoints beside the graph]",
    )
    return option(command)


def repeated(
    path: str, texts: Sequence[str], folder: str | None, more: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> str:
    """A graph, its parameters, the folder of its checkpoints, and what else the caller added, as a shell takes them."""
    meta = click.get_current_context().meta
    given = {"-p": texts, "--blocks": meta.get("--blocks", ()), "--data-root": meta.get("--data-root", ())}
    given |= {"--checkpoints": (folder,) if folder else (), **more}
    graph = f"./{path}" if path.startswith("-") else path  # or it would be taken for an option
    return shlex.join([graph, *[word for option, each in given.items() for value in each for word in (option, value)]])


def values_from(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--from FOLDER|FILE``: where the values of variables are."""
    option = click.option(
        "--from",
        "source",
        metavar="FOLDER|FILE",
        type=click.Path(),
        help="Take the variables from a folder of checkpoints, or an .npz or .safetensors file.",
    )
    return option(command)


def which(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--which best|latest``: the checkpoint that is taken."""
    option = click.option(
        "--which",
        type=click.Choice(["best", "latest"]),
        default="best",
        show_default=True,
        help="The checkpoint with the best validation, or the newest one.",
    )
    return option(command)
