"""``--bypass``, ``--freeze`` and ``--force``: a graph run or trained otherwise than its file, which stays, says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from dataflow.cli import completion, input_files
from dataflow.cli.options import pairs

if TYPE_CHECKING:
    from dataflow.graph.overrides import Overrides


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--bypass``, ``--freeze`` and ``--force``."""
    for made in (
        click.option(
            "--force",
            multiple=True,
            metavar="PORT=VALUE",
            help="Give the readers of a port another value: relu.activations=0.0, or relu=0.0.",
        ),
        click.option(
            "--freeze",
            multiple=True,
            metavar="NODE=FILE",
            help="Put an array in place of a node: conv1=v.npy, conv1=v.npz:key.",
        ),
        click.option(
            "--bypass",
            multiple=True,
            metavar="NODE",
            help="Give the readers of a node what stands on its first input.",
            shell_complete=completion.wires,
        ),
    ):
        command = made(command)
    return command


def given(bypass: Sequence[str], freeze: Sequence[str], force: Sequence[str]) -> Overrides:
    """What these options say; the order in which they are given does not matter."""
    from dataflow.graph.overrides import Overrides

    forced = {name: _value(name, text) for name, text in pairs(force, "--force").items()}
    return Overrides(bypass, input_files.arrays(freeze, option="--freeze"), forced)


def _value(name: str, text: str) -> Any:
    from dataflow.graphfile.scalars import scalar

    try:
        return scalar(text)
    except ValueError as error:
        raise click.UsageError(f"--force {name}: {error}") from None
