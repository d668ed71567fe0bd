"""The command that changes the session."""

from __future__ import annotations

from dataflow.studio.commands.arguments import Arguments, known, mapping, names, optional, text, whole
from dataflow.studio.studio import Handler, Studio

MAX_ROWS = 1 << 31
_KEYS = ("bypassed", "frozen", "forced", "watched", "split", "rows", "params")


def _session(studio: Studio, given: Arguments) -> None:
    known(given, *_KEYS)
    session = studio.session
    frozen = mapping(given, "frozen", session.frozen)
    found = {
        "bypassed": names(given, "bypassed", session.bypassed),
        "frozen": {name: text(frozen, name, limit=1000) for name in frozen},
        "forced": dict(mapping(given, "forced", session.forced)),
        "watched": names(given, "watched", session.watched),
        "split": text(given, "split", session.split, limit=1000),
        "rows": session.rows
        if "rows" not in given
        else optional(given, "rows", lambda held, name: whole(held, name, 1, MAX_ROWS)),
        "params": dict(mapping(given, "params", session.params)),
    }
    studio.session = type(session)(**found)  # type: ignore[arg-type]
    studio.publish({"event": "session", "session": studio.session.plain()})


COMMANDS: dict[str, Handler] = {"session": _session}
