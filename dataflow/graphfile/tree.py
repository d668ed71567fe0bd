"""Values with their places in a file, and the document that they and the problems with them belong to."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dataflow.core.errors import Problem, closest, concealed, cropped, visible

BROKEN: Any = type("BROKEN", (), {"__repr__": lambda self: "BROKEN"})()  # stands for what was wrong and is reported
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what the parser counts as a line
MAX_DEPTH = 100  # of lists and mappings in each other
TOO_DEEP = f"values may be nested {MAX_DEPTH} deep, got more"
MAX_PROBLEMS = 1000  # per file; with more, it is the file that is wrong, not its lines
_COMPARED = 50_000  # names compared for "did you mean" in one load
_SHOWN = 160  # a source line longer than this says nothing under a caret


Place = tuple[int, int]  # a line and a column, from 1
START: Place = (1, 1)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from, and the names of the parameters and environment variables that it went through."""

    text: str
    names: tuple[str, ...] = ()
    param: str = ""  # the parameter of the loaded file that it is the whole value of


@dataclass(slots=True, eq=False)
class Value:
    """A value in a file: None, bool, int, float, str, a list of Values or a dict of them; and where it begins."""

    data: Any
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)  # of a dict
    origin: Origin | None = None  # if not the place, as far as that is kept
    param: str = ""  # the parameter whose value it is

    @property
    def kind(self) -> str:
        """What it is, for messages."""
        match self.data:
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case None:
                return "nothing"
            case bool():
                return "true" if self.data else "false"
            case str():
                return f"'{cropped(self.data)}'"
        return cropped(str(self.data))

    def plain(self) -> Any:
        """Without the places."""
        if isinstance(self.data, list):
            return [item.plain() for item in self.data]
        if isinstance(self.data, dict):
            return {key: item.plain() for key, item in self.data.items()}
        return self.data


class Stop(Exception):
    """What follows cannot be read; the problem has been reported."""


@dataclass(eq=False)
class Hints:
    """What was probably meant, as long as finding out is cheap: a file full of mistakes must not take minutes."""

    compared: int = 0

    def closest(self, name: str, known: Collection[str]) -> str:
        """The known name that was probably meant, or nothing."""
        return closest(name, known) if self.afford(name, len(known)) else ""

    def afford(self, name: str, count: int) -> bool:
        """Whether a name may still be compared with so many others; they are counted."""
        if len(name) > 60 or self.compared > _COMPARED:
            return False
        self.compared += count
        return True

    def nearest(self, name: str, known: Collection[str]) -> str:
        """``did you mean 'Relu'?`` or nothing."""
        found = self.closest(name, known)
        return f"did you mean '{found}'?" if found else ""


@dataclass(eq=False)
class Document:
    """The text of one file, the tree in it, and the problems met while reading it."""

    path: str  # as it is shown
    text: str = ""
    root: Value | None = None
    problems: dict[tuple[Place, str], Problem] = field(default_factory=dict)  # by place and message
    prefix: str = ""  # of the node names while the file is read as a sub-graph
    hints: Hints = field(default_factory=Hints)  # of the load
    size: int = 0  # values and keys in the text
    mark: str = ""  # the byte order mark before the text, if it had one

    def origin(self, place: Place) -> Origin:
        """A place of this file as the origin of a value."""
        return Origin(f"{self.path}:{place[0]}")

    def within(self, prefix: str) -> Document:
        """The document for a use in which node names have a prefix; a problem that all uses share comes once."""
        return Document(self.path, self.text, self.root, self.problems, prefix, self.hints)

    def anew(self, path: str) -> Document:
        """The document as it was parsed, shown under a path, for another load: without what one found wrong in it."""
        return Document(path, self.text, self.root, size=self.size, mark=self.mark)

    @cached_property
    def has_dollars(self) -> bool:
        """Whether parameters may stand in it."""
        return "$" in self.text

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return BREAK.split(self.text)

    def problem(self, place: Place, message: str, hint: str) -> Problem:
        """A problem at a place of this file, with its source line."""
        line, column = place
        source = self.lines[line - 1] if line <= len(self.lines) and self.text else ""
        source = "" if max(len(source), column) > _SHOWN else "".join(c if c.isprintable() else " " for c in source)
        message, hint = (visible(concealed(text), "") for text in (message, hint))
        return Problem(self.path, line, column, message, hint, source)

    def report(self, place: Place, message: str, hint: str = "") -> Any:
        """Note a problem and return BROKEN; a hint may also follow the message after a semicolon."""
        if not hint:
            message, _, hint = message.partition("; ")
        key = place, message.replace(f"'{self.prefix}", "'") if self.prefix else message
        if key not in self.problems:
            self.problems[key] = self.problem(place, message, hint)
            if len(self.problems) >= MAX_PROBLEMS:
                text = f"this is problem {MAX_PROBLEMS:,} of the file; what comes after it is not looked at"
                self.problems[place, text] = self.problem(place, text, "")
                raise Stop
        return BROKEN

    def fail(self, place: Place, message: str, hint: str = "") -> Stop:
        """Report a problem, and return what to raise."""
        self.report(place, message, hint)
        return Stop()
