"""``--from``: the values of variables for commands that quantize."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataflow.cli import options

if TYPE_CHECKING:
    import dataflow as flow
    from dataflow.core.dtypes import Array
    from dataflow.quantize.model import Model


def source(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--from FOLDER|FILE``: where the values of variables are."""
    option = click.option(
        "--from",
        "source",
        metavar="FOLDER|FILE",
        type=click.Path(),
        help="Take the variables from this folder of checkpoints, or .npz or .safetensors file.  "
        "[default: <graph>.checkpoints if it is there, else as the graph says]",
    )
    return option(command)


def model(
    graph: flow.Graph, path: str, source: str | None, without: Collection[str] = ()
) -> tuple[Model, dict[str, Any] | None]:
    """A graph with the values of its variables, and what its training split told of the inputs, if a checkpoint has it.

    without : variables that need not be there, as they are about to be found.

    Raises DataflowError where variables have neither values there nor first ones that the graph gives.
    """
    from dataflow.core.errors import DataflowError, listing
    from dataflow.engine.matching import match
    from dataflow.quantize.model import Model
    from dataflow.training import checkpoint
    from dataflow.training.initial_values import read_values

    where = Path(source) if source is not None else options.checkpoint_folder(path, None)
    fitted = None
    values: dict[str, Array] = {}
    if where.is_dir():
        best = where / checkpoint.BEST
        meta, values = checkpoint.read(best) if best.exists() else checkpoint.latest(where, checkpoint.read)
        fitted = meta["notes"].get("fitted")
    elif source is not None:
        values = read_values(where)
    found = match(graph, values)
    missing = [name for name in found.missing if name not in without and not _given(graph, name)]
    problems = [f"{where}: {problem}" for problem in found.misfits]
    if missing:
        has = f"{where} has none" if values else "there are no checkpoints"
        problems.append(
            f"{path}: variable {listing(map(repr, missing), 'and')} must have a value, got none, as {has}; "
            "train it, or say --from FOLDER"
        )
    if problems:
        raise DataflowError("\n".join(problems))
    return Model.of(graph, found.values), fitted


def _given(graph: flow.Graph, name: str) -> bool:
    """Whether the graph itself says the first value of a variable, drawing nothing at random."""
    node = graph.nodes[name]
    drawn = str(node.block.attrs().get("initializer") or "zeros") not in ("zeros", "ones")
    return not drawn and (any(value is not None for value in node.inputs.values()) or node.block.makes_value)
