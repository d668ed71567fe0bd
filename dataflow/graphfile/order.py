"""An order of names in which each comes after those it needs, and the cycles that forbid one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

_MOST_CYCLES = 20  # reported; more would not help


def topological_order(needs: Mapping[str, Iterable[str]]) -> tuple[list[str], list[list[str]]]:
    """Names so that each comes after those it needs, otherwise as given; and the cycles that forbid it.

    A cycle lists its nodes along the wires, beginning with the one that is given first. Names on cycles are among the
    sorted ones, somewhere.
    """
    rank = {name: i for i, name in enumerate(needs)}
    done: dict[str, bool] = {}  # False: on the way that is being followed
    result: list[str] = []
    cycles: list[list[str]] = []
    for start in needs:
        if start in done:
            continue
        done[start] = False
        way: list[tuple[str, Iterator[str]]] = [(start, iter(needs[start]))]
        while way:
            name, rest = way[-1]
            for source in rest:
                if source not in done:
                    done[source] = False
                    way.append((source, iter(needs[source])))
                    break
                if not done[source] and len(cycles) < _MOST_CYCLES:
                    names = [n for n, _ in way]
                    loop = names[names.index(source) :][::-1]
                    first = loop.index(min(loop, key=rank.__getitem__))
                    cycles.append(loop[first:] + loop[:first])
            else:
                done[name] = True
                result.append(name)
                way.pop()
    return result, cycles
