"""Commands about files: what there is, open, new, save, and what others have made of them."""

from __future__ import annotations

from dataflow.core.errors import DataflowError
from dataflow.studio.catalogue import gallery
from dataflow.studio.commands.arguments import MAX_PATH, Arguments, known, names, text
from dataflow.studio.create import create
from dataflow.studio.studio import Handler, Studio


def _gallery(studio: Studio, given: Arguments) -> object:
    known(given)
    return gallery()


def _files(studio: Studio, given: Arguments) -> object:
    known(given)
    return studio.project.files()


def _open(studio: Studio, given: Arguments) -> None:
    known(given, "path")
    studio.open(text(given, "path", limit=MAX_PATH))


def _create(studio: Studio, given: Arguments) -> None:
    known(given, "path", "like")
    path, like = text(given, "path", limit=MAX_PATH), text(given, "like", "", limit=MAX_PATH)
    source = studio.desks.get(like)
    create(studio.project, path, like, None if source is None else source.top.editor.text)
    studio.open(path)


def _save(studio: Studio, given: Arguments) -> object:
    known(given, "overwrite")
    desk = studio.require()
    if desk.top.readonly and desk.saved:
        raise DataflowError(f"{desk.path}: cannot be saved: {desk.top.readonly}")
    for path in names(given, "overwrite", []):
        desk.sheet(path).keep()
    studio.look_outside()
    asked = [(sheet, outside) for sheet in desk.unsaved if (outside := sheet.outside) is not None]
    try:
        if not asked:
            for lost in desk.save():
                studio.publish({"event": "said", "level": "warning", "message": lost})
            desk.read_again()
    finally:
        studio.show()
        studio.settle()
    return [{"path": sheet.path, "state": outside.state} for sheet, outside in asked]


def _reload(studio: Studio, given: Arguments) -> None:
    known(given, "path")
    studio.require().reload(text(given, "path", "", limit=MAX_PATH))
    studio.show()
    studio.settle()


COMMANDS: dict[str, Handler] = {"open": _open, "create": _create, "save": _save, "reload": _reload}
QUERIES: dict[str, Handler] = {"gallery": _gallery, "files": _files}
