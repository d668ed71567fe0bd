"""Nodes of graph files found by words: of their names, `block:`, `attr:`, `is:problem` and `is:clipped`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dataflow.core.errors import DataflowError, cropped, nearest
from dataflow.core.registry import blocks
from dataflow.graphfile.editing.blame import node_of
from dataflow.graphfile.emit import flow
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.spans import spans
from dataflow.graphfile.tree import Value

_WORD = re.compile(r'(?:(\w+):)?("[^"]*"?|\S+)')
_KINDS = ("block", "attr", "is")
_STATES = ("problem", "clipped")


@dataclass(frozen=True)
class Hit:
    """A node, input or output of a file that was found, and its line as it stands there."""

    path: str
    node: str  # empty for an output, or a problem of no node
    line: int
    text: str


@dataclass(frozen=True)
class Query:
    """What is looked for: all of the words must be right. Letters may be large or small, ``*`` is any letters."""

    names: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    attrs: tuple[tuple[str, str], ...] = ()  # with the value, empty for any
    states: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Query:
        """The query that a text says; DataflowError where it has a word before a colon that means nothing."""
        found: dict[str, list[str]] = {"": [], "block": [], "attr": [], "is": []}
        for kind, word in _WORD.findall(text):
            if kind.lower() not in found:
                hint = nearest(kind, _KINDS) or "write block:, attr: or is:"
                raise DataflowError(f"'{cropped(kind)}:' must be block:, attr: or is:, got another word; {hint}")
            found[kind.lower()].append(word.strip('"').lower())
        for state in found["is"]:
            if state not in _STATES:
                hint = nearest(state, _STATES) or "write is:problem or is:clipped"
                raise DataflowError(f"'is:{cropped(state)}' must be is:problem or is:clipped; {hint}")
        attrs = tuple((name, value) for name, _, value in (each.partition("=") for each in found["attr"]))
        return cls(tuple(found[""]), tuple(found["block"]), attrs, tuple(found["is"]))

    @property
    def needs_load(self) -> bool:
        """Whether a file must be loaded to answer it."""
        return "problem" in self.states


def find(query: Query, contexts: Iterable[LoadContext], clipped: Collection[str] = ()) -> Iterator[Hit]:
    """What is found in files, in their order; ``clipped`` are nodes of the first one whose values are cut off.

    For `is:problem` they must have been loaded by `read`, else it is enough that they know their paths.
    """
    for number, context in enumerate(contexts):
        definition = context.top()[1]
        document = definition.document
        lines = document.lines
        wrong: set[str] = set()
        if query.needs_load and document.root is not None:
            root = spans(document.text)
            for problem in context.problems():
                name = node_of(problem, context, root)
                wrong.add(name)
                if not name and problem.path == document.path and not (query.names or query.blocks or query.attrs):
                    yield Hit(context.shown, "", problem.line, problem.message)
        states = {"problem": wrong, "clipped": set(clipped if not number else ())}
        for part in (definition.inputs, definition.nodes, definition.outputs):
            for name, value in part.data.items():
                own = "" if part is definition.outputs else name
                if _matches(query, name, value, part is definition.nodes) and all(
                    own and own in states[state] for state in query.states
                ):
                    line = part.keys[name][0]
                    yield Hit(context.shown, own, line, lines[line - 1].strip())


def _matches(query: Query, name: str, value: Value, is_node: bool) -> bool:
    parts = value.data if is_node and isinstance(value.data, dict) else {}
    if not all(_like(word, name) for word in query.names):
        return False
    block = parts["block"].data if "block" in parts else ""
    named = [str(block)]
    if isinstance(block, str) and block in blocks:
        named += [blocks[block].__name__, *blocks[block].aliases]
    if not all(any(_like(word, each) for each in named if each) for word in query.blocks):
        return False
    attrs = parts["attrs"].data if "attrs" in parts and isinstance(parts["attrs"].data, dict) else {}
    return all(
        any(_like(word, key) and (not wanted or _says(wanted, item)) for key, item in attrs.items())
        for word, wanted in query.attrs
    )


def _says(wanted: str, value: Value) -> bool:
    text = flow(value.plain()).lower()
    return fnmatchcase(text, wanted) if "*" in wanted else text.strip('"') == wanted


def _like(word: str, text: str) -> bool:
    """Whether a word is part of a text, or a pattern of all of it."""
    return fnmatchcase(text.lower(), word) if "*" in word else word in text.lower()
