"""Ways out of what is most often wrong with a CSV file: how it is written is not what its section says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dataflow.core import dtypes
from dataflow.training.data.numbers import is_number
from dataflow.training.data.wanted import Wanted

_DELIMITERS = ";\t|,"
_GONE = {"na", "n/a", "#n/a", "null", "none", "nil", "missing", "-", "--", "?", "."}  # without regard to case


def other_delimiter(delimiter: str, texts: Iterable[str]) -> str:
    """The character that seems to separate fields in texts that were read as single ones; nothing if there is none."""
    joined = "".join(texts)
    return next((each for each in _DELIMITERS if each != delimiter and each in joined), "")


def separate(other: str) -> str:
    """How to say that another character separates fields."""
    shown = other.replace("\t", "\\t")
    return f'where other characters separate fields write csv: {{delimiter: "{shown}"}}'


def for_value(text: str, wanted: Wanted, names: Sequence[str], delimiter: str, decimal: str) -> str:
    """How a text can be read where a number is due; nothing where no way is likely."""
    bare = text.strip()
    if is_number(bare, decimal):
        return ""
    if len(names) == 1 and (other := other_delimiter(delimiter, [*names, bare])) and other in bare:
        return separate(other)
    if bare.lower() in _GONE:
        fill = "" if wanted.may_miss else ", and by 'missing' of the input what takes its place"
        return f'if it means that a value is missing say csv: {{missing: ["{bare}"]}}{fill}'
    other = "." if decimal == "," else ","
    if is_number(bare, other):
        way = 'write csv: {delimiter: ";", decimal: ","}' if other == "," else "leave out 'decimal'"
        return f"where that is a decimal {'comma' if other == ',' else 'point'} {way}"
    return "labels become numbers by classes: fit" if wanted.kind in dtypes.whole else ""
