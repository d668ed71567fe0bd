"""Requests as an attacker writes them: every byte of the head by hand."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from dataflow.studio.server import Server

Headers = Sequence[tuple[str, str]]
UPGRADE: Headers = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


@dataclass
class Answer:
    """The status, the headers by their names in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes


def request(server: Server, path: str = "/", headers: Headers = (), method: str = "GET", body: bytes = b"") -> Answer:
    """What a server answers."""
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    if method not in ("GET", "HEAD"):
        head.append(f"Content-Length: {len(body)}")
    return exchange(server, "\r\n".join([*head, "", ""]).encode("latin-1") + body, method != "HEAD")


def exchange(server: Server, data: bytes, has_body: bool = True) -> Answer:
    """What a server answers to these bytes; a status of 0 where it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(data)
        received = b""
        while b"\r\n\r\n" not in received:
            part = connection.recv(65536)
            if not part:
                return Answer(0, {}, received)
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while has_body and len(body) < int(found.get("content-length", 0)) and (part := connection.recv(65536)):
            body += part
    return Answer(int(first.split()[1]), found, body)


def host(server: Server, name: str = "127.0.0.1") -> tuple[str, str]:
    """The header of a name of the server."""
    return "Host", f"{name}:{server.port}"


def ours(server: Server) -> Headers:
    """The headers of a request of the page, and of its socket."""
    return (
        host(server),
        ("Origin", f"http://127.0.0.1:{server.port}"),
        ("Sec-WebSocket-Protocol", f"dataflow-studio, {server.token}"),
        *UPGRADE,
    )
