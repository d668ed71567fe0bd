"""Nodes that make another dtype or shape of a value, with the type of what they give."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from dataflow.core import dtypes
from dataflow.core.errors import DataflowError
from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.core.shapes import Dim, TensorType, show
from dataflow.graphfile.editing.known_types import KnownNode, type_of_wire
from dataflow.graphfile.tree import Value
from dataflow.graphfile.wires import FileScope

_RANGE = (-1.0, 1.0)  # that is quantized where none is declared
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Insertion:
    """A node to put in between: wires and literals on its inputs, and its attrs."""

    title: str
    block: str
    inputs: Mapping[str, object]
    attrs: Mapping[str, object]

    @property
    def name(self) -> str:
        """What it may be called: expand_dims for ExpandDims."""
        return _WORD.sub("_", self.block).lower()


def conversions(
    scope: FileScope, source: str, given: TensorType, known: KnownNode | None
) -> Iterator[tuple[Insertion, TensorType]]:
    """What can be made of a value for a node, where it is known: first of the dtype, then of the shape."""
    for insertion in (*_dtypes(scope, source, given), *_shapes(source, given, known)):
        made = _type(scope, insertion)
        if made is not None and made != given:
            yield insertion, made


def _type(scope: FileScope, insertion: Insertion) -> TensorType | None:
    """The type of what a node gives."""
    kind = blocks[insertion.block]
    operands = {port: _operand(scope, insertion.inputs.get(port)) for port in kind.signature.inputs}
    try:
        found = KnownNode("new", kind, kind(**insertion.attrs), operands).outputs()
    except DataflowError:
        return None
    return found[0] if found else None


def _operand(scope: FileScope, value: object) -> object:
    return type_of_wire(scope, value) if isinstance(value, str) else None if value is None else Literal(value)


# -- dtypes -----------------------------------------------------------------------------------------------------


def _dtypes(scope: FileScope, source: str, given: TensorType) -> Iterator[Insertion]:
    yield from _dequantized(scope, source, given)
    near = _near(given.dtype)
    casts = {each: Insertion(f"Cast to {each}", "Cast", {"x": source}, {"DstT": each}) for each in near}
    yield from (casts.pop(each) for each in near if each in dtypes.floating)
    low, high = _declared(scope, source)
    for dtype in dtypes.quantized if given.dtype == "float32" else ():
        inputs = {"input": source, "min_range": low, "max_range": high}
        yield Insertion(f"Quantize to {dtype}, {low:g} to {high:g}", "QuantizeV2", inputs, {"T": dtype})
    yield from casts.values()


def _near(dtype: str) -> list[str]:
    """Other dtypes to cast to: those of the same family, the wider first, then the usual ones of others."""
    families = (dtypes.floating, dtypes.signed, dtypes.unsigned, dtypes.complexes)
    own = next((family for family in families if dtype in family), ())
    at = own.index(dtype) if dtype in own else 0
    usual = ("float32", "float64", "int32", "int64", "bool", "complex64")
    return [each for each in dict.fromkeys((*own[at + 1 :], *own[:at][::-1], *usual, *dtypes.number)) if each != dtype]


def _dequantized(scope: FileScope, source: str, given: TensorType) -> Iterator[Insertion]:
    """Real numbers of quantized ones: with the range or the scale that stand beside them where they are made."""
    name = source.partition(".")[0]
    maker = scope.definition.nodes.data.get(name)
    wires = scope.wires.get(name)
    if given.dtype in dtypes.quantized and isinstance(wires, Mapping):
        low, high = (next((port for port in wires if end in port.lower()), "") for end in ("min", "max"))
        if low and high:
            inputs: dict[str, object] = {"input": source, "min_range": f"{name}.{low}", "max_range": f"{name}.{high}"}
            yield Insertion("Dequantize", "Dequantize", inputs, {})
    parts = maker.data if isinstance(maker, Value) and isinstance(maker.data, dict) else {}
    on = parts["inputs"].plain() if "inputs" in parts else {}
    if isinstance(on, list) and (used := KnownNode.of(scope, name)) is not None:
        on = dict(zip(used.kind.signature.inputs, on, strict=False))
    if isinstance(on, dict) and "scale" in on and "zero_point" in on and given.dtype in dtypes.codes:
        inputs = {"x": source, "scale": on["scale"], "zero_point": on["zero_point"]}
        attrs = {"axis": parts["attrs"].plain()["axis"]} if "attrs" in parts and "axis" in parts["attrs"].data else {}
        yield Insertion("Dequantize", "DequantizeLinear", inputs, attrs)


def _declared(scope: FileScope, source: str) -> tuple[float, float]:
    """The range that is declared for a value."""
    name, _, port = source.partition(".")
    wires = scope.wires.get(name)
    ref = (wires.get(port) if port else next(iter(wires.values()), None)) if isinstance(wires, Mapping) else None
    found = ref.graph.nodes[ref.node].range if ref is not None else None
    return (float(found[0]), float(found[1])) if found is not None else _RANGE


# -- shapes -----------------------------------------------------------------------------------------------------


def _shapes(source: str, given: TensorType, known: KnownNode | None) -> Iterator[Insertion]:
    shape = given.shape
    if shape is None:
        return
    rank = len(shape)
    ones = [axis for axis, dim in enumerate(shape) if dim == 1]
    for axes in ([ones] if len(ones) > 1 else []) + [[axis] for axis in ones]:
        yield Insertion(f"Squeeze {_told(axes)}", "Squeeze", {"input": source}, {"axis": axes})
    for axis in (-1, *range(rank)):
        yield Insertion(f"Expand dims at {axis}", "ExpandDims", {"input": source, "axis": axis}, {})
    if rank > 1:
        perm = [*range(rank - 2), rank - 1, rank - 2]
        yield Insertion("Transpose the last two", "Transpose", {"x": source, "perm": perm}, {})
    for wanted in dict.fromkeys((*_beside(shape, known), *_flat(shape))):
        title = "Flatten to rank 1" if wanted == (None,) else f"Reshape to {show(wanted)}"
        yield Insertion(title, "Reshape", {"tensor": source, "shape": _written(wanted)}, {})


def _told(axes: list[int]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def _flat(shape: tuple[Dim, ...]) -> Iterator[tuple[Dim, ...]]:
    """The shape as a matrix whose rows are those of the value, and as a vector."""
    inner = shape[1:]
    if len(shape) > 2 and all(isinstance(dim, int) for dim in inner):
        yield (shape[0], math.prod(dim for dim in inner if isinstance(dim, int)))
    if len(shape) != 1:
        yield (None,)


def _beside(shape: tuple[Dim, ...], known: KnownNode | None) -> Iterator[tuple[Dim, ...]]:
    """The shapes of what stands on the other inputs, where they surely have as many elements."""
    operands = known.operands.values() if known is not None else ()
    for operand in chain.from_iterable(each if isinstance(each, tuple) else (each,) for each in operands):
        beside = operand.shape if isinstance(operand, TensorType) else None
        if beside and beside != shape and _elements(beside) == _elements(shape) and len(_elements(shape)[1]) < 2:
            yield beside


def _elements(shape: tuple[Dim, ...]) -> tuple[int, list[str]]:
    """The product of the sizes, and the names of the other dims."""
    return math.prod(dim for dim in shape if isinstance(dim, int)), sorted(
        str(d) for d in shape if not isinstance(d, int)
    )


def _written(shape: tuple[Dim, ...]) -> list[int]:
    """A shape as Reshape takes it: -1 for the dim that has no size."""
    return [dim if isinstance(dim, int) else -1 for dim in shape]
