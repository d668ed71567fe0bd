"""``dataflow examples``."""

from __future__ import annotations

import click

import dataflow as flow
from dataflow.cli import completion, output


@click.command("examples")
@click.argument("words", metavar="[NAME | WORDS]", nargs=-1, shell_complete=completion.examples)
@click.option("-o", "--out", type=click.Path(file_okay=False), help="Copy the example of this name into this folder.")
def command(words: tuple[str, ...], out: str | None) -> None:
    """List the graphs and layers that come with the package, find them by words, show or copy one.

    They run where they are, too: `dataflow train dataflow:digits/mlp.yaml`. A copy is yours to change; no file is
    overwritten.
    """
    from dataflow.graphfile.examples import copy_example, examples

    if out is not None:
        if len(words) != 1:
            raise click.UsageError(f"-o: must be given with the name of one example, got {len(words)}")
        for path in copy_example(words[0], out):
            output.say(str(path))
        return
    listed = examples()
    if len(words) == 1 and words[0] in dict(listed):
        _show(words[0])
        return
    hits = [(name, doc) for name, doc in listed if all(word.lower() in f"{name} {doc}".lower() for word in words)]
    if not hits:
        raise flow.DataflowError(
            f"no example has '{' '.join(words)}' in its name or text; `dataflow examples` lists all"
        )
    output.table(("example", "what it is"), [(name, doc.partition(". ")[0].rstrip(".")) for name, doc in hits])


def _show(name: str) -> None:
    """What an example says of itself, and how to use it."""
    from dataflow.graphfile.description import description
    from dataflow.graphfile.examples import path_of

    path = path_of(name)
    told = description(path)
    output.say(f"{path}\n{told.doc}")
    for headers, rows in (
        (("param", "type", "default", "what it is"), told.params),
        (("input", "type", "what it is"), told.inputs),
        (("output",), [(each,) for each in told.outputs]),
    ):
        if rows:
            output.say()
            output.table(headers, rows)
