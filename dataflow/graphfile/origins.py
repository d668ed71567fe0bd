"""Where values come from, kept while a file is read: a line of a file, a parameter, the environment, a default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dataflow.graph.layout import Keys
from dataflow.graphfile.tree import Origin, Value

if TYPE_CHECKING:
    from pathlib import Path

    from dataflow.graph.node import Ref
    from dataflow.graphfile.graph_file import GraphFile
    from dataflow.graphfile.params import Param
    from dataflow.graphfile.wires import FileScope, NodeSpec

Origins = dict[Keys, Origin]


@dataclass(slots=True)
class Made:
    """What an entry under the `nodes` of a file came to: of the loaded one, or one that uses a graph as its block."""

    nodes: list[str] = field(default_factory=list)
    wires: Mapping[str, Ref] = field(default_factory=dict)  # by the names that wires have in that file
    file: Path | None = None  # the graph that it uses as a block
    operands: Mapping[str, object] = field(default_factory=dict)  # on the ports of that graph
    attrs: Mapping[str, Value] = field(default_factory=dict)  # that it gives to that graph
    params: Mapping[str, Param] = field(default_factory=dict)  # of that graph
    inside: str = ""  # the entry whose graph it belongs to, where that is not the loaded one


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
        name: replace(Origin(f"-p {name}", (name,)) if name in given else param.default_origin(document), param=name)
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
            found[name] = replace(origin, names=(name, *origin.names))
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


def note_made(scope: FileScope, name: str, nodes: int, wires: Mapping[str, Ref]) -> None:
    """Keep what an entry came to, if origins are kept: the nodes added last, so many, and its wires."""
    context, name = scope.context, scope.prefix + name
    if context.origins is not None and (name in context.made or not scope.prefix):
        made = context.made.setdefault(name, Made())
        made.nodes, made.wires = context.graph.latest(nodes), wires


def note_use(
    scope: FileScope, spec: NodeSpec, file: Path, params: Mapping[str, Param], operands: Mapping[str, object]
) -> None:
    """Keep that an entry uses a graph as its block, if origins are kept."""
    if scope.context.origins is not None:
        made = Made(file=file, operands=operands, attrs=spec.attrs.data, params=params)
        made.inside = scope.prefix.removesuffix("/")
        scope.context.made[scope.prefix + spec.name] = made


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
