"""``--bypass``, ``--freeze``, ``--force`` and ``--to``: a graph run otherwise than its file, which stays, says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

import dataflow as flow
from dataflow.cli import completion, input_files
from dataflow.cli.options import pairs


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The four options."""
    for made in (
        click.option(
            "--to",
            metavar="NODE",
            help="Run as far as this node, and print its outputs.",
            shell_complete=completion.wires,
        ),
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


def overridden(
    graph: flow.Graph, bypass: Sequence[str], freeze: Sequence[str], force: Sequence[str], to: str | None
) -> flow.Graph:
    """The graph with what these options say; the order in which they are given does not matter."""
    from dataflow.graph.overrides import bypassed, forced, frozen, up_to

    graph = forced(graph, {name: _value(name, text) for name, text in pairs(force, "--force").items()})
    graph = bypassed(graph, *bypass)
    if freeze:  # last: it takes out what only a frozen node reads
        graph = frozen(graph, input_files.arrays(freeze, graph, "--freeze"))
    return graph if to is None else up_to(graph, to)


def _value(name: str, text: str) -> Any:
    from dataflow.graphfile.scalars import scalar

    try:
        return scalar(text)
    except ValueError as error:
        raise click.UsageError(f"--force {name}: {error}") from None
