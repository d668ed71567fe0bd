"""Arguments of commands, checked: each function gives one, or says what it must be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from dataflow.core.errors import DataflowError, cropped, instead, kind_of, listing
from dataflow.graphfile.scalars import scalar

T = TypeVar("T")
Arguments = Mapping[str, object]

MAX_TEXT = 2 << 20  # characters
MAX_NAMES = 10_000
MAX_PATH = 1_000  # characters of a path, a place or a wire
MAX_STEPS = 100  # from a file to a value in it


def known(arguments: Arguments, *names: str) -> None:
    """Refuse arguments of other names."""
    for name in arguments:
        if name not in names:
            raise DataflowError(f"no argument '{cropped(name)}'; {instead(name, names)}")


def text(arguments: Arguments, name: str, default: str | None = None, limit: int = MAX_TEXT) -> str:
    """A text; of one that is left out the default, if there is one."""
    value = _given(arguments, name, default)
    if not isinstance(value, str):
        raise _wrong(name, "a text", value)
    if len(value) > limit:
        raise DataflowError(f"'{name}' may have at most {limit:,} characters, got {len(value):,}")
    return value


def flag(arguments: Arguments, name: str, default: bool | None = False) -> bool:
    """True or false."""
    value = _given(arguments, name, default)
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def whole(arguments: Arguments, name: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number within limits."""
    value = _given(arguments, name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, "a whole number", value)
    if not low <= value <= high:
        raise DataflowError(f"'{name}' must be {low} to {high}, got {cropped(str(value))}")
    return value


def number(arguments: Arguments, name: str, default: float | None = None) -> float:
    """A number."""
    value = _given(arguments, name, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(name, "a number", value)
    try:
        return float(value)
    except OverflowError:  # JSON has whole numbers of any length
        raise DataflowError(f"'{name}' must be a number up to 1.8e308, got a longer one") from None


def choice(arguments: Arguments, name: str, choices: Collection[str], default: str | None = None) -> str:
    """One of some texts."""
    value = text(arguments, name, default)
    if value not in choices:
        raise DataflowError(f"'{name}' must be {listing(choices)}, got '{cropped(value)}'")
    return value


def names(arguments: Arguments, name: str, default: list[str] | None = None) -> list[str]:
    """A list of texts."""
    value = _given(arguments, name, default)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(name, "a list of names", value)
    if len(value) > MAX_NAMES:
        raise DataflowError(f"'{name}' may have at most {MAX_NAMES:,} names, got {len(value):,}")
    return value


def mapping(arguments: Arguments, name: str, default: Arguments | None = None) -> Arguments:
    """A mapping of anything."""
    value = _given(arguments, name, default)
    if not isinstance(value, dict):
        raise _wrong(name, "a mapping", value)
    return value


def mappings(arguments: Arguments, name: str, limit: int = MAX_NAMES) -> list[Arguments]:
    """A list of mappings."""
    value = _given(arguments, name, None)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _wrong(name, "a list of mappings", value)
    if len(value) > limit:
        raise DataflowError(f"'{name}' may have at most {limit:,} items, got {len(value):,}")
    return value


def pair(arguments: Arguments, name: str) -> tuple[str, str]:
    """Two texts, such as a node and a port of it."""
    value = names(arguments, name)
    if len(value) != 2:
        raise DataflowError(f"'{name}' must be a node and a port, got {len(value)} names")
    return value[0], value[1]


def numbers(value: object) -> object:
    """A value in which texts that are infinities or NaN in graph files are these: JSON has none, see `hub.encoded`."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return scalar(value) if isinstance(value, str) and value[-4:].lower() in (".inf", ".nan") else value


def steps(arguments: Arguments, name: str) -> tuple[str | int, ...]:
    """Keys, and places in lists, that lead to a value of a file."""
    value = _given(arguments, name, None)
    if not isinstance(value, list) or len(value) > MAX_STEPS or not all(map(_is_step, value)):
        raise _wrong(name, f"a list of at most {MAX_STEPS} keys and places in lists", value)
    return tuple(value)


def _is_step(value: object) -> bool:
    return isinstance(value, str) or (type(value) is int and 0 <= value < MAX_NAMES)


def optional(arguments: Arguments, name: str, read: Callable[[Arguments, str], T]) -> T | None:
    """An argument that may be left out, or null."""
    return None if arguments.get(name) is None else read(arguments, name)


def _given(arguments: Arguments, name: str, default: object) -> object:
    if name in arguments:
        return arguments[name]
    if default is None:
        raise DataflowError(f"'{name}' must be given, got nothing")
    return default


def _wrong(name: str, wanted: str, value: object) -> DataflowError:
    return DataflowError(f"'{name}' must be {wanted}, got {kind_of(value)}")
