"""Connections that never finish or do not read: nobody else is kept out, and little is kept for them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from studio_pages import PATIENCE, Page
from studio_requests import host, ours, request

from dataflow.studio import connections
from dataflow.studio import server as servers
from dataflow.studio.server import Server

SIZE = 16 << 20


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """What is closed at the end."""
    with ExitStack() as stack:
        yield stack


def visit(server: Server, opened: ExitStack, data: bytes = b"") -> socket.socket:
    """A connection that sends this and nothing more."""
    made = opened.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE))
    made.sendall(data)
    return made


def talk(server: Server, opened: ExitStack) -> socket.socket:
    """A socket of a page that has read nothing but the answer."""
    made = opened.enter_context(socket.socket())
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(PATIENCE)
    made.connect(("127.0.0.1", server.port))
    head = "\r\n".join(["GET /socket HTTP/1.1", *(f"{name}: {value}" for name, value in ours(server)), "", ""])
    made.sendall(head.encode())
    assert made.recv(12) == b"HTTP/1.1 101"
    return made


def ended(made: socket.socket) -> bool:
    """Whether the other side ends a connection, after what it has sent."""
    with suppress(ConnectionError):
        while made.recv(1 << 16):
            pass
    return True


HALF = [
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
    b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
]


@pytest.mark.parametrize("half", HALF, ids=["nothing", "line", "head", "body"])
def test_many_that_never_finish_keep_nobody_out(server: Server, opened: ExitStack, half: bytes) -> None:
    visits = [visit(server, opened, half) for _ in range(2 * connections.MAX_VISITS)]
    assert request(server, "/", [host(server)]).status == 200
    with Page(server) as page:
        assert page.ask("files")
    assert ended(visits[0])


def test_a_visit_does_not_last_and_a_socket_does(
    server: Server, opened: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "VISIT_SECONDS", 0.2)
    page = opened.enter_context(Page(server))
    for half in HALF:
        assert ended(visit(server, opened, half))
    assert page.ask("files")


def test_who_sends_pings_and_does_not_read_is_not_read_either(server: Server, opened: ExitStack) -> None:
    page = talk(server, opened)
    page.settimeout(3)
    pings, sent = (b"\x89\xfd\0\0\0\0" + b"x" * 125) * 1_000, 0
    with suppress(TimeoutError):
        while sent < 32 << 20:
            page.sendall(pings)
            sent += len(pings)
    assert sent < 32 << 20  # what the system holds between the two of them
    assert request(server, "/", [host(server)]).status == 200


def left(server: Server, opened: ExitStack) -> tuple[socket.socket, Page]:
    """A socket that has read nothing of 16 MiB until its page was told to leave, and another page."""
    slow, page = talk(server, opened), opened.enter_context(Page(server))
    for message in ("x" * SIZE, "next"):  # the next waits until the first is taken
        server.studio.publish({"event": "said", "level": "info", "message": message})
        assert page.wait("said")["message"] == message
    page.ask_until(lambda: len(server.studio.hub.pages) == 1)
    return slow, page


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that do not read are told to leave soon."""
    monkeypatch.setattr(servers, "SEND_SECONDS", 1)
    monkeypatch.setattr(servers, "CLOSE_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_page_that_does_not_read_is_let_go_of(
    server: Server, opened: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CLOSE_SECONDS", 0.1)
    slow, page = left(server, opened)
    time.sleep(1)
    received = 0
    with suppress(ConnectionError):
        while part := slow.recv(1 << 20):
            received += len(part)
    assert received < SIZE
    assert page.ask("files")


@pytest.mark.usefixtures("impatient")
def test_a_socket_that_has_ended_is_not_ended_again(
    server: Server, opened: ExitStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "CLOSE_SECONDS", 2)
    slow, _ = left(server, opened)
    assert ended(slow)  # it takes what was sent to it before it is let go of
    time.sleep(2.5)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
