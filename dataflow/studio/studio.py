"""A studio: one folder, one open document, the pages that look at it, and commands that change it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import dataflow
from dataflow.core.errors import DataflowError, GraphFileError, cropped, nearest
from dataflow.studio.catalogue import gallery, palette
from dataflow.studio.desk import Desk, opened
from dataflow.studio.document import document
from dataflow.studio.hub import Event, Hub
from dataflow.studio.problems import placed
from dataflow.studio.project import Project
from dataflow.studio.session import Session
from dataflow.studio.workshop import Workshop

Handler = Callable[["Studio", Mapping[str, object]], object]
"""A command: checks its arguments, does its work, gives what the reply has as `ok`; DataflowError: refused."""


class Studio:
    """What one process of `dataflow studio` serves.

    lock : held while a command runs that changes the document or the session, and by whoever else does
    snapshots : functions that each give an event of how things stand, for a page that connects
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.project = Project(folder)
        self.hub = Hub()
        self.lock = threading.RLock()
        self.desk: Desk | None = None
        self.session = Session()
        self.work = Workshop(self.publish)
        self._document: Event = {"event": "document", "document": None}
        self.snapshots: list[Callable[[], Event]] = [
            self._welcome,
            lambda: self._document,
            lambda: {"event": "session", "session": self.session.plain()},
            *self.work.snapshots,
        ]
        self.closers: list[Callable[[], object]] = [self.work.close]  # called when the studio ends

    def publish(self, event: Event) -> None:
        """Send an event to all pages; from any thread."""
        self.hub.publish(event)

    def snapshot(self) -> Iterable[Event]:
        """What a page that connects must know."""
        return [each() for each in self.snapshots]

    def open(self, path: str) -> None:
        """Put a file of the project, or of the package, on the desk."""
        self.desk = opened(self.project, path)
        self.session = Session()
        self.work.opened()
        self.publish({"event": "session", "session": self.session.plain()})
        self.show()

    def require(self) -> Desk:
        """The open document; refused where there is none."""
        if self.desk is None:
            raise DataflowError("a graph must be open, got none; open one first")
        return self.desk

    def show(self) -> None:
        """Send the document as it is now to all pages."""
        self._document = {"event": "document", "document": None if self.desk is None else document(self.desk)}
        self.publish(self._document)

    def answer(self, do: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """The `ok` or `refused` of a command."""
        from dataflow.studio.commands import COMMANDS, QUERIES

        try:
            if do in COMMANDS:
                with self.lock:
                    return {"ok": COMMANDS[do](self, arguments)}
            if do in QUERIES:
                return {"ok": QUERIES[do](self, arguments)}
            raise DataflowError(f"no command '{cropped(do)}'; {nearest(do, [*COMMANDS, *QUERIES])}".rstrip("; "))
        except GraphFileError as error:
            return {"refused": self._refusal(error)}
        except DataflowError as error:
            return {"refused": _told(str(error))}
        except OSError as error:
            return {"refused": _told(f"{error.filename or 'file'}: {error.strerror or error}")}
        except Exception as error:  # a fault of ours, which must not end the connection
            return {"refused": _told(f"unexpected {type(error).__name__}: {error}")}

    def close(self) -> None:
        """End what runs."""
        for each in self.closers:
            each()

    def _welcome(self) -> Event:
        folder = self.project.folder
        return {
            "event": "welcome",
            "project": folder.name or os.fspath(folder),
            "version": dataflow.__version__,
            "gallery": gallery(),
            "blocks": palette(),
        }

    def _refusal(self, error: GraphFileError) -> dict[str, object]:
        """What is wrong, the first of it in words."""
        first = error.problems[0]
        problems: list[object] = []
        if self.desk is not None:
            file = self.desk.context.top()[1]
            problems = [placed(problem, self.desk, file) for problem in error.problems[:100]]
        return {"message": first.message, "hint": first.hint, "problems": problems}


def _told(message: str) -> dict[str, object]:
    text, _, hint = message.partition("; ")
    return {"message": text, "hint": hint, "problems": []}


def project_of(target: str | os.PathLike[str] | None) -> tuple[Path, str]:
    """The folder to work in and the graph to open there, for what the user names: a graph, a folder or nothing.

    A graph below the current folder is opened in that, any other in the folder that it lies in.
    """
    here = Path.cwd()
    if target is None:
        return here, ""
    text = os.fspath(target)
    if text.startswith("dataflow:"):
        return here, text
    path = Path(text).resolve()
    if path.is_dir():
        return path, ""
    if not path.is_file():
        raise DataflowError(f"{text}: no such file or folder; {nearest_name(path)}".rstrip("; "))
    folder = here if path.is_relative_to(here) else path.parent
    return folder, path.relative_to(folder).as_posix()


def nearest_name(path: Path) -> str:
    """``did you mean 'cnn.yaml'?`` where a file of a similar name is there."""
    from dataflow.files import neighbour

    return neighbour(path)
