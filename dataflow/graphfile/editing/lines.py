"""The lines of a text: where they begin and end, how far they are indented, which comments belong to an entry."""

from __future__ import annotations

from dataflow.graphfile.spans import Entry


class Lines:
    """A text and what its entries stand on."""

    def __init__(self, text: str):
        self.text = text
        self.eol = "\r\n" if "\r\n" in text else "\n"

    def start(self, at: int) -> int:
        """Where the line of an offset begins."""
        return self.text.rfind("\n", 0, at) + 1

    def end(self, at: int) -> int:
        """Where the line of an offset ends, before its break."""
        found = self.text.find("\n", at)
        found = len(self.text) if found < 0 else found
        return found - 1 if found > at and self.text[found - 1] == "\r" else found

    def after(self, at: int) -> int:
        """Where the next line begins; the end of the text where there is none."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def column(self, at: int) -> int:
        """How many characters stand before an offset on its line."""
        return at - self.start(at)

    def first(self, at: int) -> bool:
        """Whether nothing but blanks stands before an offset on its line."""
        return not self.text[self.start(at) : at].strip(" ")

    def last(self, at: int) -> bool:
        """Whether nothing but a comment stands behind an offset on its line."""
        rest = self.text[at : self.end(at)]
        return not rest.strip() or (rest.lstrip().startswith("#") and rest[0] in " \t")

    def indent(self, at: int) -> int:
        """How far the line of an offset is indented."""
        line = self.text[self.start(at) : self.end(at)]
        return len(line) - len(line.lstrip(" "))

    def number(self, at: int) -> int:
        """The number of the line of an offset, from 1."""
        return self.text.count("\n", 0, at) + 1

    def below(self, entry: Entry) -> int:
        """The end of the last line of an entry without braces, with the comments that are indented more."""
        column, end = self.column(entry.start), self.end(entry.end)
        at = self.after(end)
        while at < len(self.text):
            line = self.text[at : self.end(at)]
            if line.strip() and not (line.lstrip().startswith("#") and self.indent(at) > column):
                break
            if line.strip():
                end = self.end(at)
            at = self.after(at)
        return end

    def above(self, entry: Entry) -> int:
        """Where what comes before an entry without braces is put: above the comments right on top of it.

        Comments behind a blank line, or at the top, are the heading of what follows: it is put below them.
        """
        top = self.top(entry)
        return top if top > 0 and not self.blank(top - 1) else self.start(entry.start)

    def top(self, entry: Entry) -> int:
        """Where the comments right on top of an entry without braces begin; without any, where its line does."""
        top = self.start(entry.start)
        while top > 0:
            line = self.start(top - 1)
            comment = self.text[line : self.end(line)].lstrip().startswith("#")
            if not comment or self.indent(line) != self.column(entry.start):
                break
            top = line
        return top

    def blank(self, at: int) -> bool:
        """Whether nothing stands on the line of an offset."""
        return not self.text[self.start(at) : self.end(at)].strip()
