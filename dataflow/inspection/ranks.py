"""Which cards of a frame stand together in a row: those that wires connect, cut where the row would become too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

Edges = Sequence[tuple[str, str]]  # from card to card

APART = 48.0  # between the columns of a row, about
THROUGH = 2  # wires that may lead from a row into the next
_ROW = 400.0  # what one more row costs, in pixels by which rows may differ in length
_TAG = 150.0  # what a wire costs that is cut


def ranks(names: Sequence[str], edges: Edges) -> dict[str, int]:
    """The column of each card, for names in an order in which wires lead forward.

    What follows from the start of the longest chain stands as far left as it can, but where more wires leave than come
    as far right as its readers allow; all else stands beside what reads it.
    """
    return _placed(names, edges)[0]


def _placed(names: Sequence[str], edges: Edges) -> tuple[dict[str, int], dict[str, list[str]]]:
    """The column of each card; and the readers of those that do not follow from the start of the longest chain."""
    feeders: dict[str, list[str]] = {name: [] for name in names}
    readers: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        feeders[target].append(source)
        readers[source].append(target)
    rank: dict[str, int] = {}
    for name in names:
        rank[name] = max((rank[f] + 1 for f in feeders[name]), default=0)
    latest: dict[str, int] = {}
    for name in reversed(names):
        latest[name] = min((latest[r] - 1 for r in readers[name]), default=max(rank.values()))
    fed: set[str] = set()
    for name in names:
        if not latest[name] or any(f in fed for f in feeders[name]):
            fed.add(name)
    for name in reversed(names):
        if readers[name] and (name not in fed or len(feeders[name]) < len(readers[name])):
            rank[name] = min(rank[r] for r in readers[name]) - 1
    return rank, {name: readers[name] for name in reversed(names) if name not in fed and readers[name]}


def components(names: Sequence[str], edges: Edges) -> list[list[str]]:
    """The cards that wires connect, each group in the order given, groups by their first card."""
    root = {name: name for name in names}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for source, target in edges:
        root[find(source)] = find(target)
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(find(name), []).append(name)
    return [*found.values()]


def cut(names: Sequence[str], edges: Edges, lengths: Mapping[str, float], most: float) -> list[list[str]]:
    """Cards that wires connect, in rows of at most this length: cut at ranks, where few wires are.

    Of all ways to cut the one is taken that costs least: each row, each wire beyond the two that may lead on, and rows
    of different lengths.
    """
    rank, beside = _placed(names, edges)
    columns: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name in names:
        columns[rank[name]].append(name)
    widths = [max((lengths[name] for name in column), default=0.0) + APART for column in columns]
    if sum(widths) - APART <= most:
        return [list(names)]
    crossing = [0] * (len(columns) + 1)  # wires over the border before each column
    for source, target in edges:
        for border in range(rank[source] + 1, rank[target] + 1):
            crossing[border] += 1
    ends = [0.0]
    for width in widths:
        ends.append(ends[-1] + width)
    best, start = [0.0], [0]
    for end in range(1, len(ends)):
        options = []
        for begin in range(end - 1, -1, -1):
            length = ends[end] - ends[begin] - APART
            if length > most and begin < end - 1:
                break
            tags = max(crossing[end] - THROUGH, 0) if end < len(columns) else 0
            uneven = (most - min(length, most)) ** 2 / most
            options.append((best[begin] + _ROW + _TAG * tags + uneven, begin))
        cost, begin = min(options)
        best.append(cost)
        start.append(begin)
    borders = [len(columns)]
    while borders[-1]:
        borders.append(start[borders[-1]])
    row = {r: i for i, (begin, end) in enumerate(pairwise(reversed(borders))) for r in range(begin, end)}
    home = {name: row[rank[name]] for name in names}
    for name, readers in beside.items():  # not cut off from what reads it
        home[name] = min(home[reader] for reader in readers)
    rows: list[list[str]] = [[] for _ in range(len(borders) - 1)]
    for name in names:
        rows[home[name]].append(name)
    return [each for each in rows if each]
