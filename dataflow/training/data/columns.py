"""Which columns of a table are meant: one, several, all, those of a pattern, all but some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from dataflow.core.errors import DataflowError, cropped

Choice = str | Sequence[str] | Mapping[str, str | Sequence[str]]  # as the `columns` key of an input gives it
Unknown = Callable[[str], DataflowError]  # the error for a column that is not there


def selected(names: Sequence[str], array: str | None, columns: Choice | None, unknown: Unknown) -> list[str]:
    """The names of the columns that a data section asks for, in the order of the list, or of the file."""
    if array is not None:
        if array in names:
            return [array]
        return [name for part in array.split(",") for name in _one(names, part.strip(), unknown)]
    named = [name for name in names if name]  # pandas writes its index as a column without a name
    if columns is None or columns == "all":
        found = named
    elif isinstance(columns, Mapping):
        left_out = {name for part in _listed(columns["except"]) for name in _matching(names, part, unknown)}
        found = [name for name in named if name not in left_out]
    else:
        found = list(dict.fromkeys(name for part in _listed(columns) for name in _matching(names, part, unknown)))
    if not found:
        raise DataflowError("'columns' must leave a column with a name, got none")
    return found


def check_different(names: Sequence[str], wrong: Callable[[str], DataflowError]) -> None:
    """Raise the error that ``wrong`` gives where two columns have one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise wrong(f"columns must have different names, got '{cropped(name)}' twice")
        seen.add(name)


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _one(names: Sequence[str], name: str, unknown: Unknown) -> list[str]:
    if name not in names:
        raise unknown(name)
    return [name]


def _matching(names: Sequence[str], pattern: str, unknown: Unknown) -> list[str]:
    if pattern in names:
        return [pattern]
    found = [name for name in names if name and fnmatchcase(name, pattern)]
    if not found:
        raise unknown(pattern)
    return found
