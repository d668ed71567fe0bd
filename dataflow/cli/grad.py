"""``dataflow grad``."""

from __future__ import annotations

import click

import dataflow as flow
from dataflow.cli import completion, options, out_file, output


@click.command("grad")
@options.graph_file
@options.params
@click.option("--of", required=True, help="The output whose gradient is wanted.", shell_complete=completion.wires)
@click.option(
    "--wrt",
    required=True,
    help="Inputs, variables or wires, separated by commas.",
    shell_complete=completion.wires,
)
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), help="Write the graph to this file instead of printing it."
)
def command(path: str, params: tuple[str, ...], of: str, wrt: str, out: str | None) -> None:
    """Add the gradient of an output to a graph, as a graph that runs."""
    from dataflow.files.atomic import to_output
    from dataflow.graphfile.save import resolved_text

    source = options.load(path, params)
    if out is not None:
        out_file.keep_read(out, source, path)
    try:
        graph = flow.gradient(source, of=of, wrt=[name.strip() for name in wrt.split(",")])
    except flow.DataflowError as error:
        raise flow.DataflowError(f"{path}: {error}") from None
    if out is None:
        output.say(resolved_text(graph, path).rstrip("\n"))
    else:
        flow.save(graph, out)
        output.say(f"{out}: {len(graph.nodes)} nodes, outputs {', '.join(graph.outputs)}", err=to_output(out))
