"""Boxes, the edges between them, and the columns of slots in which a layout places them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(eq=False)
class Box:
    """A box to place: its size, the offset of each port from the top, and its position in the end."""

    width: float
    height: float
    lefts: Sequence[float] = ()
    rights: Sequence[float] = ()
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, eq=False)
class Edge:
    """A wire, from the right port ``start`` of one box to the left port ``end`` of another."""

    source: Box
    start: int
    target: Box
    end: int


@dataclass(eq=False)
class Slot:
    """A place in a column: a box, or a point where a trunk passes."""

    box: Box | None
    place: int
    y: float = 0.0

    @property
    def height(self) -> float:
        """The height of the box; 0 for a trunk."""
        return self.box.height if self.box else 0.0


@dataclass(frozen=True, eq=False)
class Segment:
    """A piece of a wire between neighbouring columns; ``dy`` is how far below the top of its slot it ends."""

    left: Slot
    left_dy: float
    right: Slot
    right_dy: float

    @property
    def weight(self) -> float:
        """How strongly the piece is pulled straight; long trunks most."""
        return (1.0, 2.0, 16.0)[(self.left.box is None) + (self.right.box is None)]


@dataclass(eq=False)
class Column:
    """A column of slots from top to bottom, and where it lies."""

    slots: list[Slot] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)  # those that end here
    x: float = 0.0
    width: float = 0.0

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.width
