"""What other sites, other hosts and those without the token try: each is refused, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from studio_pages import served
from studio_requests import UPGRADE, exchange, host, ours, request

from dataflow.studio.guard import HEADERS
from dataflow.studio.server import Server
from dataflow.studio.studio import Studio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all attacks: none of them must change anything."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "small.yaml").write_text("dataflow: 1\n", "utf-8")
    studio = Studio(folder)
    with served(studio) as made:
        yield made
    assert studio.desk is None
    assert not studio.hub.pages


@pytest.mark.parametrize("name", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "LOCALHOST:{port}"])
def test_our_hosts_are_served(server: Server, name: str) -> None:
    answer = request(server, headers=[("Host", name.format(port=server.port))])
    assert (answer.status, b"<title>" in answer.body) == (200, True)


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "127.0.0.1.evil.example:{port}",
        "localhost.evil.example:{port}",
        "localhost.:{port}",
        "127.0.0.1:{port}@evil.example",
        "evil.example@127.0.0.1:{port}",
        "127.1:{port}",
        "2130706433:{port}",
        "0.0.0.0:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "::1:{port}",
        "127.0.0.1:0{port}",
        "127.0.0.1:{port}, evil.example",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/socket"])
def test_foreign_hosts_are_refused(server: Server, name: str, path: str) -> None:
    rest = [each for each in ours(server) if each[0] != "Host"] if path == "/socket" else []
    answer = request(server, path, [("Host", name.format(port=server.port)), *rest])
    assert answer.status in (400, 403)


def test_two_hosts_and_none_are_refused(server: Server) -> None:
    rest = ours(server)
    for path, more in (("/", ()), ("/socket", rest[1:])):
        assert request(server, path, [host(server), host(server), *more]).status in (400, 403)
        assert request(server, path, [host(server), ("Host", "evil.example"), *more]).status in (400, 403)
        assert request(server, path, more).status in (400, 403)
    assert exchange(server, b"GET / HTTP/1.0\r\n\r\n").status in (400, 403)


ORIGINS = [
    "null",
    "http://evil.example",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost",
    "http://127.0.0.1:{port}.evil.example",
    "http://evil.example:{port}",
    "http://127.0.0.1:{port}/",
    "http://a@127.0.0.1:{port}",
    "file://",
    "chrome-extension://abcdefgh",
    "127.0.0.1:{port}",
    "HTTP://127.0.0.1:{port}",
    "http://[::1]",
    "",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_foreign_origins_are_refused(server: Server, origin: str) -> None:
    header = ("Origin", origin.format(port=server.port))
    assert request(server, "/", [host(server), header]).status == 403
    rest = [each for each in ours(server) if each[0] != "Origin"]
    assert request(server, "/socket", [header, *rest]).status == 403
    assert request(server, "/socket", [*ours(server), header]).status in (400, 403)  # a second one beside ours


def test_socket_needs_an_origin(server: Server) -> None:
    assert request(server, "/socket", [each for each in ours(server) if each[0] != "Origin"]).status == 403


def test_socket_opens_with_all_of_it(server: Server) -> None:
    answer = request(server, "/socket", ours(server))
    assert (answer.status, answer.headers["sec-websocket-protocol"]) == (101, "dataflow-studio")


@pytest.mark.parametrize(
    "protocols",
    [
        [],
        [""],
        ["dataflow-studio"],
        ["{token}"],
        ["dataflow-studio, "],
        ["dataflow-studio, {token}x"],
        ["dataflow-studio, {short}"],
        ["dataflow-studio, wrong"],
        ["dataflow-studio, {upper}"],
        ["{token}, dataflow-studio"],
        ["dataflow-studio, wrong, {token}"],
        ["dataflow-studio, {token}, more"],
        ["chat, {token}"],
        ["dataflow-studio", "wrong"],
        ["dataflow-studio, \xe9\xe9"],
    ],
)
def test_socket_needs_the_token(server: Server, protocols: list[str]) -> None:
    token = server.token
    said = [each.format(token=token, short=token[:-1], upper=token.swapcase()) for each in protocols]
    headers = [host(server), ("Origin", f"http://127.0.0.1:{server.port}"), *UPGRADE]
    answer = request(server, "/socket", [*headers, *(("Sec-WebSocket-Protocol", each) for each in said)])
    assert answer.status in (400, 403)


def test_token_in_the_address_opens_nothing(server: Server) -> None:
    headers = [host(server), ("Origin", f"http://127.0.0.1:{server.port}"), *UPGRADE]
    assert request(server, f"/socket?token={server.token}", headers).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "http://evil.example", "null"])
def test_nothing_is_changed_over_http(server: Server, method: str, kind: str, origin: str) -> None:
    headers = [host(server), ("Origin", origin.format(port=server.port)), ("Content-Type", kind)]
    answer = request(server, "/socket", headers, method, b'{"id": 1, "do": "open", "path": "small.yaml"}')
    assert answer.status in (400, 403, 405)
    assert server.studio.desk is None


@pytest.mark.parametrize("path", ["/", "/index.js", "/nothing", "/socket"])
def test_every_answer_has_the_headers(server: Server, path: str) -> None:
    answer = request(server, path, [host(server)])
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    refused = request(server, path, [("Host", "evil.example")])
    assert {name: refused.headers[name] for name in HEADERS} == HEADERS
