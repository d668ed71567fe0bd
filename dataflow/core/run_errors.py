"""What went wrong in a run, said of the node at which it did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dataflow.core.errors import DataflowError, RunError
from dataflow.core.shapes import TensorType, nbytes

# of NumPy and Python, where a size does not fit into what they count in
_TOO_LARGE = re.compile("too (big|large)|maximum (supported|allowed) (dimension|size)|dimensions? exceed", re.I)


def failed(at: Any, error: BaseException | None, made: Sequence[TensorType] = ()) -> RunError:
    """The error of a node or step that was to make values of these types; one that is located stays as it is."""
    if isinstance(error, RunError):
        return error
    if isinstance(error, DataflowError):
        text = str(error).removeprefix(type(at.block).__name__)
        return RunError(at.who + (text if text.startswith(":") else f": {text}"))
    if out_of_memory(error):
        return RunError(f"{at.who}: {missing(error, made)}")
    return RunError(f"{at.who}: {_said(error)}")


def out_of_memory(error: BaseException | None) -> bool:
    """Whether it is memory that was missing, or an array that would be larger than any."""
    return isinstance(error, MemoryError) or (
        isinstance(error, ValueError | OverflowError | IndexError) and _TOO_LARGE.search(str(error)) is not None
    )


def missing(error: BaseException | None, made: Sequence[TensorType]) -> str:
    """``must have memory for float32[3] (12 bytes), got MemoryError``."""
    known = [f"{type_} ({nbytes(type_)} bytes)" if type_.known else str(type_) for type_ in made]
    return f"must have memory for {' and '.join(known) or 'what it works with'}, got {_said(error)}"


def _said(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
