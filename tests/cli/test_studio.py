"""``dataflow studio``: where it works, what it prints, how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Done

from dataflow.studio.server import Server


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    """The servers that were started; each ends at once."""
    found: list[Server] = []

    def run(server: Server, started: Callable[[], object]) -> None:
        started()
        found.append(server)
        server.socket.close()
        server.studio.close()

    monkeypatch.setattr(Server, "run", run)
    return found


def test_it_prints_its_address(dataflow: Callable[..., Done], folder: Path, served: list[Server]) -> None:
    done = dataflow("studio", "--no-browser")
    [server] = served
    assert done == (0, f"{folder} is open at\n\n  {server.address}\n\nCtrl+C ends it.\n", "")
    assert server.address == f"http://127.0.0.1:{server.port}/#token={server.token}"
    assert len(server.token) >= 32
    assert (server.studio.project.folder, server.studio.desk) == (folder, None)


def test_it_opens_a_browser(
    dataflow: Callable[..., Done], folder: Path, served: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert dataflow("studio", "line.yaml").code == 0
    assert opened == [served[0].address]
    assert served[0].studio.require().path == "line.yaml"


def test_each_start_has_its_token(dataflow: Callable[..., Done], folder: Path, served: list[Server]) -> None:
    for _ in range(2):
        dataflow("studio", "--no-browser")
    assert served[0].token != served[1].token


def test_a_folder_and_a_shipped_graph(dataflow: Callable[..., Done], folder: Path, served: list[Server]) -> None:
    (folder / "inner").mkdir()
    dataflow("studio", "inner", "--no-browser")
    dataflow("studio", "dataflow:digits/cnn.yaml", "--no-browser")
    assert served[0].studio.project.folder == folder / "inner"
    assert served[1].studio.require().path == "dataflow:digits/cnn.yaml"


def test_what_is_wrong_is_told_at_once(dataflow: Callable[..., Done], folder: Path, served: list[Server]) -> None:
    done = dataflow("studio", "lin.yaml", "--no-browser")
    assert (done.code, done.err) == (1, "lin.yaml: no such file or folder; did you mean 'line.yaml'?\n")
    (folder / "bad.yaml").write_text("nodes: [")
    done = dataflow("studio", "bad.yaml", "--no-browser")
    assert done.code == 1
    assert "bad.yaml:2:1: not YAML" in done.err
    assert dataflow("studio", "--port", "70000").code == 2
    assert served == []


def test_a_port_that_is_taken(dataflow: Callable[..., Done], folder: Path, served: list[Server]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = dataflow("studio", "--no-browser", "--port", port)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"port {port}: address already in use; give another with --port, or 0 for a free one\n"


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "websockets"])
def test_without_the_extra(
    dataflow: Callable[..., Done], folder: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    done = dataflow("studio", "--no-browser")
    assert done.code == 1
    assert done.err == (
        f"dataflow studio needs the package {missing}, which is not installed; "
        "install it with: pip install 'dataflow-blocks[studio]'\n"
    )


@contextmanager
def running(*args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A studio in a process of its own, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dataflow", "studio", "--no-browser", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process, next(line.strip() for line in process.stdout if "http://" in line)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(folder: Path, number: int) -> None:
    from websockets.sync.client import connect
    from websockets.typing import Origin, Subprotocol

    with running("line.yaml") as (process, address):
        place, token = address.removeprefix("http://").split("/#token=")
        protocols = [Subprotocol("dataflow-studio"), Subprotocol(token)]
        more: dict[str, Any] = {"origin": Origin(f"http://{place}"), "subprotocols": protocols, "max_size": None}
        with connect(f"ws://{place}/socket", **more) as socket:
            assert '"path":"line.yaml"' in socket.recv(timeout=30)
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
