"""Commands about files: open, save, list."""

from __future__ import annotations

from dataflow.studio.catalogue import gallery
from dataflow.studio.commands.arguments import Arguments, flag, known, text
from dataflow.studio.studio import Handler, Studio


def _gallery(studio: Studio, given: Arguments) -> object:
    known(given)
    return gallery()


def _files(studio: Studio, given: Arguments) -> object:
    known(given)
    return studio.project.files()


def _open(studio: Studio, given: Arguments) -> None:
    known(given, "path")
    studio.open(text(given, "path", limit=1000))


def _save(studio: Studio, given: Arguments) -> None:
    known(given, "overwrite")
    flag(given, "overwrite")
    studio.require().save()
    studio.show()


COMMANDS: dict[str, Handler] = {"open": _open, "save": _save}
QUERIES: dict[str, Handler] = {"gallery": _gallery, "files": _files}
