"""Attrs: the settings of a block, each with a type, limits, a default and a line of text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from dataflow.core import conversion, dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import cropped, listing, nearest
from dataflow.core.shapes import Shape as Shape  # the annotation of a shape attr

Dtype = str  # the annotation of a dtype attr
Ints = tuple[int, ...]  # the annotation of a list of whole numbers
Tensor = Array  # the annotation of an array attr
_SHORTENED = 1000  # elements; for more, finding the shortest digits takes too long
REQUIRED: Any = type("REQUIRED", (), {"__repr__": lambda self: "required", "__reduce__": lambda self: "REQUIRED"})()


class StoredArray(np.ndarray[Any, Any]):
    """An array read from a file, with the path and its name there, so that a saved graph can refer to it again."""

    origin: tuple[str, str] | None = None


def _int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError
    return int(value)


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError
    return float(value)


def _bool(value: object) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError
    return bool(value)


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _dtype(value: object) -> str:
    text = value if isinstance(value, str) else np.dtype(cast(Any, value)).name
    if (name := dtypes.canonical(text)) is None:
        raise ValueError(nearest(text, dtypes.every))
    return name


def _ints(value: object) -> tuple[int, ...]:
    return tuple(map(_int, value)) if isinstance(value, Sequence | np.ndarray) else (_int(value),)


def _shape(value: object) -> Shape:
    if value is None:
        return None
    dims = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return tuple(map(_dim, dims))


def _dim(dim: object) -> int | str | None:
    if dim is None or dim == "?" or (isinstance(dim, int) and dim == -1):
        return None
    if isinstance(dim, str):
        if not dim.isidentifier():
            raise TypeError
        return dim
    size = _int(dim)
    if size < 0:
        raise TypeError
    return size


def _tensor(value: object) -> Array:
    return conversion.frozen(conversion.literal(value))


_KINDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "int": (_int, "a whole number"),
    "float": (_float, "a number"),
    "bool": (_bool, "true or false"),
    "str": (_str, "text"),
    "Dtype": (_dtype, "a dtype"),
    "Ints": (_ints, "a list of whole numbers"),
    "Shape": (_shape, "a list of sizes and names of dims"),
    "Tensor": (_tensor, "a number, a list of numbers or an array"),
}


class Attr:
    """One attr of a block; made by `attr`, named and typed by the class body."""

    def __init__(self, doc: str, default: object, ge: float | None, le: float | None, choices: Sequence[str]):
        self.doc, self.ge, self.le, self.choices = doc, ge, le, tuple(choices)
        self.default: Any = default
        self.name = self.kind = ""
        self.nullable = default is None

    def named(self, name: str, annotation: object) -> Attr:
        """The attr itself, given the name and annotation that it has in a class body."""
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
        kind = text.split("|")[0].strip().rpartition(".")[2]
        if kind not in _KINDS:
            raise TypeError(f"attr '{name}': its annotation must be one of {listing(_KINDS)}, got {text}")
        self.name, self.kind = name, kind
        if self.default is not REQUIRED:
            self.default = self.parse(self.default)
        return self

    def parse(self, given: object) -> Any:
        """The value in its canonical form; ValueError with what was expected and what came."""
        value: Any = given
        if value is None and self.nullable:
            return None
        read, _ = _KINDS[self.kind]
        try:
            value = read(value)
        except conversion.ConversionError as error:
            raise ValueError(str(error)) from None
        except (TypeError, ValueError, OverflowError) as error:
            hint = str(error) if str(error).startswith("did you mean") else self.instead(value)
            raise ValueError(f"must be {self.wanted}, got {show(value)}" + (f"; {hint}" if hint else "")) from None
        if self.choices and value not in self.choices:
            hint = nearest(value, self.choices)
            raise ValueError(f"must be {listing(self.choices)}, got {show(value)}" + (f"; {hint}" if hint else ""))
        for number in value if isinstance(value, tuple) and self.kind == "Ints" else (value,):
            if (self.ge is not None and not number >= self.ge) or (self.le is not None and not number <= self.le):
                raise ValueError(f"must be {self.limits()}, got {show(value)}")
        return value

    def instead(self, value: object) -> str:
        """What to write in place of a text that means a number; nothing where none is wanted, or meant."""
        return conversion.number_meant(value) if self.kind == "float" else ""

    @property
    def wanted(self) -> str:
        """``a whole number``, or the choices: what messages say that it must be."""
        return listing(self.choices) if self.choices else _KINDS[self.kind][1]

    def limits(self) -> str:
        """``between 2 and 16``, ``at least 0``, or nothing."""
        if self.ge is None:
            return "" if self.le is None else f"at most {self.le}"
        return f"at least {self.ge}" if self.le is None else f"between {self.ge} and {self.le}"

    @property
    def required(self) -> bool:
        """Whether the attr must be given, for want of a default."""
        return self.default is REQUIRED


def attr(
    doc: str,
    *,
    default: object = REQUIRED,
    ge: float | None = None,
    le: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """An attr of a block: its text, default (none: it must be given), limits (inclusive) and allowed values."""
    return Attr(doc, default, ge, le, choices)


def plain(value: object) -> Any:
    """The value as a graph file writes it: numbers, text and lists."""
    if isinstance(value, np.ndarray | np.generic):
        short = dtypes.name_of(value.dtype) in dtypes.floating + dtypes.narrow_floats and value.dtype != np.float64
        if not short or value.size > _SHORTENED:
            return dtypes.widened(np.asarray(value)).tolist()
        # 0.1 and not 0.10000000149011612, which is the same float32
        return np.array([float(str(v)) for v in value.reshape(-1)]).reshape(value.shape).tolist()
    return list(value) if isinstance(value, tuple) else value


def key(value: object) -> Any:
    """A hashable key, equal for attr values with the same bits; all NaNs are equal."""
    if isinstance(value, np.ndarray):
        parts = dtypes.as_real(value)
        if parts.dtype.kind not in "biu" and (missing := parts != parts).any():
            parts = np.where(missing, np.array(np.nan, parts.dtype), parts)
        return dtypes.name_of(value.dtype), value.shape, parts.tobytes()
    # 0.0 and -0.0 are equal for Python
    return repr(value) if isinstance(value, float) and (value == 0 or math.isnan(value)) else value


def show(value: object) -> str:
    """The value as error messages print it, shortened if it is long."""
    text = repr(plain(value)) if not isinstance(value, str) else f"'{value}'"
    return cropped(text)
