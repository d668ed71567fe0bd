"""What is known of the types at the inputs of a node, also of one that lacks something, and what fits there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dataflow.core import dtypes
from dataflow.core.attrs import Attr
from dataflow.core.block import Block
from dataflow.core.errors import BlockError, DataflowError, listing
from dataflow.core.ports import In, Literal, Out
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graphfile.params import Substitution
from dataflow.graphfile.tree import BROKEN, Value
from dataflow.graphfile.wires import FileScope


def possible_dtypes(kind: type[Block], port: In | Out) -> tuple[str, ...]:
    """The dtypes that a port of a block may have, whatever its attrs and other ports say."""
    if port.dtype in dtypes.every:
        return (port.dtype,)
    found = getattr(kind, port.dtype)
    if isinstance(found, Attr):
        return tuple(found.choices) or dtypes.every
    return found if isinstance(found, tuple) else (found,)


def type_of_wire(scope: FileScope, wire: str) -> TensorType | None:
    """The type of the value that a wire of a file names; None where there is none, or its node is wrong."""
    name, dot, port = wire.partition(".")
    wires = scope.wires.get(name, BROKEN)
    if wires is BROKEN or not wires:
        return None
    ref = wires.get(port) if dot else next(iter(wires.values()))
    return None if ref is None else ref.type


@dataclass
class KnownNode:
    """A node whose block is a class: with its attrs where they are right, and what stands on its inputs."""

    name: str
    kind: type[Block]
    block: Block | None
    operands: dict[str, Any]  # by port: TensorType, Literal, a tuple of them, or None where that is not known

    @classmethod
    def of(cls, scope: FileScope, name: str) -> KnownNode | None:
        """A node of a file; None where it is none, or its block is another graph or unknown."""
        entry = scope.definition.nodes.data.get(name)
        parts = entry.data if entry is not None and isinstance(entry.data, dict) else {}
        own = scope.document.anew(scope.document.path)  # what is wrong with a param was told by the load
        values = _Values(scope, Substitution(own, scope.substitution.values))
        used = values.plain(parts.get("block"))
        if not isinstance(used, str) or used not in blocks:
            return None
        kind = blocks[used]
        given = parts.get("inputs")
        listed = given.data if given is not None else {}
        if isinstance(listed, list):
            listed = dict(zip(kind.signature.inputs, listed, strict=False))
        by_port = listed if isinstance(listed, dict) else {}
        operands = {port: values.operand(by_port.get(port)) for port in kind.signature.inputs}
        return cls(name, kind, values.block(kind, parts.get("attrs")), operands)

    @property
    def who(self) -> str:
        """How messages name it."""
        return f"node '{self.name}' ({self.kind.__name__})"

    def with_attr(self, name: str, value: object) -> KnownNode | None:
        """The node with another attr; None where it must not have it."""
        if self.block is None:
            return None
        try:
            block = type(self.block)(**{**self.block.attrs(), name: value})
        except DataflowError:
            return None
        return KnownNode(self.name, self.kind, block, self.operands)

    def misfit(self, port: str = "", given: TensorType | None = None) -> str:
        """Why what stands on the inputs does not fit, with a value of this type on one of them; nothing where it may.

        Of a list of wires the value is one more.
        """
        operands = dict(self.operands)
        if port and given is not None:
            many = self.kind.signature.inputs[port].many
            others = operands[port] if many and isinstance(operands[port], tuple) else ()
            operands[port] = (*others, given) if many else given
        try:
            self._check(operands)
        except BlockError as error:
            return self.who + str(error).removeprefix(self.kind.__name__)
        except Exception as error:  # the shape_of of a plugin's block, which is told by the load
            return f"{self.who}: {type(error).__name__}"
        return ""

    def outputs(self) -> list[TensorType] | None:
        """The types of the outputs; None where they are not known."""
        try:
            return self._check(self.operands)
        except Exception:
            return None

    def _check(self, operands: Mapping[str, Any]) -> list[TensorType] | None:
        ports = self.kind.signature.inputs
        if self.block is None:
            for name, operand in operands.items():
                for each in operand if isinstance(operand, tuple) else (operand,):
                    if isinstance(each, TensorType):
                        _check_dtype(self.kind, ports[name], each)
            return None
        known = [None if isinstance(o, tuple) and None in o else o for o in operands.values()]
        types = self.block.operand_types(known, lambda operand: operand)
        if any(o is None and not p.optional for o, p in zip(known, ports.values(), strict=True)):
            return None
        return self.block.output_types(types)


def _check_dtype(kind: type[Block], port: In, given: TensorType) -> None:
    accepted = possible_dtypes(kind, port)
    if dtypes.fit(given.dtype, accepted) is None:
        wanted = f"input '{port.name}' must be {listing(accepted)}, got {given.dtype}"
        raise BlockError(f"{kind.__name__}: {wanted}; convert it with Cast")


@dataclass(frozen=True)
class _Values:
    """Values of a file with parameters put in."""

    scope: FileScope
    substitution: Substitution

    def plain(self, value: Value | None) -> Any:
        """A plain value; None where it is wrong."""
        found = None if value is None else self.substitution.resolve(value, "")
        return None if found is None or _is_broken(found) else found.plain()

    def operand(self, value: Value | None) -> Any:
        """What stands on an input."""
        if value is not None and isinstance(value.data, list) and any(isinstance(i.data, str) for i in value.data):
            return tuple(map(self.operand, value.data))
        found = self.plain(value)
        if isinstance(found, str):
            return type_of_wire(self.scope, found)
        return None if found is None or isinstance(found, dict) else Literal(found)

    def block(self, kind: type[Block], attrs: Value | None) -> Block | None:
        """The block with the attrs of a node."""
        given = attrs.data if attrs is not None and isinstance(attrs.data, dict) else {}
        try:
            return kind(**{name: self.plain(value) for name, value in given.items()})
        except DataflowError:
            return None


def _is_broken(value: Value) -> bool:
    if isinstance(value.data, list | dict):
        return any(map(_is_broken, value.data.values() if isinstance(value.data, dict) else value.data))
    return value.data is BROKEN
