"""The sections of a graph file that packages above this one declare: each registers its own, by name.

A declaration is loaded when a file first has the section: it says of every key what may stand there, in which limits,
and what holds where nothing does; parsing, messages, the schema and saving follow from it. What it cannot say, whether
the section fits the graph and the files that it names, is checked by functions beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from dataflow.graph.graph import Graph
    from dataflow.graphfile.kind import Kind


Path = tuple[str | int, ...]  # keys and places in lists, from the section inwards


class Report(Protocol):
    """Notes what is wrong with a section: the keys that lead to the place in it, the message and a way out."""

    def __call__(self, path: Path, message: str, hint: str = "") -> None:
        """Note a problem, such as of ``("early_stopping", "metric")``; messages name the section themselves."""


Names = Callable[[str, Mapping[str, Any]], Mapping[str, str]]
"""The arrays or columns of a file by name, and what each is; given are the keys that stand beside its path."""

Check = Callable[["Graph", Any, Report], None]
"""Reports what is wrong with a section, as its kind parses it, of a graph in which nothing else is wrong."""


class Section(NamedTuple):
    """What a section may hold, and what else must be right.

    ``check`` looks at the graph alone and runs whenever a file is read; ``check_files`` may open the files that the
    section names, and runs where a file is checked and before its graph is trained. ``check_headers`` tells of that
    what takes no time however large those files are, for who looks on while a graph is written; as quickly, ``names``
    says what a file has that may be named.
    """

    kind: Kind
    check: Check | None = None
    check_files: Check | None = None
    check_headers: Check | None = None
    names: Names | None = None


_loaders: dict[str, Callable[[], Section]] = {}


def register(name: str, load: Callable[[], Section]) -> None:
    """Let files have a section of this name; the kind of what ``load`` gives is as a rule a `Record` class."""
    _loaders[name] = load


def names() -> tuple[str, ...]:
    """The sections that files may have, in the order registered."""
    return tuple(_loaders)


def declared(name: str) -> Section:
    """A section and its checks."""
    return _loaders[name]()


def declaration(name: str) -> Kind:
    """What a section may hold."""
    return declared(name).kind
