"""Ports of blocks, and how arguments are bound to them.

An operand is the value on an input port: a wire in a graph, an array, or a `Literal`, a number or list whose dtype
follows from the operands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from dataflow.core import conversion
from dataflow.core.attrs import Attr, key, plain
from dataflow.core.errors import BlockError, listing, nearest
from dataflow.core.roles import Role
from dataflow.core.shapes import Shape
from dataflow.core.wire import Wire


class In:
    """An input port: a dtype or the name of a type variable, a line of text, and further conditions on the value.

    shape : the shape the value must have, if fixed; names in it stand for one size within the block.
    static : the value fixes a shape (``axis``, ``perm``), so it should be known before the run.
    like : only the dtype and shape of the value are read, never its elements.
    optional : the port may stay unwired.
    many : the port takes a list of values.
    role : of an optimizer's port: what training puts there.
    """

    def __init__(
        self,
        dtype: str,
        doc: str = "",
        *,
        shape: Shape = None,
        static: bool = False,
        like: bool = False,
        optional: bool = False,
        many: bool = False,
        role: Role | None = None,
    ):
        self.dtype, self.doc, self.shape, self.role = dtype, doc, shape, role
        self.static, self.like, self.optional, self.many = static, like, optional, many
        self.name = ""


class Out:
    """An output port: a dtype or type variable, a line of text, a fixed shape if it has one.

    reduce : the ufunc that folds the values that the kernel returns for parts of the input; the kernel returns
        partial sums in float64, and the total is rounded to the dtype once, at the end.
    """

    def __init__(self, dtype: str, doc: str = "", *, shape: Shape = None, reduce: np.ufunc | None = None):
        self.dtype, self.doc, self.shape, self.reduce = dtype, doc, shape, reduce
        self.name = ""


Port = TypeVar("Port", In, Out)
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A number, list or array written on a port."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and (self.value is other.value or self._key == other._key)

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> Any:
        return key(self.value) if isinstance(self.value, np.ndarray) else repr(self.value)

    def __str__(self) -> str:
        text = str(plain(self.value))
        return text if len(text) <= 40 else text[:37] + "..."


@dataclass
class Signature:
    """The ports and attrs of a block class, in the order written."""

    inputs: dict[str, In] = field(default_factory=dict)
    outputs: dict[str, Out] = field(default_factory=dict)
    attrs: dict[str, Attr] = field(default_factory=dict)

    @cached_property
    def static(self) -> list[int]:
        """The positions of inputs whose values decide shapes."""
        return [i for i, port in enumerate(self.inputs.values()) if port.static]

    @cached_property
    def holds_arrays(self) -> bool:
        """Whether an attr is an array."""
        return any(attr.kind == "Tensor" for attr in self.attrs.values())

    @classmethod
    def joined(cls, signatures: Iterable[Signature]) -> Signature:
        """The signature that several base classes give together: the first ports of a kind, and all attrs."""
        joined = cls()
        for other in signatures:
            inputs, outputs = joined.inputs or other.inputs, joined.outputs or other.outputs
            joined = cls(inputs, outputs, joined.attrs | other.attrs)
        return joined

    def inherit(self, name: str, members: Mapping[str, Any], annotations: Mapping[str, Any]) -> Signature:
        """The signature of a subclass: its ports of a kind replace the inherited ones, its attrs are added.

        If one of the ports bears an inherited name it takes that place, and the other inherited ones stay as well, but
        for those that the subclass sets to None.
        """
        inputs = {k: v for k, v in members.items() if isinstance(v, In)}
        outputs = {k: v for k, v in members.items() if isinstance(v, Out)}
        attrs = {k: v for k, v in members.items() if isinstance(v, Attr)}
        for port_name, port in members.items():
            if isinstance(port, In | Out):
                port.name = port_name
        for attr_name, attr in attrs.items():
            if attr_name not in annotations:
                raise TypeError(f"{name}: attr '{attr_name}' must have an annotation, got none; write its type")
            attr.named(attr_name, annotations[attr_name])
        gone = {k for k, v in members.items() if v is None}
        return Signature(
            _merged(self.inputs, inputs, gone | outputs.keys()),
            _merged(self.outputs, outputs, gone | inputs.keys()),
            self.attrs | attrs,
        )

    def bind(self, who: str, args: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """Arguments in port order: positional ones first, then by port name; None for an optional port left out."""
        ports = list(self.inputs)
        if len(args) > len(ports):
            raise BlockError(f"{who}: takes {_count(ports)}, got {len(args)} values")
        if unknown := [n for n in named if n not in self.inputs]:
            hint = nearest(unknown[0], ports) or f"it has {listing(ports, 'and')}" if ports else "it has none"
            raise BlockError(f"{who}: no input '{unknown[0]}'; {hint}")
        if twice := [n for n in ports[: len(args)] if n in named]:
            raise BlockError(f"{who}: input '{twice[0]}' is wired twice; give it once")
        given = dict(zip(ports, args, strict=False)) | dict(named)
        missing = [n for n, p in self.inputs.items() if given.get(n) is None and not p.optional]
        if missing:
            raise BlockError(f"{who}: input {listing([repr(n) for n in missing], 'and')} must be wired, got nothing")
        return [entered(who, port, given.get(name)) for name, port in self.inputs.items()]


def _merged(inherited: dict[str, Port], own: dict[str, Port], gone: Set[str]) -> dict[str, Port]:
    if own and (not inherited.keys() & own.keys() or inherited.keys() <= own.keys()):
        return own
    return {name: port for name, port in (inherited | own).items() if name not in gone}


def map_port(function: Callable[[S], T], value: S | tuple[S, ...] | None) -> T | tuple[T, ...] | None:
    """``function`` of the value on a port; of each one for a variadic port, None for one that is not wired."""
    if isinstance(value, tuple):
        return tuple(map(function, value))
    return None if value is None else function(value)


def flat(operands: Iterable[Any]) -> list[Any]:
    """Operands one by one, those of variadic ports included; unwired ports are left out."""
    found: list[Any] = []
    for operand in operands:
        if isinstance(operand, tuple):
            found.extend(o for o in operand if o is not None)
        elif operand is not None:
            found.append(operand)
    return found


def entered(who: str, port: In, value: object) -> Any:
    """The operand for a value that a caller passed: a wire, a plain array or a literal; a tuple of them if variadic.

    Raises BlockError that names the port where it can be none.
    """
    if value is None:
        return None
    if port.many:
        if not isinstance(value, list | tuple):
            raise BlockError(f"{who}: input '{port.name}' must be a list of values, got one; write it as a list")
        if not value:
            raise BlockError(f"{who}: input '{port.name}' must have at least one value, got an empty list")
        return tuple(_single(who, port, v) for v in value)
    return _single(who, port, value)


def _single(who: str, port: In, value: object) -> Any:
    if conversion.is_ready_array(value) or isinstance(value, Wire | Literal):
        return value
    if conversion.has_no_dtype(value):
        return Literal(value)
    try:
        return conversion.array(value)
    except conversion.ConversionError as error:
        raise BlockError(f"{who}: input '{port.name}' {error}") from None


def _count(ports: Sequence[str]) -> str:
    return f"{len(ports)} input{'s' * (len(ports) != 1)} ({', '.join(ports)})" if ports else "no inputs"
