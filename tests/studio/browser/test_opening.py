"""The page opens, in both themes, and its console stays silent; pages of other sites get nothing."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nets import shipped
from opened_page import Opened

pytestmark = pytest.mark.slow


@pytest.fixture
def digits(project: Path) -> str:
    (project / "cnn.yaml").write_text(shipped("digits/cnn"), "utf-8")
    return "cnn.yaml"


@pytest.mark.parametrize("dark", [False, True])
def test_a_graph_is_shown(open_page: Callable[..., Opened], digits: str, dark: bool) -> None:
    opened = open_page(digits, dark=dark)
    for name in ("image", "picture", "conv1", "pool2", "logits", "output:loss"):
        opened.card(name).wait_for()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a server that is not ours, on this machine; in its pages scripts may do what they like."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_a_page_of_another_site_is_refused(
    browser: object, serve: Callable[..., str], digits: str, elsewhere: str
) -> None:
    address = serve(digits)
    opened = Opened(browser, elsewhere)
    ours, _, token = address.partition("/#token=")
    ended = opened.page.evaluate(
        """([address, token]) => new Promise((resolve) => {
            const socket = new WebSocket(address.replace("http", "ws") + "/socket", ["dataflow-studio", token]);
            socket.onopen = () => resolve("open");
            socket.onclose = () => resolve("refused");
        })""",
        [ours, token],
    )
    read = opened.page.evaluate("(address) => fetch(address).then((r) => r.text(), () => 'refused')", ours + "/")
    opened.close()
    assert (ended, read) == ("refused", "refused")


def test_a_host_that_is_pointed_here_is_refused(browser: object, serve: Callable[..., str], digits: str) -> None:
    address = serve(digits)
    opened = Opened(
        browser, address.replace("127.0.0.1", "rebound.localhost")
    )  # which browsers resolve to this machine
    text, content = opened.page.inner_text("body"), opened.page.content()
    opened.close()
    assert "Host" in text
    assert "<script" not in content
