"""The command that changes the session."""

from __future__ import annotations

import re

from dataflow.studio.commands.arguments import (
    MAX_PATH,
    Arguments,
    flag,
    known,
    mapping,
    names,
    numbers,
    optional,
    text,
    whole,
)
from dataflow.studio.session import Session
from dataflow.studio.studio import Handler, Studio

MAX_ROWS = 1 << 31
_RUN = re.compile(r"run \d+")


def _session(studio: Studio, given: Arguments) -> None:
    known(given, *Session.__dataclass_fields__)
    desk = studio.require()
    old = desk.session
    frozen = mapping(given, "frozen", old.frozen)
    desk.session = Session(
        bypassed=names(given, "bypassed", old.bypassed),
        frozen={name: _kept(studio, text(frozen, name, limit=MAX_PATH)) for name in frozen},
        forced=dict(mapping(given, "forced", old.forced)),
        watched=names(given, "watched", old.watched),
        split=text(given, "split", old.split, limit=MAX_PATH),
        rows=optional(given, "rows", _rows) if "rows" in given else old.rows,
        params={name: numbers(value) for name, value in mapping(given, "params", old.params).items()},
        trained=flag(given, "trained", old.trained),
    )
    if desk.session.watched != old.watched:
        studio.work.trainings.watch(desk.session.watched)
    if desk.session.params != old.params:
        desk.read_again()
        studio.show()
    studio.show_session()


def _kept(studio: Studio, where: str) -> str:
    """Where a value is kept: a run, or a file of the project."""
    if not _RUN.fullmatch(where):
        studio.project.find(where)
    return where


def _rows(given: Arguments, name: str) -> int:
    return whole(given, name, 1, MAX_ROWS)


COMMANDS: dict[str, Handler] = {"session": _session}
