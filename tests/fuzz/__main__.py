"""``python -m tests.fuzz``: random graphs under all settings, for some minutes."""

from __future__ import annotations

import os
import sys

import click

from .campaign import campaign


@click.command()
@click.option("--seed", type=int, help="Seed of the first graph; the next has the next one. By default a random one.")
@click.option("--minutes", type=float, default=2.0, show_default=True, help="How long to go on.")
@click.option("--graphs", type=int, help="How many graphs at most.")
@click.option(
    "--large-share", type=float, default=0.05, show_default=True, help="Share of graphs beyond 524,287 elements."
)
@click.option(
    "--medium-share", type=float, default=0.1, show_default=True, help="Share of those up to 65,536 elements."
)
@click.option(
    "--jit-share", type=float, default=0.5, show_default=True, help="Share of both that run compiled kernels."
)
@click.option("--stop", is_flag=True, help="End with the first difference.")
@click.option("--keep", type=click.Path(exists=True, file_okay=False), help="Folder for the smallest graphs, as files.")
def main(
    seed: int | None,
    minutes: float,
    graphs: int | None,
    large_share: float,
    medium_share: float,
    jit_share: float,
    stop: bool,
    keep: str | None,
) -> None:
    """Compare random graphs under all settings with their blocks called one by one."""
    seed = int.from_bytes(os.urandom(4)) if seed is None else seed
    click.echo(f"seeds from {seed}")
    seen = campaign(seed, minutes, graphs, large_share, medium_share, jit_share, stop, click.echo, keep)
    click.echo(f"seeds {seed} to {seed + seen.graphs - 1}: {seen}")
    sys.exit(bool(seen.reports))


main()
