"""What a studio does to runs without a word of it in the file: bypassed, frozen and forced nodes, watched ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dataflow.studio.names import renamed


@dataclass
class Session:
    """See `Session` of web/src/protocol."""

    bypassed: list[str] = field(default_factory=list)
    frozen: dict[str, str] = field(default_factory=dict)
    forced: dict[str, object] = field(default_factory=dict)
    watched: list[str] = field(default_factory=list)
    split: str = ""
    rows: int | None = None
    params: dict[str, object] = field(default_factory=dict)
    trained: bool = False

    def renamed(self, old: str, new: str) -> Session:
        """The session once a node has another name, with all that is said of it, its ports and what is in it."""
        return self._named(lambda name: renamed(name, old, new))

    def without(self, node: str) -> Session:
        """The session without what is said of a node, its ports and what is in it."""
        return self._named(lambda name: None if renamed(name, node, "") != name else name)

    def of(self, known: Callable[[str], bool]) -> Session:
        """What is said of the nodes that are known."""
        return self._named(lambda name: name if known(node_of(name)) else None)

    def joined(self, other: Session) -> Session:
        """The session with what another one says of nodes, too."""
        return replace(
            self,
            bypassed=[*self.bypassed, *other.bypassed],
            frozen={**self.frozen, **other.frozen},
            forced={**self.forced, **other.forced},
            watched=[*self.watched, *other.watched],
        )

    def differing(self, other: Session) -> set[str]:
        """The nodes that are run otherwise in another session."""
        names = {*self.bypassed} ^ {*other.bypassed}
        for mine, theirs in ((self.frozen, other.frozen), (self.forced, other.forced)):
            names |= {name for name in (*mine, *theirs) if name not in mine or mine[name] != theirs.get(name)}
        return {node_of(name) for name in names}

    def _named(self, of: Callable[[str], str | None]) -> Session:
        return replace(
            self,
            bypassed=[new for name in self.bypassed if (new := of(name)) is not None],
            frozen={new: value for name, value in self.frozen.items() if (new := of(name)) is not None},
            forced={new: value for name, value in self.forced.items() if (new := of(name)) is not None},
            watched=[new for name in self.watched if (new := of(name)) is not None],
        )

    def plain(self) -> dict[str, object]:
        """As JSON has it; a copy."""
        return {
            "bypassed": list(self.bypassed),
            "frozen": dict(self.frozen),
            "forced": dict(self.forced),
            "watched": list(self.watched),
            "split": self.split,
            "rows": self.rows,
            "params": dict(self.params),
            "trained": self.trained,
        }


def node_of(name: str) -> str:
    """The node that is named, or whose port is."""
    return name.partition(".")[0]
