"""Topological order, the same however what is to be ordered was put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Any)  # of whatever can be compared


def topological(sources: Mapping[Key, Collection[Key]]) -> list[Key]:
    """The keys, each after its sources; of those that may come next the least does. What lies on a cycle is left out.

    >>> topological({"c": ["b"], "b": [], "a": []})
    ['a', 'b', 'c']
    """
    waits = {key: len(needed) for key, needed in sources.items()}  # for how many
    readers: dict[Key, list[Key]] = {key: [] for key in sources}
    for key, needed in sources.items():
        for source in needed:
            readers[source].append(key)
    ready = [key for key, count in waits.items() if not count]
    heapify(ready)
    found: list[Key] = []
    while ready:
        key = heappop(ready)
        found.append(key)
        for reader in readers[key]:
            waits[reader] -= 1
            if not waits[reader]:
                heappush(ready, reader)
    return found
