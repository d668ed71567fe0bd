"""Values that may be written on the inputs of blocks, by the examples in their documentation."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache

from dataflow.core.block import Block
from dataflow.core.errors import GraphError
from dataflow.core.registry import blocks
from dataflow.graphfile.emit import flow
from dataflow.inspection.data import parts


@cache
def example_values(name: str) -> Mapping[str, str]:
    """What the example of a block has on each of its inputs, as a graph file writes it, where that is no variable."""
    block = blocks[name]
    found: dict[str, str] = {}
    for call in _calls(block):
        for port, given in zip(block.signature.inputs, call.args, strict=False):
            with suppress(ValueError, GraphError):  # of what is computed, and of what files cannot have
                found.setdefault(port, flow(ast.literal_eval(given)))
    return found


def _calls(block: type[Block]) -> Iterator[ast.Call]:
    """The calls of the block on values in its example: ``Mean()(x, 1)``."""
    lines = parts(block.__doc__ or "")["example"].splitlines()
    source = "\n".join(line[4:] for line in lines if line.startswith((">>> ", "... ")))
    for node in ast.walk(ast.parse(source)):
        made = node.func if isinstance(node, ast.Call) else None
        named = made.func if isinstance(made, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(named, ast.Name) and named.id == block.__name__:
            yield node
