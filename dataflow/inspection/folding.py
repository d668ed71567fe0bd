"""What of a graph file gets no card of its own: it is drawn within the card that reads it or feeds it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from dataflow.core.registry import blocks
from dataflow.graphfile.outline import Entry, Operand, Outline

MOST_READERS = 4  # ports that a folded variable or constant may be read by
Reader = tuple[str, int]  # a card and the place of its operand


@dataclass(eq=False)
class Folding:
    """The nodes that are folded, and the readers of all values."""

    chips: dict[str, str] = field(default_factory=dict)  # folded nodes drawn on ports -> "variable" or "constant"
    updates: dict[str, list[str]] = field(default_factory=dict)  # by card: variables that it updates
    into: dict[str, list[str]] = field(default_factory=dict)  # by card: the nodes drawn within it
    folded: set[str] = field(default_factory=set)
    readers: dict[tuple[str, str], int] = field(default_factory=dict)  # of a node's output: how many ports and outputs


def folding(outline: Outline, unfolded: Collection[str] = frozenset()) -> Folding:
    """Decide which nodes are folded.

    Variables and constants that few ports read become chips on these ports; an Assign that nothing reads becomes a
    note on the card whose value it keeps. What has a problem or is ``unfolded`` keeps its card.
    """
    result = Folding()
    read: dict[str, int] = {}
    for entry in [*outline.nodes.values(), *outline.outputs.values()]:
        for operand in entry.operands:
            if operand.source:
                read[operand.source] = read.get(operand.source, 0) + 1
    for name, entry in outline.nodes.items():
        target = _keeper(outline, entry) if name not in unfolded and not read.get(name) else None
        if target is not None:
            kept, source = target
            result.folded.add(name)
            result.updates.setdefault(source, []).append(kept)
            result.into.setdefault(source, []).append(name)
            for operand in entry.operands:
                read[operand.source] -= 1
    for name, entry in outline.nodes.items():
        kind = _held(entry)
        if kind and name not in unfolded and not entry.wrong and 0 < read.get(name, 0) <= MOST_READERS:
            result.folded.add(name)
            result.chips[name] = kind
    for name, entry in outline.nodes.items():
        if name in result.folded:
            continue
        for operand in entry.operands:
            key = operand.source, operand.output
            result.readers[key] = result.readers.get(key, 0) + 1
            if operand.source in result.chips:
                result.into.setdefault(name, []).append(operand.source)
    for entry in outline.outputs.values():
        for operand in entry.operands:
            key = operand.source, operand.output
            result.readers[key] = result.readers.get(key, 0) + 1
    return result


def _held(entry: Entry) -> str:
    """``variable`` or ``constant`` of a node that is one and that no wire leads to."""
    if any(operand.source for operand in entry.operands) or entry.block not in blocks:
        return ""
    if blocks[entry.block].stateful:
        return "variable"
    return "constant" if entry.block == "Const" else ""


def _keeper(outline: Outline, entry: Entry) -> tuple[str, str] | None:
    """The variable that an Assign sets, and the node whose value it keeps; None of other nodes."""
    if entry.block != "Assign" or entry.wrong or len(entry.operands) != 2:
        return None
    variable, value = entry.operands
    return (variable.source, value.source) if _node(outline, variable) and _node(outline, value) else None


def _node(outline: Outline, operand: Operand) -> bool:
    return operand.source in outline.nodes and not outline.nodes[operand.source].wrong
