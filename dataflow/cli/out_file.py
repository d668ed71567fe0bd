"""``-o FILE`` of commands that write outputs: checked before any work is done, written at its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

import dataflow as flow
from dataflow.cli import input_files, options, output

if TYPE_CHECKING:
    from dataflow.core.dtypes import Array


def option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-o FILE``."""
    made = click.option(
        "-o",
        "--out",
        type=click.Path(dir_okay=False),
        help="Write all outputs to this file: .csv, .npz, .npy, .parquet or .json.",
    )
    return made(command)


def check(out: str, graph: flow.Graph, path: str, inputs: Sequence[str], others: Mapping[str, str]) -> None:
    """Raise DataflowError where outputs cannot be written to a file, or it is one that the command reads.

    ``others`` are further files that are read, and what each is; a folder stands for all checkpoints in it. Which
    outputs there are may not be known yet: `check_names` follows.
    """
    from dataflow.files.output_file import check_output_file

    keep_read(out, graph, path, inputs, others)
    check_output_file(out)


def check_names(out: str, names: Collection[str]) -> None:
    """Raise DataflowError where outputs of these names cannot be written to a file."""
    from dataflow.files.output_file import check_output_file

    check_output_file(out, names)


def keep_read(
    out: str,
    graph: flow.Graph,
    path: str,
    inputs: Sequence[str] = (),
    others: Mapping[str, str] = MappingProxyType({}),
    option: str = "-o",
) -> None:
    """Raise DataflowError where an option would write onto a file that the command reads."""
    for read, what in _read(graph, path, inputs, others):
        if _same(out, read):
            raise flow.DataflowError(f"{out}: is {what}, which {option} would replace; name another file")


def write(out: str, outputs: Mapping[str, Array], labels: Mapping[str, Sequence[str]] | None = None) -> bool:
    """Write outputs; whether that was to the standard output, so that nothing else may be printed there."""
    from dataflow.files.atomic import to_output
    from dataflow.files.output_file import write_outputs

    if left_out := write_outputs(out, outputs, labels):
        output.say(f"{out}: without {', '.join(left_out)}, which have no rows", err=True)
    return to_output(out)


def _read(graph: flow.Graph, path: str, inputs: Sequence[str], others: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    from dataflow.graphfile.used_files import used_files

    yield Path(path), "the graph"
    yield from ((Path(input_files.place(text)[0]), "an input") for text in options.pairs(inputs, "-i").values())
    yield from ((file, "a file that the graph reads") for file in used_files(graph))
    for other, what in others.items():
        yield Path(other), what
        if Path(other).is_dir():
            yield from ((file, what) for file in Path(other).glob("*.npz"))


def _same(one: str, other: Path) -> bool:
    try:
        return other.samefile(one)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)
