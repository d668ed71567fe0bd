"""The pages that are connected, and what is sent to them: events, gathered for 30 ms, and replies, at once."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Callable, Iterable, Mapping

GATHERED = 0.03  # seconds
MAX_PAGES = 16
MAX_WAITING = 32 << 20  # characters that wait for a page to take them: one that is slower is dropped

Event = Mapping[str, object]


class Page:
    """A connected page: frames that wait to be sent to it."""

    def __init__(self) -> None:
        self.dropped = False
        self._messages: list[str] = []
        self._size = 0
        self._ready = asyncio.Event()

    def put(self, messages: Iterable[str]) -> None:
        """Let messages wait to be sent; on the thread of the loop."""
        for message in messages:
            self._messages.append(message)
            self._size += len(message)
        if self._size > MAX_WAITING:
            self.dropped, self._messages = True, []
        self._ready.set()

    async def frame(self) -> str:
        """What waits as one frame, as soon as something does; nothing where the page was dropped."""
        await self._ready.wait()
        self._ready.clear()
        messages, self._messages, self._size = self._messages, [], 0
        return "" if self.dropped else f"[{','.join(messages)}]"


class Hub:
    """Sends what happens to all pages; called from any thread."""

    def __init__(self) -> None:
        self.pages: set[Page] = set()
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def publish(self, event: Event) -> None:
        """Send an event to all pages, with those of the next 30 ms."""
        loop = self._loop
        if loop is None:  # nobody is connected, and who connects is told how things stand
            return
        message = encoded(event)
        with self._lock:
            first = not self._waiting
            self._waiting.append(message)
        if first:
            _soon(loop, lambda: loop.call_later(GATHERED, self._flush))

    def connect(self, page: Page, snapshot: Callable[[], Iterable[Event]]) -> None:
        """Send to a new page how things stand, and from then on what happens; on the thread of the loop."""
        self._loop = asyncio.get_running_loop()
        self._flush()
        page.put([encoded(event) for event in snapshot()])
        self.pages.add(page)

    def reply(self, page: Page, reply: Mapping[str, object]) -> None:
        """Send a reply to a page at once, behind the events before it; on the thread of the loop."""
        self._flush()
        self._put(page, [encoded(reply)])

    def _put(self, page: Page, messages: Iterable[str]) -> None:
        page.put(messages)
        if page.dropped:
            self.pages.discard(page)

    def _flush(self) -> None:
        with self._lock:
            messages, self._waiting = self._waiting, []
        if messages:
            for page in [*self.pages]:
                self._put(page, messages)


def encoded(message: Mapping[str, object]) -> str:
    """A message as JSON, which has no infinities: they are texts, as in graph files."""
    try:
        return json.dumps(message, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(message), allow_nan=False, separators=(",", ":"))


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:  # the loop has ended, and its pages with it
        return
