"""What stands in a lowered graph for the wires of the quantized one: integers, real numbers, or both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dataflow.core.dtypes import Array
from dataflow.core.ports import flat
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.registry import blocks
from dataflow.graph.node import Link, Node, Ref
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.forms import Form, dequantized
from dataflow.quantize.grids import grid_of
from dataflow.quantize.model import Model
from dataflow.quantize.quantizers import free_name


@dataclass
class LoweredWires:
    """The wires of a graph that is lowered: each is dequantized, or written as a constant, when that is first read.

    fixed : the nodes whose values do not depend on inputs.
    """

    model: Model
    fixed: set[str]
    forms: dict[Link, Form] = field(default_factory=dict)
    _waiting: dict[str, Node] = field(default_factory=dict)  # quantizers of weights, which real numbers may still need
    _floats: dict[Link, Ref] = field(default_factory=dict)
    _constants: dict[Link, Ref] = field(default_factory=dict)

    def wait(self, new: Rebuild, node: Node) -> None:
        """Leave out a quantizer of weights until real numbers are computed of them."""
        self._waiting[node.name] = node
        new.drop(node)

    def copy(self, new: Rebuild, node: Node) -> None:
        """Copy a node that computes with real numbers."""
        inputs: dict[str, Any] = {}
        for port, value in node.inputs.items():
            if any(isinstance(v, Link) and self._is_integer(v) for v in flat([value])):
                given = [self.operand(new, v) for v in flat([value])]
                inputs[port] = tuple(given) if isinstance(value, tuple) else given[0]
        new.copy(node, inputs=inputs)

    def _is_integer(self, link: Link) -> bool:
        return link in self.forms or link.node in self._waiting

    def operand(self, new: Rebuild, value: object) -> Any:
        """An operand of a node that computes with real numbers."""
        return self._real(new, value) if isinstance(value, Link) else value

    def _real(self, new: Rebuild, link: Link) -> Ref:
        if link in self._floats:
            return self._floats[link]
        if link in self.forms:
            wire = self.model.graph.deref(link)
            name = wire.wire.replace(".", "_")
            self._floats[link] = dequantized(new, self.forms[link], name, wire.type.dtype)
            return self._floats[link]
        if link.node in self._waiting:
            node = self._waiting.pop(link.node)
            if node.name in new.result.nodes:  # its codes have the name
                operands = [new.operand(node, port) for port in node.inputs]
                new.move(node.first, new.add(node.block, operands, free_name(new, f"{node.name}/values"), node.doc))
            else:
                self.copy(new, node)
        return new.ref(link)

    def outputs(self, new: Rebuild) -> None:
        """Let outputs that became integers be real numbers."""
        for link in self.model.graph.outputs.values():
            if self._is_integer(link):
                new.move(link, self._real(new, link))

    def read(self, node: Node, ports: tuple[str, ...]) -> tuple[list[Form], list[str]]:
        """The forms of all that stands on these ports, and a name for each operand."""
        forms, names = [], []
        for port in ports:
            value = node.inputs[port]
            for i, each in enumerate(flat([value])):
                names.append(f"{node.name}/{port}_{i}" if isinstance(value, tuple) else f"{node.name}/{port}")
                if isinstance(each, Link) and each in self.forms:
                    forms.append(self.forms[each])
        return forms, names

    # -- weights --------------------------------------------------------------------------------------------------

    def codes(self, link: Link) -> tuple[Array, Grid] | None:
        """The codes of weights and their grid, where a quantizer gives them."""
        node = self.model.graph.nodes[link.node]
        role = node.block.quantized_as
        if node.name not in self.fixed or not isinstance(role, Quantizer):
            return None
        grid = grid_of(self.model, node, self.fixed)
        return None if grid is None else (grid.codes(self.model.value(link)), grid)

    def constant(self, new: Rebuild, link: Link, codes: Array) -> Ref:
        """Codes as a node with the name of the quantizer that gave them, once however many read them."""
        if link not in self._constants:
            name = free_name(new, link.node) if link.node in new.result.nodes else link.node
            self._constants[link] = new.add(blocks["Const"](value=codes), [], name=name)
        return self._constants[link]
