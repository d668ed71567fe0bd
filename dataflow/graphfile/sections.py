"""The sections of a graph file that packages above this one declare: each registers its own, by name.

A declaration is loaded when a file first has the section: it says of every key what may stand there, in which limits,
and what holds where nothing does. Parsing, messages, the schema and saving follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataflow.graphfile.value_kinds import Kind

_loaders: dict[str, Callable[[], Kind]] = {}


def register(name: str, load: Callable[[], Kind]) -> None:
    """Let files have a section of this name; ``load`` gives its declaration, as a rule a `Record` class."""
    _loaders[name] = load


def names() -> tuple[str, ...]:
    """The sections that files may have, in the order registered."""
    return tuple(_loaders)


def declaration(name: str) -> Kind:
    """What a section may hold."""
    return _loaders[name]()
