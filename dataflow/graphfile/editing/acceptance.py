"""Changes of a tree as replacements in its text, accepted only where the text then says what the tree does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dataflow.core.errors import listing
from dataflow.graphfile.editing.changes import Change, Refusal, Tree, detached, told
from dataflow.graphfile.editing.claims import write_some
from dataflow.graphfile.editing.history import Batches
from dataflow.graphfile.editing.relayout import laid_out_again
from dataflow.graphfile.editing.replacements import Replacement, between, replaced
from dataflow.graphfile.editing.written import Writer
from dataflow.graphfile.parse import parse
from dataflow.graphfile.spans import Span, lookup, spans
from dataflow.graphfile.tree import BREAK, Document


@dataclass(frozen=True)
class Accepted:
    """Replacements, made one after another, and what the text says after them."""

    batches: Batches
    document: Document


def accepted(document: Document, root: Span, changes: Sequence[Change], in_layout: bool) -> Accepted:
    """The replacements that make changes in a document and nothing else; ``root`` are the spans of its text.

    One that is ``in_layout`` is left in the layout of `dataflow fmt`. Raises Refusal where there are none.
    """
    found: Refusal | None = None
    for at_source in (True, False):
        try:
            return _tried(document, root, detached(changes), in_layout, at_source)
        except Refusal as refusal:
            found = refusal
    assert found is not None
    raise found


def _tried(document: Document, root: Span, changes: Sequence[Change], in_layout: bool, at_source: bool) -> Accepted:
    assert document.root is not None
    text, tree = document.text, document.root.plain()
    batches: list[Sequence[Replacement]] = []
    templates: set[str] = set()
    left = changes
    while left:
        writer = Writer(text, at_source, spans(text) if batches else root)
        left = write_some(writer, left, tree)
        templates |= writer.templates
        batches.append(writer.made)
        text = _made(text, writer.made)
    after = parse(text, document.path)
    meant = templates - {change.path[0] for change in changes}
    if after.problems or after.root is None or said(after.root.plain(), meant) != said(tree, meant):
        raise shared(document.text, root, changes)
    if in_layout and text != document.text and (laid := laid_out_again(document.text, after)) not in (None, text):
        batches.append(between(text, laid))
        after = parse(laid, document.path)
    return Accepted(batches, after)


def _made(text: str, made: list[Replacement]) -> str:
    try:
        return replaced(text, made)
    except ValueError as error:
        raise Refusal((), str(error)) from None


def shared(text: str, root: Span, changes: Sequence[Change]) -> Refusal:
    """Why a text would not say what the tree does: as a rule since an anchor makes other places change too."""
    for change in changes:
        for length in range(len(change.path), 0, -1):
            span = lookup(root, change.path[:length])
            if span is not None and span.users:
                lines = listing([str(len(BREAK.split(text[: user.start]))) for user in span.users], "and")
                what = f"'{told(change.path)}' is part of the anchor &{span.anchor}, which is used on line {lines} too"
                return Refusal(change.path, what, "write out what is there first")
    path = changes[0].path
    return Refusal(path, f"'{told(path)}' cannot be edited without changing something else", "edit the text by hand")


def said(tree: Tree, but: Collection[str] = ()) -> str:
    """What a tree says, but for some keys, in any order of keys: 1 is not 1.0 and not true, .nan is .nan."""
    return repr(_ordered({key: value for key, value in tree.items() if key not in but} if but else tree))


def _ordered(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {key: _ordered(tree[key]) for key in sorted(tree)}
    return [_ordered(item) for item in tree] if isinstance(tree, list) else tree
