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
    out: str | None,
    folder: str | None,
    which: str,
    as_json: bool,
) -> None:
    """Run a trained graph and show the first rows; outputs whose inputs are not given are left out."""
    import dataflow as flow
    from dataflow.training.data import load_data

    graph = options.load(path, params)
    if out is not None:
        kept = str(options.checkpoint_folder(path, folder))
        out_file.check(out, graph, path, inputs, {kept: "a checkpoint"})
    variables = options.trained(graph, path, folder, which)
    feeds = {**(load_data(graph, name) if name else {}), **options.arrays(inputs, graph)}
    missing = set(graph.of_block("Placeholder")) - feeds.keys()
    possible = {n: link for n, link in graph.outputs.items() if not missing & graph.ancestors([link.node])}
    if not possible:
        raise flow.DataflowError(f"{path}: no output can be had without input '{min(missing)}'; give it with -i or -s")
    graph.outputs = possible
    if out is not None:
        out_file.check_names(out, possible)
    outputs = flow.run(graph, {**variables, **feeds})
    if out is not None and out_file.write(out, outputs):
        return  # anything else printed would become part of it
    if as_json:
        output.as_json(outputs)
    else:
        output.rows(outputs)
