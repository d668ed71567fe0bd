"""``python -m tests.fuzz_edits``: random edits of all graph files, by the editor or as a page makes them."""

from __future__ import annotations

import sys

import click

from .campaign import FILES, campaign
from .over_page import over_page


@click.command()
@click.option("--count", type=int, default=18000, show_default=True, help="How many edits; with --page in each file.")
@click.option("--seed", type=int, default=0, show_default=True, help="Other edits.")
@click.option("--page", is_flag=True, help="By the commands of the studio's socket, all undone and saved at the end.")
@click.option("--pictures/--no-pictures", default=True, help="With --page, whether cards are laid out too.")
@click.option("--part", default="0/1", show_default=True, help="With --page, which part of the files, as 1/3.")
def main(count: int, seed: int, page: bool, pictures: bool, part: str) -> None:
    """Compare random edits of text with the same edits of plain values and of graphs."""
    number, parts = map(int, part.split("/"))
    report = over_page(count, seed, FILES[number::parts], pictures) if page else campaign(count, seed)
    click.echo(str(report))
    sys.exit(bool(report.wrong))


if __name__ == "__main__":  # processes that are spawned import this module too
    main()
