"""``dataflow predict``."""

from __future__ import annotations

import click

from dataflow.cli import completion, options, out_file, output


@click.command("predict")
@options.graph_file
@options.params
@options.inputs
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
    from dataflow.files.table import named
    from dataflow.training.class_names import class_names
    from dataflow.training.data import split
    from dataflow.training.data.new_rows import rows_of_file

    if name is not None and file is not None:
        raise click.UsageError("-s and --data: must be given one of them, got both")
    graph = options.load(path, params)
    if out is not None:
        read = {str(options.checkpoint_folder(path, folder)): "a checkpoint", **({file: "the data"} if file else {})}
        out_file.check(out, graph, path, inputs, read)
    variables, fitted = options.trained(graph, path, folder, which)
    data = split(graph, name, fitted) if name else rows_of_file(graph, file, fitted) if file else None
    feeds = {**(data.rows() if data else {}), **options.arrays(inputs, graph)}
    labels = class_names(graph, fitted or (data.fitted if data else {}))
    missing = set(graph.of_block("Placeholder")) - feeds.keys()
    possible = {n: link for n, link in graph.outputs.items() if not missing & graph.ancestors([link.node])}
    if not possible:
        raise flow.DataflowError(
            f"{path}: no output can be had without input '{min(missing)}'; give it with -i, -s or --data"
        )
    graph.outputs = possible
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
