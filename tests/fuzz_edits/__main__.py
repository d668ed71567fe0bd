"""``python -m tests.fuzz_edits``: random edits of all graph files."""

from __future__ import annotations

import sys

import click

from .campaign import campaign


@click.command()
@click.option("--count", type=int, default=18000, show_default=True, help="How many edits.")
@click.option("--seed", type=int, default=0, show_default=True, help="Other edits.")
def main(count: int, seed: int) -> None:
    """Compare random edits of text with the same edits of plain values and of graphs."""
    report = campaign(count, seed)
    click.echo(str(report))
    sys.exit(bool(report.wrong))


main()
