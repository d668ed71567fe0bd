"""Connections to the server: how many there may be, for how long, and what waits in them for those who do not read.

The server itself waits for ever for a request that is never finished, and for one who never takes what was sent.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_VISITS = 128  # connections over HTTP; of more the oldest is ended: a page that is loaded is done in no time
VISIT_SECONDS = 60.0  # that one may last
CLOSE_SECONDS = 5.0  # that are waited, when a socket is closed, for what was sent to be taken


class Visit(H11Protocol):
    """A connection over HTTP, until it becomes a socket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, in place of the oldest one where there are too many."""
        super().connection_made(cast(asyncio.Transport, transport))
        self.since = self.loop.time()
        self._last = self.loop.call_later(VISIT_SECONDS, self.end)
        visits = [each for each in self.connections if isinstance(each, Visit)]
        if len(visits) > MAX_VISITS:
            min(visits, key=lambda each: each.since).end()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._last.cancel()
        super().connection_lost(exc)

    def end(self) -> None:
        """End it, whatever is going on, unless it has become a socket."""
        if self.transport.get_protocol() is self:
            self.transport.abort()


class Talk(WebSocketsSansIOProtocol):
    """A socket: one who does not read is not read either, and is not waited for at the end."""

    lost = False
    letting_go: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Too much waits to be taken: answer nothing more, pings for one."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """It was taken."""
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Nothing more is said: let go of it soon."""
        super().on_task_complete(task)
        if not self.lost:
            self.letting_go = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self.lost = True
        if self.letting_go is not None:
            self.letting_go.cancel()
        super().connection_lost(exc)
