"""What an edit changes in the plain tree of a file: the values of its keys, its keys and the items of its lists.

`written` makes the same changes in the text. A change that names what is not there, or would be lost, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dataflow.core.attrs import plain
from dataflow.core.errors import cropped, instead
from dataflow.graphfile.spans import Step

Path = tuple[Step, ...]
Tree = Any  # what `Value.plain` gives: None, bool, int, float, str, and lists and dicts of them


class Refusal(Exception):
    """Why an edit is not made: where in the file, what was expected and what came, and a way out."""

    def __init__(self, path: Path, message: str, hint: str = ""):
        super().__init__(message)
        self.path, self.message, self.hint = path, message, hint


@dataclass(frozen=True)
class Put:
    """A value under a key, or in the place of an item; mappings above it that are missing are added.

    A new key comes behind the others, or beside the one that is named, below a line with a comment. ``spelled`` are the
    lines that say it, without indent, for where no braces are around it.
    """

    path: Path
    value: Tree
    before: str = ""
    after: str = ""
    comment: str = ""
    spelled: tuple[str, ...] = ()

    def within(self, tree: Tree) -> list[Change]:
        """The changes of what is there: values, or one key more of a mapping."""
        for i, step in enumerate(self.path):
            if isinstance(tree, dict):
                if step not in tree:
                    if i == len(self.path) - 1:
                        return [self]
                    value = _wrapped(self.path[i + 1 :], self.value)
                    return [replace(self, path=self.path[: i + 1], value=value, spelled=())]
            elif tree is None:
                return [replace(self, path=self.path[:i], value=_wrapped(self.path[i:], self.value))]
            tree = _inner(tree, self.path, i)
        return [*_differing(self.path, tree, self.value)]

    def apply(self, tree: Tree) -> None:
        """Make the change in a tree."""
        owner, step = _owner(tree, self.path), self.path[-1]
        beside = self.before or self.after
        if not beside or step in owner:
            owner[step] = self.value
            return
        if beside not in owner:
            raise Refusal(self.path[:-1], f"no '{cropped(beside)}' beside which to write", instead(beside, owner))
        entries = list(owner.items())
        at = [key for key, _ in entries].index(beside) + (not self.before)
        entries.insert(at, (step, self.value))
        _fill(owner, entries)


@dataclass(frozen=True)
class Insert:
    """One item more of a list, before the one that stands at this place, or behind the last."""

    path: Path
    value: Tree

    def within(self, tree: Tree) -> list[Change]:
        """The change of what is there; an empty list is written anew."""
        owner = _owner(tree, self.path)
        at = self.path[-1]
        if not isinstance(owner, list) or not isinstance(at, int) or not -1 < at <= len(owner):
            raise Refusal(self.path[:-1], f"'{told(self.path)}' must be a place in a list, got {_kind(owner)}")
        return [self] if owner else [Put(self.path[:-1], [self.value])]

    def apply(self, tree: Tree) -> None:
        """Make the change in a tree."""
        _owner(tree, self.path).insert(self.path[-1], self.value)


@dataclass(frozen=True)
class Drop:
    """A key or an item less; the only key of a mapping takes the mapping with it."""

    path: Path

    def within(self, tree: Tree) -> list[Change]:
        """The change of what is there."""
        path = self.path
        owner = _owner(tree, path)
        _inner(owner, path, len(path) - 1)
        while isinstance(owner, dict) and len(owner) == 1 and len(path) > 1 and isinstance(path[-2], str):
            path = path[:-1]
            owner = _owner(tree, path)
        if isinstance(owner, list) and len(owner) == 1:
            return [Put(path[:-1], [])]
        return [Drop(path)]

    def apply(self, tree: Tree) -> None:
        """Make the change in a tree."""
        del _owner(tree, self.path)[self.path[-1]]


@dataclass(frozen=True)
class Rekey:
    """Another name for a key, which stays where it is."""

    path: Path
    key: str

    def within(self, tree: Tree) -> list[Change]:
        """The change of what is there."""
        owner = _owner(tree, self.path)
        _inner(owner, self.path, len(self.path) - 1)
        if self.key in owner:
            raise Refusal((*self.path[:-1], self.key), f"'{cropped(self.key)}' is there already; choose another name")
        return [self]

    def apply(self, tree: Tree) -> None:
        """Make the change in a tree."""
        owner = _owner(tree, self.path)
        _fill(owner, [(self.key if key == self.path[-1] else key, value) for key, value in owner.items()])


@dataclass(frozen=True)
class Part:
    """A blank line above an entry and the comments on top of it: a paragraph begins there. The tree stays as it is."""

    path: Path

    def within(self, tree: Tree) -> list[Change]:
        """The change of what is there."""
        return [self]

    def apply(self, tree: Tree) -> None:
        """A blank line says nothing."""


Change = Put | Insert | Drop | Rekey | Part


def apply(changes: Iterable[Change], tree: Tree) -> None:
    """Make changes in a tree, one after another."""
    for change in changes:
        for part in change.within(tree):
            part.apply(tree)


def detached(changes: Iterable[Change]) -> list[Change]:
    """The changes with values of their own: those of a tree in which they are made are changed by what comes after."""
    return [
        replace(change, value=plain_value(change.value)) if isinstance(change, Put | Insert) else change
        for change in changes
    ]


def plain_value(value: object) -> Tree:
    """A value as a tree has it: arrays as lists, tuples as lists, and copies of lists and mappings."""
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    value = plain(value)
    return [plain_value(item) for item in value] if isinstance(value, list) else value


def at(tree: Tree, path: Sequence[Step]) -> Tree:
    """The value at a path, which must be there."""
    for step in path:
        tree = tree[step]
    return tree


def told(path: Sequence[Step]) -> str:
    """A path as messages and the command line write it: ``nodes.conv1.attrs.filters``."""
    return ".".join(map(str, path))


def _differing(path: Path, old: Tree, new: Tree) -> Iterator[Put]:
    """The values that make one value the other: of lists of one length the items, of mappings the keys they share."""
    if isinstance(old, dict) and isinstance(new, dict) and old and old.keys() == new.keys():
        for key in old:
            yield from _differing((*path, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and old and len(old) == len(new):
        for i, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differing((*path, i), before, after)
    elif repr(old) != repr(new):
        yield Put(path, new)


def _wrapped(path: Path, value: Tree) -> Tree:
    for i, step in reversed(list(enumerate(path))):
        if not isinstance(step, str):
            raise Refusal(path[:i], f"'{step}' must be a key, got a place in a list that is not there")
        value = {step: value}
    return value


def _inner(tree: Tree, path: Path, i: int) -> Tree:
    """What stands at step ``i`` of a path in the mapping or list that the steps before lead to."""
    step = path[i]
    if isinstance(tree, dict) and step in tree:
        return tree[step]
    if isinstance(tree, list) and isinstance(step, int) and -1 < step < len(tree):
        return tree[step]
    who = f"'{told(path[:i])}'" if i else "the file"
    if isinstance(tree, dict):
        raise Refusal(path[:i], f"{who} has no '{cropped(str(step))}'", instead(str(step), tree))
    if isinstance(tree, list):
        raise Refusal(path[:i], f"{who} has {len(tree)} item{'s' * (len(tree) != 1)}, got place {cropped(str(step))}")
    raise Refusal(path[:i], f"{who} must be a mapping to have '{cropped(str(step))}', got {_kind(tree)}")


def _owner(tree: Tree, path: Path) -> Tree:
    """The mapping or list that holds the last step of a path."""
    for i in range(len(path) - 1):
        tree = _inner(tree, path, i)
    return tree


def _kind(tree: Tree) -> str:
    if isinstance(tree, dict | list):
        return "a mapping" if isinstance(tree, dict) else f"a list of {len(tree)}"
    return "nothing" if tree is None else f"'{cropped(str(tree))}'"


def _fill(owner: dict[str, Tree], entries: list[tuple[str, Tree]]) -> None:
    """Give a mapping these entries in this order."""
    owner.clear()
    owner.update(entries)
