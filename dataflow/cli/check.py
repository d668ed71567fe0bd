"""``dataflow check``."""

from __future__ import annotations

import click

from dataflow.cli import options, output


@click.command("check")
@click.argument("paths", metavar="GRAPH...", nargs=-1, required=True, type=click.Path())
@options.params
def command(paths: tuple[str, ...], params: tuple[str, ...]) -> int:
    """Check graph files, and the data files that they name; report every mistake with its line."""
    from dataflow.graphfile.load import read

    wrong, given = 0, options.values(params)
    for path in paths:
        context = read(path, given, files=True)
        problems = context.problems()
        wrong += len(problems)
        if problems:
            output.say("\n".join(map(str, problems)), err=True)
        else:
            output.say(f"{path}: ok, {len(context.graph.nodes)} nodes")
    if wrong:
        output.say(f"{wrong} problem{'s' * (wrong != 1)}", err=True)
    return int(wrong > 0)
