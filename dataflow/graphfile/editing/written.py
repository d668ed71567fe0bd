"""A change of the tree as replacements in the text: the fewest characters that make it."""

from __future__ import annotations

from dataflow.core.errors import cropped, listing
from dataflow.graphfile.editing import braces
from dataflow.graphfile.editing.changes import Change, Drop, Insert, Part, Path, Put, Refusal, Rekey, Tree, at, told
from dataflow.graphfile.editing.lines import Lines
from dataflow.graphfile.editing.replacements import Replacement
from dataflow.graphfile.editing.spelling import Spelling
from dataflow.graphfile.graph_file import KEYS
from dataflow.graphfile.sections import names
from dataflow.graphfile.spans import Entry, Span, Step, spans, without_comments


class Writer:
    """Writes changes into a text; several as long as none of them moves what others change.

    What an alias or a merge key repeats is changed ``at_source``, where it is written, or gets a copy of its own.
    """

    def __init__(self, text: str, at_source: bool, root: Span | None = None):
        self.lines, self.root, self.at_source = Lines(text), root or spans(text), at_source
        self.spelling = Spelling(text, self.root)
        self.made: list[Replacement] = []
        self.new: dict[tuple[Span, str], int] = {}  # where keys of a mapping without braces were added

    @property
    def text(self) -> str:
        """The text before the changes."""
        return self.lines.text

    @property
    def templates(self) -> set[str]:
        """The ``x-`` sections, which mean nothing by themselves, in which users of their anchors are changed."""
        return {
            entry.key
            for entry in self.root.entries
            if entry.key.startswith("x-") and any(entry.start <= made.start <= entry.end for made in self.made)
        }

    def write(self, change: Change, after: Tree) -> None:
        """Write a change, ``after`` which the tree is this."""
        match change:
            case Put():
                self._put(change, after)
            case Rekey():
                if (entry := self._entry(change, after)) is not None:
                    self._rekey(entry, change.key)
            case Drop():
                if (entry := self._entry(change, after)) is not None:
                    self._drop(entry, change.path)
            case Part():
                self._part(change.path)
            case Insert():
                owner, depth = self.follow(change.path[:-1])
                if depth < len(change.path) - 1 or owner.kind == "alias":
                    self._copy(owner, depth, change.path, after)
                else:
                    self._insert(owner, change)

    def follow(self, path: Path) -> tuple[Span, int]:
        """The value at a path as far as it is written, and how many steps lead there."""
        span, depth = self.root, 0
        while True:
            if span.kind == "alias" and self.at_source and span.target is not None:
                span = span.target
            entry = self._find(span, path[depth]) if depth < len(path) else None
            if entry is None:
                return span, depth
            span, depth = entry.value, depth + 1

    def _find(self, span: Span, step: Step) -> Entry | None:
        entry = span.find(step)
        if entry is None and self.at_source:
            for merging in (each for each in span.entries if each.merges):
                sources = merging.value.entries if merging.value.kind == "list" else [merging]
                for source in sources:
                    found = self._find(source.value.target or source.value, step)
                    if found is not None:
                        return found
        return entry

    # -- values -------------------------------------------------------------------------------------------------

    def _put(self, change: Put, after: Tree) -> None:
        span, depth = self.follow(change.path)
        if depth == len(change.path):
            self._value(span, change.value, change.path)
        elif span.kind == "alias":
            self._copy(span, depth, change.path, after)
        else:
            self._add(span, change, depth, at(after, change.path[: depth + 1]))

    def _copy(self, span: Span, depth: int, path: Path, after: Tree) -> None:
        """Give the place of an alias, or a key that is merged, a value of its own, in which the change is made."""
        if span.kind != "alias":
            self._add(span, Put(path, None), depth, at(after, path[: depth + 1]))
            return
        whole = at(after, path[:depth])
        key = path[depth]
        if isinstance(whole, dict) and isinstance(key, str) and key in whole and not self.spelling.json:
            name = self.text[span.start : span.end]
            self._replace(span.start, span.end, f"{{<<: {name}, {self.spelling.inline({key: whole[key]})[1:]}")
        else:
            self._replace(span.start, span.end, self.spelling.inline(whole))

    def _value(self, span: Span, value: Tree, path: Path) -> None:
        """Put a value in the place of another."""
        entry = span.entry
        assert entry is not None
        self._keep_anchors(span, path, but_own=span.kind != "alias")
        if entry.owner.flow or entry.owner.kind == "list":
            text = self.spelling.inline(value, span)
            if span.end > span.inner:
                self._replace(span.inner, span.end, text)
            else:
                follows = entry.owner.kind == "list" or ":" in self.text[entry.key_end : span.end]
                space = "" if self.text[span.end - 1] == " " else " "
                self._replace(span.end, span.end, f"{space}{text}" if follows else f": {text}")
            return
        indent = self.lines.column(entry.start)
        lines = self.spelling.lines(entry.key, value, indent, span, section=len(path) == 1)
        colon = entry.key_end + without_comments(self.text[entry.key_end : span.inner]).index(":") + 1
        in_line = "\n" not in self.text[colon : span.inner] and (span.flow or span.kind in ("scalar", "alias"))
        if len(lines) == 1 and in_line and span.end > span.inner and lines[0]:
            self._replace(span.inner, span.end, lines[0][1:])
        elif entry.asked:
            raise Refusal(path, f"'{told(path)}' is written with '?'", "write its key without the question mark")
        else:
            self._value_lines(span, colon, lines)

    def _value_lines(self, span: Span, colon: int, lines: list[str]) -> None:
        """Put lines in the place of what stands behind a colon; the comment on its line stays there."""
        first, *rest = lines
        anchor = self.text[span.start : span.inner].strip() if span.anchor else ""
        if anchor:
            first = f" {anchor}{first}"
        end = max(span.end, colon)
        if not self.text[colon:end].strip():
            self._replace(colon, colon, first)
            at_end = self.lines.end(colon)
            self._replace(at_end, at_end, "".join(self.lines.eol + line for line in rest))
            return
        note = self.text[colon : span.inner].partition("\n")[0].strip() if span.inner > colon else ""
        note = note if note.startswith("#") else ""
        if not note and rest and self.lines.last(end):
            note, end = self.text[end : self.lines.end(end)].strip(), self.lines.end(end)
        self._replace(colon, end, self.lines.eol.join([first + (f"  {note}" if note else ""), *rest]))

    # -- entries ------------------------------------------------------------------------------------------------

    def _add(self, owner: Span, change: Put, depth: int, value: Tree) -> None:
        """Write a key more into a mapping."""
        key = str(change.path[depth])
        shown = self.spelling.key(key, owner)
        near = owner.find(change.before or change.after) if change.before or change.after else None
        if owner.flow:
            if change.comment:
                raise Refusal(change.path[:depth], "a comment cannot stand in braces", "write the entry without one")
            index = len(owner.entries)
            if near is not None:
                index = owner.entries.index(near) + (not change.before)
            elif not depth:
                index = self._rank(owner, key)
            self.made += braces.put_in(self.lines, owner, index, f"{shown}: {self.spelling.inline(value)}")
            return
        margin = " " * self.lines.column(owner.entries[0].start)
        made = self.spelling.lines(key, value, len(margin), section=not depth)
        lines = [f"{margin}# {line}".rstrip() for line in change.comment.splitlines()]
        lines += [f"{margin}{shown}:{made[0]}", *made[1:]]
        if change.spelled and not self.spelling.json:
            lines = [margin + line if line else "" for line in change.spelled]
        if near is not None and change.before:
            self._lines_above(near, lines)
            return
        behind = near or owner.entries[-1]
        if not depth and near is None:
            behind = owner.entries[self._rank(owner, key) - 1]
            lines = ["", *lines] if isinstance(value, dict) else lines
        at = self.new.get((owner, change.after), self.lines.below(behind))
        self.new[owner, key] = at
        self._lines_at(at, lines)

    def _rank(self, owner: Span, key: str) -> int:
        """The place of a new section among those of the file."""
        order = (*KEYS, *names())
        before = order[: order.index(key)] if key in order else order
        return max((i for i, entry in enumerate(owner.entries, 1) if entry.key in before), default=1)

    def _insert(self, owner: Span, change: Insert) -> None:
        index = change.path[-1]
        assert isinstance(index, int)
        text = self.spelling.inline(change.value)
        if owner.flow:
            self.made += braces.put_in(self.lines, owner, index, text)
        elif index < len(owner.entries):
            near = owner.entries[index]
            self._lines_above(near, [f"{' ' * self.lines.column(near.start)}- {text}"])
        else:
            near = owner.entries[-1]
            self._lines_at(self.lines.below(near), [f"{' ' * self.lines.column(near.start)}- {text}"])

    def _lines_above(self, near: Entry, lines: list[str]) -> None:
        eol = self.lines.eol
        if self.lines.first(near.start):
            at = self.lines.above(near)
            self._replace(at, at, "".join(line + eol for line in lines))
        else:  # `- key: value`
            lines[0] = lines[0].lstrip()
            self._replace(near.start, near.start, eol.join(lines) + eol + " " * self.lines.column(near.start))

    def _lines_at(self, at: int, lines: list[str]) -> None:
        self._replace(at, at, "".join(self.lines.eol + line for line in lines))

    def _entry(self, change: Drop | Rekey, after: Tree) -> Entry | None:
        """The entry that a change is about; None where a copy was written that has the change."""
        path = change.path
        owner, depth = self.follow(path[:-1])
        if depth == len(path) - 1 and owner.kind != "alias":
            entry = self._find(owner, path[-1])
            if entry is not None:
                return entry
            hint = "change it there, or write the whole mapping instead"
            raise Refusal(path[:-1], f"'{told(path)}' comes from a mapping that '<<' names", hint)
        if owner.kind == "alias":
            self._replace(owner.start, owner.end, self.spelling.inline(at(after, path[:depth])))
        else:
            self._copy(owner, depth, path, after)
        return None

    def _rekey(self, entry: Entry, key: str) -> None:
        start = entry.key_start
        if self.text[start] == "&":
            raise Refusal((entry.key,), "an anchor stands on the key", "take it off")
        self._replace(start, entry.key_end, self.spelling.key(key, None, self.text[start]))

    def _drop(self, entry: Entry, path: Path) -> None:
        owner, index = entry.owner, entry.owner.entries.index(entry)
        self._keep_anchors(entry.value, path)
        if entry.asked:
            raise Refusal(path, f"'{told(path)}' is written with '?'", "write its key without the question mark")
        if owner.flow:
            self.made += braces.take_out(self.lines, owner, index)
        elif not self.lines.first(entry.start):  # `- key: value`
            if index + 1 == len(owner.entries):
                raise Refusal(path, f"'{told(path)}' is all that stands there", "remove what it belongs to")
            self._replace(entry.start, owner.entries[index + 1].start, "")
        else:
            start, end = self.lines.start(entry.start), self.lines.after(self.lines.below(entry))
            if end == len(self.text) and not self.text.endswith("\n"):
                start = self.lines.end(start - 1) if start else 0
            self._replace(start, end, "")

    def _part(self, path: Path) -> None:
        """Begin a paragraph with an entry that is written without braces, unless one begins there already."""
        owner, depth = self.follow(path[:-1])
        entry = owner.find(path[-1]) if depth == len(path) - 1 and not owner.flow else None
        if entry is None or entry is owner.entries[0]:
            return
        top = self.lines.top(entry)
        if not self.lines.blank(top - 1):
            self._replace(top, top, self.lines.eol)

    def _keep_anchors(self, span: Span, path: Path, but_own: bool = False) -> None:
        """Refuse what would take away an anchor that is used elsewhere."""
        for inner in span.all():
            users = [user for user in inner.users if not span.start <= user.start < span.end]
            if users and not (but_own and inner is span):
                lines = listing(dict.fromkeys(str(self.lines.number(user.start)) for user in users), "and")
                raise Refusal(
                    path, f"the anchor &{cropped(inner.anchor)} in it is used on line {lines}", "change that first"
                )

    def _replace(self, start: int, end: int, text: str) -> None:
        replacement = Replacement(start, end, text)
        if start == end or replacement not in self.made:  # a value may be reached by several aliases
            self.made.append(replacement)
