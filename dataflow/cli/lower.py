"""``dataflow lower``."""

from __future__ import annotations

import shlex

import click

from dataflow.cli import options, out_file, output
from dataflow.training import trained_values

ROUNDINGS = ("half_up", "half_away", "half_even", "floor", "tflite_single", "tflite_double")


@click.command("lower")
@options.graph_file
@options.params
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The graph file to write.")
@click.option(
    "--rounding",
    type=click.Choice(ROUNDINGS),
    help="How sums are rounded to codes.  [default: that of the quantization section, half_up]",
)
@click.option(
    "--multiplier",
    type=click.Choice(["31", "power_of_two"]),
    default="31",
    show_default=True,
    help="What sums are multiplied by before they are shifted: a number of 31 bits, or nothing.",
)
@options.values_from
@options.checkpoints
@options.which
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    out: str,
    rounding: str | None,
    multiplier: str,
    source: str | None,
    folder: str | None,
    which: str,
) -> None:
    """Write a quantized graph as one that computes with integers, the same codes node by node."""
    import dataflow as flow
    from dataflow.quantize.lower import lower
    from dataflow.quantize.model import Model
    from dataflow.quantize.section import quantization_section

    graph = options.load(path, params)
    out_file.keep_read(out, graph, path)
    values, _ = trained_values.values_of(graph, path, source, folder, which)
    section = quantization_section(graph)
    chosen = rounding or (section.rounding if section is not None else ROUNDINGS[0])
    lowered = lower(Model.of(graph, values), chosen, multiplier == "power_of_two")
    flow.save(lowered.model.baked(), out)
    for note in lowered.model.notes:
        output.say(note)
    kinds = [type(node.block).__name__ for node in lowered.model.graph.nodes.values()]
    products, requantized = sum(kind.startswith("Integer") for kind in kinds), kinds.count("FixedPointRequantize")
    output.say(f"written: {out}: {products} integer products, {requantized} times sums to codes ({chosen})")
    output.say(f"next: dataflow verify {shlex.quote(out)} --against {shlex.quote(path)}")
