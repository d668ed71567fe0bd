"""Errors of a run, each with the name of the node at which it happened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from dataflow.core.errors import DataflowError, RunError, way_out
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType, nbytes

# messages of NumPy and Python about a size that does not fit the integers they count in
_TOO_LARGE = re.compile("too (big|large)|maximum (supported|allowed) (dimension|size)|dimensions? exceed", re.I)
_OF_A_BLOCK = re.compile(r"(\w+):")


class Located(Protocol):
    """A node of a graph, or one or more steps of a plan."""

    @property
    def who(self) -> str:
        """Its name in messages, ``node 'y' (Add)``."""


def run_error(at: Located, error: BaseException | None, made: Sequence[TensorType] = ()) -> RunError:
    """The error of a node or step whose outputs have these types; an error that names its node stays as it is."""
    if isinstance(error, RunError):
        return error
    if isinstance(error, DataflowError):
        who, text = at.who, str(error).removeprefix(type(getattr(at, "block", None)).__name__)
        outer, inside, _ = getattr(at, "node", "").rpartition("/")
        if inside and (named := _OF_A_BLOCK.match(text)) and named[1] in blocks:  # a part speaks for the whole
            who, text = f"node '{outer}' ({named[1]})", text[named.end() - 1 :]
        return RunError(who + (text if text.startswith(":") else f": {text}"))
    if out_of_memory(error):
        return RunError(f"{at.who}: {memory_message(error, made)}")
    return RunError(f"{at.who}: {described(error)}")


def out_of_memory(error: BaseException | None) -> bool:
    """Whether there was too little memory, or an array would have been larger than any array may be."""
    return isinstance(error, MemoryError) or (
        isinstance(error, ValueError | OverflowError | IndexError) and _TOO_LARGE.search(str(error)) is not None
    )


def memory_message(error: BaseException | None, made: Sequence[TensorType]) -> str:
    """``must have memory for float32[3] (12 bytes), got MemoryError``."""
    known = [f"{type_} ({nbytes(type_)} bytes)" if type_.known else str(type_) for type_ in made]
    return f"must have memory for {' and '.join(known) or 'what it works with'}, got {described(error)}"


def described(error: BaseException | None) -> str:
    """An error in words, and where the code of a plugin or of a file with blocks raised it."""
    place = blocks.outside(error)
    return type(error).__name__ + (f": {error}" if str(error) else "") + (f" ({place})" if place else "")


def way_to_fit() -> str:
    """The advice for a run that would hold more than it may."""
    return way_out(
        "give smaller inputs or a larger max_bytes", "give smaller inputs or a larger --max-bytes", "run fewer rows"
    )
