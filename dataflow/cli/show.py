"""``dataflow show``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

import dataflow as flow
from dataflow.cli import options, out_file, output

if TYPE_CHECKING:
    from dataflow.graph.graph import Graph


@click.command("show")
@options.graph_file
@options.params
@click.option("--expanded", is_flag=True, help="Show the training step: gradients and updates written out.")
@click.option("--resolved", is_flag=True, help="Print the file after parameters and included files.")
@click.option("--origin", is_flag=True, help="With --resolved: say beside each value where it comes from.")
@click.option(
    "--format", "form", type=click.Choice(["text", "mermaid", "dot", "svg"]), help="How it is shown.  [default: text]"
)
@click.option(
    "--direction",
    type=click.Choice(["right", "down"]),
    help="Where wires lead in a picture.  [default: right]",
)
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="Write to this file instead of printing.")
def command(
    path: str,
    params: tuple[str, ...],
    expanded: bool,
    resolved: bool,
    origin: bool,
    form: str | None,
    direction: str | None,
    out: str | None,
) -> None:
    """Show a graph: a line per node, the resolved file, or a drawing."""
    from dataflow.files.atomic import write_text
    from dataflow.graph.layout import Layout
    from dataflow.graphfile.annotated import annotated_text
    from dataflow.graphfile.save import resolved_text
    from dataflow.inspection import dot, mermaid, svg

    if resolved and form is not None:
        raise click.UsageError(f"--resolved: must be given without --format, as it prints YAML, got {form}")
    if direction is not None and form != "svg":
        raise click.UsageError(f"--direction: must be given with --format svg, got {form or 'no --format'}")
    if origin and (expanded or not resolved):
        raise click.UsageError("--origin: must be given with --resolved, and without --expanded")
    graph = options.load(path, params)
    if out is not None:
        out_file.keep_read(out, graph, path)
    if expanded:
        from dataflow.training.step_graph import expand

        graph = expand(graph)
    forms: dict[str, Callable[[Graph], str]] = {
        "mermaid": mermaid,
        "dot": dot,
        "svg": partial(svg, direction=direction or "right"),
    }
    if resolved and out is not None and not origin:
        graph = graph.copy()
        graph.layout = Layout()  # else it is written as its file is
        flow.save(graph, out)
        return
    if origin:
        text = annotated_text(path, options.values(params))
    else:
        text = resolved_text(graph, path) if resolved else forms.get(form or "text", str)(graph)
    if out is None:
        output.say(text.rstrip("\n"))
    else:
        write_text(out, text)
