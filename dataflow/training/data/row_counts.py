"""How many rows a split has: those of its arrays, or the part of them that it says."""

from __future__ import annotations

from collections.abc import Mapping

from dataflow.core.errors import GraphError, listing
from dataflow.training.data import row_order
from dataflow.training.data.section import Split


def common(who: str, lengths: Mapping[str, int | None]) -> int | None:
    """How many rows the arrays of all inputs have; None where that is not known of any.

    Raises GraphError where some have others than the rest.
    """
    known = {feed: length for feed, length in lengths.items() if length is not None}
    if len(set(known.values())) > 1:
        told = listing([f"{feed} {length}" for feed, length in known.items()], "and")
        raise GraphError(f"{who}: arrays must have equally many rows, got {told}")
    return next(iter(known.values()), None if lengths else 0)


def bounds(who: str, declared: Split, whole: int) -> tuple[int, int]:
    """From where to where a split reaches in so many rows, shuffled where it is a fraction of them.

    Raises GraphError where it reaches beyond them.
    """
    if declared.fraction is not None:
        try:
            return row_order.bounds(whole, declared.fraction)
        except GraphError as error:
            raise GraphError(f"{who}: {error}") from None
    start, stop = declared.rows or (0, whole)
    if not 0 <= start <= stop <= whole:
        raise GraphError(f"{who}: 'rows' must lie within the {whole} there are, got {[start, stop]}")
    return start, stop
