"""``dataflow fmt``."""

from __future__ import annotations

import click

from dataflow.cli import output


@click.command("fmt")
@click.argument("paths", metavar="GRAPH...", nargs=-1, required=True, type=click.Path())
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file would change.")
def command(paths: tuple[str, ...], check: bool) -> int:
    """Put graph files in one layout; comments stay."""
    from dataflow.core.errors import DataflowError
    from dataflow.graphfile.format import format_file

    changed = wrong = 0
    for path in paths:
        try:
            if format_file(path, write=not check):
                changed += 1
                output.say(f"{path}: {'is not in order' if check else 'put in order'}")
        except DataflowError as error:
            wrong += 1
            output.say(str(error), err=True)
    return int(wrong > 0 or (check and changed > 0))
