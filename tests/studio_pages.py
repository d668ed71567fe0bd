"""A page without a browser: asks a server over its socket, and keeps what it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from dataflow.studio.server import Server
from dataflow.studio.studio import Studio

PATIENCE = 60  # seconds in which what is waited for must come, on a machine with other work


@contextmanager
def served(studio: Studio) -> Iterator[Server]:
    """A server on a free port, on a thread of its own."""
    server = Server(studio)
    started = threading.Event()
    server.started = started.set
    thread = threading.Thread(target=server.serve)
    thread.start()
    assert started.wait(PATIENCE)
    try:
        yield server
    finally:
        server.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


class Refused(Exception):
    """The refusal of a command."""

    def __init__(self, refusal: dict[str, Any]):
        super().__init__(refusal["message"])
        self.refusal = refusal


class Page:
    """A connection; `events` are those that came, in their order."""

    def __init__(self, server: Server, **more: Any):
        self._left = ExitStack()
        connecting = connect(
            f"ws://127.0.0.1:{server.port}/socket",
            origin=Origin(f"http://127.0.0.1:{server.port}"),
            subprotocols=[Subprotocol("dataflow-studio"), Subprotocol(server.token)],
            max_size=None,
            **more,
        )
        self.socket: ClientConnection = self._left.enter_context(connecting)
        self.events: list[dict[str, Any]] = []
        self.number = 0
        self.wait("session")  # the last event of those that tell how things stand

    def ask(self, do: str, **given: Any) -> Any:
        """What a command gives; Refused where it is refused."""
        self.number += 1
        self.socket.send(json.dumps({**given, "id": self.number, "do": do}))
        while True:
            for message in self.read():
                if message.get("id") == self.number:
                    if "refused" in message:
                        raise Refused(message["refused"])
                    return message["ok"]

    def wait(self, event: str) -> dict[str, Any]:
        """The next event of a kind; of work that was asked for it may have come already, so that is for ``until``."""
        before = len(self.events)
        while True:
            self.read()
            for found in self.events[before:]:
                if found["event"] == event:
                    return found

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event that is as wanted, of those that are kept and those that come."""
        looked_at = 0
        while True:
            for found in self.events[looked_at:]:
                if wanted(found):
                    return found
            looked_at = len(self.events)
            self.read()

    def ask_until(self, wanted: Callable[[], object]) -> None:
        """Keep the server busy with questions until something is so that no event tells."""
        end = time.monotonic() + PATIENCE
        while not wanted():
            assert time.monotonic() < end
            self.ask("files")

    def run(self, **given: Any) -> dict[str, Any]:
        """How a run of what is open has ended."""
        number = self.ask("run", **given)["number"]
        return self.until(lambda event: event["event"] == "ended" and event["number"] == number)

    def training(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first state of the training that is as wanted."""
        told = self.until(lambda event: event["event"] in ("training", "trained") and wanted(event["training"]))
        return dict(told["training"])

    def last(self, event: str) -> dict[str, Any]:
        """The last event of a kind that came."""
        return next(each for each in reversed(self.events) if each["event"] == event)

    @property
    def document(self) -> Any:
        """The document as it was told last."""
        return self.last("document")["document"]

    def edit(self, *edits: dict[str, Any], title: str = "edit") -> Any:
        """Edit the document as it was told last."""
        return self.ask("edit", version=self.document["version"], edits=list(edits), title=title)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._left.close()

    def read(self) -> list[dict[str, Any]]:
        """The replies of the next frame; its events are kept."""
        frame = json.loads(self.socket.recv(timeout=PATIENCE))
        self.events += [message for message in frame if "event" in message]
        return [message for message in frame if "event" not in message]
