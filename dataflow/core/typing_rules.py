"""The types of a block's operands and outputs, by its ports: dtypes unify by type variable, shapes by named dims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core import conversion, dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import listing
from dataflow.core.ports import In, Literal, Out, flat
from dataflow.core.shapes import Dim, Shape, TensorType, agree, element_count

if TYPE_CHECKING:
    from dataflow.core.block import Block

OperandType = TensorType | tuple[TensorType, ...] | None  # of a port; a tuple if variadic, None if left unwired
Bound = dict[str, tuple[str, str]]  # by dtype or type variable: the port that fixed it, and the dtype it was fixed to
_WEAK = ("float32", "int32")  # the dtype of a literal whose own one is not accepted
_DTYPES = frozenset(dtypes.every)
_FOLD_LIMIT = 4096  # elements; larger whole-number constants are left to the run


def operand_types(block: Block, operands: Sequence[Any], type_of: Callable[[Any], TensorType]) -> list[OperandType]:
    """The type of each operand, in port order: literals take the dtype of the values beside them.

    Raises BlockError that names the port whose dtype or shape does not fit.
    """
    bound: Bound = {}
    ports = block.signature.inputs.values()
    types: list[Any] = []
    literals: list[tuple[In, Literal]] = []
    for port, operand in zip(ports, operands, strict=True):
        if isinstance(operand, tuple):
            literals += [(port, o) for o in operand if isinstance(o, Literal)]
            types.append(
                tuple(None if isinstance(o, Literal) else _wire_type(block, port, type_of(o), bound) for o in operand)
            )
        elif isinstance(operand, Literal):
            literals.append((port, operand))
            types.append(None)
        else:
            types.append(None if operand is None else _wire_type(block, port, type_of(operand), bound))
    if literals:
        arrays = _bind_literals(block, literals, bound)
        for i, (port, operand) in enumerate(zip(ports, operands, strict=True)):
            if isinstance(operand, Literal):
                types[i] = _literal_type(block, port, operand, bound, arrays)
            elif isinstance(operand, tuple):
                types[i] = tuple(
                    _literal_type(block, port, o, bound, arrays) if t is None else t
                    for o, t in zip(operand, types[i], strict=True)
                )
    _check_shapes(block, ports, types)
    return types


def _wire_type(block: Block, port: In, given: TensorType, bound: Bound) -> TensorType:
    first, dtype = bound.get(port.dtype, ("", ""))
    if dtype and dtype == given.dtype:
        return given
    accepted = (dtype,) if dtype else accepted_dtypes(block, port.dtype)
    fitted = dtypes.fit(given.dtype, accepted)
    if fitted is None:
        wanted = f"{dtype} like '{first}'" if dtype else listing(accepted)
        raise block.error(f"input '{port.name}' must be {wanted}, got {given.dtype}; convert it with Cast")
    bound.setdefault(port.dtype, (port.name, fitted))
    return given if fitted == given.dtype else TensorType(fitted, given.shape, given.value)


def _bind_literals(block: Block, literals: Iterable[tuple[In, Literal]], bound: Bound) -> dict[int, Array]:
    """Fix each type variable that has only literals on its ports to their common dtype.

    Returns the arrays made of the literals on the way, by the literals' ids.
    """
    free: dict[str, dict[str, In]] = {}  # by type variable: the first port of each dtype that its literals have
    arrays: dict[int, Array] = {}
    for port, literal in literals:
        if port.dtype not in bound:
            array = arrays[id(literal)] = literal_array(block, port.name, literal)
            free.setdefault(port.dtype, {}).setdefault(dtypes.name_of(array.dtype), port)
    for variable, found in free.items():
        port, *_, last = (*found.values(), *found.values())
        try:
            own = conversion.common_dtype(found)
        except conversion.ConversionError as error:
            raise block.error(f"inputs '{port.name}' and '{last.name}' {error}") from None
        accepted = accepted_dtypes(block, variable)
        fitted = dtypes.fit(own, accepted) or next((d for d in _WEAK if d in accepted), accepted[0])
        bound[variable] = (port.name, fitted)
    return arrays


def _literal_type(block: Block, port: In, literal: Literal, bound: Bound, arrays: dict[int, Array]) -> TensorType:
    dtype = bound[port.dtype][1]
    array = arrays.get(id(literal))
    if array is None or array.dtype != dtypes.storage(dtype):
        array = literal_array(block, port.name, literal, dtype)
    return TensorType.of(array, dtype)


def literal_array(block: Block, port: str, literal: Literal, dtype: str | None = None) -> Array:
    """The array of a literal on a port; BlockError that names the port where the dtype cannot hold it."""
    try:
        return conversion.literal(literal.value, dtype)
    except conversion.ConversionError as error:
        raise block.error(f"input '{port}' {error}") from None


def accepted_dtypes(block: Block, dtype: str) -> tuple[str, ...]:
    """The dtypes that a port declared with this dtype, type variable or dtype attr accepts."""
    if dtype in _DTYPES:
        return (dtype,)
    value = getattr(block, dtype)
    return (value,) if isinstance(value, str) else tuple(value)


def undeclared(block: type[Block]) -> list[In | Out]:
    """The ports whose dtype is no dtype, type variable or dtype attr."""
    signature = block.signature
    ports: list[In | Out] = [*signature.inputs.values(), *signature.outputs.values()]
    return [port for port in ports if not _is_declared(block, port.dtype)]


def _is_declared(block: type[Block], dtype: str) -> bool:
    if dtype in _DTYPES:
        return True
    attr, variable = block.signature.attrs.get(dtype), getattr(block, dtype, None)
    if attr is not None:
        return attr.kind == "Dtype"
    return isinstance(variable, tuple) and bool(variable) and all(each in _DTYPES for each in variable)


def _check_shapes(block: Block, ports: Iterable[In], types: Sequence[OperandType]) -> None:
    sizes: dict[str, tuple[str, Dim]] = {}  # by named dim: the port that fixed it, and its size
    for port, operand in zip(ports, types, strict=True):
        if port.shape is None or operand is None:
            continue
        for given in operand if isinstance(operand, tuple) else (operand,):
            if given.shape is None:
                continue
            if len(given.shape) != len(port.shape):
                raise block.error(f"input '{port.name}' must have rank {len(port.shape)}, got {given}")
            for name, dim in zip(port.shape, given.shape, strict=True):
                first, size = sizes.setdefault(str(name), (port.name, dim))
                wanted = name if isinstance(name, int) else size
                if not agree(wanted, dim):
                    like = "" if isinstance(name, int) else f" like '{first}'"
                    raise block.error(f"input '{port.name}' must have size {wanted}{like}, got {dim}")


def infer(block: Block, types: Sequence[OperandType]) -> list[TensorType]:
    """The type of each output: the shape that its port declares, else what the block's ``shape_of`` returns."""
    shapes = None
    result = []
    for i, port in enumerate(block.signature.outputs.values()):
        shape = _declared_shape(block, port.shape, types)
        if shape is None:
            shapes = block.shape_of(*types) if shapes is None else shapes
            shape = shapes[i] if isinstance(shapes, list) else shapes
        result.append(TensorType(_output_dtype(block, port, types), shape))
    return result


