"""What the socket and the files of the page do when they are misused: no traceback, nothing changed, others served."""

from __future__ import annotations

import json
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from studio_pages import Page, Refused, served
from studio_requests import exchange, host, ours, request
from websockets.exceptions import ConnectionClosed

from dataflow.studio import hub as hubs
from dataflow.studio.commands import COMMANDS, QUERIES
from dataflow.studio.hub import encoded
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


# -- arguments --------------------------------------------------------------------------------------------------

NASTY: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 1e308, float("inf"), 1 << 60, "", " ", "x", "half", "relu", "half.y", "x.y.z.w",
    "nodes", "nodes.half", "nodes.half.attrs", "outputs.y", "inputs.x", "dataflow", "params.p", "..", "/", "small.yaml",
    "../small.yaml", "dataflow:", "dataflow:digits/cnn.yaml", "dataflow:../x", "\x00", "a\x00b", "\ud800", "\u202e",
    "<script>alert(1)</script>", "${env:HOME}", "$p", "$$", "{block: Relu}", "*a", "&a b", "!!python/object:os.system",
    "- a\n- b", "a: b: c", "\n", "\t", "#", "'", '"', "é" * 50, "x" * 3000, [], [[]], ["half"], ["half", "y"],
    ["half", "half"], ["relu", "features"], [1, 2], [None], {}, {"half": [1, 2]}, {"half": None}, {"": ""},
    {"a": {"b": {"c": 1}}}, [{"op": "set"}], [{"op": "delete", "names": ["half"]}], [{"op": None}], [{}],
    [{"op": "text", "text": "dataflow: 1\n"}], "file", "gradient", "step", "down", "svg",
]  # fmt: skip
NAMES = [
    "path", "like", "version", "edits", "title", "overwrite", "positions", "scope", "layer", "direction", "unfolded",
    "bypassed", "frozen", "forced", "watched", "split", "rows", "params", "format", "port", "at", "row", "what",
    "names", "from", "side", "source", "target", "text", "offset", "query", "number", "__class__", "",
]  # fmt: skip
OPS = [
    "set", "append", "remove", "add", "delete", "rename", "extract", "unpack", "wire", "splice", "paste", "input",
    "output", "param", "text", "pull_out", "nothing",
]  # fmt: skip
PARTS = [
    "place", "value", "name", "block", "inputs", "attrs", "doc", "before", "after", "comment", "names", "reconnect",
    "path", "target", "source", "text", "type", "wire", "x",
]  # fmt: skip
STARTED = {"run", "train", "resume", "calibrate", "quantize", "sweep", "report", "bits", "plan_run", "picture", "table"}


def nasty_request(chance: random.Random, version: int) -> tuple[str, dict[str, Any]]:
    """A command with arguments that mean nothing."""
    do = chance.choice(sorted((COMMANDS.keys() | QUERIES.keys()) - STARTED) + ["edit"] * 20)
    given = {name: chance.choice(NASTY) for name in chance.sample(NAMES, chance.randrange(4))}
    if do == "edit" and chance.random() < 0.9:
        edits = [
            {"op": chance.choice(OPS), **{part: chance.choice(NASTY) for part in chance.sample(PARTS, 3)}}
            for _ in range(chance.randrange(1, 3))
        ]
        given = {"version": version, "edits": edits, "title": "edit"}
    return do, given


@pytest.mark.parametrize("seed", range(4))
def test_arguments_that_mean_nothing_are_refused(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "small.yaml").write_text(
        "dataflow: 1\nparams: {p: 2}\ninputs:\n  x: float32[N, 4]\nnodes:\n"
        "  half: {block: Mul, inputs: {x: x, y: $p}}\n"
        "  relu: {block: Relu, inputs: {features: half}}\noutputs:\n  y: relu\n"
    )
    outside = tmp_path / "outside.yaml"
    outside.write_text("dataflow: 1\n")
    chance = random.Random(seed)
    studio = Studio(folder)
    studio.work.opened = lambda: None  # type: ignore[method-assign]  # no process is started
    accepted = 0
    for _ in range(600):
        if studio.desk is None or studio.desk.path != "small.yaml" or chance.random() < 0.05:
            assert "ok" in studio.answer("open", {"path": "small.yaml"})
        assert studio.desk is not None
        text, version = studio.desk.editor.text, studio.desk.version
        do, given = nasty_request(chance, version)
        answer = studio.answer(do, given)
        encoded({"id": 1, **answer})
        if "refused" in answer:
            refusal = answer["refused"]
            assert isinstance(refusal, dict)
            assert "unexpected" not in refusal["message"], (do, given, refusal)
            assert (studio.desk.editor.text, studio.desk.version) == (text, version), (do, given, refusal)
        else:
            accepted += 1
        for event in studio.snapshot():
            if event["event"] != "welcome":
                encoded(event)
    assert accepted > 20
    assert outside.read_text() == "dataflow: 1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside.yaml", "project"]
