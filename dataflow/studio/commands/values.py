"""Commands about values, which stay in the worker: pictures and tables of them."""

from __future__ import annotations

from dataflow.studio.commands.arguments import Arguments, known, mapping, text, whole
from dataflow.studio.jobs import pictures
from dataflow.studio.studio import Handler, Studio

_MOST = 1 << 53


def _picture(studio: Studio, given: Arguments) -> object:
    known(given, "port", "at")
    return studio.work.values.ask(pictures.Picture(text(given, "port", limit=1000), _at(given)))


def _table(studio: Studio, given: Arguments) -> object:
    known(given, "port", "at", "row")
    row = whole(given, "row", 0, _MOST, 0)
    return studio.work.values.ask(pictures.Table(text(given, "port", limit=1000), _at(given), row))


def _at(given: Arguments) -> dict[str, int]:
    at = mapping(given, "at", {})
    return {name: whole(at, name, 0, _MOST) for name in at}


QUERIES: dict[str, Handler] = {"picture": _picture, "table": _table}
