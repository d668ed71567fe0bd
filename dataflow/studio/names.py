"""Names of nodes, of their ports and of what is in them, followed through renames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Rename = tuple[str, str]  # the full name of a node, in each file that it is in, and the one that it gets


def renamed(name: str, old: str, new: str) -> str:
    """The name of a node, a port of it or a node in it, where the node is called otherwise."""
    own = name == old or name.startswith((f"{old}.", f"{old}/"))
    return new + name[len(old) :] if own else name


def after(name: str, renames: Iterable[Rename]) -> str:
    """What a name has become by renames, one after another.

    >>> after("relu.activations", [("relu", "act"), ("act", "last")])
    'last.activations'
    """
    for old, new in renames:
        name = renamed(name, old, new)
    return name


def before(name: str, renames: Sequence[Rename]) -> str:
    """What a name was before renames.

    >>> before("last.activations", [("relu", "act"), ("act", "last")])
    'relu.activations'
    """
    return after(name, [(new, old) for old, new in reversed(renames)])
