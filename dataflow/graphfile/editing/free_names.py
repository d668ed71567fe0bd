"""Names that nothing has yet."""

from __future__ import annotations

import re
from collections.abc import Collection

from dataflow.graphfile.editing.changes import Refusal, Tree
from dataflow.graphfile.editing.renaming import check_new

_NUMBERED = re.compile(r"(.*?)_(\d+)")


def free_name(tree: Tree, of: str, wanted: str, taken: Collection[str] = ()) -> str:
    """A name for something new in a section: the wanted one, or the first of relu_2, relu_3 that is free.

    Names in ``taken`` count as given. Raises Refusal where no name can be made of the wanted one.
    """
    check_new({}, of, wanted)
    found = _NUMBERED.fullmatch(wanted)
    stem, count = (found[1], int(found[2])) if found and found[1] else (wanted, 1)
    name = wanted
    while name in taken or not _is_free(tree, of, name):
        count += 1
        name = f"{stem}_{count}"
    return name


def _is_free(tree: Tree, of: str, name: str) -> bool:
    try:
        check_new(tree, of, name)
    except Refusal:
        return False
    return True
