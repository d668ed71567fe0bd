"""``dataflow run``."""

from __future__ import annotations

from pathlib import Path

import click

import dataflow as flow
from dataflow.cli import completion, input_files, options, out_file, output, overrides


@click.command("run")
@options.graph_file
@options.params
@input_files.option
@click.option(
    "-s",
    "--split",
    help="The split of the graph's `data:` section to feed.  [default: the first]",
    shell_complete=completion.splits,
)
@overrides.options
@click.option(
    "--to",
    metavar="NODE",
    help="Run as far as this node, and print its outputs.",
    shell_complete=completion.wires,
)
@out_file.option
@click.option("--steps", type=click.IntRange(min=1), help="Number of steps; nodes such as Assign change variables.")
@click.option(
    "--state",
    "kept",
    type=click.Path(dir_okay=False),
    help="Start with the variables in this .npz or .safetensors file; save them there.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the random numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print the outputs as JSON.")
@options.settings
@click.option("--max-bytes", type=options.Size(), help="Refuse a run that would take more memory: 64MiB, 2GB.")
@click.option("--plan", "show_plan", is_flag=True, help="Print the steps and their memory instead of running them.")
@click.option("--source", is_flag=True, help="With --plan: print the loops of the regions too.")
def command(
    path: str,
    params: tuple[str, ...],
    inputs: tuple[str, ...],
    split: str | None,
    out: str | None,
    steps: int | None,
    kept: str | None,
    seed: int,
    as_json: bool,
    max_bytes: int | None,
    show_plan: bool,
    source: bool,
    bypass: tuple[str, ...],
    freeze: tuple[str, ...],
    force: tuple[str, ...],
    to: str | None,
) -> None:
    """Run a graph and print its outputs."""
    from dataflow.engine.state_file import check_ending
    from dataflow.files.atomic import check_writable
    from dataflow.graph.overrides import up_to
    from dataflow.training.data import load_data

    if source and not show_plan:
        raise click.UsageError("--source goes with --plan, which shows the steps instead of running them")
    graph = overrides.given(bypass, freeze, force).of(options.load(path, params))
    if to is not None:
        graph = up_to(graph, to)
    if kept is not None and not show_plan:
        check_ending(kept)
        out_file.keep_read(kept, graph, path, inputs, option="--state")
        check_writable(kept)
    if out is not None and not show_plan:
        out_file.check(out, graph, path, inputs, {kept: "the state"} if kept is not None else {})
        out_file.check_names(out, graph.outputs)
    feeds = {**load_data(graph, split), **input_files.arrays(inputs, graph)}
    if show_plan:
        shapes = {name: array.shape for name, array in feeds.items()}
        planned = flow.plan(graph, shapes, max_bytes=max_bytes)
        output.say(str(planned))
        if source:
            output.say(f"\n{planned.at(shapes).source or 'no regions: every step is one call of its kernel'}")
        return
    if steps is None and kept is None:
        outputs = flow.plan(graph, {}, max_bytes=max_bytes).run(feeds, seed=seed)
    else:
        known = kept is not None and Path(kept).exists()
        state = flow.State.load(graph, kept) if kept is not None and known else flow.State(graph, seed)
        for _ in range(steps or 1):
            outputs = flow.run(graph, feeds, state=state, max_bytes=max_bytes)
        if kept is not None:
            state.save(kept)
    if out is not None and out_file.write(out, outputs):
        return  # anything else printed would become part of it
    if as_json:
        output.as_json(outputs)
        return
    output.values(outputs)
