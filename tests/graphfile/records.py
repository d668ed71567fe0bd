"""A record that several tests are about."""

from __future__ import annotations

from dataflow.core.attrs import attr
from dataflow.graphfile.record import Record


class Range(Record):
    """A range."""

    wanted = "be a mapping of 'low' and 'high', numbers"
    as_one = True
    low: float = attr("lower end")
    high: float = attr("upper end")
    note: str | None = attr("what it is for", default=None)
