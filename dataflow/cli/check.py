"""``dataflow check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dataflow.cli import options, output

if TYPE_CHECKING:
    from dataflow.core.errors import Problem


@click.command("check")
@click.argument("paths", metavar="GRAPH...", nargs=-1, required=True, type=click.Path())
@options.params
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How problems are told: github makes annotations of them.",
)
def command(paths: tuple[str, ...], params: tuple[str, ...], form: str) -> int:
    """Check graph files, and the data files that they name; report every mistake with its line."""
    from dataflow.graphfile.load import read

    found, given = [], options.values(params)
    for path in paths:
        context = read(path, given, files=True)
        problems = context.problems()
        found += problems
        if form == "json":
            continue
        if not problems:
            output.say(f"{path}: ok, {len(context.graph.nodes)} nodes")
        elif form == "github":
            output.say("\n".join(map(annotation, problems)))
        else:
            output.say("\n".join(map(str, problems)), err=True)
    if form == "json":
        output.say(_json(found))
    elif found:
        output.say(f"{len(found)} problem{'s' * (len(found) != 1)}", err=True)
    return int(bool(found))


def annotation(problem: Problem) -> str:
    """A problem as GitHub's runners read it: a line that begins with ``::error``."""
    text = problem.message + (f"; {problem.hint}" if problem.hint else "")
    where = {"file": problem.path, "line": str(problem.line), "col": str(problem.column), "title": "dataflow check"}
    told = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in where.items())
    return f"::error {told}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    """Text in which the marks that end a part of an annotation are written as their codes."""
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" + more else c for c in text)


def _json(problems: list[Problem]) -> str:
    import json

    return json.dumps([problem._asdict() for problem in problems], indent=2)
