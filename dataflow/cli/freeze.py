"""``dataflow freeze``."""

from __future__ import annotations

import click

from dataflow.cli import options, output
from dataflow.training import trained_values


@click.command("freeze")
@options.graph_file
@options.params
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The graph file to write.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="NAME",
    help="Keep this output alone; may be repeated.  [default: all that need no label]",
)
@options.checkpoints
@options.which
def command(
    path: str, params: tuple[str, ...], out: str, outputs: tuple[str, ...], folder: str | None, which: str
) -> None:
    """Write a trained graph as one that stands alone.

    Its variables become constants, and what was done to its inputs, such as filling missing values and normalizing,
    becomes blocks: it gives the same results to someone who has neither checkpoints nor training data.
    """
    import dataflow as flow
    from dataflow.cli import out_file
    from dataflow.training.data import split
    from dataflow.training.data.section import data_section
    from dataflow.training.data.splits import training_split
    from dataflow.training.freeze import freeze

    graph = options.load(path, params)
    out_file.keep_read(out, graph, path, others={str(trained_values.checkpoint_folder(path, folder)): "a checkpoint"})
    variables, fitted = trained_values.trained(graph, path, folder, which)
    if fitted is None:
        splits = data_section(graph)
        fitted = split(graph, training_split(splits)).fitted if splits else {}
    made = freeze(graph, variables, fitted, outputs or None)
    flow.save(made, out)
    output.say(f"{out}: {len(made.nodes)} nodes, inputs {', '.join(made.inputs)}, outputs {', '.join(made.outputs)}")
