"""A first `data` section for a graph that has none, of the file of the project that fits its inputs best."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from dataflow.core import dtypes
from dataflow.core.errors import DataflowError
from dataflow.core.shapes import TensorType, fits
from dataflow.files.endings import is_table
from dataflow.graphfile import shipped
from dataflow.graphfile.paths import Location
from dataflow.graphfile.suggest.stored import data_files
from dataflow.training.data import conversion
from dataflow.training.data.feed_type import Given
from dataflow.training.data.headers import names_in
from dataflow.training.data.sources import array_type

_MOST = 100  # files that are looked at, and arrays of each
_WORDS = {"train": "train", "training": "train", "test": "test"}
_WORDS |= dict.fromkeys(("val", "valid", "validate", "validation"), "validation")
_SPLITS = ("train", "validation", "test")
_APART = re.compile(r"[_\-./ ]+")

Types = Mapping[str, TensorType]
Plain = dict[str, object]


@dataclass(frozen=True)
class _Stored:
    """An array of a file, or a column of a table, of which only the name is known."""

    name: str
    split: str  # that its name tells; "" where it tells none
    stem: str  # its name without that
    given: Given | None

    @classmethod
    def of(cls, name: str, given: Given | None) -> _Stored:
        parts = _APART.split(name.lower())
        told = next((part for part in parts if part in _WORDS), "")
        return cls(name, _WORDS.get(told, ""), "_".join(part for part in parts if part != told), given)

    def fit(self, name: str, declared: TensorType) -> int:
        """How well it fits an input, 0 for not at all: its name counts most, then its shape, then its kind."""
        wanted = name.lower()
        named = 4 if self.stem == wanted else 1 if self.stem.startswith(wanted) or wanted.startswith(self.stem) else 0
        if self.given is None:
            return named
        shaped = 2 if fits(self.given.shape, (None, *(declared.shape or self.given.shape)[1:])) else 0
        whole = declared.dtype in (*dtypes.whole, "bool")
        return named + shaped + (whole == (self.given.dtype.kind in "iub")) if shaped or named == 4 else 0

    def column(self, name: str, declared: TensorType) -> object:
        """What the section says of it where it feeds an input: its name, and a conversion where it needs one.

        An array without a name may have any.
        """
        if self.given is None or conversion.changes_nothing(self.given.dtype, declared.dtype):
            return self.name or name
        return {"array": self.name or name, "dtype": declared.dtype}


def first_data(inputs: Types, file: Location) -> Plain:
    """The section for the inputs of a graph file; where no file fits, one in which the names are to be put right."""
    best, most = _splits("data.npz", inputs, ())[0], -1  # a file that is there is better, whatever it holds
    for named, _ in islice(data_files(file), _MOST):
        if not shipped.is_shipped(named):
            path = named if named.startswith("../") else f"./{named}"
            section, fit = _splits(path, inputs, [*_stored(str(file.data(named, ())))])
            if fit > most:
                best, most = section, fit
    return best


def _stored(path: str) -> Iterator[_Stored]:
    """What a file holds, by its headers."""
    table = is_table(path)
    for name in islice(names_in(path, {}), _MOST):
        with suppress(DataflowError):
            yield _Stored.of(name, None if table else Given(*array_type(path, name or None)))


def _splits(path: str, inputs: Types, stored: Sequence[_Stored]) -> tuple[Plain, int]:
    """The splits that the names of arrays tell, one of all arrays where they tell none; and how well the first fits."""
    found: Plain = {}
    most = 0
    for split in _SPLITS:
        columns, fit = _matched(inputs, [each for each in stored if each.split == split])
        if len(columns) == len(inputs):
            found[split] = {"path": path, "inputs": columns}
            most = max(most, fit)
    if "train" not in found:
        columns, most = _matched(inputs, stored)
        found = {"train": {"path": path, "inputs": {name: name for name in inputs} | columns}}
    return found, most


def _matched(inputs: Types, stored: Sequence[_Stored]) -> tuple[Plain, int]:
    """Inputs with what feeds each, the best fit first and nothing twice; and how well they fit, all in all.

    A matrix for which a table has no column of its name is all columns that feed nothing else.
    """
    pairs = ((each.fit(name, declared), name, each) for name, declared in inputs.items() for each in stored)
    chosen: dict[str, _Stored] = {}
    most = 0
    for fit, name, each in sorted(pairs, key=lambda pair: -pair[0]):
        if fit and name not in chosen and each not in chosen.values():
            chosen[name] = each
            most += fit
    columns = {name: chosen[name].column(name, declared) for name, declared in inputs.items() if name in chosen}
    left = [name for name, declared in inputs.items() if name not in chosen and len(declared.shape or ()) == 2]
    if stored and stored[0].given is None and len(left) == 1:
        others = [each.name for each in chosen.values()]
        columns[left[0]] = {"columns": {"except": others} if others else "all"}
    return columns, most
