"""Errors and their messages: ``<who>: <what was expected>, got <what came>; <a way out>``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from itertools import takewhile
from typing import NamedTuple

# control characters, marks that change the direction of text, and invisible ones; not the joiners that scripts need
_ACTING = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str, kept: str = "\n\t") -> str:
    r"""Text without characters that act on a terminal or hide: the escape character, say, is written ``\x1b``.

    >>> print(visible("red: \x1b[31m"))
    red: \x1b[31m
    """
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_ACTING, lambda found: found[0] if found[0] in kept else ascii(found[0])[1:-1], text)


_CONCEALED: dict[str, str] = {}  # values that graph files took from the environment -> how they are written there
_TELLING = 6  # characters; a value as long is replaced wherever it is found


def conceal(value: str, written: str) -> None:
    """From now on print this value in messages as it is written, ``${env:NAME}``, since it may be a secret.

    So are its long lines, and what it is within double quotes, with its own quotes and backslashes escaped.
    """
    for part in (value, *(line for line in value.splitlines() if len(line) >= _TELLING)):
        for form in (part, part.replace("\\", "\\\\").replace('"', '\\"')):
            _CONCEALED[form] = written


def is_concealed(text: str) -> bool:
    """Whether a text is as a whole a value that must not be printed."""
    return text in _CONCEALED


def concealed(text: str) -> str:
    """The text of a message with secret values replaced."""
    for value in sorted(_CONCEALED, key=len, reverse=True):
        found = re.escape(value[:40])  # a message may have only the beginning of a long one
        if len(value) < _TELLING:  # such as 1: only after "got" or a mark
            found = rf"(?:(?<=got )|(?<=[^\w\s])){found}(?!\w)"
        for match in reversed([*re.finditer(found, text)]):
            start = match.start()
            same = takewhile(lambda pair: pair[0] == pair[1], zip(text[start:], value, strict=False))
            text = text[:start] + _CONCEALED[value] + text[start + len([*same]) :]
    return text


class DataflowError(Exception):
    """Any error this package raises on purpose."""

    def __str__(self) -> str:
        return visible(concealed(Exception.__str__(self)))  # KeyError would print the message quoted


class BlockError(DataflowError, ValueError):
    """A block was given an attr, dtype, shape or value that it does not accept."""


class GraphError(DataflowError, ValueError):
    """A graph is wired wrongly, or is fed a value that does not fit."""


class UnknownNameError(GraphError, KeyError):
    """No block, node or output has this name."""


class GradientError(GraphError):
    """The reverse pass met a block that has no gradient."""


class RunError(DataflowError, RuntimeError):
    """A kernel failed while a graph ran; the message names the node."""


class Problem(NamedTuple):
    """One mistake in a graph file: its place (lines and columns count from 1), a message and a way out."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.message}"
        if self.hint:
            text += f"; {self.hint}"
        if self.source:
            margin = f"{self.line:>5} | "
            text += f"\n{margin}{self.source}\n{' ' * (len(margin) + self.column - 1)}^"
        return text


class GraphFileError(GraphError):
    """A graph file with mistakes; ``problems`` holds all of them, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __str__(self) -> str:
        return visible(Exception.__str__(self))  # the problems conceal secrets already; paths are the caller's

    def __reduce__(self) -> tuple[type, tuple[list[Problem]]]:
        return type(self), (self.problems,)


def closest(name: str, known: Iterable[str]) -> str:
    """The one of the known names that was probably meant, or nothing when none is close."""
    import difflib  # late: only errors need it

    folded = {k.lower(): k for k in reversed(list(known))}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """``did you mean 'Relu'?`` for the closest of the known names, or nothing when none is close."""
    found = closest(name, known)
    return f"did you mean '{found}'?" if found else ""


_LISTED = 50  # names; a longer list is cut


def listing(names: Iterable[str], last: str = "or") -> str:
    """``a, b or c``."""
    *rest, final = [str(name) for name in names] or ["nothing"]
    if len(rest) > _LISTED:
        rest, final = rest[:_LISTED], f"{len(rest) + 1 - _LISTED} more"
    return f"{', '.join(rest)} {last} {final}" if rest else final


def instead(name: str, known: Collection[str]) -> str:
    """What was meant by a name that is not known, or the names that are: the way out of a message."""
    if found := nearest(name, known):
        return found
    some = [cropped(each) for each in [*known][:20]] + ["..."] * (len(known) > 20)
    return f"it has {listing(some, 'and')}" if some else "it has none"


_PYTHON, _COMMAND, _PAGE = range(3)
_reader: ContextVar[int] = ContextVar("_reader", default=_PYTHON)


@contextmanager
def _read_by(reader: int) -> Iterator[None]:
    before = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(before)


def on_command_line() -> AbstractContextManager[None]:
    """Within it, messages advise a person at the command line, not one who writes Python."""
    return _read_by(_COMMAND)


def on_page() -> AbstractContextManager[None]:
    """Within it, messages advise a person at a page of the studio."""
    return _read_by(_PAGE)


def way_out(python: str, command: str | None = None, page: str | None = None) -> str:
    """The advice for who reads the message: one who writes Python, who runs a command, or who is at a page.

    Where there is none of its own, that for the one before.
    """
    given = [python, command, page][: _reader.get() + 1]
    return next(each for each in reversed(given) if each is not None)


def kind_of(value: object) -> str:
    """What came in place of something else, for a message: a text itself, a class, or of what type it is."""
    if isinstance(value, str):
        return f"the text '{cropped(value)}'"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    noun = str(getattr(value, "noun", type(value).__name__))
    return "nothing" if value is None else f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def reason(error: Exception) -> str:
    """The system's message about a file, its first letter in lower case."""
    text = getattr(error, "strerror", None) or str(error)
    return str(text[:1].lower() + text[1:])


def cropped(text: str) -> str:
    """Text as a message quotes it: cut where it is long."""
    return text if len(text) <= 60 else text[:57] + "..."
