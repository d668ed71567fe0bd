"""Values from outside converted to plain arrays, or refused: one place for calls, feeds, constants and states.

Arrays of any library keep their dtype. Numbers and lists have none and take the one that is asked for. Values stay
exactly as they are, except that numbers are rounded to the nearest of a floating dtype.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard, cast

import numpy as np

from dataflow.core import dtypes
from dataflow.core.casting import ConversionError as ConversionError
from dataflow.core.casting import cast_to
from dataflow.core.dtypes import Array
from dataflow.core.errors import cropped, kind_of, way_out

_SPELLED = re.compile(
    r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII
)  # in YAML
_PROTOCOLS = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__")
_READY = frozenset(map(dtypes.storage, dtypes.every))  # dtypes in another byte order are not equal to these
_NUMBERS = (bool, int, float, complex, np.number, np.bool_)
_COMMON_SIZE = 1e9  # all dtypes below can hold it
_COMMON_DTYPES: dict[Any, Any] = {
    **{(float, name): dtypes.storage(name or "float32") for name in (None, "float32", "float64")},
    **{(int, name): dtypes.storage(name or "int32") for name in (None, "int32", "int64", "float32", "float64")},
}
HOLDS_SMALL = frozenset(_COMMON_DTYPES.values())
_SMALL = (float, int, np.float32, np.int32)
_PYTHON_TYPES = (float, int, list, tuple, bool, complex, str, bytes, range, type(None))
_SIMPLE = {float, int, bool, complex}
_TRUTHS = {bool, np.bool_}
_MOST_DIMS = 64  # of an array of NumPy
# dtypes of numbers that had none, from narrow to wide: several together get the widest
_PLAIN = ("int32", "int64", "uint64", "float32", "float64", "complex64", "complex128")
_NARROW = {"i": "int32", "u": "int32", "O": "int32", "f": "float32", "c": "complex64"}
_NO_NUMBERS = {"O": "Python objects", "U": "text", "S": "text", "T": "text", "M": "dates", "m": "time spans"}


def array(value: object, dtype: str | None = None) -> Array:
    """The value as an array of this dtype, or of any dtype if none is given.

    Raises ConversionError where an array has another dtype, or a number or list cannot have this one.
    """
    if has_no_dtype(value):
        return literal(value, dtype)
    found = value if is_ready_array(value) else _plain_array(value)
    if dtype is not None and found.dtype != dtypes.storage(dtype):
        how = "convert it with .astype" if hasattr(value, "astype") else "convert it"
        raise ConversionError(f"must be {dtype}, got {found.dtype.name}; {way_out(how, f'save it as {dtype}')}")
    return found


def literal(value: object, dtype: str | None = None) -> Array:
    """The array of a number, list or array; plain numbers become float32 or int32 unless a dtype is given.

    Numbers too large for these get 64 bits. Raises ConversionError where the dtype cannot hold the values.
    """
    if is_ready_array(value):
        return value if dtype is None else cast_to(value, dtype)
    common = _COMMON_DTYPES.get((type(value), dtype))
    if common is not None and abs(cast(float, value)) < _COMMON_SIZE:  # most values are such numbers
        return np.asarray(value, common)
    if not has_no_dtype(value):
        found = _plain_array(value)
        return found if dtype is None else cast_to(found, dtype)
    found = _numbers(value)
    if dtype is not None:
        return cast_to(found, dtype)
    try:
        return cast_to(found, _NARROW[found.dtype.kind]) if found.dtype.kind in _NARROW else found
    except ConversionError:
        if found.dtype == object:
            raise ConversionError(f"must be numbers of at most 64 bits, got {cropped(repr(value))}") from None
        return found


def frozen(found: Array) -> Array:
    """A read-only array that nobody can write to through another: this one if it is such, else a copy."""
    owner: Any = found
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    if owner is None or (not isinstance(owner, np.ndarray) and _has_buffer(owner) and memoryview(owner).readonly):
        return found
    copy = found.copy()
    copy.flags.writeable = False
    return copy


def is_ready_array(value: object) -> TypeGuard[Array]:
    """Whether a value is an array that needs no conversion."""
    return type(value) is np.ndarray and value.dtype in _READY and value.flags.aligned and _runs_forwards(value)


def types_of_operands(values: Sequence[object]) -> tuple[object, ...] | None:
    """What decides the dtypes and shapes of operands, in a row, with None for none.

    None where one is no number of the usual size and no array that needs no conversion.
    """
    found: list[object] = []
    for value in values:
        if value is None:
            found.append(None)
        elif type(value) in _SMALL and abs(cast(float, value)) < _COMMON_SIZE:
            found.append(type(value))
        elif is_ready_array(value):
            found += value.dtype, value.shape
        else:
            return None
    return tuple(found)


def _runs_forwards(found: Array) -> bool:
    # with negative strides NumPy computes exponentials, logarithms, powers and more to other last bits
    return found.flags.c_contiguous or not any(stride < 0 for stride in found.strides)


def has_no_dtype(value: object) -> bool:
    """Whether a value is a number, a list or anything else without a dtype of its own."""
    if type(value) in _PYTHON_TYPES:
        return True
    if isinstance(value, np.ndarray | np.generic):
        return False
    exports = any(hasattr(value, name) for name in _PROTOCOLS)
    return isinstance(value, _PYTHON_TYPES) or not (exports or _has_buffer(value))


def common_dtype(names: Iterable[str]) -> str:
    """The dtype that numbers of these dtypes get together, whatever their order."""
    known = sorted(set(names))
    if len(known) == 1:
        return known[0]
    own = [name for name in known if name not in (*_PLAIN, "bool")]
    if len(own) > 1:
        raise ConversionError(f"must be of one dtype, got {own[0]} and {own[1]}; convert one with Cast")
    plain = [name for name in _PLAIN if name in known]
    if own or not plain:
        return [*own, *known][0]
    return "complex128" if {"float64", "complex64"} <= set(plain) else plain[-1]


# -- arrays ---------------------------------------------------------------------------------------------------------


def _plain_array(value: object) -> Array:
    """An array of any library as one of NumPy's own class, aligned, forwards and in the byte order of this machine."""
    if (columns := _columns(value)) is not None:
        return _of_columns(columns)
    found = value if isinstance(value, np.ndarray | np.generic) else _exported(value)
    if hasattr(found, "mask"):
        raise ConversionError("must be an array without a mask, got a masked one; fill it with .filled")
    found = dtypes.native_order(np.asarray(found))
    _check_dtype(found.dtype)
    return found if found.flags.aligned and _runs_forwards(found) else found.copy()


