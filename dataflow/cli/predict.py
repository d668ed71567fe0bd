"""``dataflow predict``."""

from __future__ import annotations

import click

from dataflow.cli import options, output


@click.command("predict")
@options.graph_file
@options.params
@options.inputs
@click.option("-s", "--split", "name", help="Take the inputs from this split of the graph's data.")
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="Write all outputs to this .npz file.")
@options.checkpoints
@options.which
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    inputs: tuple[str, ...],
    name: str | None,
    out: str | None,
    folder: str | None,
    which: str,
) -> None:
    """Run a trained graph; outputs whose inputs are not given are left out."""
    import dataflow as flow
    from dataflow.files.atomic import check_writable, to_output, write_arrays
    from dataflow.training.data import load_data

    graph = options.load(path, params)
    variables = options.trained(graph, path, folder, which)
    feeds = {**(load_data(graph, name) if name else {}), **options.arrays(inputs)}
    missing = set(graph.of_block("Placeholder")) - feeds.keys()
    possible = {n: link for n, link in graph.outputs.items() if not missing & graph.ancestors([link.node])}
    if not possible:
        raise flow.DataflowError(f"{path}: no output can be had without input '{min(missing)}'; give it with -i or -s")
    graph.outputs = possible
    if out is not None:
        check_writable(out)
    outputs = flow.run(graph, {**{n: v for n, v in variables.items() if n in graph.nodes}, **feeds})
    if out is not None:
        write_arrays(out, outputs)
        if to_output(out):
            return  # anything else printed would become part of it
    output.values(outputs)
