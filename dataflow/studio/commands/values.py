"""Commands about values, which stay in the worker: pictures and tables of them."""

from __future__ import annotations

from dataflow.studio.commands.arguments import Arguments, known, mapping, text, whole
from dataflow.studio.jobs import pictures
from dataflow.studio.studio import Handler, Studio

_MOST = 1 << 53


def _picture(studio: Studio, given: Arguments) -> object:
    known(given, "port", "at")
    return studio.work.values.ask(pictures.Picture(*_port(studio, given), _at(given)))


def _table(studio: Studio, given: Arguments) -> object:
    known(given, "port", "at", "row")
    row = whole(given, "row", 0, _MOST, 0)
    return studio.work.values.ask(pictures.Table(*_port(studio, given), _at(given), row))


def _port(studio: Studio, given: Arguments) -> tuple[str, str]:
    """The document and the port, as the worker knows it."""
    return studio.require().path, studio.work.runs.then(text(given, "port", limit=1000))


def _at(given: Arguments) -> dict[str, int]:
    at = mapping(given, "at", {})
    return {name: whole(at, name, 0, _MOST) for name in at}


QUERIES: dict[str, Handler] = {"picture": _picture, "table": _table}
