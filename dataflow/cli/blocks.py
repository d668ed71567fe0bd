"""``dataflow blocks``."""

from __future__ import annotations

import click

import dataflow as flow
from dataflow.cli import completion, options, output


@click.command("blocks")
@click.argument("words", metavar="[NAME | WORDS]", nargs=-1, shell_complete=completion.blocks)
@click.option("--json", "as_json", is_flag=True, help="Print plain data.")
@options.block_files
def command(words: tuple[str, ...], as_json: bool) -> None:
    """List blocks, find them by words (best first), or show one."""
    from dataflow.inspection import describe, find, text

    if len(words) == 1 and words[0] in flow.blocks:
        found = describe(flow.blocks[words[0]])
        output.say(_json(found) if as_json else text(flow.blocks[words[0]]).rstrip("\n"))
        return
    hits = [describe(block) for block in find(words)]
    if as_json:
        output.say(_json(hits))
        return
    if len(words) == 1 and not hits and (fault := flow.blocks.fault(words[0])):
        raise flow.DataflowError(f"no block '{words[0]}': {fault}")
    if not hits:
        from dataflow.core.errors import nearest

        terms = [term for block in flow.blocks.values() for term in block.found_by]
        hint = nearest(" ".join(words), [*flow.blocks.names(), *terms])
        raise flow.DataflowError(
            f"no block has '{' '.join(words)}' in its name or text" + (f"; {hint}" if hint else "")
        )
    rows = [(d["name"], d["category"], d["summary"].replace("``", "")) for d in hits]
    output.table(("block", "category", "what it computes"), rows)


def _json(data: object) -> str:
    import json

    return json.dumps(data, indent=2)