def _columns(value: object) -> list[tuple[object, object]] | None:
    """The columns of a table of any library with their names; None for what is no table."""
    if isinstance(value, np.ndarray | np.generic) or not hasattr(value, "__getitem__"):
        return None
    names = getattr(value, "column_names", None) or getattr(value, "columns", None)
    if names is None or callable(names) or hasattr(names, "keys"):
        return None
    listed = [*names]
    if len({*map(str, listed)}) < len(listed):
        raise ConversionError("must be a table whose columns have different names, got one twice")
    return [(name, value[name]) for name in listed]


def _of_columns(columns: list[tuple[object, object]]) -> Array:
    """The matrix of columns that are numbers of one dtype."""
    found: list[Array] = []
    for name, column in columns:
        try:
            found.append(_plain_array(column))
        except ConversionError as error:
            raise ConversionError(f"column '{name}' {error}") from None
        if found[0].dtype != found[-1].dtype:
            first, last = (dtypes.name_of(each.dtype) for each in (found[0], found[-1]))
            raise ConversionError(f"must have columns of one dtype, got {first} and, in '{name}', {last}; convert them")
    if not found:
        raise ConversionError("must have columns, got a table without")
    return np.stack(found, axis=1)


def _exported(value: object) -> Any:
    """The array that another library's value, such as a tensor or a column of a table, exports."""
    missing = getattr(value, "null_count", 0)
    missing = missing() if callable(missing) else missing
    if missing:
        raise ConversionError(f"must have no missing values, got {missing}; fill them")
    try:
        if any(hasattr(value, name) for name in _PROTOCOLS[:3]) or _has_buffer(value):
            return np.asanyarray(value)
        return np.from_dlpack(cast(Any, value))
    except Exception as error:  # other libraries raise what they like
        raise ConversionError(f"must be an array, got a {type(value).__name__} that cannot be one: {error}") from None


