"""A studio: one folder, the documents that are open, the pages that look at one of them, and what they ask."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping

import dataflow
from dataflow.core.errors import DataflowError, GraphFileError, concealed, cropped, nearest, on_page, visible
from dataflow.graphfile.paths import Location
from dataflow.studio.basis import Basis
from dataflow.studio.catalogue import gallery, palette
from dataflow.studio.desk import Desk
from dataflow.studio.document import document
from dataflow.studio.hub import Event, Hub
from dataflow.studio.problems import placed
from dataflow.studio.project import Project
from dataflow.studio.reports import Reports
from dataflow.studio.session import Session
from dataflow.studio.workshop import Workshop
from dataflow.training.checkpoint import step_of, steps

MAX_DESKS = 20  # documents that are kept open, besides those with edits that are not saved

Handler = Callable[["Studio", Mapping[str, object]], object]
"""A command: checks its arguments, does its work, gives what the reply has as `ok`; DataflowError: refused."""


class Studio:
    """What one process of `dataflow studio` serves.

    lock : held while a command runs that changes the document or the session, and by whoever else does
    snapshots : functions that each give an event of how things stand, for a page that connects
    closers : called when the studio ends
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.project = Project(folder)
        self.reports = Reports(self.project)
        self.hub = Hub()
        self.lock = threading.RLock()
        self.desk: Desk | None = None
        self.desks: dict[str, Desk] = {}  # by path, the one that was shown last behind the others
        self._document: Event = {"event": "document", "document": None}
        self.work = Workshop(self.publish, self._warn)
        self.snapshots: list[Callable[[], Event]] = [
            self._welcome,
            lambda: self._document,
            lambda: {"event": "session", "session": self.session.plain()},
            self._checkpoints,
            *self.work.snapshots,
        ]
        self._session = self.session.plain()  # as pages were told last
        self._checkpoint: int | None = None  # the step of the latest one of the open document, as pages were told
        self._values: object = None  # of the trained and the frozen values in files, as they were last looked at
        self._asking: set[str] = set()  # the files that pages were told to ask about
        self._warned = ""  # by the last look at the disk
        self.closers: list[Callable[[], object]] = [self.work.close]

    @property
    def session(self) -> Session:
        """What is done to runs of the open document; of none nothing."""
        return self.desk.session if self.desk is not None else Session()

    def publish(self, event: Event) -> None:
        """Send an event to all pages; from any thread."""
        said = {"message": self.project.told(str(event["message"]))} if event["event"] == "said" else {}
        self.hub.publish({**event, **said})

    def snapshot(self) -> Iterable[Event]:
        """What a page that connects must know."""
        return [*(each() for each in self.snapshots), *self._asked()]

    def open(self, path: str) -> None:
        """Put a file of the project, or of the package, on the desk; one that was open is as it was left."""
        desk = self.desks.get(self.project.shown(Location.of(self.project.location(path)).real))
        if desk is None:
            desk = Desk(self.project, path, self.work.follow)
        self.desks.pop(desk.path, None)
        before, self.desk = self.desk, desk
        self.desks[desk.path] = desk
        for old in [path for path, each in self.desks.items() if each.saved][:-MAX_DESKS]:
            del self.desks[old]
        if desk is not before:
            self.work.opened(desk.path)
        self.show()
        for event in self._asked():
            self.publish(event)
        self.look_outside()

    def require(self) -> Desk:
        """The open document; refused where there is none."""
        if self.desk is None:
            raise DataflowError("a graph must be open, got none; open one first")
        return self.desk

    def show(self) -> None:
        """Send the document as it is now to all pages."""
        self._document = {"event": "document", "document": None if self.desk is None else document(self.desk)}
        self._tell_session()
        self.publish(self._document)
        self._compare()

    def show_session(self) -> None:
        """Send the session as it is now to all pages."""
        self._tell_session()
        self._compare()

    def _tell_session(self) -> None:
        if self._session != (plain := self.session.plain()):
            self._session = plain
            self.publish({"event": "session", "session": plain})

    def _compare(self) -> None:
        """Tell what of runs is old by the document and the session as they are now."""
        if self.desk is not None:
            self.work.compare(Basis.of(self.desk))

    def look_outside(self) -> None:
        """Tell what others have made of the open files since they were last looked at."""
        with self.lock:
            if self.desk is None:
                return
            version = self.desk.version
            self._tell_checkpoints()
            for sheet, outside in self.desk.look_outside():
                if outside is sheet.outside:
                    self._asking.add(sheet.path)
                self.publish({"event": "disk", "path": sheet.path, "state": outside.state, "diff": outside.diff})
            if self.desk.version != version or self._document["document"] is None:
                self.show()

    def _tell_checkpoints(self) -> None:
        """Tell up to which step the open document has been trained, where that is another than pages know."""
        found = None if self.desk is None else next(map(step_of, steps(self.desk.checkpoints)), None)
        if found != self._checkpoint:
            self._checkpoint = found
            self.publish(self._checkpoints())
        if self.desk is not None and self._values != (values := (self.desk.trained, self.desk.frozen)):
            self._values = values
            self._compare()

    def _checkpoints(self) -> Event:
        return {"event": "checkpoints", "step": self._checkpoint}

    def settle(self) -> None:
        """Tell that files are no longer to be asked about which a person has decided about."""
        asked = {sheet.path for sheet in self.require().live.values() if sheet.outside is not None}
        for path in sorted(self._asking - asked):
            self.publish({"event": "disk", "path": path, "state": "settled", "diff": ""})
        self._asking = asked

    def answer(self, do: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """The `ok` or `refused` of a command."""
        from dataflow.studio.commands import COMMANDS, QUERIES

        if do in COMMANDS:
            with self.lock:
                return self._attempt(lambda: COMMANDS[do](self, arguments))
        if do in QUERIES:
            return self._attempt(lambda: QUERIES[do](self, arguments))
        hint = nearest(do[:100], [*COMMANDS, *QUERIES])
        return {"refused": _told(f"no command '{visible(cropped(do))}'; {hint or 'load the page again'}")}

    def watch(self) -> None:
        """Look at the files on the disk; what fails is told to the pages, once."""
        answer = self._attempt(self.look_outside)
        refused = answer.get("refused")
        message = str(refused["message"]) if isinstance(refused, dict) else ""
        if message and message != self._warned:
            self._warn(message)
        self._warned = message

    def _warn(self, message: str) -> None:
        self.publish({"event": "said", "level": "warning", "message": message})

    def _attempt(self, work: Callable[[], object]) -> dict[str, object]:
        try:
            with on_page():
                return {"ok": work()}
        except GraphFileError as error:
            return {"refused": self.refusal(error)}
        except DataflowError as error:
            return {"refused": _told(self.project.told(str(error)))}
        except OSError as error:
            return {"refused": _told(self.project.told(f"{error.filename or 'file'}: {error.strerror or error}"))}
        except Exception as error:  # a fault of ours, which must not end the connection
            return {"refused": _told(visible(concealed(f"unexpected {type(error).__name__}: {error}")))}

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

    def _asked(self) -> Iterable[Event]:
        """What was changed on the disk and is to be asked about."""
        for sheet in [*self.desk.live.values()] if self.desk is not None else ():
            if sheet.outside is not None:
                yield {"event": "disk", "path": sheet.path, "state": sheet.outside.state, "diff": sheet.outside.diff}

    def refusal(self, error: GraphFileError) -> dict[str, object]:
        """What is wrong, the first of it in words."""
        first = error.problems[0]
        problems = [] if self.desk is None else [placed(problem, self.desk) for problem in error.problems[:100]]
        known = self.desk is not None and first.path == self.desk.shown.location
        where = "" if known else f"{self.project.shown(first.path)}:{first.line}: "
        message, hint = map(self.project.told, (where + first.message, first.hint))
        return {"message": message, "hint": hint, "problems": problems}


def _told(message: str) -> dict[str, object]:
    text, _, hint = message.partition("; ")
    return {"message": text, "hint": hint, "problems": []}
