"""What of a text a change looks at and writes: changes whose claims do not meet are written in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dataflow.graphfile.editing.braces import comma_between
from dataflow.graphfile.editing.changes import Change, Path, Put, Rekey, Tree
from dataflow.graphfile.editing.written import Writer
from dataflow.graphfile.spans import Entry, Span


@dataclass(frozen=True, eq=False)
class Claim:
    """A range of a text, ``[start:end]``; ``in_place`` where a scalar or a key gives way to another one."""

    start: int
    end: int
    in_place: bool = False

    def meets(self, others: Sequence[Claim]) -> bool:
        """Whether one of the others is on something that this is on too."""
        return any(self.start < each.end and each.start < self.end and self is not each for each in others)


def write_some(writer: Writer, changes: Sequence[Change], tree: Tree) -> list[Change]:
    """Write the changes into a text, and make them in its tree, that can be made in one pass; gives those left.

    What is left may depend on what was written, and nothing that was written on what is left.
    """
    claims = Claims(writer)
    for change in changes:
        if claims.of(change).meets(claims.left_alone):
            claims.leave(change)
            continue
        for part in change.within(tree):
            if claims.take(part):
                part.apply(tree)
                writer.write(part, tree)
    return claims.left


class Claims:
    """Who has which part of a text.

    The claim of a change is the entry of a section that it is in: a node, with the lines that it stands on. A change
    that may reach beyond it claims the whole text.
    """

    def __init__(self, writer: Writer):
        self.writer, self.lines, self.root = writer, writer.lines, writer.root
        self.moving: list[Claim] = []  # that were taken
        self.in_place: list[Claim] = []
        self.left: list[Change] = []
        self.left_alone: list[Claim] = []  # of these
        self.added: dict[Path, Claim] = {}  # by the entry that is new there

    @property
    def whole(self) -> Claim:
        """A claim of the whole text."""
        return Claim(-1, len(self.lines.text) + 1)

    def take(self, change: Change) -> bool:
        """Whether a change can be made together with those before; it is left where it cannot."""
        claim = self.of(change)
        taken = self.moving if claim.in_place else [*self.moving, *self.in_place]
        if claim.meets(taken):
            self.leave(change)
            return False
        (self.in_place if claim.in_place else self.moving).append(claim)
        if isinstance(change, Put) and not change.before:
            self.added[change.path] = claim
        return True

    def leave(self, change: Change) -> None:
        """Leave a change, and what meets it."""
        self.left.append(change)
        self.left_alone.append(self.of(change))

    def of(self, change: Change) -> Claim:
        """The claim of a change."""
        path = change.path
        found = self._scalar(change) if isinstance(change, Put) else self._key(change)
        section = self.root.find(path[0])
        if found is not None or section is None or len(path) < 2 or section.value.kind != "mapping":
            return found or self.whole
        owner = section.value
        entry = owner.find(path[1])
        if entry is not None:
            return self.whole if isinstance(change, Rekey) else self._around(entry)
        return self._beside(owner, change) if isinstance(change, Put) and len(path) == 2 else self.whole

    def _scalar(self, change: Put) -> Claim | None:
        """The scalar that another takes the place of."""
        span, depth = self.writer.follow(change.path)
        there = depth == len(change.path) and span.kind == "scalar" and span.inner < span.end
        if not there or isinstance(change.value, dict | list):
            return None
        return Claim(span.inner, span.end, in_place=True)

    def _key(self, change: Change) -> Claim | None:
        """The key that another takes the place of."""
        if not isinstance(change, Rekey):
            return None
        owner, depth = self.writer.follow(change.path[:-1])
        entry = owner.find(change.path[-1]) if depth == len(change.path) - 1 else None
        if entry is None or owner.find(change.key) is not None:  # which must go first
            return None
        return Claim(entry.key_start, entry.key_end, in_place=True)

    def _around(self, entry: Entry) -> Claim:
        """What belongs to an entry of a section."""
        lines, owner = self.lines, entry.owner
        if any(span.kind == "alias" for span in entry.value.all()):
            return self.whole
        if not owner.flow:
            start, end = lines.start(entry.start), lines.after(lines.below(entry))
            return Claim(start - (end == len(lines.text)), end)  # of the last line the break before it
        at = owner.entries.index(entry)
        if at + 1 < len(owner.entries) and lines.first(entry.start):
            behind = comma_between(lines, entry.end, owner.entries[at + 1].start) + 1
            if lines.last(behind):
                return Claim(lines.start(entry.start), lines.after(behind))
        return self._from_to(owner, at - 1, at + 1)

    def _beside(self, owner: Span, change: Put) -> Claim:
        """What a new entry of a section is put beside."""
        named = change.before or change.after
        near = owner.find(named) if named else owner.entries[-1] if owner.entries else None
        if near is None and not change.before and not owner.flow:
            return self.added.get((change.path[0], named), self.whole)
        if near is None or any(each.merges for each in owner.entries):
            return self.whole
        if not owner.flow and not change.before:
            return self._around(near)
        at = owner.entries.index(near)
        return self._from_to(owner, at - bool(change.before), at + (not change.before))

    def _from_to(self, owner: Span, first: int, last: int) -> Claim:
        """The lines of some entries of a section, or up to its ends."""
        start = owner.entries[first].start if first >= 0 else owner.start
        if last < len(owner.entries):
            end = owner.entries[last].end if owner.flow else self.lines.below(owner.entries[last])
        else:
            end = owner.end
        return Claim(self.lines.start(start), self.lines.after(end))
