"""What the socket and the files of the page do when they are misused: no traceback, nothing changed, others served."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from studio_pages import Page, Refused, served
from studio_requests import exchange, host, ours, request
from websockets.exceptions import ConnectionClosed

from dataflow.studio import hub as hubs
from dataflow.studio.commands import QUERIES
from dataflow.studio.server import MAX_ASKED, MAX_FRAME, Server
from dataflow.studio.studio import Studio

# -- files ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for requests that change nothing."""
    with served(Studio(tmp_path_factory.mktemp("quiet"))) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/index.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
        ("/favicon.ico", "image/svg+xml"),
        ("/?x=1", "text/html"),
    ],
)
def test_files_of_the_page(quiet: Server, path: str, kind: str) -> None:
    answer = request(quiet, path, [host(quiet)])
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    assert request(quiet, path, [host(quiet)], "HEAD").headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize(
    "path",
    [
        "/../guard.py",
        "/../../__init__.py",
        "/..%2fguard.py",
        "/%2e%2e/guard.py",
        "/%2e%2e%2fguard.py",
        "/..%5cguard.py",
        "/..\\guard.py",
        "/%252e%252e/guard.py",
        "/....//guard.py",
        "/./../guard.py",
        "/static/../../guard.py",
        "//etc/passwd",
        "/etc/passwd",
        "/%2fetc%2fpasswd",
        "/C:/Windows/win.ini",
        "/index.html/",
        "/index.html%00",
        "/index.html%00.js",
        "/%00",
        "/.",
        "/..",
        "/index.js/../index.html",
        "/INDEX.HTML",
        "/index.html;",
        "/~root",
        "/%",
        "/%zz",
        "/%c0%ae%c0%ae/guard.py",
        "/%ff",
        "/index",
        "/assets/",
        "/small.yaml",
        "/socket",
        "/" + "a" * 4000,
        "/" + "../" * 200 + "etc/passwd",
        "/%F0%9F%92%A9",
        "/index.html%0d%0aSet-Cookie:%20a=b",
    ],
)
def test_nothing_else_is_served(quiet: Server, path: str) -> None:
    answer = request(quiet, path, [host(quiet)])
    assert answer.status in (400, 404)
    assert b"Traceback" not in answer.body
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\nHost: evil\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzzz\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_nowhere(quiet: Server, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    answer = exchange(quiet, data)
    assert answer.status in (0, 400, 403, 405, 431)
    assert b"Traceback" not in answer.body
    assert request(quiet, "/", [host(quiet)]).status == 200
    assert capfd.readouterr() == ("", "")


# -- frames -----------------------------------------------------------------------------------------------------

CLOSING = re.compile(rb"\x88[\x02-\x7d]\x03[\xe8-\xf7]")  # a frame that closes, with its code
BAD_FRAMES: list[str | bytes] = [
    "",
    "null",
    "1",
    '"text"',
    "[]",
    "{",
    "{}",
    '{"id": 1}',
    '{"do": "files"}',
    '{"id": "1", "do": "files"}',
    '{"id": true, "do": "files"}',
    '{"id": 1.5, "do": "files"}',
    '{"id": null, "do": "files"}',
    '{"id": 1e999, "do": "files"}',
    '{"id": 1, "do": null}',
    '{"id": 1, "do": ["files"]}',
    '{"id": 1, "do": "files", "x": NaN}',
    '{"id": 1, "do": "files", "x": Infinity}',
    '[{"id": 1, "do": "files"}]',
    '{"id": 1, "do": "files"} {"id": 2, "do": "files"}',
    '{"id": ' + "9" * 5000 + ', "do": "files"}',
    '{"id": 1, "do": "files", "x": ' + "[" * 5000 + "]" * 5000 + "}",
    '{"id": 1, "do": "files", "x": ' + '{"a":' * 200 + "1" + "}" * 200 + "}",
    "\ufeff{}",
    "\x00",
    b"\x00\x01",
    b'{"id": 1, "do": "files"}',
]


@pytest.mark.parametrize("frame", BAD_FRAMES)
def test_frames_that_are_no_requests_end_the_connection(
    page: Page, connect: Callable[[], Page], frame: str | bytes
) -> None:
    other = connect()
    page.socket.send(frame)
    with pytest.raises(ConnectionClosed) as closed:
        page.wait("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007
    assert [each["path"] for each in other.ask("files")] == ["small.yaml"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\x02{}",  # not masked
        b"\xf1\x82\x00\x00\x00\x00{}",  # reserved bits
        b"\x83\x82\x00\x00\x00\x00{}",  # an opcode that there is none of
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",  # 2^64 - 1 bytes
        b"\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00",  # 2 GiB
        b"\x80\x82\x00\x00\x00\x00{}",  # goes on with nothing
        b"\x01\x81\x00\x00\x00\x00{\x81\x81\x00\x00\x00\x00}",  # begins within what was begun
        b"\x89\xfe\x00\x80\x00\x00\x00\x00" + b"x" * 128,  # a ping that is too long
        b"\x88\x81\x00\x00\x00\x00x",  # a close with half a code
        b"\x88\x82\x00\x00\x00\x00\x00\x01",  # a close with a code that there is none of
        b"\x81\x82\x00\x00\x00\x00\xff\xfe",  # no UTF-8
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_bytes_that_are_no_frames_end_the_connection(
    quiet: Server, data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    head = "\r\n".join(["GET /socket HTTP/1.1", *(f"{name}: {value}" for name, value in ours(quiet)), "", ""])
    received = b""
    with socket.create_connection(("127.0.0.1", quiet.port), 10) as connection:
        connection.sendall(head.encode())
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        connection.sendall(data)
        while not CLOSING.search(received) and (part := connection.recv(65536)):
            received += part
    assert CLOSING.search(received)
    assert received.startswith(b"HTTP/1.1 101 ")
    assert b"Traceback" not in received
    with Page(quiet) as page:
        assert page.ask("files") == []
    assert capfd.readouterr() == ("", "")


def test_frames_that_are_too_large_end_the_connection(page: Page, connect: Callable[[], Page]) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        page.ask("open", path="x" * MAX_FRAME)
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1009  # it may be gone before that is read
    assert connect().ask("files")


@pytest.mark.parametrize("do", ["", "nothing", "opne", "__class__", "a" * 100_000, "open ", "OPEN", "\ud800", "\x00"])
def test_unknown_commands_are_refused(page: Page, do: str) -> None:
    with pytest.raises(Refused, match="no command"):
        page.ask(do)


def test_a_flood_of_requests_is_answered_in_order(page: Page) -> None:
    count = MAX_ASKED * 4
    page.ask("open", path="small.yaml")
    for number in range(count):
        page.socket.send(json.dumps({"id": 10_000 + number, "do": "view"}))
    answered: list[int] = []
    while len(answered) < count:
        answered += [message["id"] for message in page.read() if "id" in message]
    assert answered == [10_000 + number for number in range(count)]


def test_no_query_waits_for_a_worker_that_others_wait_for(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    for number, do in enumerate(("bits", "change", "plan_run") * 3):
        monkeypatch.setitem(QUERIES, do, lambda *_: ended.wait(60))
        page.socket.send(json.dumps({"id": 10_000 + number, "do": do}))
    try:
        assert page.ask("gallery")
    finally:
        ended.set()


def test_a_cancel_waits_for_no_edit(page: Page, server: Server) -> None:
    with server.studio.lock:  # as an edit that takes long holds it
        page.socket.send(json.dumps({"id": 9_000, "do": "gallery"}))
        for number in range(8):
            page.socket.send(json.dumps({"id": 10_000 + number, "do": ("view", "copy")[number % 2], "names": []}))
        assert page.ask("cancel", what="run") is None


def test_no_more_pages_than_may_be(server: Server, connect: Callable[[], Page]) -> None:
    pages = [connect() for _ in range(hubs.MAX_PAGES)]
    with pytest.raises(ConnectionClosed) as closed:
        connect()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    pages[0].ask("files")
    assert len(server.studio.hub.pages) == hubs.MAX_PAGES


def test_a_page_for_which_too_much_waits_is_dropped(
    server: Server, connect: Callable[[], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = connect()
    monkeypatch.setattr(hubs, "MAX_WAITING", 1000)
    server.studio.publish({"event": "said", "level": "info", "message": "x" * 2000})
    with pytest.raises(ConnectionClosed) as closed:
        page.wait("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    monkeypatch.setattr(hubs, "MAX_WAITING", 1 << 30)
    assert connect().ask("files")


def test_all_pages_are_told(connect: Callable[[], Page]) -> None:
    first, second = connect(), connect()
    first.ask("open", path="small.yaml")
    assert second.wait("document")["document"] == first.document
    second.edit({"op": "set", "place": "half.y", "value": 3})
    assert first.wait("document")["document"] == second.document
    with pytest.raises(Refused, match="version"):
        first.ask("undo", version=1)
    third = connect()
    assert third.document == second.document


def test_a_page_that_leaves_and_comes_again_lost_nothing(connect: Callable[[], Page]) -> None:
    first = connect()
    first.ask("open", path="small.yaml")
    first.edit({"op": "set", "place": "half.y", "value": 3})
    first.ask("session", watched=["relu.activations"])
    first.close()
    again = connect()
    assert again.document == first.document
    assert again.last("session")["session"]["watched"] == ["relu.activations"]