def _has_buffer(value: object) -> bool:
    try:
        memoryview(cast(Any, value)).release()
    except TypeError:
        return False
    return True


def _check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse dtypes that are not numbers, and numbers that no block takes."""
    if dtype in _READY:
        return
    if dtype.names is not None:
        raise ConversionError(f"must be numbers, got records; take one of their fields {', '.join(dtype.names[:10])}")
    if dtype.kind in _NO_NUMBERS:
        raise ConversionError(f"must be numbers, got {_NO_NUMBERS[dtype.kind]} (dtype {dtype}); {_convert()}")
    raise ConversionError(f"must be of a dtype that blocks have, got {dtype.name}; {_convert()}")


def _convert() -> str:
    return way_out("convert it with .astype", "save it as numbers of another dtype")


# -- numbers and lists ----------------------------------------------------------------------------------------------


def _numbers(value: object) -> Array:
    """Numbers in the dtype that NumPy gives them; whole numbers beyond 64 bits stay objects."""
    kinds = _kinds(value)
    if len(kinds) > 1 and not kinds.isdisjoint(_TRUTHS) and not kinds <= _TRUTHS:
        raise ConversionError(f"must be numbers, or true and false, got both: {cropped(repr(value))}")
    try:
        found = np.asarray(value)
        if found.dtype.char == "O" or (found.dtype.char == "d" and float not in kinds):
            found = _beyond(value, kinds, found)
    except (ValueError, TypeError):
        raise ConversionError(f"must be numbers in even rows, got {cropped(repr(value))}") from None
    except OverflowError:
        raise ConversionError(f"must be numbers of at most 64 bits, got {cropped(repr(value))}") from None
    if found.dtype != object:
        _check_dtype(found.dtype)
    return found


def _beyond(value: object, kinds: set[type], found: Array) -> Array:
    """Lists that NumPy turns into objects or floats because of whole numbers beyond int64."""
    if not all(issubclass(kind, int | np.integer) for kind in kinds) or not found.size:
        return np.asarray(value, np.complex128 if complex in kinds else np.float64)
    whole = np.asarray(value, object)
    return whole.astype(np.uint64) if whole.min() >= 0 and whole.max() < 1 << 64 else whole


def _kinds(value: object, depth: int = 0) -> set[type]:
    """The types of all numbers in a nested list."""
    if isinstance(value, _NUMBERS):
        return {type(value)}
    if not has_no_dtype(value):
        return {_plain_array(value).dtype.type}
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise ConversionError(_no_number(value))
    if depth == _MOST_DIMS:
        raise ConversionError(f"must have at most {_MOST_DIMS} dims, got lists that go deeper")
    found = set(map(type, value))
    if found <= _SIMPLE:
        return found
    if deeper := {kind for kind in found if not issubclass(kind, _NUMBERS)}:
        found = (found - deeper).union(*(_kinds(item, depth + 1) for item in value if type(item) in deeper))
    return found


def _no_number(value: object) -> str:
    if value is None:
        return "must be numbers, got None; write nan (in a file .nan) for what is not known"
    if isinstance(value, str | bytes):
        return f"must be numbers, got {cropped(repr(value))}; {number_meant(value) or 'write numbers'}"
    return f"must be an array, a number or a list, got {kind_of(value)}"


def number_meant(value: object) -> str:
    """What to write in place of a text that means a number; nothing where it means none, or is none."""
    if not isinstance(value, str | bytes):
        return ""
    text = value if isinstance(value, str) else value.decode("latin-1")
    if _SPELLED.fullmatch(text):
        return "take off the quotes"
    try:
        number = float(text)
    except ValueError:
        return ""
    if math.isfinite(number):
        return f"write {number:.17g}"
    spelled = ".nan" if number != number else ".inf" if number > 0 else "-.inf"
    return way_out(f"write float('{number}'), in a file {spelled}", f"write {spelled}")
