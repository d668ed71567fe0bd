"""A text whose tree becomes another one: what differs is edited, all else stays as it is, to the byte."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dataflow.core.errors import DataflowError
from dataflow.graph.layout import Keys
from dataflow.graphfile.editing.changes import Change, Drop, Path, Put, Refusal, Rekey, at
from dataflow.graphfile.editing.replacements import replaced
from dataflow.graphfile.editing.written import Writer
from dataflow.graphfile.format import MAX_FORMATTED, formatted
from dataflow.graphfile.keeping.comments import apart, commented, without_comments_of
from dataflow.graphfile.parse import parse
from dataflow.graphfile.spans import Span, Step, spans


@dataclass
class Target:
    """What a text shall say: a tree, in whose order new keys stand, and the comments above some of them."""

    tree: Any
    comments: dict[Keys, list[str]] = field(default_factory=dict)
    renamed: dict[Keys, str] = field(default_factory=dict)  # keys of the text that have other names in the tree
    anew: Collection[Keys] = ()  # whose values are written as a whole
    headed: Collection[Keys] = ()  # whose comments are headings: they begin a paragraph
    behind: Collection[Keys] = ()  # new keys that stand right behind the one before, not right before the next


class CannotRewrite(Exception):
    """A change cannot be written in the form that a text has."""


def rewritten(text: str, target: Target) -> str:
    """The text with another tree. A text in the layout of `dataflow fmt` stays in it.

    Raises CannotRewrite where the text is written in a way that does not allow a change.
    """
    tidy = _formatted(text) == text
    rewriting = _Rewriting(text, target)
    rewriting.run()
    return (_formatted(rewriting.text) if tidy else "") or rewriting.text


def _formatted(text: str) -> str:
    """The text in the layout of `dataflow fmt`, where that can put it in order."""
    document = parse(text, "")
    try:
        return formatted(document) if document.size <= MAX_FORMATTED else ""
    except DataflowError:
        return ""


class _Rewriting:
    """A text on its way to what it shall say, and the tree that it has."""

    def __init__(self, text: str, target: Target):
        self.text, self.tree, self.target = text, _tree(text), target

    def run(self) -> None:
        """Make all changes: names, values and new entries, then what goes."""
        comments = self.target.comments
        self._write([Rekey(path, key) for path, key in self.target.renamed.items()])
        self._unshare([*self._differences()])
        puts = [each for each in self._differences() if isinstance(each, Put)]
        self._write(puts)
        told = {tuple(map(str, each.path)) for each in puts if each.comment}
        if left := {keys: lines for keys, lines in comments.items() if keys not in told and _has(self.tree, keys)}:
            self._set(commented(self.text, left))
        if drops := [each for each in self._differences() if isinstance(each, Drop)]:
            self._set(without_comments_of(self.text, [each.path for each in drops]))
            self._write(drops)
        self._set(apart(self.text, self.target.headed))
        if _form(self.tree) != _form(self.target.tree):
            raise CannotRewrite("what the text says differs from what it shall say")

    def _set(self, text: str) -> None:
        """Take another text that has the same tree."""
        if _form(_tree(text)) != _form(self.tree):
            raise CannotRewrite("a comment would change what the text says")
        self.text = text

    def _differences(self) -> Iterator[Change]:
        """What makes the tree that is wanted of the one there is."""
        yield from self._between(self.tree, self.target.tree, ())

    def _between(self, old: object, new: object, path: Path) -> Iterator[Change]:
        if path in self.target.anew:
            if _form(old) != _form(new):
                yield Put(path, new)
        elif isinstance(old, dict) and isinstance(new, dict) and not old.keys().isdisjoint(new):
            yield from self._added(old, new, path)
            for key, value in old.items():
                if key in new:
                    yield from self._between(value, new[key], (*path, key))
                else:
                    yield Drop((*path, key))
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for i, (a, b) in enumerate(zip(old, new, strict=True)):
                yield from self._between(a, b, (*path, i))
        elif _form(old) != _form(new):
            yield Put(path, new)

    def _added(self, old: Mapping[str, object], new: Mapping[str, object], path: Path) -> Iterator[Change]:
        """The keys that a mapping does not have yet, each beside one that it has; sections have places of their own."""
        following: dict[str, str] = {}
        next_known = ""
        for key in reversed([*new]):
            following[key] = next_known
            next_known = key if key in old else next_known
        above = ""
        for key, value in new.items():
            keys = (*map(str, path), key)
            if key in old:
                above = key
            elif keys in self.target.behind and above:
                yield Put((*path, key), value, after=above, comment=self._comment(keys))
            else:
                yield Put((*path, key), value, before=following[key] if path else "", comment=self._comment(keys))

    def _comment(self, keys: Keys) -> str:
        return "\n".join(self.target.comments.get(keys, ()))

    def _write(self, changes: Sequence[Change]) -> None:
        """Make changes: all at once, where that fails in halves one after the other."""
        if not changes:
            return
        wanted, writer = copy.deepcopy(self.tree), Writer(self.text, at_source=False)
        try:
            for change in changes:
                change.apply(wanted)
                writer.write(change, wanted)
            text = replaced(self.text, writer.made)
            tree = _tree(text)
            if _form(tree) == _form(wanted):
                self.text, self.tree = text, tree
                return
            problem = "other values would change with it"
        except (Refusal, CannotRewrite, ValueError) as error:
            problem = str(error)
        if len(changes) > 1:
            half = len(changes) // 2
            self._write(changes[:half])
            self._write(changes[half:])
        elif isinstance(changes[0], Put) and changes[0].comment:  # for which there is no place in braces
            self._write([replace(changes[0], comment="")])
        elif len(path := changes[0].path) > 1:  # it is written in a form that edits leave alone: with all around it
            self._write([Put(path[:-1], at(wanted, path[:-1]))])
        else:
            raise CannotRewrite(problem)

    def _unshare(self, changes: Sequence[Change]) -> None:
        """Give what aliases and merge keys repeat of what will change, or go, values of its own."""
        copies: dict[Path, Change] = {}
        paths = [change.path for change in changes]
        for span in spans(self.text).all():
            if span.users and any(_touch(path, _path(span)) for path in paths):
                for user in span.users:
                    path = _path(user)
                    copies[path] = Put(path, at(self.tree, path))
        self._write(list(copies.values()))


def _tree(text: str) -> Any:
    document = parse(text, "")
    if document.root is None or document.problems:
        raise CannotRewrite("; ".join(problem.message for problem in document.problems.values()))
    return document.root.plain()


def _form(tree: object) -> str:
    """The same for two trees that say the same in any order of keys; NaN equals itself."""
    if isinstance(tree, dict):
        return "{" + ",".join(f"{key!r}:{_form(tree[key])}" for key in sorted(tree)) + "}"
    return "[" + ",".join(map(_form, tree)) + "]" if isinstance(tree, list) else repr(tree)


def _touch(a: Path, b: Path) -> bool:
    """Whether one path leads into the other."""
    return a[: len(b)] == b[: len(a)]


def _path(span: Span) -> Path:
    """The path of a value; of what is merged, that of the mapping it is merged into."""
    steps: list[Step] = []
    entry = span.entry
    while entry is not None:
        if entry.merges:
            steps.clear()
        else:
            steps.append(entry.key if entry.owner.kind == "mapping" else entry.owner.entries.index(entry))
        entry = entry.owner.entry
    return tuple(reversed(steps))


def _has(tree: object, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(tree, dict) or key not in tree:
            return False
        tree = tree[key]
    return True
