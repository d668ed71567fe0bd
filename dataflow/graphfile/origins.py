"""Where values come from, kept while a file is read: a line of a file, a parameter, the environment, a default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dataflow.graph.layout import Keys
from dataflow.graphfile.tree import Origin, Value

if TYPE_CHECKING:
    from dataflow.graphfile.graph_file import GraphFile
    from dataflow.graphfile.wires import FileScope, NodeSpec

Origins = dict[Keys, Origin]
MASK = "***"  # in the place of a value that may be a secret
_SECRET = re.compile(
    r"(?:^|[_-])(?:secrets?|tokens?|pass(?:word|wd|phrase)?|pwd|credentials?|auth|(?:api|access|private|secret)[_-]?key)(?:$|[_-])",
    re.IGNORECASE,
)


def looks_secret(name: str) -> bool:
    """Whether the value of a parameter or environment variable of this name should not be shown.

    >>> looks_secret("API_KEY"), looks_secret("db_password"), looks_secret("tokens_per_step")
    (True, True, True)
    >>> looks_secret("author"), looks_secret("keys")
    (False, False)
    """
    return _SECRET.search(name) is not None


def given_origins(definition: GraphFile, given: Mapping[str, object]) -> dict[str, Origin]:
    """The origin of each parameter of a file that a caller reads."""
    document = definition.document
    return {
        name: Origin(f"-p {name}", (name,)) if name in given else param.default_origin(document)
        for name, param in definition.params.items()
    }


def param_origins(outer: FileScope, spec: NodeSpec, definition: GraphFile) -> dict[str, Origin] | None:
    """The origin of each parameter of a file that a node uses as its block; None where origins are not kept."""
    if outer.context.origins is None:
        return None
    found = {}
    for name, param in definition.params.items():
        if name in spec.attrs.data:
            origin = _origin(outer, spec.attrs.data[name])
            found[name] = Origin(origin.text, (name, *origin.names))
        elif param.required:  # it follows from what is wired
            found[name] = Origin(outer.document.origin(spec.place).text, (name,))
        else:
            found[name] = param.default_origin(definition.document)
    return found


def note(scope: FileScope, keys: Keys, value: Value) -> None:
    """Keep the origin of a value, if origins are kept, and of each part of a mapping."""
    origins = scope.context.origins
    if origins is None:
        return
    origins[keys] = _origin(scope, value)
    if isinstance(value.data, dict):
        for key, part in value.data.items():
            note(scope, (*keys, key), part)


def note_node(scope: FileScope, spec: NodeSpec) -> None:
    """Keep the origins of what a node is made of."""
    if scope.context.origins is None:
        return
    keys = ("nodes", scope.prefix + spec.name)
    if spec.block is not None:
        note(scope, (*keys, "block"), spec.block)
        scope.context.origins[(*keys, "doc")] = scope.document.origin(spec.place)
    if spec.range is not None:
        note(scope, (*keys, "range"), spec.range)
    for part, values in (("inputs", spec.inputs), ("attrs", spec.attrs)):
        for name, value in values.data.items():
            note(scope, (*keys, part, name), value)


def _origin(scope: FileScope, value: Value) -> Origin:
    """Where a value comes from: its place, unless it was put in; and what was put into a list or mapping."""
    if value.origin is not None:
        return value.origin
    inner = list(_put_in(value))
    told = " and ".join(dict.fromkeys(origin.text for origin in inner))
    at = scope.document.origin(value.place).text
    return Origin(f"{at} with {told}" if told else at, tuple(name for origin in inner for name in origin.names))


def _put_in(value: Value) -> Iterator[Origin]:
    parts = value.data.values() if isinstance(value.data, dict) else value.data if isinstance(value.data, list) else ()
    for part in parts:
        if part.origin is not None:
            yield part.origin
        yield from _put_in(part)
