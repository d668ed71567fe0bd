"""Names of nodes and outputs: which ones are allowed."""

from __future__ import annotations

import re

from dataflow.core.errors import visible

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
_LONGEST = 255  # bytes of a name, as file systems have it


def wrong_name(name: str) -> str:
    """Why a name may not be written to files and terminals; nothing if it may."""
    if visible(name, "") != name:
        return "names must have no control characters"
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return f"names must have parts that are names between /, got {part or 'an empty one'}"
    size = len(name.encode())
    return f"names must have at most {_LONGEST} bytes, got {size:,}; shorten it" if size > _LONGEST else ""
