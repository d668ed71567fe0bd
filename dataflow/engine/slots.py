"""Slots number the values of a program; a step reads one slot, several or none on each of its input ports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Read = int | tuple[int, ...] | None  # on an input port: a slot, those of a variadic port, None where it is not wired

T = TypeVar("T")


def zip_ports(reads: Sequence[Read], beside: Sequence[T | tuple[T, ...]]) -> Iterator[tuple[int | None, T]]:
    """Each slot that is read with what stands beside it, variadic ports opened; None for a port that is not wired."""
    for read, own in zip(reads, beside, strict=True):
        if isinstance(read, tuple):
            yield from zip(read, own, strict=True)  # type: ignore[arg-type]
        else:
            yield read, own  # type: ignore[misc]
