"""Commands about what is shown of the document."""

from __future__ import annotations

from dataclasses import replace

from dataflow.core.errors import DataflowError, cropped
from dataflow.studio.commands.arguments import Arguments, choice, known, names, text
from dataflow.studio.studio import Handler, Studio


def _view(studio: Studio, given: Arguments) -> None:
    known(given, "scope", "layer", "direction", "unfolded")
    desk = studio.require()
    old = desk.view
    scope = text(given, "scope", old.scope, limit=1000)
    if scope:
        raise DataflowError(f"'{cropped(scope)}': no such scope")
    desk.view = replace(
        old,
        scope=scope,
        layer=choice(given, "layer", ("file", "gradient", "step"), old.layer),
        direction=choice(given, "direction", ("right", "down"), old.direction),
        unfolded=tuple(names(given, "unfolded", list(old.unfolded))),
    )
    studio.show()


COMMANDS: dict[str, Handler] = {"view": _view}
