"""Names of nodes and outputs: which ones there may be, and those that nodes get by themselves."""

from __future__ import annotations

import re
from functools import cache

from dataflow.core.errors import visible

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
_LONGEST = 255  # bytes of a name, as file systems have it


def wrong_name(name: str) -> str:
    """What is wrong with a name that goes into files and onto terminals; nothing where it is right."""
    if visible(name, "") != name:
        return "names must have no control characters"
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return f"names must have parts that are names between /, got {part or 'an empty one'}"
    size = len(name.encode())
    return f"names must have at most {_LONGEST} bytes, got {size:,}; shorten it" if size > _LONGEST else ""


@cache
def snake_case(name: str) -> str:
    """The name of a class as a node has it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
