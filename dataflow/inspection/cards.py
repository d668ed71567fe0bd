"""The cards of a scene, from the outline of a graph file and the types of its graph; without places yet."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, cached_property
from pathlib import PurePosixPath
from types import MappingProxyType

from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graphfile.outline import Entry, Operand, Outline
from dataflow.inspection.colours import family_of, hue
from dataflow.inspection.data import category, cut, parts
from dataflow.inspection.elements import Attr, Card, Chip, LeftPort, RightPort
from dataflow.inspection.examples import example_values
from dataflow.inspection.folding import Folding

_LITERAL, _WIRE, _NAME = 20, 22, 32  # letters of a chip, and of the name on a card
_GRADIENT = re.compile(r"grad|backprop|^dy$")  # ports on which blocks of reverse passes take gradients
_PARAM = re.compile(r"\$(\w+|\{\w+\})")


class Cards:
    """Makes the cards of a scene."""

    def __init__(
        self,
        outline: Outline,
        graph: Graph,
        folding: Folding,
        unfolded: Collection[str] = (),
        types: Mapping[str, str] = MappingProxyType({}),
    ):
        self.outline, self.graph, self.folding, self.unfolded, self.types = outline, graph, folding, unfolded, types

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
        folded = self._folded(name)
        wrong = entry.wrong or any(self.outline.nodes[each].wrong for each in folded)
        return Card(name, "output", entry.name, line=entry.line, lefts=lefts, folded=folded, wrong=wrong)

    def _node(self, entry: Entry) -> Card:
        block, folded = blocks.get(entry.block), self._folded(entry.name)
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
            folded=folded,
            wrong=entry.wrong or any(self.outline.nodes[each].wrong for each in folded),
        )

    def _folded(self, name: str) -> list[str]:
        """The nodes that are drawn within a card."""
        return [*dict.fromkeys(self.folding.into.get(name, ()))]

    def _notes(self, name: str) -> list[str]:
        """A note for each kind of update that a card has within."""
        kinds: dict[str, list[str]] = {}
        for update in self.folding.updates.get(name, ()):
            kinds.setdefault(update.block, []).append(within(name, update.variable))
        how = {block: "updates" if block == "Assign" else f"{block} updates" for block in kinds}
        return [f"{how[block]} {', '.join(variables)}" for block, variables in kinds.items()]

    def _left(self, entry: Entry, operand: Operand) -> LeftPort:
        wire = operand.text if operand.source else ""
        port = LeftPort(
            name=operand.port,
            family=_family(self._type(operand.value_of, f"{operand.source}.{operand.output}")),
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
        elif operand.asked:
            example = example_values(entry.block).get(operand.port)
            port.chip = Chip("a value" if example is None else f"such as {cut(example, _LITERAL)}", "asked")
        return port

    def _shown(self, operand: Operand) -> bool:
        """Whether there is a card with the port that a wire comes from; none has what is within a graph file."""
        entry = self.outline.nodes.get(operand.source) or self.outline.inputs.get(operand.source)
        return entry is not None and operand.output in entry.outputs and entry.name not in self.folding.folded

    def _right(self, entry: Entry, port: str) -> RightPort:
        value = entry.outputs.get(port, "")
        type_ = self._type(value, f"{entry.name}.{port}")
        return RightPort(name=port, family=_family(type_), value_of=value, type=type_)

    def _type(self, value_of: str, shown: str) -> str:
        """The type of a value; of one that is not known now, what it last was on the port that shows it."""
        node, _, port = value_of.rpartition(".")
        type_ = self.graph.nodes[node].types.get(port) if node in self.graph.nodes else None
        return self.types.get(shown, "") if type_ is None else str(type_)

    @cached_property
    def gradients(self) -> set[str]:
        """The nodes of reverse passes: those that take gradients, are named so or ``d_x``, and what only these read."""
        nodes, known = self.outline.nodes, {**self.outline.inputs, **self.outline.nodes}
        found = {
            name
            for name, entry in nodes.items()
            if name.startswith("grad/") or _takes_gradient(entry.block) or _derivative_of(name) in known
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


@cache
def _takes_gradient(block: str) -> bool:
    """Whether a block is one of reverse passes: an optimizer takes a gradient too, but it has a role there."""
    ports = blocks[block].signature.inputs.values() if block in blocks else ()
    return any(port.role is None and _GRADIENT.search(port.name) for port in ports)


def _derivative_of(name: str) -> str:
    """The node that a name such as ``d_x`` is the derivative of something by."""
    scope, slash, last = name.rpartition("/")
    return scope + slash + last.removeprefix("d_") if last.startswith("d_") else ""


def _family(type_: str) -> str:
    return family_of(type_.partition("[")[0])


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
    """A name; of a long one its end, which tells most: as many whole parts as there is room for.

    >>> ending("grad/conv2/conv/conv2_d_backprop_input", 26), ending("a_name_without_parts", 12)
    ('…/conv2_d_backprop_input', '…thout_parts')
    """
    if len(text) <= most:
        return text
    at = text.find("/", len(text) - most + 1)
    return "…" + text[at if at > 0 else 1 - most :]


@cache
def _summary(block: str) -> str:
    return parts(blocks[block].__doc__ or "")["summary"]
