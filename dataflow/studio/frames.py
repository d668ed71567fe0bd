"""Frames that pages send: JSON of one request each, of which nothing is trusted."""

from __future__ import annotations

import json

MAX_DEPTH = 100  # of lists and mappings in each other


def request_of(text: object) -> tuple[int, str, dict[str, object]] | None:
    """The id, the command and the arguments of a frame; None where it is none of ours."""
    if not isinstance(text, str):
        return None
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or _depth(found) > MAX_DEPTH:
        return None
    number, do = found.pop("id", None), found.pop("do", None)
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(do, str) or abs(number) > 1 << 53:
        return None
    return number, do, found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _depth(value: object) -> int:
    """How deep lists and mappings are nested in each other."""
    depth, level = 0, [value]
    while level:
        held = [each for each in level if isinstance(each, dict | list)]
        depth += bool(held)
        level = [item for each in held for item in (each.values() if isinstance(each, dict) else each)]
    return depth
