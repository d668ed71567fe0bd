"""``dataflow check``."""

from __future__ import annotations

import click

from dataflow.cli import options, output


@click.command("check")
@click.argument("paths", metavar="GRAPH...", nargs=-1, required=True, type=click.Path())
@options.params
def command(paths: tuple[str, ...], params: tuple[str, ...]) -> int:
    """Check graph files and report every mistake with its line."""
    from dataflow.core.errors import GraphFileError

    wrong = 0
    for path in paths:
        try:
            graph = options.load(path, params)
            output.say(f"{path}: ok, {len(graph.nodes)} nodes")
        except GraphFileError as error:
            wrong += len(error.problems)
            output.say(str(error), err=True)
    if wrong:
        output.say(f"{wrong} problem{'s' * (wrong != 1)}", err=True)
    return int(wrong > 0)
