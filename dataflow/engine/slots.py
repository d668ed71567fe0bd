"""Slots number the values of a program; a step reads one slot, several or none on each of its input ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Read = int | tuple[int, ...] | None  # on an input port: a slot, those of a variadic port, None where it is not wired

S = TypeVar("S")
T = TypeVar("T")


def map_port(function: Callable[[S], T], value: S | tuple[S, ...] | None) -> T | tuple[T, ...] | None:
    """``function`` of the value on a port; of each one for a variadic port, None for one that is not wired."""
    if isinstance(value, tuple):
        return tuple(map(function, value))
    return None if value is None else function(value)


def zip_ports(reads: Sequence[Read], beside: Sequence[T | tuple[T, ...]]) -> Iterator[tuple[int | None, T]]:
    """Each slot that is read with what stands beside it, variadic ports opened; None for a port that is not wired."""
    for read, own in zip(reads, beside, strict=True):
        if isinstance(read, tuple):
            yield from zip(read, own, strict=True)  # type: ignore[arg-type]
        else:
            yield read, own  # type: ignore[misc]
