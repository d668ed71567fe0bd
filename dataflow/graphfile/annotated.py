"""The resolved text of a graph file with a comment beside each value that says where it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from dataflow.core.errors import GraphFileError, visible
from dataflow.graph.layout import Keys
from dataflow.graphfile.emit import escaped, flow
from dataflow.graphfile.load import read
from dataflow.graphfile.origins import MASK, Origins, looks_secret
from dataflow.graphfile.parse import parse
from dataflow.graphfile.save import resolved_text
from dataflow.graphfile.tree import Origin, Place, Value

DEFAULT = Origin("default")
_MASKED = f"'{MASK}'"
_GONE = "\0"  # in the place of a line


def annotated_text(path: str | os.PathLike[str], params: Mapping[str, object]) -> str:
    """The resolved text of a graph file with the origins of its values.

    Raises GraphFileError as `load` does.
    """
    context = read(path, params, origins=True)
    if problems := context.problems():
        raise GraphFileError(problems)
    text = resolved_text(context.graph, path)
    root = parse(text, os.fspath(path)).root
    assert root is not None and context.origins is not None
    return annotate(text, root, context.origins)


def annotate(text: str, root: Value, origins: Origins) -> str:
    """The text of a resolved file with the origin of each value as a comment; values with secret names are masked.

    ``root`` is the tree of the text.
    """
    lines = text.splitlines()
    beside: dict[int, list[tuple[str, Origin]]] = {}
    for keys, place, value in [*_leaves(root, ())][::-1]:  # from the end, as masks may shorten what follows them
        if (origin := _found(keys, origins)) is not None:
            beside.setdefault(place[0] - 1, []).insert(0, (keys[-1], origin))
            if any(map(looks_secret, origin.names)):
                _mask(lines, place, value)
    for number, found in beside.items():
        lines[number] += f"  # {visible(_told(found), '')}"
    return "\n".join(line for line in lines if line != _GONE) + "\n"


def _leaves(value: Value, keys: Keys) -> Iterator[tuple[Keys, Place, Value]]:
    """The values that are no mappings: the keys that lead to each, and the place of the last of them."""
    for key, inner in value.data.items():
        if isinstance(inner.data, dict) and inner.data:
            yield from _leaves(inner, (*keys, key))
        else:
            yield (*keys, key), value.keys[key], inner


def _found(keys: Keys, origins: Origins) -> Origin | None:
    """The origin of a value, or of what it is a part of; None for what says nothing, such as the name of the graph."""
    known = (origins.get(keys[:length]) for length in range(len(keys), 1, -1))
    return next((origin for origin in known if origin is not None), DEFAULT if len(keys) > 1 else None)


def _told(found: list[tuple[str, Origin]]) -> str:
    texts = {origin.text for _, origin in found}
    return texts.pop() if len(texts) == 1 else "; ".join(f"{key}: {origin.text}" for key, origin in found)


def _mask(lines: list[str], key: Place, value: Value) -> None:
    """Put a mask in the place of a value; one of several lines ends with the last that is indented further."""
    number, column = value.place[0] - 1, value.place[1] - 1
    written, line = flow(escaped(value.plain())), lines[number]
    if line.startswith(written, column):
        lines[number] = line[:column] + _MASKED + line[column + len(written) :]
        return
    first, margin = key[0] - 1, len(line) - len(line.lstrip()) if key[0] == value.place[0] else key[1] - 1
    lines[first] = lines[first][: lines[first].index(":", key[1] - 1) + 1] + f" {_MASKED}"
    last = first
    for following in range(first + 1, len(lines)):
        text = lines[following]
        if text.strip() and len(text) - len(text.lstrip()) <= margin:
            break
        last = following if text.strip() else last
    lines[first + 1 : last + 1] = [_GONE] * (last - first)
