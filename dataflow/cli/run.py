"""``dataflow run``."""

from __future__ import annotations

import click

import dataflow as flow
from dataflow.cli import options, output


@click.command("run")
@options.graph_file
@options.params
@click.option(
    "-i", "--input", "inputs", multiple=True, metavar="NAME=FILE", help="Feed an input: x=file.npy or x=file.npz:key."
)
@click.option("-s", "--split", help="The split of the graph's `data:` section to feed.  [default: the first]")
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="Write all outputs to this .npz file.")
@click.option("--json", "as_json", is_flag=True, help="Print the outputs as JSON.")
@click.option("--plan", "show_plan", is_flag=True, help="Print the steps and buffers instead of running.")
def command(
    path: str,
    params: tuple[str, ...],
    inputs: tuple[str, ...],
    split: str | None,
    out: str | None,
    as_json: bool,
    show_plan: bool,
) -> None:
    """Run a graph and print its outputs."""
    from dataflow.graphfile import load_data, write_arrays

    graph = options.load(path, params)
    feeds = {**load_data(graph, split), **options.arrays(inputs)}
    if show_plan:
        click.echo(str(flow.plan(graph, **{name: array.shape for name, array in feeds.items()})))
        return
    outputs = flow.run(graph, feeds)
    if out is not None:
        write_arrays(out, outputs)
    if as_json:
        import json

        click.echo(json.dumps({name: value.tolist() for name, value in outputs.items()}))
        return
    rows = [(name, f"{value.dtype.name}{list(value.shape)}", output.summary(value)) for name, value in outputs.items()]
    output.table(("output", "type", "value"), rows)
