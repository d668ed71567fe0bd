"""Work that is done in this process: what it told, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from dataflow.studio.jobs.call import Call, Memory, Work

Plain = Mapping[str, object]


@dataclass
class Done:
    """A piece of work that is done, and the events that it told."""

    result: object
    events: list[Plain] = field(default_factory=list)

    def merged(self, part: str) -> dict[str, dict[str, object]]:
        """A part of the events, such as ``values``, put together."""
        found: dict[str, dict[str, object]] = {}
        for event in self.events:
            found.update(cast("dict[str, dict[str, object]]", event.get(part, {})))
        return found

    def first(self, kind: str) -> Plain:
        """The first event of a kind."""
        return next(event for event in self.events if event["event"] == kind)

    @property
    def plain(self) -> dict[str, object]:
        """What it gave, a mapping."""
        return cast("dict[str, object]", self.result)


def do(work: Work, memory: Memory | None = None) -> Done:
    """Do a piece of work as a worker does."""
    events: list[Plain] = []
    result = work.work(Call(events.append), memory or Memory())
    return Done(result, events)
