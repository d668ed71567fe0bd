"""``dataflow predict``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from dataflow.cli import completion, input_files, options, out_file, output
from dataflow.training import trained_values

if TYPE_CHECKING:
    import dataflow as flow
    from dataflow.core.dtypes import Array


@click.command("predict")
@options.graph_file
@options.params
@input_files.option
@click.option(
    "-s",
    "--split",
    "name",
    help="Take the inputs from this split of the graph's data.",
    shell_complete=completion.splits,
)
@click.option(
    "--data",
    "file",
    metavar="FILE",
    help="Take the inputs from this file, prepared as the data that trained the graph.",
)
@out_file.option
@options.checkpoints
@options.which
@click.option("--json", "as_json", is_flag=True, help="Print the outputs as JSON.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    inputs: tuple[str, ...],
    name: str | None,
    file: str | None,
    out: str | None,
    folder: str | None,
    which: str,
    as_json: bool,
) -> None:
    """Run a trained graph and show the first rows; outputs whose inputs are not given are left out."""
    import dataflow as flow
    from dataflow.core.errors import listing
    from dataflow.files.table import named
    from dataflow.training.class_names import class_names
    from dataflow.training.data import Split, split
    from dataflow.training.data.new_rows import prepared_inputs, rows_of_file

    if name is not None and file is not None:
        raise click.UsageError("-s and --data: must be given one of them, got both")
    graph = options.load(path, params)
    if out is not None:
        read = {
            str(trained_values.checkpoint_folder(path, folder)): "a checkpoint",
            **({file: "the data"} if file else {}),
        }
        out_file.check(out, graph, path, inputs, read)
    variables, fitted = trained_values.values_of(graph, path, None, folder, which)
    data = split(graph, name, fitted) if name else rows_of_file(graph, file, fitted) if file else None
    if data is not None and not data.length:
        raise flow.DataflowError(f"{file or data.who}: must have rows to predict from, got none")
    feeds = {**(data.rows() if data else {}), **input_files.arrays(inputs, graph)}
    labels = class_names(graph, fitted or (data.fitted if data else {}))
    needs = _needs(graph, feeds)
    possible = {name: link for name, link in graph.outputs.items() if not needs[name]}
    if not possible:
        nearest = min(needs, key=lambda name: len(needs[name]))  # the others need more, such as labels
        told = [f"'{each}'" for each in needs[nearest]]
        said = f"{path}: output '{nearest}' cannot be had without input {listing(told, 'and')}"
        lacks = [data.lacks[each] for each in needs[nearest] if each in data.lacks] if isinstance(data, Split) else []
        raise flow.DataflowError(
            f"{said}; {file} lacks column '{lacks[0]}'" if lacks else f"{said}; give it with -i, -s or --data"
        )
    graph.outputs = possible
    for each in options.pairs(inputs, "-i"):
        if each in prepared_inputs(graph):
            output.say(
                f"input '{each}' is fed as it is, though training prepared it; --data FILE does so too", err=True
            )
    if out is not None:
        out_file.check_names(out, possible)
    outputs = flow.run(graph, {**variables, **feeds})
    if out is not None and out_file.write(out, outputs, labels):
        return  # anything else printed would become part of it
    shown = named(outputs, labels)
    if as_json:
        output.as_json(shown)
    else:
        output.rows(shown)


def _needs(graph: flow.Graph, feeds: Mapping[str, Array]) -> dict[str, list[str]]:
    """The inputs that each output needs beside those that are fed."""
    missing = [name for name in graph.of_block("Placeholder") if name not in feeds]
    before = {name: graph.ancestors([link.node]) for name, link in graph.outputs.items()}
    return {name: [each for each in missing if each in nodes] for name, nodes in before.items()}
