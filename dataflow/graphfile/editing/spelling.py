"""New keys and values as the text around them is written: in its quotes, in JSON, or as `dataflow fmt` has them."""

from __future__ import annotations

import json

from dataflow.graphfile.editing.changes import Tree
from dataflow.graphfile.emit import block, entry, flow
from dataflow.graphfile.spans import Span


class Spelling:
    """How a text is written."""

    def __init__(self, text: str, root: Span):
        self.text = text
        self.json = root.flow and bool(root.entries) and text[root.entries[0].key_start] == '"'

    def inline(self, value: Tree, old: Span | None = None) -> str:
        """A value in one line, in the quotes of the one whose place it takes."""
        quote = old.style if old is not None and old.kind == "scalar" else ""
        if isinstance(value, str):
            if quote == "'" and value.isprintable():
                return "'" + value.replace("'", "''") + "'"
            if value.replace("\n", "").isprintable() and (quote == '"' or self.json or "\n" in value):
                return json.dumps(value, ensure_ascii=False)
        if self.json:
            try:
                return json.dumps(value, allow_nan=False)
            except ValueError:  # which JSON does not have
                return flow(value)
        return flow(value)

    def lines(self, key: str, value: Tree, indent: int, old: Span | None = None, section: bool = False) -> list[str]:
        """The lines of an entry without braces, the first from behind the colon; those of a section an entry each."""
        if isinstance(value, str) and old is not None and old.kind == "scalar" and old.style in ("'", '"'):
            return [f" {self.inline(value, old)}"]
        made = block(key, value, indent) if section and isinstance(value, dict) and value else entry(key, value, indent)
        return [made[0][indent + len(flow(key)) + 1 :], *made[1:]]

    def key(self, key: str, owner: Span | None, old: str = "") -> str:
        """A key in the quotes of the one whose place it takes, or of the first one beside it."""
        if not old and owner is not None:
            old = next((self.text[e.key_start] for e in owner.entries if not e.merges), "")
        if old == "'" and key.isprintable():
            return "'" + key.replace("'", "''") + "'"
        return json.dumps(key, ensure_ascii=False) if old == '"' and key.isprintable() else flow(key)