def _output_dtype(block: Block, port: Out, types: Sequence[OperandType]) -> str:
    for operand, source in zip(types, block.signature.inputs.values(), strict=True):
        if source.dtype == port.dtype and operand is not None:
            return (operand[0] if isinstance(operand, tuple) else operand).dtype
    return accepted_dtypes(block, port.dtype)[0]


def _declared_shape(block: Block, shape: Shape, types: Sequence[OperandType]) -> Shape:
    """A port's shape with the named dims replaced by the sizes that they have on the inputs."""
    if shape is None:
        return None
    sizes: dict[Dim, Dim] = {}
    for operand, port in zip(types, block.signature.inputs.values(), strict=True):
        if port.shape and isinstance(operand, TensorType) and operand.shape is not None:
            sizes |= zip(port.shape, operand.shape, strict=True)
    return tuple(sizes.get(d) if isinstance(d, str) else d for d in shape)


def with_known_values(block: Block, types: Sequence[OperandType], outputs: list[TensorType]) -> list[TensorType]:
    """Output types with their values, if these are few whole numbers that follow from known inputs.

    Shapes and axes are made of them, so later nodes can be checked against them.
    """
    if not block.pure or any(t.dtype not in ("int32", "int64") for t in outputs):
        return outputs
    known = flat(types)
    if not known or any(t.value is None for t in known):
        return outputs
    if any((element_count(t.shape) or _FOLD_LIMIT + 1) > _FOLD_LIMIT for t in (*known, *outputs)):
        return outputs
    arrays = [tuple(t.value for t in ts) if isinstance(ts, tuple) else ts and ts.value for ts in types]
    values = block.compute(arrays, outputs)
    return [TensorType(t.dtype, t.shape, np.asarray(v)) for t, v in zip(outputs, values, strict=True)]


def check_declaration(block: type[Block]) -> None:
    """Raise TypeError where a block is declared so that whoever lists the blocks would stumble over it."""
    if unknown := undeclared(block):
        port = unknown[0]
        raise TypeError(
            f"{block.__name__}: port '{port.name}' must have a dtype, a type variable or a dtype attr, got "
            f"'{port.dtype}'; list the dtypes in the class, {port.dtype} = ('float32', ...)"
        )
    for what in ("aliases", "found_by"):
        given: object = getattr(block, what)
        if not isinstance(given, tuple) or not all(isinstance(name, str) for name in given):
            raise TypeError(f"{block.__name__}: '{what}' must be a tuple of names, got {given!r}; write ('a', 'b')")
