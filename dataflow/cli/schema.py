"""``dataflow schema``."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of graph files, for editors."""
    import json

    from dataflow.schema import schema

    click.echo(json.dumps(schema(), indent=2))
