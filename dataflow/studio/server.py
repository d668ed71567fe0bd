"""The server: the page's files over HTTP, and the socket on which pages ask and are told."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dataflow import interrupt
from dataflow.core.errors import DataflowError, reason
from dataflow.studio.commands import QUERIES
from dataflow.studio.connections import MAX_VISITS, Talk, Visit
from dataflow.studio.frames import request_of
from dataflow.studio.guard import PROTOCOL, Guard
from dataflow.studio.hub import MAX_PAGES, Page
from dataflow.studio.reports import HEADERS, PLACE
from dataflow.studio.studio import Studio

MAX_FRAME = 4 << 20  # bytes of a request: a whole text, say
MAX_ASKED = 64  # requests of a page that wait for their replies; more are read when these are done
LOOK_SECONDS = 1.0  # between looks at the files on the disk
SEND_SECONDS = 20.0  # in which a page must take a frame
CLOSE_SECONDS = 1.0  # that are waited for a page that is told to leave
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # a closed terminal
_PATIENT = ("bits", "change", "plan_run")
Ending = tuple[int, str]  # why a connection is closed: the code and the words
_STATIC = Path(str(resources.files("dataflow.studio"))) / "static"


class Server:
    """A studio on a port of this machine alone; port 0 takes a free one."""

    def __init__(self, studio: Studio, port: int = 0, token: str = ""):
        self.studio, self.token = studio, token or secrets.token_urlsafe(24)
        self.socket = _bound(port)
        self.port: int = self.socket.getsockname()[1]
        self._commands = ThreadPoolExecutor(1, "studio-commands")  # one after another, in the order asked
        self._queries = ThreadPoolExecutor(4, "studio-queries")
        self._patient = ThreadPoolExecutor(4, "studio-patient")  # queries that wait until a worker is free
        self._cancels = ThreadPoolExecutor(1, "studio-cancels")  # wait for nothing that is asked besides
        routes = [
            WebSocketRoute("/socket", self._socket),
            Route(PLACE + "/{signature}/{path:path}", self._report),
            Route("/{path:path}", _file),
        ]
        config = uvicorn.Config(
            Guard(Starlette(routes=routes), self.port, self.token),
            log_config=None,
            log_level="critical",  # what strangers send is not told on the terminal
            access_log=False,
            server_header=False,
            proxy_headers=False,
            http=Visit,
            ws=Talk,
            backlog=MAX_VISITS,  # that are taken before the first of them begins: no more than there are files for
            ws_max_size=MAX_FRAME,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
            lifespan="off",
        )
        self.started: Callable[[], object] = lambda: None  # called when it serves
        self._server = _Uvicorn(config, self._begin)

    @property
    def address(self) -> str:
        """What to open in a browser; the token is in the fragment, which browsers do not send."""
        return f"http://127.0.0.1:{self.port}/#token={self.token}"

    def run(self, started: Callable[[], object] = lambda: None) -> None:
        """Serve until Ctrl+C, the signal to end, or `stop`."""
        self.started = started
        with self.socket, interrupt.first(self.stop), _ended_by_signal(self.stop):
            self.serve()

    def serve(self) -> None:
        """Serve until `stop`, on any thread."""
        try:
            self._server.run([self.socket])
        finally:
            self.studio.close()
            for pool in (self._commands, self._queries, self._patient, self._cancels):
                pool.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """End serving; from any thread."""
        self._server.should_exit = True

    def _begin(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look_outside())
        self.started()

    async def _socket(self, connection: WebSocket) -> None:
        hub = self.studio.hub
        await connection.accept(PROTOCOL)
        if len(hub.pages) >= MAX_PAGES:
            await connection.close(1013, f"at most {MAX_PAGES} pages may be open")
            return
        page = Page()
        hub.connect(page, self.studio.snapshot)
        tasks: list[asyncio.Task[Ending | None]] = [
            asyncio.create_task(work) for work in (self._receive(connection, page), _send(connection, page))
        ]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ending = next((task.result() for task in ended), None)
        finally:
            hub.pages.discard(page)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if ending is not None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
                await asyncio.wait_for(connection.close(*ending), CLOSE_SECONDS)

    def _report(self, request: Request) -> Response:
        """A report of the project; read on a thread, since the handler waits for nothing."""
        content = self.studio.reports.read(request.path_params["signature"], request.path_params["path"])
        if content is None:
            return PlainTextResponse("no such report: open it from the page that made it", 404)
        return Response(content, media_type="text/html", headers=HEADERS)

    async def _receive(self, connection: WebSocket, page: Page) -> Ending | None:
        """Read requests and have them answered, as many at a time as a page may ask, until the page leaves."""
        free = asyncio.Semaphore(MAX_ASKED)
        answering: set[asyncio.Task[None]] = set()
        while True:
            message = await connection.receive()
            if message["type"] == "websocket.disconnect":
                return None
            request = request_of(message.get("text"))
            if request is None:
                return 1007, "a frame must be an object with 'id' and 'do'"
            await free.acquire()
            task = asyncio.create_task(self._answer(page, *request))
            answering.add(task)
            task.add_done_callback(answering.discard)
            task.add_done_callback(lambda _: free.release())

    async def _look_outside(self) -> None:
        """Look at the files on the disk again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.get_running_loop().run_in_executor(self._commands, self.studio.watch)

    async def _answer(self, page: Page, number: int, do: str, arguments: dict[str, object]) -> None:
        pool = self._queries if do in QUERIES else self._commands
        pool = self._cancels if do == "cancel" else self._patient if do in _PATIENT else pool
        answer = await asyncio.get_running_loop().run_in_executor(pool, self.studio.answer, do, arguments)
        self.studio.hub.reply(page, {"id": number, **answer})


async def _send(connection: WebSocket, page: Page) -> Ending | None:
    """Send what waits for a page, until it is gone or too slow."""
    try:
        while frame := await page.frame():
            await asyncio.wait_for(connection.send_text(frame), SEND_SECONDS)
    except (WebSocketDisconnect, RuntimeError):
        return None
    except TimeoutError:
        pass
    return 1013, "the page takes too long to read"


async def _file(request: Request) -> Response:
    """A file of the page; nothing else is there to be named."""
    name = request.path_params["path"] or "index.html"
    name = "icon.svg" if name == "favicon.ico" else name
    path = {each.relative_to(_STATIC).as_posix(): each for each in _STATIC.rglob("*") if each.is_file()}.get(name)
    if path is None:
        return PlainTextResponse("no such file", 404)
    return Response(path.read_bytes(), media_type=mimetypes.guess_type(name)[0])


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the command line, and tells when it serves."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], object]):
        super().__init__(config)
        self._told = started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told()


@contextlib.contextmanager
def _ended_by_signal(stop: Callable[[], object]) -> Iterator[None]:
    def heard(number: int, frame: FrameType | None) -> None:
        stop()

    before = {each: signal.signal(each, heard) for each in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except OSError as error:
        made.close()
        raise DataflowError(f"port {port}: {reason(error)}; give another with --port, or 0 for a free one") from None
    return made
