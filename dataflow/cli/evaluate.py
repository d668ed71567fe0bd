"""``dataflow evaluate``."""

from __future__ import annotations

import click

from dataflow.cli import completion, options, output
from dataflow.training import trained_values


@click.command("evaluate")
@options.graph_file
@options.params
@click.option(
    "-s",
    "--split",
    "name",
    help="The split of the graph's data.  [default: test, or the last one]",
    shell_complete=completion.splits,
)
@options.checkpoints
@options.which
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.settings
def command(
    path: str, params: tuple[str, ...], name: str | None, folder: str | None, which: str, as_json: bool
) -> None:
    """Measure a trained graph: means over a split of the minimized value and of the metrics."""
    from dataflow.training.data import split
    from dataflow.training.evaluation import evaluate, metrics

    graph = options.load(path, params)
    splits = list(graph.sections.get("data", {}))
    variables, fitted = trained_values.values_of(graph, path, None, folder, which)
    data = split(graph, name or ("test" if "test" in splits else splits[-1] if splits else None), fitted)
    means = evaluate(graph, data, metrics(graph), variables)
    if as_json:
        output.say(output.json_text(means))
        return
    output.table(("metric", "value"), [(metric, float(value)) for metric, value in means.items()])
