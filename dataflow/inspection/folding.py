"""What of a graph file gets no card of its own: it is drawn within the card that reads it or feeds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from dataflow.core.registry import blocks
from dataflow.core.roles import Gradient
from dataflow.graphfile.outline import Entry, Operand, Outline

MOST_READERS = 4  # ports that a folded variable or constant may be read by


@dataclass(frozen=True, slots=True)
class Update:
    """A node that changes a variable by a value, and that nothing reads."""

    block: str
    variable: str
    source: str  # the node whose value it is


@dataclass(eq=False)
class Folding:
    """The nodes that are folded, and the readers of the values of all others."""

    chips: dict[str, str] = field(default_factory=dict)  # folded nodes drawn on ports -> "variable" or "constant"
    updates: dict[str, list[Update]] = field(default_factory=dict)  # by the card that has them as notes
    into: dict[str, list[str]] = field(default_factory=dict)  # by card: the nodes drawn within it
    folded: set[str] = field(default_factory=set)
    read: set[tuple[str, str]] = field(default_factory=set)  # nodes and their outputs that a card has on a port


def folding(outline: Outline, unfolded: Collection[str] = frozenset()) -> Folding:
    """Decide which nodes are folded.

    Variables and constants that few ports read become chips on these ports; an Assign or an optimizer that nothing
    reads becomes a note on the card whose value it takes. What is ``unfolded`` keeps its card. Whether a node is wrong
    makes no difference: an edit that makes it so must not move the picture.
    """
    result = Folding()
    entries = {**outline.nodes, **{f"output:{name}": entry for name, entry in outline.outputs.items()}}
    read = Counter(operand.source for entry in entries.values() for operand in entry.operands)
    before, changed = Counter(read), dict[str, Update]()
    for name, entry in outline.nodes.items():
        update = _update(outline, entry) if name not in unfolded and not before[name] else None
        if update is not None:
            changed[name] = update
            result.folded.add(name)
            result.updates.setdefault(update.source, []).append(update)
            result.into.setdefault(update.source, []).append(name)
            read.subtract(operand.source for operand in entry.operands)
    for name, entry in outline.nodes.items():
        kind = _held(entry)
        if kind and name not in unfolded and before[name] and read[name] <= MOST_READERS:
            result.folded.add(name)
            result.chips[name] = kind
    within = {name: update.source for name, update in changed.items()}
    for name, entry in entries.items():
        if name not in result.folded:
            result.read |= {(operand.source, operand.output) for operand in entry.operands}
        inside = [operand.source for operand in entry.operands if operand.source in result.chips]
        result.into.setdefault(within.get(name, name), []).extend(inside)
    return result


def _held(entry: Entry) -> str:
    """``variable`` or ``constant`` of a node that is one and that no wire leads to."""
    if any(operand.source for operand in entry.operands) or entry.block not in blocks:
        return ""
    if blocks[entry.block].stateful:
        return "variable"
    return "constant" if entry.block == "Const" else ""


def _update(outline: Outline, entry: Entry) -> Update | None:
    """What an Assign or an optimizer does; None of other nodes."""
    block = blocks.get(entry.block)
    if block is None or not block.assigns:
        return None
    ports = block.signature.inputs
    if entry.block == "Assign":
        values = [operand for operand in entry.operands if operand.port not in block.assigns]
    else:
        values = [o for o in entry.operands if o.port in ports and isinstance(ports[o.port].role, Gradient)]
    changed = next((operand for operand in entry.operands if operand.port in block.assigns), None)
    if changed is None or not changed.source or len(values) != 1 or not _computed(outline, values[0]):
        return None
    return Update(entry.block, changed.source, values[0].source)


def _computed(outline: Outline, operand: Operand) -> bool:
    """Whether an operand is the value of a node that keeps its card."""
    return operand.source in outline.nodes and not _held(outline.nodes[operand.source])
