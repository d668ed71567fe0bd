"""``dataflow schema``."""

from __future__ import annotations

import click

from dataflow.cli import options, output


@click.command("schema")
@options.block_files
def command() -> None:
    """Print the JSON Schema of graph files, for editors."""
    import json

    from dataflow.graphfile.schema import schema

    output.say(json.dumps(schema(), indent=2))
