"""What may be added at a place of a file: the words of completion, where the place is known and not typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dataflow.graphfile.editing.changes import Path, Tree
from dataflow.graphfile.suggest.completion import Completion, Words, value_at
from dataflow.graphfile.suggest.cursor import Cursor
from dataflow.graphfile.wires import FileScope


@dataclass(frozen=True)
class Offer:
    """What may stand at a place, which as a rule is empty.

    kind : ``mapping``, of which the keys are offered that are not there; ``list``, whose items are offered at their
        own places; ``value``
    named : whether a mapping may have keys of any name
    """

    kind: str
    words: Sequence[Completion] = ()
    named: bool = False


def offer(tree: Tree, path: Path, scope: FileScope | None = None) -> Offer:
    """What may be added at a path of a file that says what a tree does; see `completions`."""
    words = Words(tree, scope, Cursor(path, False, "", 0))
    there = value_at(tree, path)
    values = words.told(words.values())
    if isinstance(there, dict) or (not values and words.holds("object")):
        return Offer("mapping", words.told(words.keys()), words.named)
    if not values and words.holds("array") and offer(tree, (*path, 0), scope).words:
        return Offer("list")
    return Offer("value", words.told((*words.values(), *words.params())))
