"""``dataflow bench``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from dataflow import interrupt

_SUITE = Path("tests", "benchmarks", "suite.py")


@click.command("bench")
@click.option("--quick", is_flag=True, help="Fewer sizes and rounds: a few minutes instead of half an hour.")
@click.option("--only", metavar="PATTERN", help="Only the cases that have this in their name.")
@click.option("--save", metavar="FILE", type=click.Path(dir_okay=False), help="Write the results to this JSON file.")
@click.option(
    "--peers",
    default="all",
    show_default=True,
    metavar="all|none|NAMES",
    help="Frameworks to compare with: all that are installed, none, or some: tensorflow,torch.",
)
def command(quick: bool, only: str | None, save: str | None, peers: str) -> int:
    """Measure speed and memory beside NumPy and other frameworks.

    The cases are not part of the package: run this in a source tree. Ctrl+C keeps what was measured.
    """
    here = Path.cwd()
    root = next((f for f in (here, *here.parents) if (f / "pyproject.toml").exists() and (f / _SUITE).exists()), None)
    if root is None:
        raise click.UsageError(f"must run in a source tree of dataflow-blocks, which has {_SUITE.parent}; got {here}")
    sys.path.insert(0, str(root / "tests"))
    suite = importlib.import_module("benchmarks.suite")
    with interrupt.raised():
        status: int = suite.main("quick" if quick else "full", only, save, peers)
    return status
