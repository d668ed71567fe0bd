"""What every request must have before anything else looks at it: our own host and origin, and for the socket the token.

A page of another site can make a browser ask a server on this machine, under the name of any host that it points here.
So the host must be ours by name and port, and the origin, where there is one, a page of ours; only reading is served
over HTTP, and the socket, over which everything is done, needs the token of the printed address as well.
"""

from __future__ import annotations

import hmac

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROTOCOL = "dataflow-studio"  # of the socket; the token comes as the second one, since pages can set no headers there

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """An application that lets through to another what comes from a page of ours."""

    def __init__(self, app: ASGIApp, port: int, token: str):
        self.app, self.token = app, token.encode()
        ports = (f":{port}", "") if port == 80 else (f":{port}",)
        self.hosts = {name + at for name in ("127.0.0.1", "localhost", "[::1]") for at in ports}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or 405 in place of the other application, or add the headers to what it answers."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        socket = scope["type"] == "websocket"
        if refused := self._refused(scope):
            status, text = refused
            if socket:
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: answered with 403
                return
            await send({"type": "http.response.start", "status": status, "headers": _headers([])})
            await send({"type": "http.response.body", "body": text.encode()})
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _headers(message.get("headers", []))
            await send(message)

        await self.app(scope, receive, send if socket else sending)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request is refused, with its status; None where it is not."""
        hosts, origins, protocols = (
            [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
            for wanted in (b"host", b"origin", b"sec-websocket-protocol")
        )
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 403, "the Host must be that of the printed address"
        ours = {f"http://{host}" for host in self.hosts}
        if len(origins) > 1 or any(origin not in ours for origin in origins):
            return 403, "the Origin must be the page of the printed address"
        if scope["type"] == "http":
            return None if scope["method"] in ("GET", "HEAD") else (405, "only GET and HEAD are served")
        if not origins:
            return 403, "a socket must have an Origin"
        said = [each.strip() for each in protocols[0].split(",")] if len(protocols) == 1 else []
        if len(said) != 2 or said[0] != PROTOCOL or not hmac.compare_digest(said[1].encode(), self.token):
            return 403, "a socket must have the token of the printed address"
        return None


def _headers(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with ours, as far as it has none of its own by that name."""
    own = {name.lower() for name, _ in given}
    return [*given, *((name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in own)]
