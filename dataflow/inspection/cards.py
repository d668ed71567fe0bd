"""The cards of a scene, from the outline of a graph file and the types of its graph; without places yet."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, cached_property
from pathlib import PurePosixPath

from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graph.graph import Graph
from dataflow.graphfile.outline import Entry, Operand, Outline
from dataflow.inspection.colours import family_of, hue
from dataflow.inspection.data import category, cut, parts
from dataflow.inspection.elements import Attr, Card, Chip, LeftPort, RightPort
from dataflow.inspection.folding import Folding

_LITERAL, _WIRE, _NAME = 20, 24, 30  # letters of a chip, and of the name on a card
_PARAM = re.compile(r"\$(\w+|\{\w+\})")


class Cards:
    """Makes the cards of a scene."""

    def __init__(self, outline: Outline, graph: Graph, folding: Folding, unfolded: Collection[str]):
        self.outline, self.graph, self.folding, self.unfolded = outline, graph, folding, unfolded

    def all(self) -> dict[str, Card]:
        """A card for each input, each node that is not folded and each output, by id."""
        outline = self.outline
        found = {name: self._input(entry) for name, entry in outline.inputs.items()}
        found |= {name: self._node(e) for name, e in outline.nodes.items() if name not in self.folding.folded}
        return found | {f"output:{name}": self._output(entry) for name, entry in outline.outputs.items()}

    def _input(self, entry: Entry) -> Card:
        rights = [self._right(entry, port) for port in entry.outputs]
        return Card(
            entry.name, "input", entry.name, block=entry.block, doc=entry.doc, line=entry.line, rights=rights,
            wrong=entry.wrong,
        )  # fmt: skip

    def _output(self, entry: Entry) -> Card:
        name = f"output:{entry.name}"
        lefts = [self._left(entry, operand) for operand in entry.operands]
        folded = [*dict.fromkeys(self.folding.into.get(name, ()))]
        return Card(name, "output", entry.name, line=entry.line, lefts=lefts, folded=folded, wrong=entry.wrong)

    def _node(self, entry: Entry) -> Card:
        block = blocks.get(entry.block)
        first, *others = entry.outputs or [""]
        shown = [first, *(p for p in others if entry.name in self.unfolded or (entry.name, p) in self.folding.read)]
        return Card(
            entry.name,
            "graph" if entry.uses_file else "node",
            ending(entry.name, _NAME),
            block=PurePosixPath(entry.block).stem if entry.uses_file else entry.block,
            hue=hue(category(block) if block else "graph"),
            doc=entry.doc or (_summary(entry.block) if block else ""),
            line=entry.line,
            gradient=entry.name in self.gradients,
            lefts=[self._left(entry, operand) for operand in entry.operands],
            rights=[self._right(entry, port) for port in shown if port],
            attrs=[Attr(s.name, cut(s.text, 40), bool(_PARAM.fullmatch(s.text))) for s in entry.settings],
            notes=self._notes(entry.name),
            folded=[*dict.fromkeys(self.folding.into.get(entry.name, ()))],
            wrong=entry.wrong,
        )

    def _notes(self, name: str) -> list[str]:
        """A note for each kind of update that a card has within."""
        kinds: dict[str, list[str]] = {}
        for update in self.folding.updates.get(name, ()):
            kinds.setdefault(update.block, []).append(within(name, update.variable))
        how = {block: "updates" if block == "Assign" else f"{block} updates" for block in kinds}
        return [f"{how[block]} {', '.join(variables)}" for block, variables in kinds.items()]

    def _left(self, entry: Entry, operand: Operand) -> LeftPort:
        wire = operand.text if operand.source else ""
        type_ = self._type(operand.value_of)
        port = LeftPort(
            name=operand.port,
            family=family_of(type_.dtype) if type_ else "any",
            value_of=operand.value_of,
            wire=wire,
            optional=operand.optional,
        )
        if operand.source in self.folding.chips:
            port.chip = Chip(ending(operand.text, _WIRE), self.folding.chips[operand.source])
        elif operand.source and not self._shown(operand):
            inner = self.graph.nodes.get(operand.value_of.rpartition(".")[0])
            port.chip = wire_chip(port)
            port.chip.kind = "variable" if inner is not None and inner.block.stateful else "wire"
        elif operand.text and not operand.source:
            port.chip = Chip(cut(operand.text, _LITERAL), "param" if _PARAM.fullmatch(operand.text) else "literal")
        return port

    def _shown(self, operand: Operand) -> bool:
        """Whether there is a card with the port that a wire comes from; none has what is within a graph file."""
        entry = self.outline.nodes.get(operand.source) or self.outline.inputs.get(operand.source)
        return entry is not None and operand.output in entry.outputs and entry.name not in self.folding.folded

    def _right(self, entry: Entry, port: str) -> RightPort:
        value = entry.outputs.get(port, "")
        type_ = self._type(value)
        return RightPort(
            name=port, family=family_of(type_.dtype) if type_ else "any", value_of=value, type=str(type_ or "")
        )

    def _type(self, value_of: str) -> TensorType | None:
        node, _, port = value_of.rpartition(".")
        return self.graph.nodes[node].types.get(port) if node in self.graph.nodes else None

    @cached_property
    def gradients(self) -> set[str]:
        """The nodes of reverse passes: gradient blocks, what is named so, and what only these read."""
        nodes = self.outline.nodes
        found = {
            name
            for name, entry in nodes.items()
            if name.startswith("grad/") or re.search(r"Grad(ient)?(V\d+)?$|Backprop", entry.block)
        }
        if not found:
            return found
        readers: dict[str, set[str]] = {}
        for name, entry in nodes.items():
            for operand in entry.operands:
                readers.setdefault(operand.source, set()).add(name)
        outside = {operand.source for entry in self.outline.outputs.values() for operand in entry.operands}
        waiting = sorted(found)
        while waiting:
            for operand in nodes[waiting.pop()].operands:
                name = operand.source
                if name in nodes and name not in found and name not in outside and readers[name] <= found:
                    found.add(name)
                    waiting.append(name)
        return found


def wire_chip(port: LeftPort) -> Chip:
    """What stands on a port that a wire leads to which is not drawn."""
    return Chip(ending(port.wire, _WIRE), "wire")


def within(reader: str, name: str) -> str:
    """A name as it is called in the scope of another: without the parts that both begin with.

    >>> within("conv1/norm/y", "conv1/norm/mean"), within("y", "mean")
    ('mean', 'mean')
    """
    scope = reader.rpartition("/")[0] + "/"
    return name.removeprefix(scope)


def ending(text: str, most: int) -> str:
    """A name; of a long one its end, which tells most."""
    return text if len(text) <= most else "…" + text[1 - most :]


@cache
def _summary(block: str) -> str:
    return parts(blocks[block].__doc__ or "")["summary"]
