"""What a worker keeps of the runs of the documents that were run lately, in a bounded number of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dataflow.core.dtypes import Array
from dataflow.core.shapes import Shape
from dataflow.engine.kept import Kept
from dataflow.studio.names import Rename, after

MOST_BYTES = 1 << 30  # of values of documents beside the one that was run last; frozen ones, which are few, apart


@dataclass
class Values:
    """What is kept of the runs of one document, from one to the next."""

    values: dict[str, Array] = field(default_factory=dict)  # of the last run, by port
    shapes: dict[str, Shape] = field(default_factory=dict)  # of the ports, as the graph has them
    label: str = ""  # of the last run, such as "run 3"
    statistics: dict[str, tuple[Array, dict[str, object]]] = field(default_factory=dict)  # of these very arrays
    kept: dict[str, Kept] = field(default_factory=dict)  # what runs again only what has changed, by what it is for
    followed: int = 0  # of the renames of nodes
    # By node, as it was called in the run, and label of that; by port.
    frozen: dict[tuple[str, str], dict[str, Array]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of the values that are not frozen, each array once."""
        more = [
            value for port, value in self.values.items() if not any(k.value(port) is value for k in self.kept.values())
        ]
        return sum(kept.nbytes for kept in self.kept.values()) + sum(value.nbytes for value in more)

    def follow(self, renames: Sequence[Rename]) -> None:
        """Have what is kept for the next run follow nodes of the document to other names; given are all renames."""
        if more := renames[self.followed :]:
            for kept in self.kept.values():
                kept.rename(lambda name: after(name, more))
        self.followed = len(renames)

    def let_go(self) -> None:
        """Keep no more than what is frozen."""
        self.values, self.shapes, self.label, self.statistics, self.kept = {}, {}, "", {}, {}


class Documents(dict[str, Values]):
    """By path what is kept of each document, the one that was run last behind the others."""

    def of(self, path: str) -> Values:
        """What is kept of a document that is run now."""
        self[path] = values = self.pop(path, None) or Values()
        return values

    def let_go(self, most_bytes: int = MOST_BYTES) -> list[str]:
        """Let values go of the documents that were not run for longest, until few are held; those that have some."""
        *others, last = self.items()
        left, held = [last[0]], 0
        for path, values in reversed(others):
            held += values.nbytes
            if held > most_bytes:
                values.let_go()
            elif values.label:
                left.append(path)
        return left
