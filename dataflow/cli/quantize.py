"""``dataflow quantize``."""

from __future__ import annotations

import shlex
from typing import Any, cast

import click

from dataflow.cli import completion, options, out_file, output
from dataflow.cli.progress import Progress
from dataflow.graphfile import shipped
from dataflow.training import trained_values


@click.command("quantize")
@options.graph_file
@options.params
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The graph file to write.")
@click.option(
    "--weights", metavar="WIDTH", help="8, 4/channel:mse, 4/tensor:min_max, 4/group32 or float.  [default: 8]"
)
@click.option("--activations", metavar="WIDTH", help="8, 8:percentile:99.99, 8/symmetric or float.  [default: 8]")
@click.option("--override", "overrides", multiple=True, metavar="NODE=w4a8", help="Other widths for a node or a layer.")
@click.option(
    "--skip", multiple=True, metavar="NODE", help="Leave a node or a layer as it is; * stands for any letters."
)
@click.option("--separate", is_flag=True, help="Give a value that is read with several widths a quantizer for each.")
@click.option(
    "--rounding-of-weights",
    "rounding",
    type=click.Choice(["nearest", "adaround", "gptq"]),
    help="Round each weight to the nearest level, or so that outputs change least.",
)
@click.option("--learn", type=click.Choice(["range", "lsq", "pact", "tqt"]), help="What training is to change.")
@click.option("--float-bias", is_flag=True, help="Do not round biases to the grid of the sums.")
@click.option("--recipe", type=click.Path(exists=True, dir_okay=False), help="A YAML file with keys of the section.")
@click.option("--no-fold", is_flag=True, help="Do not fold batch normalization.")
@click.option(
    "--equalize", "equalized", is_flag=True, help="Scale channels so that weights of layers have like ranges."
)
@click.option("--correct-bias", "correct", is_flag=True, help="Take off biases what rounding moves means by.")
@click.option(
    "-s",
    "--split",
    "name",
    help="The split whose rows give the ranges.  [default: train, or the first one]",
    shell_complete=completion.splits,
)
@click.option("--samples", type=click.IntRange(1), help="How many rows are seen, spread evenly.  [default: all]")
@click.option("--stats", type=click.Path(exists=True, dir_okay=False), help="Statistics of `dataflow calibrate`.")
@options.values_from
@options.checkpoints
@options.which
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    out: str,
    name: str | None,
    samples: int | None,
    stats: str | None,
    no_fold: bool,
    equalized: bool,
    correct: bool,
    source: str | None,
    folder: str | None,
    which: str,
    as_json: bool,
    **asked: object,
) -> None:
    """Round weights and the values that layers read: write the graph with quantizers, and its weights beside it.

    Statistics of the values are kept beside it too, from which `dataflow calibrate` finds other ranges.
    """
    import dataflow as flow
    from dataflow.quantize.pipeline import quantize
    from dataflow.quantize.recipe_options import recipe_of
    from dataflow.quantize.round_weights import needs_rows
    from dataflow.quantize.statistics_file import kept_beside, read_statistics, write_statistics
    from dataflow.training.data import split
    from dataflow.training.data.splits import training_split

    graph = options.load(path, params)
    out_file.keep_read(out, graph, path)
    recipe = recipe_of(shipped.named_in(out, path), **cast("Any", asked))
    values, fitted = trained_values.values_of(graph, path, source, folder, which)
    splits = graph.sections.get("data")
    needed = stats is None or correct or needs_rows(recipe)
    data = split(graph, name or training_split(splits), fitted) if splits and needed else None
    statistics = None if stats is None else read_statistics(stats)
    with Progress("rows", not as_json) as progress:
        made = quantize(
            graph, recipe, values, data, statistics, samples, not no_fold, equalized, correct, tick=progress.tick
        )
    flow.save(made.graph, out)
    if statistics is None and made.statistics is not None:
        write_statistics(kept_beside(out), made.statistics)
    if as_json:
        output.say(output.json_text({"graph": out, "notes": list(made.model.notes)}))
        return
    for note in made.model.notes:
        output.say(note)
    measured = "" if splits is None else f"; next: dataflow evaluate {shlex.quote(out)}"
    output.say(f"written: {out}{measured}")
